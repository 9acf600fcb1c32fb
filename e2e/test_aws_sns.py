"""Notification topics by AWS's own clients, with receivers that check what they get."""

import json
import re
import urllib.parse

import pytest
import requests
from botocore.exceptions import ClientError

from notification_receivers import HttpReceiver, check_signature
from paho_client import V5, PahoClient
from waiting import wait_for

CONFIG = {"notify": {"allow_hosts": ["127.0.0.1"], "retry_pace_permille": 10}}
ACCOUNT = "arn:aws:sns:us-east-1:000000000000"
PENDING = "PendingConfirmation"


@pytest.fixture(scope="module")
def sns(aws):
    return aws("sns")


@pytest.fixture
def receiver():
    receiver = HttpReceiver()
    yield receiver
    receiver.end()


def code_of(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


NOT_FOUND = (404, "NotFound")
INVALID = (400, "InvalidParameter")


def topic(sns, name, **more):
    return sns.create_topic(Name=name, **more)["TopicArn"]


def subscribe(sns, arn, protocol, endpoint, **attributes):
    return sns.subscribe(
        TopicArn=arn,
        Protocol=protocol,
        Endpoint=endpoint,
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]


def test_topics_are_created_once_listed_and_deleted(sns):
    tags = [{"Key": "team", "Value": "red + blue"}]
    arn = topic(sns, "life", Attributes={"DisplayName": "Fleet <alerts>"}, Tags=tags)
    assert arn == f"{ACCOUNT}:life"
    assert topic(sns, "life") == arn
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert attributes["DisplayName"] == "Fleet <alerts>"
    assert attributes["TopicArn"] == arn and attributes["Owner"] == "000000000000"
    assert attributes["SubscriptionsConfirmed"] == "0"
    effective = json.loads(attributes["EffectiveDeliveryPolicy"])
    assert effective["http"]["defaultHealthyRetryPolicy"]["numRetries"] == 3
    assert json.loads(attributes["Policy"])["Statement"]
    sns.set_topic_attributes(TopicArn=arn, AttributeName="SignatureVersion", AttributeValue="2")
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SignatureVersion"] == "2"
    sns.delete_topic(TopicArn=arn)
    sns.delete_topic(TopicArn=arn)
    assert code_of(sns.get_topic_attributes, TopicArn=arn) == NOT_FOUND


def test_a_topic_with_other_attributes_or_tags_is_refused(sns):
    topic(sns, "twice", Tags=[{"Key": "a", "Value": "1"}])
    assert code_of(sns.create_topic, Name="twice", Attributes={"DisplayName": "x"}) == INVALID
    assert code_of(sns.create_topic, Name="twice", Tags=[{"Key": "a", "Value": "2"}]) == INVALID


@pytest.mark.parametrize(
    "arguments",
    [
        {"Name": ""},
        {"Name": "a b"},
        {"Name": "x" * 257},
        {"Name": "orders.fifo"},
        {"Name": "t", "Attributes": {"FifoTopic": "true"}},
        {"Name": "t", "Attributes": {"KmsMasterKeyId": "alias/aws/sns"}},
        {"Name": "t", "Attributes": {"DisplayNme": "x"}},
        {"Name": "t", "Attributes": {"MaximumMessageSize": "1"}},
        {"Name": "t", "Tags": [{"Key": "aws:x", "Value": "1"}]},
    ],
    ids=json.dumps,
)
def test_bad_topics_are_refused(sns, arguments):
    assert code_of(sns.create_topic, **arguments) == INVALID


def test_lists_come_in_pages_of_a_hundred(sns):
    made = {topic(sns, f"page-{n:03}") for n in range(105)}
    pages = list(sns.get_paginator("list_topics").paginate())
    listed = [it["TopicArn"] for page in pages for it in page["Topics"]]
    assert len(pages) >= 2 and len(pages[0]["Topics"]) == 100
    assert made <= set(listed) and len(listed) == len(set(listed))
    for n in range(101):
        subscribe(sns, f"{ACCOUNT}:page-000", "mqtt", f"page/{n}")
    paginator = sns.get_paginator("list_subscriptions_by_topic")
    pages = list(paginator.paginate(TopicArn=f"{ACCOUNT}:page-000"))
    assert [len(page["Subscriptions"]) for page in pages] == [100, 1]
    everything = list(sns.get_paginator("list_subscriptions").paginate())
    assert sum(len(page["Subscriptions"]) for page in everything) >= 101
    assert code_of(sns.list_topics, NextToken="forged") == INVALID
    for arn in made:
        sns.delete_topic(TopicArn=arn)


def test_tags(sns):
    arn = topic(sns, "tagged")
    pairs = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    sns.tag_resource(ResourceArn=arn, Tags=pairs)
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == pairs
    sns.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == pairs[1:]
    gone = f"{ACCOUNT}:nowhere"
    missing = (404, "ResourceNotFound")
    assert code_of(sns.tag_resource, ResourceArn=gone, Tags=pairs) == missing
    assert code_of(sns.list_tags_for_resource, ResourceArn=gone) == missing
    many = [{"Key": str(n), "Value": ""} for n in range(51)]
    assert code_of(sns.tag_resource, ResourceArn=arn, Tags=many) == (400, "TagLimitExceeded")


def test_an_http_subscription_from_handshake_to_farewell(sns, receiver):
    arn = topic(sns, "handshake")
    answer = sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=receiver.url("/in"))
    assert answer["SubscriptionArn"] == "pending confirmation"
    listed = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert [it["SubscriptionArn"] for it in listed] == [PENDING]
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SubscriptionsPending"] == "1"
    question = receiver.confirm()
    assert question.headers["User-Agent"] == "Amazon Simple Notification Service Agent"
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    subscription = listed["SubscriptionArn"]
    assert subscription.startswith(arn + ":")
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert attributes["PendingConfirmation"] == "false"
    assert attributes["ConfirmationWasAuthenticated"] == "false"
    sent = sns.publish(TopicArn=arn, Message='{"a":1}', Subject="A subject")
    came = receiver.wait_for(2)[1]
    check_signature(came.json)
    assert came.kind == "Notification"
    assert came.json["MessageId"] == sent["MessageId"]
    assert (came.json["Message"], came.json["Subject"]) == ('{"a":1}', "A subject")
    assert came.headers["x-amz-sns-subscription-arn"] == subscription
    assert list(came.json) == [
        "Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion",
        "Signature", "SigningCertURL", "UnsubscribeURL",
    ]  # fmt: skip
    # The link to leave needs no signature either.
    left = requests.get(came.json["UnsubscribeURL"], timeout=10)
    assert left.status_code == 200 and "<UnsubscribeResponse" in left.text
    farewell = receiver.wait_for(3)[2]
    assert farewell.kind == "UnsubscribeConfirmation"
    check_signature(farewell.json)
    assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] == []
    assert code_of(sns.unsubscribe, SubscriptionArn=subscription) == NOT_FOUND


def test_confirming_by_a_signed_call_can_guard_the_end(sns, receiver):
    arn = topic(sns, "guarded")
    subscription = subscribe(sns, arn, "http", receiver.url())
    token = receiver.wait_for(1)[0].json["Token"]
    assert code_of(sns.confirm_subscription, TopicArn=arn, Token="0" * 64) == INVALID
    confirmed = sns.confirm_subscription(
        TopicArn=arn, Token=token, AuthenticateOnUnsubscribe="true"
    )
    assert confirmed["SubscriptionArn"] == subscription
    sns.publish(TopicArn=arn, Message="m")
    link = receiver.wait_for(2)[1].json["UnsubscribeURL"]
    refused = requests.get(link, timeout=10)
    assert refused.status_code == 403 and "<Code>AuthorizationError</Code>" in refused.text
    sns.unsubscribe(SubscriptionArn=subscription)


def test_links_that_are_none_change_nothing(server, sns):
    url = server.credentials["aws"]["endpoint_url"]
    arn = topic(sns, "links")
    quoted = urllib.parse.quote(arn)
    for query, status in [
        (f"Action=ConfirmSubscription&TopicArn={quoted}&Token=x", 400),
        ("Action=ConfirmSubscription&TopicArn=x&Token=x", 400),
        ("Action=Unsubscribe&SubscriptionArn=x", 400),
        (f"Action=Unsubscribe&SubscriptionArn={quoted}:11111111-1111-4111-8111-111111111111", 404),
        (f"Action=DeleteTopic&TopicArn={quoted}", 403),
        ("Action=%ff&x=%00", 403),
    ]:
        answer = requests.get(f"{url}/?{query}", timeout=10)
        assert answer.status_code in (status, 404), (query, answer.text)
        assert answer.status_code >= 400
    assert requests.get(f"{url}/SimpleNotificationService-0.pem", timeout=10).status_code == 404
    assert sns.get_topic_attributes(TopicArn=arn)


def test_subscription_attributes(sns, receiver):
    arn = topic(sns, "attributes")
    policy = json.dumps({"site": ["west"]})
    subscription = subscribe(sns, arn, "http", receiver.url(), FilterPolicy=policy)
    assert subscribe(sns, arn, "http", receiver.url(), FilterPolicy=policy) == subscription
    again = {"TopicArn": arn, "Protocol": "http", "Endpoint": receiver.url()}
    assert code_of(sns.subscribe, **again, Attributes={"FilterPolicy": "{}"}) == INVALID
    set_to = lambda name, value: sns.set_subscription_attributes(  # noqa: E731
        SubscriptionArn=subscription, AttributeName=name, AttributeValue=value
    )
    set_to("RawMessageDelivery", "true")
    retries = {"healthyRetryPolicy": {"numRetries": 5, "minDelayTarget": 1, "maxDelayTarget": 2}}
    set_to("DeliveryPolicy", json.dumps(retries))
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert attributes["RawMessageDelivery"] == "true"
    assert attributes["FilterPolicy"] == policy
    assert attributes["FilterPolicyScope"] == "MessageAttributes"
    effective = json.loads(attributes["EffectiveDeliveryPolicy"])
    assert effective["healthyRetryPolicy"]["numRetries"] == 5
    for name, value in [
        ("RawMessageDelivery", "yes"),
        ("FilterPolicy", '{"a":"b"}'),
        ("FilterPolicyScope", "Everything"),
        ("DeliveryPolicy", '{"healthyRetryPolicy":{"numRetries":1000}}'),
        ("RedrivePolicy", '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:q"}'),
        ("Nonsense", "x"),
    ]:
        arguments = {"SubscriptionArn": subscription, "AttributeName": name}
        assert code_of(sns.set_subscription_attributes, **arguments, AttributeValue=value) == INVALID
    set_to("FilterPolicy", "")
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert "FilterPolicy" not in attributes
    assert code_of(sns.get_subscription_attributes, SubscriptionArn="x") == INVALID
    gone = f"{arn}:11111111-1111-4111-8111-111111111111"
    assert code_of(sns.get_subscription_attributes, SubscriptionArn=gone) == NOT_FOUND


@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        ("sqs", "arn:aws:sqs:us-east-1:000000000000:q"),
        ("lambda", "arn:aws:lambda:us-east-1:000000000000:function:f"),
        ("sms", "+4912345"),
        ("application", "arn:aws:sns:us-east-1:000000000000:endpoint/x"),
        ("email", "ana@example.com"),
        ("http", "https://hooks.example/"),
        ("https", "https://10.0.0.1/"),
        ("https", "https://[fe80::1]/"),
        ("http", "http://169.254.169.254/latest/meta-data"),
        ("webhook", "http://hooks.example/"),
        ("mqtt", "a/#"),
        ("mqtt", "$aws/rules/x"),
        ("firehose", "arn:aws:firehose:us-east-1:000000000000:deliverystream/x"),
        ("carrier-pigeon", "x"),
    ],
)
def test_what_cannot_be_subscribed_is_refused(sns, protocol, endpoint):
    arn = topic(sns, "refusing")
    arguments = {"TopicArn": arn, "Protocol": protocol, "Endpoint": endpoint}
    assert code_of(sns.subscribe, **arguments) == INVALID
    assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] == []


def test_filters_raw_bodies_and_attributes(sns, receiver):
    arn = topic(sns, "filtered")
    policy = json.dumps({"site": [{"prefix": "we"}], "n": [{"numeric": [">", 1]}]})
    subscribe(sns, arn, "http", receiver.url("/west"), FilterPolicy=policy)
    receiver.confirm("/west")
    subscribe(sns, arn, "http", receiver.url("/raw"), RawMessageDelivery="true")
    receiver.confirm("/raw")
    attributes = {
        "site": {"DataType": "String", "StringValue": "west"},
        "n": {"DataType": "Number", "StringValue": "2.5"},
        "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    sns.publish(TopicArn=arn, Message="first", MessageAttributes=attributes)
    sns.publish(TopicArn=arn, Message="second")
    raw = receiver.wait_for(3, "/raw")
    assert sorted(it.body for it in raw[1:]) == ["first", "second"]
    assert raw[1].headers["x-amz-sns-rawdelivery"] == "true"
    west = receiver.wait_for(2, "/west")
    assert [it.json["Message"] for it in west[1:]] == ["first"]
    assert west[1].json["MessageAttributes"] == {
        "b": {"Type": "Binary", "Value": "AP8="},
        "n": {"Type": "Number", "Value": "2.5"},
        "site": {"Type": "String", "Value": "west"},
    }


def test_publishing_what_is_none_is_refused(sns):
    arn = topic(sns, "strict")
    for arguments in [
        {"Message": ""},
        {"Message": "x" * 262_145},
        {"Message": "m", "Subject": "x" * 100},
        {"Message": "m", "Subject": "a\nb"},
        {"Message": "m", "MessageStructure": "json"},
        {"Message": '{"mqtt":"x"}', "MessageStructure": "json"},
        {"Message": "m", "MessageStructure": "xml"},
        {"Message": "m", "MessageDeduplicationId": "x"},
        {"Message": "m", "MessageAttributes": {"a": {"DataType": "Number", "StringValue": "x"}}},
        {"Message": "m", "MessageAttributes": {"AWS.x": {"DataType": "String", "StringValue": "x"}}},
    ]:
        assert code_of(sns.publish, TopicArn=arn, **arguments) == INVALID, arguments
    assert code_of(sns.publish, TopicArn=f"{ACCOUNT}:nowhere", Message="m") == NOT_FOUND
    assert code_of(sns.publish, Message="m") == INVALID
    assert code_of(sns.publish, PhoneNumber="+49", Message="m") == INVALID


def test_batches(sns, server):
    arn = topic(sns, "batches")
    subscribe(sns, arn, "mqtt", "batches/out")
    entry = lambda n, **more: {"Id": f"e{n}", "Message": f"m{n}", **more}  # noqa: E731
    bad = entry(1, Subject="a\nb")
    answer = sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=[entry(0), bad])
    assert [it["Id"] for it in answer["Successful"]] == ["e0"]
    (failed,) = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("e1", "InvalidParameter", True)
    send = lambda entries: code_of(  # noqa: E731
        sns.publish_batch, TopicArn=arn, PublishBatchRequestEntries=entries
    )
    assert send([]) == (400, "EmptyBatchRequest")
    assert send([entry(n) for n in range(11)]) == (400, "TooManyEntriesInBatchRequest")
    assert send([entry(1), entry(1)]) == (400, "BatchEntryIdsNotDistinct")
    assert send([{"Id": "a b", "Message": "m"}]) == (400, "InvalidBatchEntryId")
    large = [entry(n, Message="x" * 200_000) for n in range(2)]
    assert send(large) == (400, "BatchRequestTooLong")


def test_mqtt_subscribers_get_the_text_for_them(sns, server):
    arn = topic(sns, "to-mqtt")
    subscribe(sns, arn, "mqtt", "alerts/out")
    with PahoClient("listener", V5) as client:
        client.connect("127.0.0.1", server.credentials["mqtt"]["plaintext_port"])
        client.subscribe("alerts/#")
        message = json.dumps({"default": "d", "mqtt": "for mqtt"})
        sent = sns.publish(TopicArn=arn, Message=message, MessageStructure="json")
        came = client.receive()
        assert (came.topic, came.payload) == ("alerts/out", b"for mqtt")
        assert ("picket-event-id", sent["MessageId"]) in came.properties.UserProperty


def test_changes_are_in_the_audit_trail(server, sns, receiver):
    arn = topic(sns, "audited")
    subscribe(sns, arn, "http", receiver.url())
    receiver.confirm()
    session, api = server.console()
    changes = session.get(f"{api}/changes", timeout=10).json()["changes"]
    seen = {(it["operation"], it["actor"]) for it in changes}
    assert ("ConfirmSubscription", "a link in a message") in seen
    assert any(operation == "Subscribe" for operation, _ in seen)


def test_the_console_shows_topics_with_what_became_of_their_messages(server, sns, receiver):
    session, api = server.console()
    topics = f"{api}/notification-topics"
    csrf = session.get(f"{api}/session", timeout=10).json()["csrf_token"]
    session.headers["x-picket-csrf"] = csrf
    made = session.post(topics, json={"name": "from-console"}, timeout=10)
    assert made.status_code == 201, made.text
    below = f"{topics}/from-console"
    endpoint = {"protocol": "webhook", "endpoint": receiver.url("/hook")}
    made = session.post(f"{below}/subscriptions", json=endpoint, timeout=10)
    assert made.status_code == 201, made.text
    assert len(made.json()["secret"]) == 64
    assert session.post(f"{below}/test", timeout=10).status_code == 200
    assert receiver.wait_for(1)[0].json["test"] is True

    def row():
        listed = session.get(topics, timeout=10).json()["topics"]
        (found,) = [it for it in listed if it["name"] == "from-console"]
        (subscription,) = found["subscriptions"]
        return subscription if subscription["delivered"] == 1 else None

    subscription = wait_for("the count", row)
    assert (subscription["confirmed"], subscription["failed"]) == (True, 0)
    receiver.status = 403
    session.post(f"{below}/test", timeout=10)
    kept = wait_for(
        "what is kept",
        lambda: session.get(
            f"{below}/subscriptions/{subscription['id']}/undelivered", timeout=10
        ).json()["messages"],
    )
    assert re.match("HTTP 403", kept[0]["error"])
    gone = session.delete(f"{below}/subscriptions/{subscription['id']}", timeout=10)
    assert gone.status_code == 204
    assert session.delete(below, timeout=10).status_code == 204


def test_awscli_reads_what_it_asks_for(server):
    arn = server.awscli("sns", "create-topic", "--name", "by-cli")["TopicArn"]
    sent = server.awscli("sns", "publish", "--topic-arn", arn, "--message", "hello")
    assert len(sent["MessageId"]) == 36

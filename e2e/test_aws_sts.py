"""Sessions of roles by AssumeRole: who may begin one, what one may do, and when it ends."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from policy_documents import allow, arn, deny
from sessions import ACCOUNT, CREDENTIAL_PROVIDER, ROOT, Session, begin, remove_role, rights, role, trust

DENIED = (403, "AccessDenied")
INVALID = (400, "ValidationError")


def code_of(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


@pytest.fixture(scope="module")
def iam(aws):
    return aws("iam")


@pytest.fixture(scope="module")
def sts(aws):
    return aws("sts")


def test_a_session_has_aws_s_shape(iam, sts, server):
    arn_ = role(iam, "shape", ROOT, allow("iot:ListThings", "*"), Path="/ops/", MaxSessionDuration=7200)
    answer = sts.assume_role(RoleArn=arn_, RoleSessionName="night-shift", DurationSeconds=7200)
    ends = answer["Credentials"]["Expiration"] - datetime.now(timezone.utc)
    assert timedelta(seconds=7100) < ends <= timedelta(seconds=7200)
    who = answer["AssumedRoleUser"]
    assert who["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/shape/night-shift"
    role_id = iam.get_role(RoleName="shape")["Role"]["RoleId"]
    assert who["AssumedRoleId"] == f"{role_id}:night-shift"
    session = Session.of_sts(server, answer)
    seen = session.aws("sts").get_caller_identity()
    assert (seen["Arn"], seen["UserId"], seen["Account"]) == (who["Arn"], who["AssumedRoleId"], ACCOUNT)


def test_a_user_s_identity_is_the_user_s(sts, iam):
    seen = sts.get_caller_identity()
    assert seen["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/admin"
    assert seen["UserId"] == iam.get_user()["User"]["UserId"]


def test_awscli_takes_a_role_over(server, iam):
    arn_ = role(iam, "by-cli", ROOT)
    made = server.awscli("sts", "assume-role", "--role-arn", arn_, "--role-session-name", "cli")
    assert made["AssumedRoleUser"]["Arn"].endswith("assumed-role/by-cli/cli")


def test_a_session_may_do_what_the_policies_say_and_nothing_else(server, iam, aws):
    iot = aws("iot")
    iot.create_thing(thingName="seen")
    iot.create_thing(thingName="unseen")
    made = role(
        iam,
        "narrow",
        ROOT,
        allow(["iot:DescribeThing", "iot:UpdateThing"], arn("thing", "seen*")),
        allow(["iot:Publish", "iot:GetRetainedMessage"], arn("topic", "mine/*")),
        deny("iot:Publish", arn("topic", "mine/not")),
        allow("iot:ListThings", "*"),
    )
    session = begin(server, made)
    mine, data = session.aws("iot"), session.aws("iot-data")
    mine.describe_thing(thingName="seen")
    mine.update_thing(thingName="seen", attributePayload={"attributes": {"by": "session"}})
    mine.list_things()
    data.publish(topic="mine/a", payload=b"x")
    for call, arguments, words in (
        (mine.describe_thing, {"thingName": "unseen"}, "iot:DescribeThing on resource: " + arn("thing", "unseen")),
        (mine.create_thing, {"thingName": "seen-too"}, "iot:CreateThing"),
        (mine.list_policies, {}, "iot:ListPolicies"),
        (data.publish, {"topic": "other", "payload": b"x"}, "iot:Publish"),
        (data.publish, {"topic": "mine/not", "payload": b"x"}, "explicit deny in policy own"),
        (data.publish, {"topic": "mine/a", "payload": b"x", "retain": True}, "iot:RetainPublish"),
        (data.list_retained_messages, {}, "iot:ListRetainedMessages"),
        (data.get_connection, {"clientId": "c"}, "iot:GetConnection"),
        (data.delete_connection, {"clientId": "c"}, "iot:DeleteConnection"),
        (session.aws("iam").list_roles, {}, "iam:ListRoles"),
        (session.aws("iam").create_access_key, {"UserName": "admin"}, "iam:CreateAccessKey"),
        (session.aws("sns").list_topics, {}, "sns:ListTopics"),
        (session.aws("cognito-identity").list_identity_pools, {"MaxResults": 1}, "cognito-identity:ListIdentityPools"),
    ):
        with pytest.raises(ClientError) as caught:
            call(**arguments)
        response = caught.value.response
        assert "AccessDenied" in response["Error"]["Code"] or response["Error"]["Code"] == "ForbiddenException", response
        assert words in response["Error"]["Message"], response


def test_managed_policies_count_and_what_changes_is_in_force_at_once(server, iam):
    made = role(iam, "managed", ROOT)
    mine = begin(server, made).aws("iot")
    assert code_of(mine.list_things) == (403, "AccessDeniedException")
    policy = iam.create_policy(PolicyName="lists", PolicyDocument=rights(allow("iot:List*", "*")))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="managed", PolicyArn=policy)
    mine.list_things()
    iam.detach_role_policy(RoleName="managed", PolicyArn=policy)
    assert code_of(mine.list_things) == (403, "AccessDeniedException")
    iam.delete_role(RoleName="managed")
    assert code_of(mine.list_things) == (403, "UnrecognizedClientException")


def test_a_session_passes_only_the_roles_it_may(server, iam):
    passed = role(iam, "passed", CREDENTIAL_PROVIDER, allow("*", "*"))
    made = role(iam, "maker", ROOT, allow("iot:*", "*"))
    mine = begin(server, made).aws("iot")
    with pytest.raises(ClientError, match="iam:PassRole on resource: " + passed):
        mine.create_role_alias(roleAlias="escape", roleArn=passed)
    statement = allow("iam:PassRole", passed)
    iam.put_role_policy(RoleName="maker", PolicyName="pass", PolicyDocument=rights(statement))
    mine.create_role_alias(roleAlias="escape", roleArn=passed)


def test_the_trust_policy_decides_who_takes_a_role_over(sts, iam, server):
    arn_ = role(iam, "for-services", {"Service": "iot.amazonaws.com"}, allow("*", "*"))
    assert code_of(sts.assume_role, RoleArn=arn_, RoleSessionName="me") == DENIED
    nobody = f"arn:aws:iam::{ACCOUNT}:role/nobody"
    assert code_of(sts.assume_role, RoleArn=nobody, RoleSessionName="me") == DENIED
    with_id = {"StringEquals": {"sts:ExternalId": "agreed"}}
    iam.update_assume_role_policy(RoleName="for-services", PolicyDocument=trust(ROOT, Condition=with_id))
    assert code_of(sts.assume_role, RoleArn=arn_, RoleSessionName="me") == DENIED
    assert code_of(sts.assume_role, RoleArn=arn_, RoleSessionName="me", ExternalId="guess") == DENIED
    sts.assume_role(RoleArn=arn_, RoleSessionName="me", ExternalId="agreed")
    # A session takes the next role over only where its own role says so.
    chained = role(iam, "chained", {"AWS": arn_})
    first = begin(server, arn_, ExternalId="agreed")
    answer = first.aws("sts").assume_role(RoleArn=chained, RoleSessionName="next")
    second = Session.of_sts(server, answer)
    assert code_of(second.aws("sts").assume_role, RoleArn=arn_, RoleSessionName="back") == DENIED
    long = {"RoleArn": chained, "RoleSessionName": "next", "DurationSeconds": 3601}
    assert code_of(first.aws("sts").assume_role, **long) == INVALID


@pytest.mark.parametrize(
    "change",
    [
        {"RoleSessionName": "x"},
        {"RoleSessionName": "a/b"},
        {"DurationSeconds": 899},
        {"DurationSeconds": 3601},
        {"Policy": json.dumps({"Version": "2012-10-17", "Statement": []})},
        {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/service-role/AWSIoTLogging"}]},
        {"Tags": [{"Key": "a", "Value": "b"}]},
        {"SerialNumber": "arn:aws:iam::000000000000:mfa/admin", "TokenCode": "123456"},
        {"SourceIdentity": "me"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_wrong_or_not_supported_is_refused(sts, iam, change):
    try:
        arn_ = role(iam, "strict", ROOT)
    except iam.exceptions.EntityAlreadyExistsException:
        arn_ = f"arn:aws:iam::{ACCOUNT}:role/strict"
    arguments = {"RoleArn": arn_, "RoleSessionName": "me"} | change
    assert code_of(sts.assume_role, **arguments) == INVALID


def test_a_token_of_another_key_or_none_is_refused(server, iam):
    arn_ = role(iam, "tokens", ROOT, allow("*", "*"))
    one, two = begin(server, arn_), begin(server, arn_)
    for key, secret, token in (
        (one.key, one.secret, two.token),
        (one.key, one.secret, None),
        (one.key, one.secret, one.token[:-4] + "AAA="),
        (two.key, two.secret, "left-over"),
    ):
        session = Session(server, key, secret, token)
        assert code_of(session.aws("iot").list_things) == (403, "UnrecognizedClientException")
        assert code_of(session.aws("sts").get_caller_identity) == (403, "InvalidClientTokenId")
    wrong = Session(server, one.key, two.secret, one.token)
    assert code_of(wrong.aws("iot").list_things) == (403, "InvalidSignatureException")
    access = server.credentials["aws"]
    user = Session(server, access["access_key_id"], access["secret_access_key"], one.token)
    assert code_of(user.aws("iot").list_things) == (403, "UnrecognizedClientException")


def test_sessions_outlive_a_restart_and_are_in_the_audit_trail(own_server):
    server = own_server().start()
    arn_ = role(server.aws("iam"), "kept", ROOT, allow("iot:*", "*"))
    session = begin(server, arn_, "kept-shift")
    session.aws("iot").create_thing(thingName="by-session")
    server.kill()
    server.start()
    session.aws("iot").describe_thing(thingName="by-session")
    console, api = server.console()
    trail = console.get(f"{api}/changes", timeout=10).text
    assert "assumed-role/kept/kept-shift" in trail and "AssumeRole" in trail, trail
    assert session.secret not in trail and session.token not in trail
    remove_role(server.aws("iam"), "kept")
    assert code_of(session.aws("iot").list_things) == (403, "UnrecognizedClientException")

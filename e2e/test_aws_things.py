"""Things and thing types by boto3 and awscli, as on AWS."""

import json
import re

import pytest
from botocore.exceptions import ClientError

from paho_client import PahoClient
from policy_documents import allow, arn, grant_to_fleet
from registry_cases import (
    CONFLICT,
    EXISTS,
    INVALID,
    MISSING,
    ODD_NAMES,
    all_of,
    call,
    check_coverage,
    pages,
    refusal,
    refused,
    together,
)
from server import CommandFailed

OPERATIONS = (
    "CreateThing DescribeThing UpdateThing DeleteThing ListThings CreateThingType DescribeThingType "
    "UpdateThingType DeprecateThingType DeleteThingType ListThingTypes"
).split()

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MANY = {f"a{n}": "1" for n in range(51)}


def attributes(merge=None, **pairs):
    payload = {"attributes": pairs}
    return payload if merge is None else payload | {"merge": merge}


def propagating(**attribute):
    return {"mqtt5Configuration": {"propagatingAttributes": [attribute]}}


@pytest.fixture(scope="module")
def iot(aws):
    """A client of a server that knows what REFUSALS speaks of."""
    iot = aws("iot")
    iot.create_billing_group(billingGroupName="ward-cost")
    iot.create_thing_type(
        thingTypeName="pump",
        thingTypeProperties={"thingTypeDescription": "Pumps", "searchableAttributes": ["site"]},
    )
    iot.create_thing_type(thingTypeName="retired")
    iot.create_thing(thingName="veteran", thingTypeName="retired")
    iot.deprecate_thing_type(thingTypeName="retired")
    iot.create_thing(thingName="plain", attributePayload=attributes(site="west"))
    fifty = attributes(**{f"a{n}": "1" for n in range(50)})
    iot.create_thing(thingName="typed", thingTypeName="pump", attributePayload=fifty)
    certificate = iot.create_keys_and_certificate(setAsActive=True)
    iot.create_thing(thingName="attached")
    iot.attach_thing_principal(thingName="attached", principal=certificate["certificateArn"])
    return iot


def everything(iot):
    """What a refusal must leave alone."""
    things = all_of(iot, "ListThings", "things")
    types = all_of(iot, "ListThingTypes", "thingTypes")
    return things, types


PLAIN = {"thingName": "plain"}
PUMP = {"thingTypeName": "pump"}

REFUSALS = [
    refusal("CreateThing", MISSING, "thing type none", thingName="new", thingTypeName="none"),
    refusal("CreateThing", MISSING, "billing group none", thingName="new", billingGroupName="none"),
    refusal("CreateThing", INVALID, "deprecated", thingName="new", thingTypeName="retired"),
    refusal("CreateThing", INVALID, "at most 3", thingName="new", attributePayload={"attributes": {f"a{n}": "1" for n in range(4)}}),
    refusal("CreateThing", INVALID, "at most 50", thingName="new", thingTypeName="pump", attributePayload={"attributes": MANY}),
    refusal("CreateThing", INVALID, "thingTypeName", thingName="new", thingTypeName="a b"),
    refusal("CreateThing", INVALID, "billingGroupName", thingName="new", billingGroupName="a b"),
    refusal("CreateThing", INVALID, "attributePayload.merge", thingName="new", attributePayload={"attributes": {}, "merge": "so"}),
    refusal("CreateThing", INVALID, "attributes", thingName="new", attributePayload={"attributes": {"a b": "1"}}),
    refusal("CreateThing", INVALID, "attributes", thingName="new", attributePayload={"attributes": {"": "1"}}),
    refusal("CreateThing", INVALID, "attributes", thingName="new", attributePayload={"attributes": {"a": "b c"}}),
    refusal("CreateThing", INVALID, "attributes", thingName="new", attributePayload={"attributes": {"a": "x" * 801}}),
    refusal("CreateThing", INVALID, "attributes", thingName="new", attributePayload={"attributes": {"a": 1}}),
    refusal("CreateThing", EXISTS, "different configuration", thingName="plain"),
    refusal("CreateThing", EXISTS, "plain", thingName="plain", attributePayload=attributes(site="east")),
    refusal("DescribeThing", MISSING, "thing none", thingName="none"),
    refusal("DescribeThing", INVALID, "thingName", thingName="a b"),
    refusal("UpdateThing", MISSING, "thing none", thingName="none"),
    refusal("UpdateThing", MISSING, "thing type none", thingName="plain", thingTypeName="none"),
    refusal("UpdateThing", INVALID, "deprecated", thingName="plain", thingTypeName="retired"),
    refusal("UpdateThing", INVALID, "removeThingType", thingName="plain", thingTypeName="pump", removeThingType=True),
    refusal("UpdateThing", INVALID, "at most 3", thingName="typed", removeThingType=True),
    refusal("UpdateThing", INVALID, "at most 50", thingName="typed", attributePayload=attributes(merge=True, more="1")),
    refusal("UpdateThing", INVALID, "attributes", thingName="plain", attributePayload=attributes(a="ä")),
    refusal("UpdateThing", INVALID, "expectedVersion", thingName="plain", expectedVersion=-1),
    refusal("UpdateThing", INVALID, "expectedVersion", thingName="plain", expectedVersion="1; --"),
    refusal("UpdateThing", CONFLICT, "expected version 9", thingName="plain", expectedVersion=9),
    refusal("UpdateThing", CONFLICT, "expected version 0", thingName="plain", expectedVersion=0),
    refusal("DeleteThing", CONFLICT, "expected version 9", thingName="plain", expectedVersion=9),
    refusal("DeleteThing", INVALID, "Cannot delete. Thing attached is still attached to one or more principals", thingName="attached"),
    refusal("DeleteThing", INVALID, "expectedVersion", thingName="plain", expectedVersion="x"),
    refusal("ListThings", INVALID, "thingTypeName", thingTypeName="a b"),
    refusal("ListThings", INVALID, "attributeName", attributeName="a b"),
    refusal("ListThings", INVALID, "attributeValue", attributeName="a", attributeValue="100%"),
    refusal("ListThings", INVALID, "usePrefixAttributeValue", usePrefixAttributeValue="maybe"),
    refusal("ListThings", INVALID, "maxResults", maxResults=0),
    refusal("ListThings", INVALID, "maxResults", maxResults=251),
    refusal("ListThings", INVALID, "maxResults", maxResults="many"),
    refusal("ListThings", INVALID, "oken", nextToken="plain"),
    refusal("ListThings", INVALID, "oken", nextToken="A" * 5000),
    refusal("CreateThingType", EXISTS, "different configuration", **PUMP),
    refusal("CreateThingType", INVALID, "thingTypeName", thingTypeName="a b"),
    refusal("CreateThingType", INVALID, "thingTypeDescription", thingTypeName="new", thingTypeProperties={"thingTypeDescription": "Käse"}),
    refusal("CreateThingType", INVALID, "thingTypeDescription", thingTypeName="new", thingTypeProperties={"thingTypeDescription": "x" * 2029}),
    refusal("CreateThingType", INVALID, "at most 3", thingTypeName="new", thingTypeProperties={"searchableAttributes": list("abcd")}),
    refusal("CreateThingType", INVALID, "searchableAttributes", thingTypeName="new", thingTypeProperties={"searchableAttributes": ["a b"]}),
    refusal("CreateThingType", INVALID, "either", thingTypeName="new", thingTypeProperties=propagating(userPropertyKey="k")),
    refusal("CreateThingType", INVALID, "userPropertyKey", thingTypeName="new", thingTypeProperties=propagating(thingAttribute="a")),
    refusal("CreateThingType", INVALID, "iot:ClientId", thingTypeName="new", thingTypeProperties=propagating(userPropertyKey="k", connectionAttribute="x")),
    refusal("CreateThingType", INVALID, "twice", thingTypeName="new", tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]),
    refusal("CreateThingType", INVALID, "tags", thingTypeName="new", tags=[{"Key": "a*", "Value": "1"}]),
    refusal("DescribeThingType", MISSING, "thing type none", thingTypeName="none"),
    refusal("DescribeThingType", INVALID, "thingTypeName", thingTypeName="a b"),
    refusal("UpdateThingType", MISSING, "thing type none", thingTypeName="none", thingTypeProperties={}),
    refusal("UpdateThingType", INVALID, "at most 3", thingTypeName="pump", thingTypeProperties={"searchableAttributes": list("abcd")}),
    refusal("DeprecateThingType", MISSING, "thing type none", thingTypeName="none"),
    refusal("DeprecateThingType", INVALID, "thingTypeName", thingTypeName="a b"),
    refusal("DeprecateThingType", INVALID, "undoDeprecate", thingTypeName="pump", undoDeprecate="perhaps"),
    refusal("DeleteThingType", MISSING, "thing type none", thingTypeName="none"),
    refusal("DeleteThingType", INVALID, "must be deprecated for 5 minutes", thingTypeName="pump"),
    refusal("DeleteThingType", INVALID, "must have been for 5 minutes", thingTypeName="retired"),
    refusal("ListThingTypes", INVALID, "thingTypeName", thingTypeName="a b"),
    refusal("ListThingTypes", INVALID, "maxResults", maxResults=251),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS, ids=str)
def test_a_refused_call_says_why_as_aws_does_and_writes_nothing(iot, case):
    before = everything(iot)
    refused(iot, case.operation, case.code, case.text, **case.args)
    assert everything(iot) == before


def test_every_error_of_the_model_has_a_case(iot):
    # Deleting a thing that is not there is a success, as AWS documents it.
    check_coverage(iot, OPERATIONS, REFUSALS, {("DeleteThing", MISSING)})


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_refused_everywhere(iot, name):
    before = everything(iot)
    for operation in ("CreateThing", "DescribeThing", "UpdateThing", "DeleteThing"):
        refused(iot, operation, INVALID, "thingName", thingName=name)
    for operation in OPERATIONS[5:10]:
        refused(iot, operation, INVALID, "thingTypeName", thingTypeName=name)
    assert everything(iot) == before


def test_a_refusal_of_an_existing_name_carries_its_id_and_arn(iot):
    for operation, args, key in [
        ("CreateThing", {"thingName": "plain"}, "thing"),
        ("CreateThingType", {"thingTypeName": "pump"}, "thingType"),
    ]:
        error = refused(iot, operation, EXISTS, **args).response
        there = call(iot, operation.replace("Create", "Describe"), **args)
        assert error["resourceId"] == there[f"{key}Id"]
        assert error["resourceArn"] == there[f"{key}Arn"]


def test_a_thing_lives_as_on_aws(iot):
    wanted = {
        "thingName": "pump:17_a-B",
        "thingTypeName": "pump",
        "billingGroupName": "ward-cost",
        "attributePayload": attributes(site="west/3[a]=b", floor="3", gone=""),
    }
    made = iot.create_thing(**wanted)
    assert made["thingName"] == "pump:17_a-B"
    assert made["thingArn"] == arn("thing", "pump:17_a-B")
    assert UUID.fullmatch(made["thingId"])
    again = iot.create_thing(**wanted)
    assert again["thingId"] == made["thingId"]

    name = {"thingName": "pump:17_a-B"}
    seen = iot.describe_thing(**name)
    del seen["ResponseMetadata"]
    assert seen == {
        "defaultClientId": "pump:17_a-B",
        "thingName": "pump:17_a-B",
        "thingId": made["thingId"],
        "thingArn": made["thingArn"],
        "thingTypeName": "pump",
        "attributes": {"site": "west/3[a]=b", "floor": "3"},
        "version": 1,
        "billingGroupName": "ward-cost",
    }

    steps = [
        ({"attributePayload": attributes(merge=True, floor="4", more="x")}, {"site": "west/3[a]=b", "floor": "4", "more": "x"}),
        ({"attributePayload": attributes(merge=True, site="")}, {"floor": "4", "more": "x"}),
        ({"attributePayload": attributes(only="1"), "expectedVersion": 3}, {"only": "1"}),
        ({"removeThingType": True}, {"only": "1"}),
        ({"attributePayload": {}}, {"only": "1"}),
        ({"attributePayload": attributes(merge=False)}, {}),
    ]  # fmt: skip
    for version, (change, expected) in enumerate(steps, start=2):
        iot.update_thing(**name, **change)
        seen = iot.describe_thing(**name)
        assert (seen["attributes"], seen["version"]) == (expected, version)
    assert "thingTypeName" not in seen

    iot.delete_thing(**name, expectedVersion=7)
    refused(iot, "DescribeThing", MISSING, **name)
    iot.delete_thing(**name)
    assert iot.create_thing(**name)["thingId"] != made["thingId"]
    iot.delete_thing(**name)


def test_a_thing_without_anything_shows_no_empty_members(iot):
    iot.create_thing(thingName="bare")
    seen = iot.describe_thing(thingName="bare")
    assert seen["attributes"] == {}
    assert {"thingTypeName", "billingGroupName"}.isdisjoint(seen)
    iot.delete_thing(thingName="bare")


def test_a_thing_type_lives_as_on_aws(iot):
    properties = {
        "thingTypeDescription": "Valves ~ of all kinds",
        "searchableAttributes": ["site", "floor"],
        "mqtt5Configuration": {
            "propagatingAttributes": [
                {"userPropertyKey": "iot:site$", "thingAttribute": "site"},
                {"userPropertyKey": "id", "connectionAttribute": "iot:ClientId"},
            ]
        },
    }
    wanted = {"thingTypeName": "valve", "thingTypeProperties": properties}
    made = iot.create_thing_type(**wanted, tags=[{"Key": "owner", "Value": "me"}])
    assert made["thingTypeArn"] == arn("thingtype", "valve")
    assert UUID.fullmatch(made["thingTypeId"])
    assert iot.create_thing_type(**wanted)["thingTypeId"] == made["thingTypeId"]
    tags = iot.list_tags_for_resource(resourceArn=made["thingTypeArn"])["tags"]
    assert tags == [{"Key": "owner", "Value": "me"}]

    name = {"thingTypeName": "valve"}
    seen = iot.describe_thing_type(**name)
    assert seen["thingTypeProperties"] == properties
    assert seen["thingTypeMetadata"]["deprecated"] is False
    assert "deprecationDate" not in seen["thingTypeMetadata"]
    iot.update_thing_type(**name, thingTypeProperties={"searchableAttributes": []})
    seen = iot.describe_thing_type(**name)["thingTypeProperties"]
    assert seen == properties | {"searchableAttributes": []}

    iot.deprecate_thing_type(**name)
    metadata = iot.describe_thing_type(**name)["thingTypeMetadata"]
    assert metadata["deprecated"] is True
    assert metadata["deprecationDate"] >= metadata["creationDate"]
    iot.deprecate_thing_type(**name, undoDeprecate=True)
    assert iot.describe_thing_type(**name)["thingTypeMetadata"]["deprecated"] is False
    listed = iot.list_thing_types(thingTypeName="valve")["thingTypes"]
    assert [entry["thingTypeArn"] for entry in listed] == [made["thingTypeArn"]]
    assert listed[0]["thingTypeProperties"]["thingTypeDescription"] == "Valves ~ of all kinds"


def test_a_type_is_deleted_after_its_time_and_its_last_thing(own_server):
    server = own_server({"registry": {"thing_type_deletion_minutes": 0}}).start()
    iot = server.aws("iot")
    made = iot.create_thing_type(thingTypeName="pump", tags=[{"Key": "a", "Value": "1"}])
    iot.create_thing(thingName="one", thingTypeName="pump")
    iot.deprecate_thing_type(thingTypeName="pump")
    refused(iot, "DeleteThingType", INVALID, "still things associated", thingTypeName="pump")
    iot.update_thing(thingName="one", removeThingType=True)
    iot.delete_thing_type(thingTypeName="pump")
    refused(iot, "DescribeThingType", MISSING, thingTypeName="pump")
    # The next type of this name is another one, without the tags of the first.
    assert iot.create_thing_type(thingTypeName="pump")["thingTypeId"] != made["thingTypeId"]
    assert iot.list_tags_for_resource(resourceArn=made["thingTypeArn"])["tags"] == []


def test_lists_are_paged_and_filters_are_all_to_hold(iot):
    def create(n):
        pump = {"thingTypeName": "pump"} if n % 2 == 0 else {}
        payload = attributes(line=f"line{n % 3}", kind="paged")
        return iot.create_thing(thingName=f"paged-{n:03}", attributePayload=payload, **pump)

    made = together(260, create)
    assert all("thingId" in thing for thing in made)
    names = [f"paged-{n:03}" for n in range(260)]
    kind = {"attributeName": "kind", "attributeValue": "paged"}
    for size, sizes in [(None, [250, 10]), (250, [250, 10]), (100, [100, 100, 60]), (130, [130] * 2)]:
        seen = pages(iot, "ListThings", "things", size, **kind)
        assert [len(page) for page in seen] == sizes
        assert [thing["thingName"] for page in seen for thing in page] == names
    entry = seen[0][0]
    assert entry == {
        "thingName": "paged-000",
        "thingTypeName": "pump",
        "thingArn": arn("thing", "paged-000"),
        "attributes": {"line": "line0", "kind": "paged"},
        "version": 1,
    }
    counts = [
        (PUMP, 130 + 1),
        (PUMP | kind, 130),
        (PUMP | {"attributeName": "line", "attributeValue": "line1"}, 43),
        ({"attributeName": "line", "attributeValue": "line", "usePrefixAttributeValue": True}, 260),
        ({"attributeName": "line", "attributeValue": "line", "usePrefixAttributeValue": False}, 0),
        ({"attributeName": "line"}, 260),
        ({"attributeValue": "line2"}, 86),
        ({"thingTypeName": "none"}, 0),
    ]
    for query, count in counts:
        assert len(all_of(iot, "ListThings", "things", **query)) == count, query


def test_a_token_is_good_for_its_own_list_only(iot):
    token = iot.list_things(maxResults=1)["nextToken"]
    assert iot.list_things(maxResults=1, nextToken=token)["things"]
    for n in range(8):
        iot.create_thing_type(thingTypeName=f"tokens-{n}")
    other = iot.list_thing_types(maxResults=1)["nextToken"]
    assert other != token
    changed = token[:-8] + ("A" if token[-8] != "A" else "B") + token[-7:]
    for wrong in (other, changed, token[:-4], token + "AAAA", "plain", "%00", "ä"):
        refused(iot, "ListThings", INVALID, nextToken=wrong)
    assert len(pages(iot, "ListThingTypes", "thingTypes", 3, thingTypeName="tokens-")) == 3


def test_a_token_goes_on_with_the_filters_it_was_given_for(iot):
    for n in range(6):
        iot.create_thing(thingName=f"bound-{n}", attributePayload=attributes(bound=str(n % 2)))
    query = {"attributeName": "bound", "attributeValue": "0"}
    first = iot.list_things(maxResults=1, **query)
    rest = iot.list_things(maxResults=9, nextToken=first["nextToken"], **query)
    seen = [thing["thingName"] for thing in first["things"] + rest["things"]]
    assert seen == ["bound-0", "bound-2", "bound-4"]
    for other in (
        {},
        {"attributeName": "bound"},
        query | {"attributeValue": "1"},
        query | {"usePrefixAttributeValue": True},
        query | PUMP,
    ):
        words = "for the same arguments"
        refused(iot, "ListThings", INVALID, words, nextToken=first["nextToken"], **other)


def test_of_many_who_create_one_name_all_get_it_or_exactly_one(iot):
    same = together(32, lambda n: iot.create_thing(thingName="same"))
    assert len({thing["thingId"] for thing in same}) == 1
    create = lambda n: iot.create_thing(  # noqa: E731
        thingName="contested", attributePayload=attributes(n=str(n))
    )
    results = together(32, create)
    made = [thing for thing in results if not isinstance(thing, ClientError)]
    lost = [error.response for error in results if isinstance(error, ClientError)]
    assert len(made) == 1
    assert {error["Error"]["Code"] for error in lost} == {EXISTS}
    assert {error["resourceId"] for error in lost} == {made[0]["thingId"]}
    same = together(32, lambda n: iot.create_thing_type(thingTypeName="same"))
    assert len({it["thingTypeId"] for it in same}) == 1


def test_merges_by_many_at_once_are_all_made(iot):
    iot.create_thing(thingName="merged", thingTypeName="pump")
    merge = lambda n: iot.update_thing(  # noqa: E731
        thingName="merged", attributePayload=attributes(merge=True, **{f"a{n}": "1"})
    )
    assert not any(isinstance(result, ClientError) for result in together(40, merge))
    seen = iot.describe_thing(thingName="merged")
    assert (len(seen["attributes"]), seen["version"]) == (40, 41)
    expecting = lambda n: iot.update_thing(thingName="merged", expectedVersion=41)  # noqa: E731
    results = together(8, expecting)
    assert sum(not isinstance(result, ClientError) for result in results) == 1


def test_what_was_answered_is_there_after_a_kill(own_server):
    server = own_server().start()
    iot = server.aws("iot")
    create = lambda n: iot.create_thing(  # noqa: E731
        thingName=f"t{n}", attributePayload=attributes(n=str(n))
    )
    made = together(64, create)
    server.kill()
    iot = server.start().aws("iot")
    for n, thing in enumerate(made):
        seen = iot.describe_thing(thingName=f"t{n}")
        assert (seen["thingId"], seen["attributes"]) == (thing["thingId"], {"n": str(n)})


def test_awscli_manages_things(iot, server):
    payload = json.dumps({"attributes": {"site": "west"}})
    made = server.awscli(
        "iot", "create-thing", "--thing-name", "by-cli", "--thing-type-name", "pump", "--attribute-payload", payload
    )  # fmt: skip
    seen = server.awscli("iot", "describe-thing", "--thing-name", "by-cli")
    assert seen["thingId"] == made["thingId"]
    assert seen["attributes"] == {"site": "west"}
    listed = server.awscli(
        "iot", "list-things", "--thing-type-name", "pump", "--attribute-name", "site", "--page-size", "1"
    )  # fmt: skip
    assert [thing["thingName"] for thing in listed["things"]] == ["by-cli"]
    server.awscli("iot", "update-thing", "--thing-name", "by-cli", "--remove-thing-type")
    with pytest.raises(CommandFailed) as failed:
        server.awscli("iot", "describe-thing", "--thing-name", "nobody")
    assert "(ResourceNotFoundException)" in failed.value.stderr
    with pytest.raises(CommandFailed) as failed:
        server.awscli("iot", "create-thing", "--thing-name", "by-cli")
    assert "(ResourceAlreadyExistsException)" in failed.value.stderr
    assert server.awscli("iot", "delete-thing", "--thing-name", "by-cli") is None


def test_events_of_the_registry_reach_a_device_once_they_are_switched_on(iot, server):
    topics = ["$aws/events/thing/#", "$aws/events/thingType/#", "$aws/events/thingTypeAssociation/#"]
    grant_to_fleet(
        iot,
        "registry-events",
        allow("iot:Subscribe", *(arn("topicfilter", topic.replace("#", "*")) for topic in topics)),
        allow("iot:Receive", *(arn("topic", topic.replace("#", "*")) for topic in topics)),
    )
    watcher = PahoClient("watcher").with_bundle(server.create_thing("watcher"))
    with watcher.connect("localhost", server.credentials["mqtt"]["port"]):
        for topic in topics:
            assert watcher.subscribe(topic) == 1
        iot.create_thing(thingName="unseen")
        kinds = ("THING", "THING_TYPE", "THING_TYPE_ASSOCIATION")
        iot.update_event_configurations(
            eventConfigurations={kind: {"Enabled": True} for kind in kinds}
        )
        made = iot.create_thing(thingName="seen", thingTypeName="pump")
        iot.update_thing(thingName="seen", attributePayload=attributes(a="1"))
        iot.delete_thing(thingName="seen")
        iot.update_event_configurations(
            eventConfigurations={kind: {"Enabled": False} for kind in kinds}
        )
        iot.create_thing(thingName="unseen-again")
        expected = [
            ("$aws/events/thing/seen/created", "CREATED"),
            ("$aws/events/thingTypeAssociation/thing/seen/thingType/pump/added", "ADDED"),
            ("$aws/events/thing/seen/updated", "UPDATED"),
            ("$aws/events/thing/seen/deleted", "DELETED"),
            ("$aws/events/thingTypeAssociation/thing/seen/thingType/pump/removed", "REMOVED"),
        ]
        for topic, operation in expected:
            message = watcher.receive()
            event = json.loads(message.payload)
            assert (message.topic, event["operation"]) == (topic, operation)
            assert event["thingId"] == made["thingId"]
        assert watcher.messages.empty()

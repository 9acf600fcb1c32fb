"""Thing groups and billing groups by boto3 and awscli, as on AWS."""

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

OPERATIONS = (
    "CreateThingGroup DescribeThingGroup UpdateThingGroup DeleteThingGroup ListThingGroups "
    "AddThingToThingGroup RemoveThingFromThingGroup UpdateThingGroupsForThing ListThingsInThingGroup "
    "ListThingGroupsForThing CreateBillingGroup DescribeBillingGroup UpdateBillingGroup DeleteBillingGroup "
    "ListBillingGroups AddThingToBillingGroup RemoveThingFromBillingGroup ListThingsInBillingGroup"
).split()

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def properties(description=None, **pairs):
    given = {"attributePayload": {"attributes": pairs}} if pairs else {}
    return given | ({"thingGroupDescription": description} if description is not None else {})


@pytest.fixture(scope="module")
def iot(aws):
    """A client of a server that knows what REFUSALS speaks of."""
    iot = aws("iot")
    iot.create_thing_group(thingGroupName="site")
    levels = ["site"] + [f"level-{n}" for n in range(2, 8)]
    for parent, name in zip(levels, levels[1:]):
        iot.create_thing_group(thingGroupName=name, parentGroupName=parent)
    iot.create_thing_group(
        thingGroupName="other", thingGroupProperties=properties("Another", a="1")
    )
    iot.create_thing(thingName="member")
    iot.add_thing_to_thing_group(thingName="member", thingGroupName="level-3")
    iot.create_thing(thingName="crowded")
    for n in range(10):
        iot.create_thing_group(thingGroupName=f"crowd-{n}")
        iot.add_thing_to_thing_group(thingName="crowded", thingGroupName=f"crowd-{n}")
    iot.create_billing_group(
        billingGroupName="cost", billingGroupProperties={"billingGroupDescription": "Ward 3"}
    )
    iot.add_thing_to_billing_group(thingName="member", billingGroupName="cost")
    return iot


def everything(iot):
    """What a refusal must leave alone."""
    groups = all_of(iot, "ListThingGroups", "thingGroups")
    billing = all_of(iot, "ListBillingGroups", "billingGroups")
    described = [call(iot, "DescribeThingGroup", thingGroupName="other")["version"]]
    described.append(call(iot, "DescribeBillingGroup", billingGroupName="cost")["version"])
    for thing in ("member", "crowded"):
        described.append(all_of(iot, "ListThingGroupsForThing", "thingGroups", thingName=thing))
        described.append(call(iot, "DescribeThing", thingName=thing).get("billingGroupName"))
    return groups, billing, described


def new(**args):
    return {"thingGroupName": "new"} | args


def both(thing="member", group="other"):
    return {"thingName": thing, "thingGroupName": group}


def cost(thing="member", group="cost"):
    return {"thingName": thing, "billingGroupName": group}


ONE_MORE = {"thingName": "crowded", "thingGroupsToAdd": ["other"]}
FAR = "arn:aws:iot:eu-west-1:999999999999:thing/member"

REFUSALS = [
    refusal("CreateThingGroup", EXISTS, "different configuration", thingGroupName="other"),
    refusal("CreateThingGroup", EXISTS, "site", thingGroupName="site", parentGroupName="other"),
    refusal("CreateThingGroup", INVALID, "parent thing group none does not exist", **new(parentGroupName="none")),
    refusal("CreateThingGroup", INVALID, "at most 7 levels", **new(parentGroupName="level-7")),
    refusal("CreateThingGroup", INVALID, "parentGroupName", **new(parentGroupName="a b")),
    refusal("CreateThingGroup", INVALID, "thingGroupDescription", **new(thingGroupProperties=properties("Käse"))),
    refusal("CreateThingGroup", INVALID, "thingGroupDescription", **new(thingGroupProperties=properties("x" * 2029))),
    refusal("CreateThingGroup", INVALID, "attributes", **new(thingGroupProperties=properties(a="b c"))),
    refusal("CreateThingGroup", INVALID, "at most 50", **new(thingGroupProperties=properties(**{f"a{n}": "1" for n in range(51)}))),
    refusal("CreateThingGroup", INVALID, "tags", **new(tags=[{"Key": "", "Value": "1"}])),
    refusal("CreateThingGroup", INVALID, "at most 50", **new(tags=[{"Key": f"k{n}", "Value": "1"} for n in range(51)])),
    refusal("DescribeThingGroup", MISSING, "thing group none", thingGroupName="none"),
    refusal("DescribeThingGroup", INVALID, "thingGroupName", thingGroupName="a b"),
    refusal("UpdateThingGroup", MISSING, "thing group none", thingGroupName="none", thingGroupProperties={}),
    refusal("UpdateThingGroup", INVALID, "thingGroupProperties", thingGroupName="other"),
    refusal("UpdateThingGroup", INVALID, "thingGroupDescription", thingGroupName="other", thingGroupProperties=properties("\t")),
    refusal("UpdateThingGroup", CONFLICT, "expected version 7", thingGroupName="other", thingGroupProperties={}, expectedVersion=7),
    refusal("DeleteThingGroup", CONFLICT, "expected version 7", thingGroupName="other", expectedVersion=7),
    refusal("DeleteThingGroup", INVALID, "Cannot delete thing group : site when there are still child groups attached to it", thingGroupName="site"),
    refusal("ListThingGroups", MISSING, "thing group none", parentGroup="none"),
    refusal("ListThingGroups", INVALID, "parentGroup", parentGroup="a b"),
    refusal("ListThingGroups", INVALID, "namePrefixFilter", namePrefixFilter="a b"),
    refusal("ListThingGroups", INVALID, "recursive", recursive="deeply"),
    refusal("ListThingGroups", INVALID, "maxResults", maxResults=251),
    refusal("AddThingToThingGroup", MISSING, "thing none", **both(thing="none")),
    refusal("AddThingToThingGroup", MISSING, "thing group none", **both(group="none")),
    refusal("AddThingToThingGroup", INVALID, "same hierarchy", **both(group="site")),
    refusal("AddThingToThingGroup", INVALID, "same hierarchy", **both(group="level-7")),
    refusal("AddThingToThingGroup", INVALID, "at most 10", **both(thing="crowded")),
    refusal("AddThingToThingGroup", INVALID, "at most 10", **both(thing="crowded"), overrideDynamicGroups=True),
    refusal("AddThingToThingGroup", INVALID, "thingName", thingGroupName="other"),
    refusal("AddThingToThingGroup", INVALID, "thingGroupName", thingName="member"),
    refusal("AddThingToThingGroup", INVALID, "thingArn", thingArn=FAR, thingGroupName="other"),
    refusal("AddThingToThingGroup", INVALID, "different", **both(), thingArn=arn("thing", "crowded")),
    refusal("RemoveThingFromThingGroup", MISSING, "thing none", **both(thing="none")),
    refusal("RemoveThingFromThingGroup", MISSING, "thing group none", **both(group="none")),
    refusal("RemoveThingFromThingGroup", INVALID, "thingGroupArn", thingName="member", thingGroupArn="other"),
    refusal("UpdateThingGroupsForThing", MISSING, "thing none", thingName="none"),
    refusal("UpdateThingGroupsForThing", MISSING, "thing group none", thingName="member", thingGroupsToAdd=["other", "none"]),
    refusal("UpdateThingGroupsForThing", MISSING, "thing group none", thingName="member", thingGroupsToRemove=["level-3", "none"]),
    refusal("UpdateThingGroupsForThing", INVALID, "thingName", thingGroupsToAdd=["other"]),
    refusal("UpdateThingGroupsForThing", INVALID, "at most 10", **ONE_MORE),
    refusal("UpdateThingGroupsForThing", INVALID, "in both", **ONE_MORE, thingGroupsToRemove=["other"]),
    refusal("UpdateThingGroupsForThing", INVALID, "same hierarchy", thingName="member", thingGroupsToAdd=["other", "level-4"]),
    refusal("UpdateThingGroupsForThing", INVALID, "at most 100", thingName="member", thingGroupsToAdd=["other"] * 101),
    refusal("ListThingsInThingGroup", MISSING, "thing group none", thingGroupName="none"),
    refusal("ListThingsInThingGroup", INVALID, "maxResults", thingGroupName="site", maxResults=0),
    refusal("ListThingGroupsForThing", MISSING, "thing none", thingName="none"),
    refusal("ListThingGroupsForThing", INVALID, "oken", thingName="member", nextToken="plain"),
    refusal("CreateBillingGroup", EXISTS, "different configuration", billingGroupName="cost"),
    refusal("CreateBillingGroup", INVALID, "billingGroupDescription", billingGroupName="new", billingGroupProperties={"billingGroupDescription": "ä"}),
    refusal("CreateBillingGroup", INVALID, "tags", billingGroupName="new", tags=[{"Key": "a*", "Value": ""}]),
    refusal("DescribeBillingGroup", MISSING, "billing group none", billingGroupName="none"),
    refusal("DescribeBillingGroup", INVALID, "billingGroupName", billingGroupName="a b"),
    refusal("UpdateBillingGroup", MISSING, "billing group none", billingGroupName="none", billingGroupProperties={}),
    refusal("UpdateBillingGroup", INVALID, "billingGroupProperties", billingGroupName="cost"),
    refusal("UpdateBillingGroup", CONFLICT, "expected version 7", billingGroupName="cost", billingGroupProperties={}, expectedVersion=7),
    refusal("DeleteBillingGroup", CONFLICT, "expected version 7", billingGroupName="cost", expectedVersion=7),
    refusal("DeleteBillingGroup", INVALID, "billingGroupName", billingGroupName="a b"),
    refusal("ListBillingGroups", INVALID, "namePrefixFilter", namePrefixFilter="a b"),
    refusal("AddThingToBillingGroup", MISSING, "thing none", **cost(thing="none")),
    refusal("AddThingToBillingGroup", MISSING, "billing group none", **cost(group="none")),
    refusal("AddThingToBillingGroup", INVALID, "billingGroupName", thingName="member"),
    refusal("RemoveThingFromBillingGroup", MISSING, "thing none", **cost(thing="none")),
    refusal("RemoveThingFromBillingGroup", MISSING, "billing group none", **cost(group="none")),
    refusal("RemoveThingFromBillingGroup", INVALID, "thingArn", billingGroupName="cost", thingArn=FAR),
    refusal("ListThingsInBillingGroup", MISSING, "billing group none", billingGroupName="none"),
    refusal("ListThingsInBillingGroup", INVALID, "maxResults", billingGroupName="cost", maxResults=251),
]  # fmt: skip

# AWS's model has this, but a list of billing groups asks for nothing that could be missing.
NEVER = {("ListBillingGroups", MISSING)}


@pytest.mark.parametrize("case", REFUSALS, ids=str)
def test_a_refused_call_says_why_as_aws_does_and_writes_nothing(iot, case):
    before = everything(iot)
    refused(iot, case.operation, case.code, case.text, **case.args)
    assert everything(iot) == before


def test_every_error_of_the_model_has_a_case(iot):
    check_coverage(iot, OPERATIONS, REFUSALS, NEVER)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_refused_everywhere(iot, name):
    before = everything(iot)
    for operation in ("Create", "Describe", "Update", "Delete"):
        for kind, member in (("Thing", "thingGroup"), ("Billing", "billingGroup")):
            args = {f"{member}Name": name, f"{member}Properties": {}}
            if operation in ("Describe", "Delete"):
                del args[f"{member}Properties"]
            refused(iot, f"{operation}{kind}Group", INVALID, f"{member}Name", **args)
    for operation in ("AddThingToThingGroup", "RemoveThingFromThingGroup"):
        refused(iot, operation, INVALID, "thingGroupName", **both(group=name))
        refused(iot, operation, INVALID, "thingName", **both(thing=name))
        by_arn = {"thingName": "member", "thingGroupArn": arn("thinggroup", name)}
        refused(iot, operation, INVALID, "thingGroup", **by_arn)
    for operation in ("AddThingToBillingGroup", "RemoveThingFromBillingGroup"):
        refused(iot, operation, INVALID, "billingGroupName", **cost(group=name))
    for member in ("thingGroupsToAdd", "thingGroupsToRemove"):
        moves = {"thingName": "member", member: [name]}
        refused(iot, "UpdateThingGroupsForThing", INVALID, member, **moves)
    assert everything(iot) == before


def test_a_refusal_of_an_existing_name_carries_its_id_and_arn(iot):
    for operation, args, key in [
        ("CreateThingGroup", {"thingGroupName": "other"}, "thingGroup"),
        ("CreateBillingGroup", {"billingGroupName": "cost"}, "billingGroup"),
    ]:
        error = refused(iot, operation, EXISTS, **args).response
        there = call(iot, operation.replace("Create", "Describe"), **args)
        assert error["resourceId"] == there[f"{key}Id"]
        assert error["resourceArn"] == there[f"{key}Arn"]


def test_a_thing_group_lives_as_on_aws(iot):
    wanted = {
        "thingGroupName": "ward",
        "parentGroupName": "level-2",
        "thingGroupProperties": properties("Ward 3", b="2", a="1"),
    }
    made = iot.create_thing_group(**wanted, tags=[{"Key": "owner", "Value": "me"}])
    assert made["thingGroupArn"] == arn("thinggroup", "ward")
    assert UUID.fullmatch(made["thingGroupId"])
    assert iot.create_thing_group(**wanted)["thingGroupId"] == made["thingGroupId"]
    tags = iot.list_tags_for_resource(resourceArn=made["thingGroupArn"])["tags"]
    assert tags == [{"Key": "owner", "Value": "me"}]

    name = {"thingGroupName": "ward"}
    seen = iot.describe_thing_group(**name)
    created = seen["thingGroupMetadata"].pop("creationDate")
    assert created.year >= 2024
    del seen["ResponseMetadata"]
    assert seen == {
        "thingGroupName": "ward",
        "thingGroupId": made["thingGroupId"],
        "thingGroupArn": made["thingGroupArn"],
        "version": 1,
        "thingGroupProperties": {
            "thingGroupDescription": "Ward 3",
            "attributePayload": {"attributes": {"a": "1", "b": "2"}},
        },
        "thingGroupMetadata": {
            "parentGroupName": "level-2",
            "rootToParentThingGroups": [
                {"groupName": "site", "groupArn": arn("thinggroup", "site")},
                {"groupName": "level-2", "groupArn": arn("thinggroup", "level-2")},
            ],
        },
    }

    merge = {"attributePayload": {"attributes": {"c": "3", "a": ""}, "merge": True}}
    assert iot.update_thing_group(**name, thingGroupProperties=merge)["version"] == 2
    replace = properties("Ward 4", only="1")
    changed = iot.update_thing_group(**name, thingGroupProperties=replace, expectedVersion=2)
    assert changed["version"] == 3
    seen = iot.describe_thing_group(**name)["thingGroupProperties"]
    assert seen == {
        "thingGroupDescription": "Ward 4",
        "attributePayload": {"attributes": {"only": "1"}},
    }

    iot.delete_thing_group(**name, expectedVersion=3)
    refused(iot, "DescribeThingGroup", MISSING, **name)
    iot.delete_thing_group(**name)
    # The next group of this name is another one, without the tags of the first.
    assert iot.create_thing_group(**name)["thingGroupId"] != made["thingGroupId"]
    assert iot.list_tags_for_resource(resourceArn=made["thingGroupArn"])["tags"] == []
    iot.delete_thing_group(**name)


def test_things_join_and_leave_by_name_or_arn(iot):
    iot.create_thing(thingName="rover")
    iot.create_thing_group(thingGroupName="yard")
    names = {"thingName": "rover", "thingGroupName": "yard"}
    arns = {"thingArn": arn("thing", "rover"), "thingGroupArn": arn("thinggroup", "yard")}
    listed = {"groupName": "yard", "groupArn": arn("thinggroup", "yard")}
    for args in (names, arns, names | arns):
        for _ in range(2):
            iot.add_thing_to_thing_group(**args, overrideDynamicGroups=False)
        groups = iot.list_thing_groups_for_thing(thingName="rover")["thingGroups"]
        assert groups == [listed]
        for _ in range(2):
            iot.remove_thing_from_thing_group(**args)
        assert iot.list_thing_groups_for_thing(thingName="rover")["thingGroups"] == []


def test_a_thing_moves_between_groups_of_one_hierarchy_in_one_step(iot):
    iot.create_thing(thingName="mover")
    iot.add_thing_to_thing_group(thingName="mover", thingGroupName="level-3")
    iot.update_thing_groups_for_thing(
        thingName="mover",
        thingGroupsToAdd=["level-5", "other"],
        thingGroupsToRemove=["level-3"],
        overrideDynamicGroups=True,
    )
    groups = iot.list_thing_groups_for_thing(thingName="mover")["thingGroups"]
    assert [group["groupName"] for group in groups] == ["level-5", "other"]
    iot.delete_thing(thingName="mover")
    assert "mover" not in all_of(iot, "ListThingsInThingGroup", "things", thingGroupName="other")


def test_a_group_has_a_hundred_children_however_many_come_at_once(iot):
    iot.create_thing_group(thingGroupName="nursery")
    create = lambda n: iot.create_thing_group(  # noqa: E731
        thingGroupName=f"child-{n:03}", parentGroupName="nursery"
    )
    results = together(110, create)
    lost = [error.response["Error"] for error in results if isinstance(error, ClientError)]
    assert len(lost) == 10
    assert {error["Code"] for error in lost} == {INVALID}
    children = all_of(iot, "ListThingGroups", "thingGroups", parentGroup="nursery")
    assert len(children) == 100


def test_groups_are_listed_by_parent_prefix_and_level(iot):
    for name, parent in [("tree", None), ("tree-b", "tree"), ("tree-a", "tree"), ("leaf", "tree-a")]:
        given = {"parentGroupName": parent} if parent else {}
        iot.create_thing_group(thingGroupName=name, **given)
    cases = [
        ({"parentGroup": "tree"}, "tree-a tree-b"),
        ({"parentGroup": "tree", "recursive": False}, "tree-a tree-b"),
        ({"parentGroup": "tree", "recursive": True}, "leaf tree-a tree-b"),
        ({"parentGroup": "tree", "recursive": True, "namePrefixFilter": "tree"}, "tree-a tree-b"),
        ({"namePrefixFilter": "tree"}, "tree tree-a tree-b"),
        ({"namePrefixFilter": "tree", "recursive": False}, "tree"),
        ({"parentGroup": "leaf"}, ""),
    ]
    for query, expected in cases:
        for size in (None, 1):
            seen = pages(iot, "ListThingGroups", "thingGroups", size, **query)
            names = [group["groupName"] for page in seen for group in page]
            assert " ".join(names) == expected, query
    entry = iot.list_thing_groups(namePrefixFilter="leaf")["thingGroups"]
    assert entry == [{"groupName": "leaf", "groupArn": arn("thinggroup", "leaf")}]


def test_a_billing_group_lives_as_on_aws(iot):
    described = {"billingGroupDescription": "Intensive care"}
    wanted = {"billingGroupName": "icu", "billingGroupProperties": described}
    made = iot.create_billing_group(**wanted, tags=[{"Key": "cost", "Value": "42"}])
    assert made["billingGroupArn"] == arn("billinggroup", "icu")
    assert UUID.fullmatch(made["billingGroupId"])
    assert iot.create_billing_group(**wanted)["billingGroupId"] == made["billingGroupId"]
    tags = iot.list_tags_for_resource(resourceArn=made["billingGroupArn"])["tags"]
    assert tags == [{"Key": "cost", "Value": "42"}]
    name = {"billingGroupName": "icu"}
    seen = iot.describe_billing_group(**name)
    assert seen["billingGroupProperties"] == described
    assert seen["version"] == 1
    assert seen["billingGroupMetadata"]["creationDate"].year >= 2024
    changed = {"billingGroupDescription": "Ward 4"}
    answer = iot.update_billing_group(**name, billingGroupProperties=changed, expectedVersion=1)
    assert answer["version"] == 2
    assert iot.describe_billing_group(**name)["billingGroupProperties"] == changed

    # A thing is in one billing group at most, and free again when that is deleted.
    iot.create_thing(thingName="billed")
    for group in ("cost", "icu"):
        iot.add_thing_to_billing_group(
            thingArn=arn("thing", "billed"), billingGroupArn=arn("billinggroup", group)
        )
        assert iot.describe_thing(thingName="billed")["billingGroupName"] == group
    things = all_of(iot, "ListThingsInBillingGroup", "things", billingGroupName="cost")
    assert things == ["member"]
    iot.delete_billing_group(**name, expectedVersion=2)
    assert "billingGroupName" not in iot.describe_thing(thingName="billed")
    iot.delete_billing_group(**name)
    iot.add_thing_to_billing_group(**cost("billed"))
    for _ in range(2):
        iot.remove_thing_from_billing_group(**cost("billed"))
    assert "billingGroupName" not in iot.describe_thing(thingName="billed")


def test_lists_of_more_than_a_page_are_paged(iot):
    iot.create_thing_group(thingGroupName="fleet")
    iot.create_thing_group(thingGroupName="fleet-below", parentGroupName="fleet")
    iot.create_billing_group(billingGroupName="fleet-cost")

    def create(n):
        name = f"fleet-{n:03}"
        iot.create_thing(thingName=name, billingGroupName="fleet-cost")
        group = "fleet" if n % 2 == 0 else "fleet-below"
        iot.add_thing_to_thing_group(thingName=name, thingGroupName=group)
        iot.create_billing_group(billingGroupName=f"paged-{n:03}")

    assert set(together(260, create)) == {None}
    every = [f"fleet-{n:03}" for n in range(260)]
    fleet = {"thingGroupName": "fleet"}
    lists = [
        ("ListThingsInThingGroup", "things", fleet, every[0::2]),
        ("ListThingsInThingGroup", "things", fleet | {"recursive": True}, every),
        ("ListThingsInBillingGroup", "things", {"billingGroupName": "fleet-cost"}, every),
    ]
    for operation, key, args, expected in lists:
        for size in (None, 99):
            seen = pages(iot, operation, key, size, **args)
            assert max(len(page) for page in seen) <= (size or 250)
            assert [name for page in seen for name in page] == expected, operation
    billing = pages(iot, "ListBillingGroups", "billingGroups", None, namePrefixFilter="paged-")
    assert [len(page) for page in billing] == [250, 10]
    crowd = pages(iot, "ListThingGroupsForThing", "thingGroups", 4, thingName="crowded")
    assert [len(page) for page in crowd] == [4, 4, 2]
    # A billing group with many things releases them all.
    iot.delete_billing_group(billingGroupName="fleet-cost")
    assert "billingGroupName" not in iot.describe_thing(thingName="fleet-259")


def test_of_many_who_create_one_group_all_get_it_or_exactly_one(iot):
    same = together(32, lambda n: iot.create_thing_group(thingGroupName="same"))
    assert len({group["thingGroupId"] for group in same}) == 1
    create = lambda n: iot.create_thing_group(  # noqa: E731
        thingGroupName="contested", thingGroupProperties=properties(str(n))
    )
    results = together(32, create)
    made = [group for group in results if not isinstance(group, ClientError)]
    lost = [error.response["Error"] for error in results if isinstance(error, ClientError)]
    assert len(made) == 1
    assert {error["Code"] for error in lost} == {EXISTS}
    same = together(32, lambda n: iot.create_billing_group(billingGroupName="same"))
    assert len({group["billingGroupId"] for group in same}) == 1


def test_merges_by_many_at_once_are_all_made(iot):
    iot.create_thing_group(thingGroupName="merged")
    merge = lambda n: iot.update_thing_group(  # noqa: E731
        thingGroupName="merged",
        thingGroupProperties={"attributePayload": {"attributes": {f"a{n}": "1"}, "merge": True}},
    )
    assert not any(isinstance(result, ClientError) for result in together(50, merge))
    seen = iot.describe_thing_group(thingGroupName="merged")
    kept = seen["thingGroupProperties"]["attributePayload"]["attributes"]
    assert (len(kept), seen["version"]) == (50, 51)


def test_events_of_groups_reach_a_device_once_they_are_switched_on(iot, server):
    kinds = {
        "THING_GROUP": "$aws/events/thingGroup/#",
        "THING_GROUP_MEMBERSHIP": "$aws/events/thingGroupMembership/#",
        "THING_GROUP_HIERARCHY": "$aws/events/thingGroupHierarchy/#",
    }
    wild = [topic.replace("#", "*") for topic in kinds.values()]
    grant_to_fleet(
        iot,
        "group-events",
        allow("iot:Subscribe", *(arn("topicfilter", topic) for topic in wild)),
        allow("iot:Receive", *(arn("topic", topic) for topic in wild)),
    )
    watcher = PahoClient("group-watcher").with_bundle(server.create_thing("group-watcher"))
    switched = lambda is_on: iot.update_event_configurations(  # noqa: E731
        eventConfigurations={kind: {"Enabled": is_on} for kind in kinds}
    )
    with watcher.connect("localhost", server.credentials["mqtt"]["port"]):
        for topic in kinds.values():
            assert watcher.subscribe(topic) == 1
        iot.create_thing_group(thingGroupName="upper")
        iot.create_thing(thingName="joiner")
        switched(True)
        made = iot.create_thing_group(thingGroupName="lower", parentGroupName="upper")
        iot.add_thing_to_thing_group(thingGroupName="lower", thingName="joiner")
        iot.update_thing_group(thingGroupName="lower", thingGroupProperties=properties("text"))
        iot.remove_thing_from_thing_group(thingGroupName="lower", thingName="joiner")
        iot.delete_thing_group(thingGroupName="lower")
        switched(False)
        iot.delete_thing_group(thingGroupName="upper")
        expected = [
            ("thingGroup/lower/created", "CREATED", "thingGroupId"),
            ("thingGroupHierarchy/thingGroup/upper/childThingGroup/lower/added", "ADDED", "childGroupId"),
            ("thingGroupMembership/thingGroup/lower/thing/joiner/added", "ADDED", "groupId"),
            ("thingGroup/lower/updated", "UPDATED", "thingGroupId"),
            ("thingGroupMembership/thingGroup/lower/thing/joiner/removed", "REMOVED", "groupId"),
            ("thingGroupHierarchy/thingGroup/upper/childThingGroup/lower/removed", "REMOVED", "childGroupId"),
            ("thingGroup/lower/deleted", "DELETED", "thingGroupId"),
        ]
        for topic, operation, id_member in expected:
            message = watcher.receive()
            event = json.loads(message.payload)
            assert (message.topic, event["operation"]) == (f"$aws/events/{topic}", operation)
            assert event[id_member] == made["thingGroupId"]
        assert watcher.messages.empty()


def test_awscli_manages_groups(iot, server):
    made = server.awscli(
        "iot", "create-thing-group", "--thing-group-name", "by-cli", "--parent-group-name", "site", "--tags", "Key=a,Value=1"
    )  # fmt: skip
    server.awscli("iot", "create-thing", "--thing-name", "cli-thing")
    server.awscli(
        "iot", "add-thing-to-thing-group", "--thing-name", "cli-thing", "--thing-group-arn", made["thingGroupArn"]
    )  # fmt: skip
    listed = server.awscli("iot", "list-things-in-thing-group", "--thing-group-name", "by-cli")
    assert listed["things"] == ["cli-thing"]
    listed = server.awscli("iot", "list-thing-groups", "--parent-group", "site", "--recursive")
    assert "by-cli" in [group["groupName"] for group in listed["thingGroups"]]
    server.awscli("iot", "delete-thing-group", "--thing-group-name", "by-cli")

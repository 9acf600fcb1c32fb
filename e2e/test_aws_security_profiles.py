"""Security profiles by boto3 and awscli, as on AWS."""

import time

import pytest
from botocore.exceptions import ClientError

from policy_documents import arn
from registry_cases import (
    CONFLICT,
    EXISTS,
    INVALID,
    LIMIT,
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
    "CreateSecurityProfile DescribeSecurityProfile UpdateSecurityProfile DeleteSecurityProfile "
    "AttachSecurityProfile DetachSecurityProfile ListSecurityProfiles ListTargetsForSecurityProfile "
    "ListSecurityProfilesForTarget ValidateSecurityProfileBehaviors"
).split()

ROLE = "arn:aws:iam::000000000000:role/dd-alerts"
ALL, REGISTERED, UNREGISTERED = (
    f"arn:aws:iot:us-east-1:000000000000:all/{kind}"
    for kind in ("things", "registered-things", "unregistered-things")
)


def group(name):
    return arn("thinggroup", name)


def criteria(operator="less-than-equals", value=None, **more):
    return {"comparisonOperator": operator, "value": value or {"count": 400}, "durationSeconds": 300} | more


def behavior(name="SentRate", metric="aws:num-messages-sent", **more):
    return {"name": name, "metric": metric, "criteria": criteria()} | more


def ports(*listed):
    return {
        "name": "OnlyOurPorts",
        "metric": "aws:listening-tcp-ports",
        "criteria": {"comparisonOperator": "in-port-set", "value": {"ports": list(listed)}},
    }


COUNTS = {"consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1}

# All that a profile may say, and what its description adds to it.
WHOLE = {
    "securityProfileDescription": "Baseline for street cameras",
    "behaviors": [
        behavior(
            metricDimension={"dimensionName": "topics", "operator": "IN"},
            criteria=criteria(consecutiveDatapointsToAlarm=2, consecutiveDatapointsToClear=3),
            suppressAlerts=False,
            exportMetric=True,
        ),
        ports(22, 8883),
        {
            "name": "Unusual",
            "metric": "aws:num-authorization-failures",
            "criteria": {
                "comparisonOperator": "less-than-equals",
                "statisticalThreshold": {"statistic": "p99.9"},
                "durationSeconds": 900,
            },
            "suppressAlerts": True,
        },
        {
            "name": "Heat",
            "metric": "heat",
            "criteria": {"comparisonOperator": "less-than", "value": {"number": 71.5}},
        },
        {
            "name": "Far",
            "metric": "aws:destination-ip-addresses",
            "criteria": {"comparisonOperator": "in-cidr-set", "value": {"cidrs": ["10.0.0.0/8", "2001:db8::/32"]}},
        },
    ],
    "alertTargets": {
        "SNS": {"alertTargetArn": "arn:aws:sns:us-east-1:000000000000:dd-alerts", "roleArn": ROLE}
    },
    "additionalMetricsToRetain": ["aws:all-packets-in"],
    "additionalMetricsToRetainV2": [
        {"metric": "aws:all-bytes-in", "exportMetric": True},
        {"metric": "aws:num-messages-received", "metricDimension": {"dimensionName": "topics"}},
    ],
    "metricsExportConfig": {"mqttTopic": "dd/export", "roleArn": ROLE},
}


def shown(whole):
    """As AWS shows it: with the defaults of the counts."""
    behaviors = [one | {"criteria": COUNTS | one["criteria"]} for one in whole["behaviors"]]
    return whole | {"behaviors": behaviors}


@pytest.fixture(scope="module")
def iot(aws):
    """A client of a server that knows what REFUSALS speaks of."""
    iot = aws("iot")
    for name, parent in [("site", None), ("ward", "site"), ("room", "ward"), ("crowded", None)]:
        iot.create_thing_group(thingGroupName=name, **({"parentGroupName": parent} if parent else {}))
    iot.create_dimension(name="topics", type="TOPIC_FILTER", stringValues=["dt/#"], clientRequestToken="t")
    iot.create_custom_metric(metricName="heat", metricType="number", clientRequestToken="t")
    iot.create_custom_metric(metricName="racks", metricType="number-list", clientRequestToken="t")
    iot.create_security_profile(securityProfileName="base", behaviors=[behavior()])
    iot.create_security_profile(securityProfileName="one-more")
    for n in range(5):
        iot.create_security_profile(securityProfileName=f"full-{n}")
        iot.attach_security_profile(
            securityProfileName=f"full-{n}", securityProfileTargetArn=group("crowded")
        )
    return iot


def everything(iot):
    """What a refusal must leave alone."""
    named = all_of(iot, "ListSecurityProfiles", "securityProfileIdentifiers")
    found = []
    for name in (one["name"] for one in named):
        found.append(without_meta(call(iot, "DescribeSecurityProfile", securityProfileName=name)))
        found.append(
            all_of(iot, "ListTargetsForSecurityProfile", "securityProfileTargets", securityProfileName=name)
        )
    return found


def without_meta(answer):
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def new(**content):
    return {"securityProfileName": "new"} | content


def base(**change):
    return {"securityProfileName": "base"} | change


def target(arn, name="base"):
    return {"securityProfileName": name, "securityProfileTargetArn": arn}


def of(metric=None, name="b", **test):
    """A profile of one behavior with these criteria."""
    return new(behaviors=[{"name": name, "metric": metric or "aws:num-messages-sent", "criteria": test}])


def odd_criteria():
    """(what the message says, behavior)"""
    sent, count = "aws:num-messages-sent", {"count": 1}
    yield "did you mean `aws:num-messages-sent`", of("aws:num-mesages-sent", **criteria())
    yield "is no metric here", of("unheard-of", **criteria())
    yield "Behavior b is malformed. comparisonOperator", of(sent, **criteria("in-port-set", {"ports": [1]}))
    yield "comparisonOperator", of(sent, **criteria("less-then"))
    yield "comparisonOperator", of("aws:disconnect-duration", comparisonOperator="greater-than", value=count)
    yield "durationSeconds is missing", of(sent, comparisonOperator="less-than", value=count)
    yield "durationSeconds 301 is not one of", of(sent, **criteria(durationSeconds=301))
    yield "durationSeconds does not go with", of("aws:listening-tcp-ports", **criteria("in-port-set", {"ports": [1]}))
    yield "durationSeconds does not go with", of("racks", **criteria("in-set", {"numbers": [1]}))
    yield "consecutiveDatapointsToAlarm 20 should be in range[1,10]", of(sent, **criteria(consecutiveDatapointsToAlarm=20))
    yield "consecutiveDatapointsToClear 0 should be in range[1,10]", of(sent, **criteria(consecutiveDatapointsToClear=0))
    yield "exactly one member", of(sent, **criteria(value={"count": 1, "number": 1}))
    yield "takes `count`, not `ports`", of(sent, **criteria(value={"ports": [1]}))
    yield "whole number", of(sent, **criteria(value={"count": -1}))
    yield "value.ports[1]", of("aws:listening-tcp-ports", comparisonOperator="in-port-set", value={"ports": [1, 65536]})
    yield "no IP address", of("aws:source-ip-address", comparisonOperator="in-cidr-set", value={"cidrs": ["10.0.0.0/33"]})
    yield "value is missing", of(sent, comparisonOperator="less-than", durationSeconds=300)
    yield "statisticalThreshold does not go with `value`", of(sent, **criteria(statisticalThreshold={"statistic": "p90"}))
    yield "p99.99", of(sent, comparisonOperator="less-than", durationSeconds=300, statisticalThreshold={"statistic": "p95"})
    yield "statisticalThreshold", of("aws:source-ip-address", comparisonOperator="in-cidr-set", statisticalThreshold={"statistic": "p90"})
    yield "criteria is missing", new(behaviors=[{"name": "b", "metric": sent}])
    yield "metric is missing", new(behaviors=[{"name": "b", "criteria": criteria()}])
    yield "name is missing", new(behaviors=[{"metric": sent, "criteria": criteria()}])
    yield "given twice", new(behaviors=[behavior("b"), behavior("b")])
    yield "name must be", new(behaviors=[behavior("a b")])
    yield "dimensionName", new(behaviors=[behavior(metricDimension={"dimensionName": "unheard-of"})])
    yield "operator", new(behaviors=[behavior(metricDimension={"dimensionName": "topics", "operator": "OUT"})])
    yield "metricDimension does not go with", new(behaviors=[ports(1) | {"metricDimension": {"dimensionName": "topics"}}])
    yield "101 are too many", new(behaviors=[behavior(f"b{n}") for n in range(101)])
    yield "at most 1000", new(behaviors=[ports(*range(501)), ports(*range(501)) | {"name": "more"}])


def odd_members():
    """(what the message says, profile)"""
    yield "securityProfileDescription", new(securityProfileDescription="x" * 1001)
    yield "securityProfileDescription", new(securityProfileDescription="a\nb")
    yield "alertTargets", new(alertTargets={"SQS": {"alertTargetArn": "arn:aws:sqs:::q", "roleArn": ROLE}})
    yield "alertTargetArn", new(alertTargets={"SNS": {"roleArn": ROLE}})
    yield "roleArn", new(alertTargets={"SNS": {"alertTargetArn": "arn:aws:sns:us-east-1:0:t"}})
    yield "roleArn", new(alertTargets={"SNS": {"alertTargetArn": "arn:aws:sns:us-east-1:0:t", "roleArn": "short"}})
    yield "mqttTopic", new(metricsExportConfig={"mqttTopic": "a/#", "roleArn": ROLE})
    yield "mqttTopic", new(metricsExportConfig={"mqttTopic": "x" * 513, "roleArn": ROLE})
    yield "roleArn", new(metricsExportConfig={"mqttTopic": "a"})
    yield "additionalMetricsToRetain[0]", new(additionalMetricsToRetain=["unheard-of"])
    yield "additionalMetricsToRetainV2[0]", new(additionalMetricsToRetainV2=[{"exportMetric": True}])
    yield "metricDimension", new(
        additionalMetricsToRetainV2=[{"metric": "heat", "metricDimension": {"dimensionName": "topics"}}]
    )
    yield "tags", new(tags=[{"Key": "", "Value": "1"}])
    yield "twice", new(tags=[{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}])


BOTH = "exclude each other"
REFUSALS = [
    refusal("CreateSecurityProfile", EXISTS, "base", **base()),
    refusal("CreateSecurityProfile", EXISTS, "base", **base(behaviors=[behavior()])),
    *[refusal("CreateSecurityProfile", INVALID, text, **args) for text, args in odd_criteria()],
    *[refusal("CreateSecurityProfile", INVALID, text, **args) for text, args in odd_members()],
    *[
        refusal("UpdateSecurityProfile", INVALID, text, **(args | base()))
        for text, args in odd_criteria()
    ],
    refusal("DescribeSecurityProfile", MISSING, "security profile none", securityProfileName="none"),
    refusal("DescribeSecurityProfile", INVALID, "securityProfileName", securityProfileName="a b"),
    refusal("UpdateSecurityProfile", MISSING, "security profile none", securityProfileName="none"),
    refusal("UpdateSecurityProfile", CONFLICT, "expected version 7", **base(expectedVersion=7)),
    refusal("UpdateSecurityProfile", INVALID, "expectedVersion", **base(expectedVersion=-1)),
    refusal("UpdateSecurityProfile", INVALID, BOTH, **base(behaviors=[], deleteBehaviors=True)),
    refusal("UpdateSecurityProfile", INVALID, BOTH, **base(alertTargets={}, deleteAlertTargets=True)),
    refusal("UpdateSecurityProfile", INVALID, BOTH, **base(additionalMetricsToRetain=[], deleteAdditionalMetricsToRetain=True)),
    refusal("UpdateSecurityProfile", INVALID, BOTH, **base(additionalMetricsToRetainV2=[], deleteAdditionalMetricsToRetain=True)),
    refusal("UpdateSecurityProfile", INVALID, BOTH, **base(metricsExportConfig={"mqttTopic": "a", "roleArn": ROLE}, deleteMetricsExportConfig=True)),
    refusal("DeleteSecurityProfile", CONFLICT, "expected version 7", **base(expectedVersion=7)),
    refusal("DeleteSecurityProfile", INVALID, "securityProfileName", securityProfileName="a b"),
    refusal("AttachSecurityProfile", MISSING, "security profile none", **target(ALL, "none")),
    refusal("AttachSecurityProfile", MISSING, "thing group none", **target(group("none"))),
    refusal("AttachSecurityProfile", INVALID, "securityProfileTargetArn", **target("things")),
    refusal("AttachSecurityProfile", INVALID, "securityProfileTargetArn", **target(arn("thing", "t"))),
    refusal("AttachSecurityProfile", INVALID, "securityProfileTargetArn", **target("arn:aws:iot:eu-west-1:1:all/things")),
    refusal("AttachSecurityProfile", INVALID, "securityProfileTargetArn", securityProfileName="base"),
    refusal("AttachSecurityProfile", LIMIT, "at most 5", **target(group("crowded"), "one-more")),
    refusal("DetachSecurityProfile", MISSING, "security profile none", **target(ALL, "none")),
    refusal("DetachSecurityProfile", INVALID, "securityProfileTargetArn", **target("things")),
    refusal("ListSecurityProfiles", INVALID, BOTH, dimensionName="topics", metricName="heat"),
    refusal("ListSecurityProfiles", MISSING, "dimension none", dimensionName="none"),
    refusal("ListSecurityProfiles", MISSING, "custom metric none", metricName="none"),
    refusal("ListSecurityProfiles", INVALID, "maxResults", maxResults=251),
    refusal("ListSecurityProfiles", INVALID, "maxResults", maxResults=0),
    refusal("ListSecurityProfiles", INVALID, "oken", nextToken="plain"),
    refusal("ListTargetsForSecurityProfile", MISSING, "security profile none", securityProfileName="none"),
    refusal("ListTargetsForSecurityProfile", INVALID, "maxResults", securityProfileName="base", maxResults=251),
    refusal("ListSecurityProfilesForTarget", MISSING, "thing group none", securityProfileTargetArn=group("none")),
    refusal("ListSecurityProfilesForTarget", INVALID, "securityProfileTargetArn", securityProfileTargetArn="x"),
    refusal("ListSecurityProfilesForTarget", INVALID, "recursive", securityProfileTargetArn=ALL, recursive="deeply"),
    refusal("ValidateSecurityProfileBehaviors", INVALID, "behaviors"),
]

# The change is made under a lock, so that nobody ever attaches to a version that is gone.
NEVER = {("AttachSecurityProfile", CONFLICT)}


def test_every_error_of_the_model_has_a_case(iot):
    check_coverage(iot, OPERATIONS, REFUSALS, NEVER)


def test_every_refusal_is_as_on_aws_and_changes_nothing(iot):
    before = everything(iot)
    for case in REFUSALS:
        refused(iot, case.operation, case.code, case.text, **case.args)
    assert everything(iot) == before


def test_a_taken_name_is_told_with_its_arn(iot):
    error = refused(iot, "CreateSecurityProfile", EXISTS, "", **base())
    assert error.response["resourceArn"] == arn("securityprofile", "base")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_that_aws_does_not_take_are_refused(iot, name):
    refused(iot, "CreateSecurityProfile", INVALID, "securityProfileName", securityProfileName=name)


def test_a_whole_profile_is_described_as_it_was_made(iot):
    began = time.time()
    made = iot.create_security_profile(securityProfileName="whole", **WHOLE, tags=[{"Key": "team", "Value": "cams"}])
    found = arn("securityprofile", "whole")
    assert without_meta(made) == {"securityProfileName": "whole", "securityProfileArn": found}
    described = without_meta(iot.describe_security_profile(securityProfileName="whole"))
    assert described.pop("creationDate") == described.pop("lastModifiedDate")
    assert described == shown(WHOLE) | {
        "securityProfileName": "whole",
        "securityProfileArn": found,
        "version": 1,
    }
    created = iot.describe_security_profile(securityProfileName="whole")["creationDate"]
    assert abs(created.timestamp() - began) < 60
    assert iot.list_tags_for_resource(resourceArn=found)["tags"] == [{"Key": "team", "Value": "cams"}]
    iot.delete_security_profile(securityProfileName="whole")


def test_a_profile_without_content_shows_no_more_than_it_has(iot):
    described = without_meta(iot.describe_security_profile(securityProfileName="one-more"))
    assert set(described) == {
        "securityProfileName", "securityProfileArn", "behaviors", "version", "creationDate", "lastModifiedDate",
    }
    assert described["behaviors"] == []


def test_an_update_replaces_whole_members_and_counts_versions(iot):
    name = {"securityProfileName": "changing"}
    iot.create_security_profile(**name, **WHOLE)
    iot.attach_security_profile(**name, securityProfileTargetArn=REGISTERED)
    first = without_meta(iot.describe_security_profile(**name))
    assert first["version"] == 1
    after = iot.update_security_profile(**name, behaviors=[ports(80)], expectedVersion=1)
    assert without_meta(after) == without_meta(iot.describe_security_profile(**name))
    expected = shown(WHOLE | {"behaviors": [ports(80)]})
    assert {key: after[key] for key in WHOLE} == expected
    assert (after["version"], after["creationDate"]) == (2, first["creationDate"])
    assert after["lastModifiedDate"] > first["lastModifiedDate"]
    after = iot.update_security_profile(
        **name, deleteAlertTargets=True, deleteAdditionalMetricsToRetain=True, deleteMetricsExportConfig=True
    )
    assert after["version"] == 3
    assert not {"alertTargets", "additionalMetricsToRetain", "additionalMetricsToRetainV2", "metricsExportConfig"} & set(after)
    assert after["securityProfileDescription"] == WHOLE["securityProfileDescription"]
    after = iot.update_security_profile(**name, deleteBehaviors=True, deleteAlertTargets=False, securityProfileDescription="d")
    assert (after["behaviors"], after["securityProfileDescription"], after["version"]) == ([], "d", 4)
    targets = iot.list_targets_for_security_profile(**name)["securityProfileTargets"]
    assert targets == [{"arn": REGISTERED}]
    iot.detach_security_profile(**name, securityProfileTargetArn=REGISTERED)
    described = iot.describe_security_profile(**name)
    assert (described["version"], described["lastModifiedDate"]) == (4, after["lastModifiedDate"])
    refused(iot, "DeleteSecurityProfile", CONFLICT, "", **name, expectedVersion=3)
    iot.delete_security_profile(**name, expectedVersion=4)
    refused(iot, "DescribeSecurityProfile", MISSING, "", **name)


def test_of_many_updates_that_expect_one_version_one_wins(iot):
    name = {"securityProfileName": "raced"}
    iot.create_security_profile(**name)
    update = lambda n: iot.update_security_profile(  # noqa: E731
        **name, expectedVersion=1, securityProfileDescription=f"by {n}"
    )
    ended = together(16, update)
    won = [one for one in ended if not isinstance(one, ClientError)]
    lost = {one.response["Error"]["Code"] for one in ended if isinstance(one, ClientError)}
    assert len(won) == 1 and lost == {CONFLICT}
    described = iot.describe_security_profile(**name)
    assert described["securityProfileDescription"] == won[0]["securityProfileDescription"]
    made = together(16, lambda n: iot.create_security_profile(securityProfileName="made-once"))
    assert sum(not isinstance(one, ClientError) for one in made) == 1
    for gone in ("raced", "made-once"):
        iot.delete_security_profile(securityProfileName=gone)


def test_deleting_is_fine_twice_and_detaches_and_takes_the_tags(iot):
    name = {"securityProfileName": "going"}
    iot.create_security_profile(**name, tags=[{"Key": "k", "Value": "v"}])
    iot.attach_security_profile(**name, securityProfileTargetArn=UNREGISTERED)
    for _ in range(2):
        iot.delete_security_profile(**name)
    iot.delete_security_profile(**name, expectedVersion=9)
    assert all_of(iot, "ListSecurityProfilesForTarget", "securityProfileTargetMappings", securityProfileTargetArn=UNREGISTERED) == []
    iot.create_security_profile(**name)
    assert iot.list_targets_for_security_profile(**name)["securityProfileTargets"] == []
    assert iot.list_tags_for_resource(resourceArn=arn("securityprofile", "going"))["tags"] == []
    iot.delete_security_profile(**name)


def test_targets_are_attached_listed_and_detached(iot):
    every = [ALL, REGISTERED, UNREGISTERED, group("room"), group("site"), group("ward")]
    for _ in range(2):
        for one in every:
            iot.attach_security_profile(**target(one))
    found = pages(iot, "ListTargetsForSecurityProfile", "securityProfileTargets", 4, securityProfileName="base")
    assert [len(page) for page in found] == [4, 2]
    assert [one["arn"] for page in found for one in page] == sorted(every)

    def profiles(of, **args):
        found = all_of(iot, "ListSecurityProfilesForTarget", "securityProfileTargetMappings", securityProfileTargetArn=of, **args)
        identifier = {"name": "base", "arn": arn("securityprofile", "base")}
        assert all(one["securityProfileIdentifier"] == identifier for one in found if one["securityProfileIdentifier"]["name"] == "base")
        return [one["target"]["arn"] for one in found]

    assert profiles(ALL) == [ALL]
    assert profiles(group("site")) == profiles(group("site"), recursive=False) == [group("site")]
    assert profiles(group("site"), recursive=True) == [group("room"), group("site"), group("ward")]
    assert profiles(group("room"), recursive=True) == [group("room")]
    for one in every:
        iot.detach_security_profile(**target(one))
        iot.detach_security_profile(**target(one))
    assert iot.list_targets_for_security_profile(securityProfileName="base")["securityProfileTargets"] == []


def test_a_target_takes_five_profiles_however_many_attach_at_once(iot):
    names = [f"at-once-{n}" for n in range(8)]
    for name in names:
        iot.create_security_profile(securityProfileName=name)
    ended = together(8, lambda n: iot.attach_security_profile(**target(UNREGISTERED, names[n])))
    codes = [one.response["Error"]["Code"] for one in ended if isinstance(one, ClientError)]
    assert codes == [LIMIT] * 3
    for name in names:
        iot.delete_security_profile(securityProfileName=name)


def test_a_group_that_is_deleted_is_no_target_any_more(iot):
    iot.create_thing_group(thingGroupName="passing")
    iot.attach_security_profile(**target(group("passing")))
    iot.delete_thing_group(thingGroupName="passing")
    assert iot.list_targets_for_security_profile(securityProfileName="base")["securityProfileTargets"] == []
    iot.detach_security_profile(**target(group("passing")))


def test_profiles_are_listed_in_pages_and_by_what_they_use(iot):
    iot.create_security_profile(securityProfileName="uses", **WHOLE)
    named = all_of(iot, "ListSecurityProfiles", "securityProfileIdentifiers")
    names = [one["name"] for one in named]
    assert names == sorted(names) and {"base", "uses", "full-4"} <= set(names)
    assert all(one["arn"] == arn("securityprofile", one["name"]) for one in named)
    found = pages(iot, "ListSecurityProfiles", "securityProfileIdentifiers", 2)
    assert [one for page in found for one in page] == named
    assert all(len(page) == 2 for page in found[:-1])

    def using(**filters):
        return [one["name"] for one in all_of(iot, "ListSecurityProfiles", "securityProfileIdentifiers", **filters)]

    assert using(dimensionName="topics") == using(metricName="heat") == ["uses"]
    assert using(metricName="racks") == []
    # The profile that is there from the first start exports every metric.
    assert using(metricName="aws:all-packets-in") == ["picket-baseline", "uses"]
    iot.delete_security_profile(securityProfileName="uses")


def test_a_list_gives_twenty_five_unless_asked_for_more(iot):
    for n in range(30):
        iot.create_security_profile(securityProfileName=f"many-{n:02}")
    assert len(iot.list_security_profiles()["securityProfileIdentifiers"]) == 25
    assert len(iot.list_security_profiles(maxResults=250)["securityProfileIdentifiers"]) > 30
    for n in range(30):
        iot.delete_security_profile(securityProfileName=f"many-{n:02}")


def test_validation_answers_with_what_is_wrong(iot):
    good = without_meta(iot.validate_security_profile_behaviors(behaviors=[behavior(), ports(1)]))
    assert good == {"valid": True, "validationErrors": []}
    odd = behavior("SentRate", criteria=criteria(consecutiveDatapointsToAlarm=20))
    answer = without_meta(iot.validate_security_profile_behaviors(behaviors=[odd, ports(70_000)]))
    texts = [one["errorMessage"] for one in answer["validationErrors"]]
    assert answer["valid"] is False and len(texts) == 2
    assert texts[0] == "Behavior SentRate is malformed. consecutiveDatapointsToAlarm 20 should be in range[1,10]"
    assert texts[1].startswith("Behavior OnlyOurPorts is malformed. value.ports[0] 70000")
    for text, profile in odd_criteria():
        answer = iot.validate_security_profile_behaviors(behaviors=profile["behaviors"])
        assert not answer["valid"], text
        assert any(text in one["errorMessage"] for one in answer["validationErrors"]), (text, answer)


def test_nonsense_is_answered_shortly(iot):
    rubbish = [{}, {"name": 1}, {"name": "x" * 5_000}, {"name": ["x"] * 1000}, {"metric": "\u202e"}] * 20
    answer = iot.validate_security_profile_behaviors(behaviors=rubbish)
    assert answer["valid"] is False
    assert len(answer["validationErrors"]) <= 101
    assert all(len(one["errorMessage"]) <= 512 for one in answer["validationErrors"])
    error = refused(iot, "CreateSecurityProfile", INVALID, "", **new(behaviors=rubbish))
    assert len(error.response["Error"]["Message"]) < 5_000


def test_thresholds_hold_a_thousand_elements(iot):
    blocks = [f"10.{n // 250}.{n % 250}.0/24" for n in range(1000)]
    test = {"comparisonOperator": "not-in-cidr-set", "value": {"cidrs": blocks}}
    many = {"name": "Many", "metric": "aws:source-ip-address", "criteria": test}
    iot.create_security_profile(**new(behaviors=[many]))
    described = iot.describe_security_profile(securityProfileName="new")
    assert described["behaviors"][0]["criteria"]["value"]["cidrs"] == blocks
    iot.delete_security_profile(securityProfileName="new")


def test_tags_come_and_go(iot):
    resource = arn("securityprofile", "base")
    tags = lambda: {one["Key"]: one["Value"] for one in iot.list_tags_for_resource(resourceArn=resource)["tags"]}  # noqa: E731
    iot.tag_resource(resourceArn=resource, tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    assert tags() == {"a": "1", "b": "2"}
    iot.untag_resource(resourceArn=resource, tagKeys=["a", "b"])
    assert tags() == {}
    refused(iot, "TagResource", MISSING, "security profile none", resourceArn=arn("securityprofile", "none"), tags=[])


def test_awscli_does_it_all(server, iot):
    """Names with a colon, and ARNs in the query, which the command line encodes its own way."""
    iot_ = lambda *args: server.awscli("iot", *args)  # noqa: E731
    name = ("--security-profile-name", "by:cli")
    where = ("--security-profile-target-arn", group("ward"))
    short = "name=b,metric=aws:num-disconnects,criteria={comparisonOperator=less-than,value={count=5},durationSeconds=300}"
    made = iot_("create-security-profile", *name, "--behaviors", short)
    assert made["securityProfileArn"] == arn("securityprofile", "by:cli")
    iot_("attach-security-profile", *name, *where)
    found = iot_("list-security-profiles-for-target", "--security-profile-target-arn", group("site"), "--recursive")
    assert found["securityProfileTargetMappings"] == [
        {
            "securityProfileIdentifier": {"name": "by:cli", "arn": arn("securityprofile", "by:cli")},
            "target": {"arn": group("ward")},
        }
    ]
    assert iot_("list-targets-for-security-profile", *name)["securityProfileTargets"] == [{"arn": group("ward")}]
    changed = iot_("update-security-profile", *name, "--expected-version", "1", "--delete-behaviors")
    assert (changed["version"], changed["behaviors"]) == (2, [])
    assert iot_("describe-security-profile", *name)["version"] == 2
    valid = iot_("validate-security-profile-behaviors", "--behaviors", short)
    assert valid == {"valid": True, "validationErrors": []}
    iot_("detach-security-profile", *name, *where)
    assert iot_("list-targets-for-security-profile", *name)["securityProfileTargets"] == []
    iot_("delete-security-profile", *name, "--expected-version", "2")
    listed = iot_("list-security-profiles", "--max-items", "1000")["securityProfileIdentifiers"]
    assert "by:cli" not in [one["name"] for one in listed]


def test_what_was_answered_is_there_after_a_kill(own_server):
    server = own_server().start()
    iot = server.aws("iot")
    iot.create_custom_metric(metricName="heat", metricType="number", clientRequestToken="t")
    iot.create_dimension(name="topics", type="TOPIC_FILTER", stringValues=["dt/#"], clientRequestToken="t")
    iot.create_security_profile(securityProfileName="whole", **WHOLE)
    iot.attach_security_profile(**target(ALL, "whole"))
    iot.update_security_profile(securityProfileName="whole", securityProfileDescription="d")
    before = without_meta(iot.describe_security_profile(securityProfileName="whole"))
    server.kill()
    iot = server.start().aws("iot")
    assert without_meta(iot.describe_security_profile(securityProfileName="whole")) == before
    found = iot.list_targets_for_security_profile(securityProfileName="whole")
    assert found["securityProfileTargets"] == [{"arn": ALL}]


def test_quotas_are_what_the_configuration_says(own_server):
    quotas = {"profiles_per_target_max": 6, "targets_per_profile_max": 1, "elements_per_profile_max": 2}
    iot = own_server({"registry": quotas}).start().aws("iot")
    for n in range(7):
        iot.create_security_profile(securityProfileName=f"p{n}")
    for n in range(6):
        iot.attach_security_profile(**target(UNREGISTERED, f"p{n}"))
    refused(iot, "AttachSecurityProfile", LIMIT, "at most 6", **target(UNREGISTERED, "p6"))
    refused(iot, "AttachSecurityProfile", LIMIT, "has 1 targets", **target(ALL, "p0"))
    iot.create_security_profile(**new(behaviors=[ports(1, 2)]))
    refused(iot, "UpdateSecurityProfile", INVALID, "at most 2", **new(behaviors=[ports(1, 2, 3)]))

"""Dimensions and custom metrics by boto3 and awscli, as on AWS."""

import time

import pytest
from botocore.exceptions import ClientError

from policy_documents import arn
from registry_cases import (
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
    "CreateDimension DescribeDimension UpdateDimension DeleteDimension ListDimensions CreateCustomMetric "
    "DescribeCustomMetric UpdateCustomMetric DeleteCustomMetric ListCustomMetrics"
).split()

TYPES = ("number", "number-list", "string-list", "ip-address-list")


@pytest.fixture(scope="module")
def iot(aws):
    """A client of a server that knows what REFUSALS speaks of."""
    iot = aws("iot")
    iot.create_dimension(**dimension("topics"))
    iot.create_custom_metric(**metric("heat", displayName="Heat"))
    iot.create_security_profile(
        securityProfileName="uses",
        additionalMetricsToRetainV2=[
            {"metric": "heat"},
            {"metric": "aws:num-messages-sent", "metricDimension": {"dimensionName": "topics"}},
        ],
    )
    return iot


@pytest.fixture
def full(iot):
    """The same, with both quotas used up."""
    for n in range(9):
        iot.create_dimension(**dimension(f"full-{n}"))
    together(99, lambda n: iot.create_custom_metric(**metric(f"full-{n}")))
    yield iot
    for n in range(9):
        iot.delete_dimension(name=f"full-{n}")
    together(99, lambda n: iot.delete_custom_metric(metricName=f"full-{n}"))


def dimension(name="new", values=("dt/#",), token="token", **more):
    return {"name": name, "type": "TOPIC_FILTER", "stringValues": list(values), "clientRequestToken": token} | more


def metric(name="new", token="token", **more):
    return {"metricName": name, "metricType": "number", "clientRequestToken": token} | more


def everything(iot):
    """What a refusal must leave alone."""
    dimensions = all_of(iot, "ListDimensions", "dimensionNames")
    metrics = all_of(iot, "ListCustomMetrics", "metricNames")
    topics = call(iot, "DescribeDimension", name="topics")
    heat = call(iot, "DescribeCustomMetric", metricName="heat")
    return dimensions, metrics, without_meta(topics), without_meta(heat)


def without_meta(answer):
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


MANY = [{"Key": f"k{n}", "Value": "v"} for n in range(51)]
REFUSALS = [
    refusal("CreateDimension", EXISTS, "topics", **dimension("topics", token="other")),
    refusal("CreateDimension", EXISTS, "topics", **dimension("topics", ["other"])),
    refusal("CreateDimension", LIMIT, "at most 10", **dimension()),
    refusal("CreateDimension", INVALID, "type", **dimension(type="CLIENT")),
    refusal("CreateDimension", INVALID, "stringValues", **dimension(values=[])),
    refusal("CreateDimension", INVALID, "stringValues", **dimension(values=[f"t{n}" for n in range(101)])),
    refusal("CreateDimension", INVALID, "stringValues[1]", **dimension(values=["ok", "x" * 257])),
    refusal("CreateDimension", INVALID, "stringValues[0]", **dimension(values=["a+"])),
    refusal("CreateDimension", INVALID, "stringValues[0]", **dimension(values=["#/a"])),
    refusal("CreateDimension", INVALID, "stringValues[0]", **dimension(values=["dt/${iot:Certificate}"])),
    refusal("CreateDimension", INVALID, "stringValues", name="new", type="TOPIC_FILTER", clientRequestToken="t"),
    refusal("CreateDimension", INVALID, "clientRequestToken", **dimension(token="a b")),
    refusal("CreateDimension", INVALID, "clientRequestToken", **dimension(token="x" * 65)),
    refusal("CreateDimension", INVALID, "at most 50", **dimension(tags=MANY)),
    refusal("DescribeDimension", MISSING, "dimension none", name="none"),
    refusal("DescribeDimension", INVALID, "dimensionName", name="a b"),
    refusal("UpdateDimension", MISSING, "dimension none", name="none", stringValues=["a"]),
    refusal("UpdateDimension", INVALID, "stringValues", name="topics", stringValues=[]),
    refusal("UpdateDimension", INVALID, "stringValues", name="topics"),
    refusal("DeleteDimension", INVALID, "used by security profile uses", name="topics"),
    refusal("DeleteDimension", INVALID, "name", name="a b"),
    refusal("ListDimensions", INVALID, "maxResults", maxResults=251),
    refusal("ListDimensions", INVALID, "oken", nextToken="plain"),
    refusal("CreateCustomMetric", EXISTS, "heat", **metric("heat", token="other", displayName="Heat")),
    refusal("CreateCustomMetric", EXISTS, "heat", **metric("heat", displayName="Other")),
    refusal("CreateCustomMetric", LIMIT, "at most 100", **metric()),
    refusal("CreateCustomMetric", INVALID, "metricType", **metric(metricType="text")),
    refusal("CreateCustomMetric", INVALID, "metricType", metricName="new", clientRequestToken="t"),
    refusal("CreateCustomMetric", INVALID, "metricName", **metric("aws:heat")),
    refusal("CreateCustomMetric", INVALID, "displayName", **metric(displayName="x" * 129)),
    refusal("CreateCustomMetric", INVALID, "displayName", **metric(displayName="a\tb")),
    refusal("CreateCustomMetric", INVALID, "clientRequestToken", **metric(token="a b")),
    refusal("CreateCustomMetric", INVALID, "tags", **metric(tags=[{"Key": "", "Value": "v"}])),
    refusal("DescribeCustomMetric", MISSING, "custom metric none", metricName="none"),
    refusal("DescribeCustomMetric", INVALID, "metricName", metricName="a b"),
    refusal("UpdateCustomMetric", MISSING, "custom metric none", metricName="none", displayName="x"),
    refusal("UpdateCustomMetric", INVALID, "displayName", metricName="heat", displayName="x" * 129),
    refusal("UpdateCustomMetric", INVALID, "displayName", metricName="heat"),
    refusal("DeleteCustomMetric", INVALID, "used by security profile uses", metricName="heat"),
    refusal("DeleteCustomMetric", INVALID, "metricName", metricName="a b"),
    refusal("ListCustomMetrics", INVALID, "maxResults", maxResults=0),
    refusal("ListCustomMetrics", INVALID, "oken", nextToken="plain"),
]


def test_every_error_of_the_model_has_a_case(iot):
    check_coverage(iot, OPERATIONS, REFUSALS, set())


def test_every_refusal_is_as_on_aws_and_changes_nothing(full):
    before = everything(full)
    for case in REFUSALS:
        refused(full, case.operation, case.code, case.text, **case.args)
    assert everything(full) == before


def test_lists_come_in_pages_of_twenty_five(full):
    found = pages(full, "ListCustomMetrics", "metricNames")
    assert [len(page) for page in found] == [25, 25, 25, 25]
    names = [name for page in found for name in page]
    assert names == sorted(names) and len(set(names)) == 100
    assert [len(page) for page in pages(full, "ListDimensions", "dimensionNames", 4)] == [4, 4, 2]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_that_aws_does_not_take_are_refused(iot, name):
    refused(iot, "CreateDimension", INVALID, "name", **dimension(name))
    refused(iot, "CreateCustomMetric", INVALID, "metricName", **metric(name))


def test_a_dimension_is_described_updated_and_deleted(iot):
    began = time.time()
    values = ["dt/+/status", "dt/${iot:ClientId}/#", "#"]
    made = iot.create_dimension(**dimension(values=values, tags=[{"Key": "k", "Value": "v"}]))
    assert without_meta(made) == {"name": "new", "arn": arn("dimension", "new")}
    described = without_meta(iot.describe_dimension(name="new"))
    created = described["creationDate"]
    assert abs(created.timestamp() - began) < 60
    assert described == {
        "name": "new",
        "arn": arn("dimension", "new"),
        "type": "TOPIC_FILTER",
        "stringValues": values,
        "creationDate": created,
        "lastModifiedDate": created,
    }
    updated = without_meta(iot.update_dimension(name="new", stringValues=["other"]))
    assert updated == without_meta(iot.describe_dimension(name="new"))
    assert (updated["stringValues"], updated["creationDate"]) == (["other"], created)
    assert updated["lastModifiedDate"] >= created
    assert iot.list_tags_for_resource(resourceArn=made["arn"])["tags"] == [{"Key": "k", "Value": "v"}]
    for _ in range(2):
        iot.delete_dimension(name="new")
    refused(iot, "DescribeDimension", MISSING, "", name="new")
    iot.create_dimension(**dimension())
    assert iot.list_tags_for_resource(resourceArn=made["arn"])["tags"] == []
    iot.delete_dimension(name="new")


@pytest.mark.parametrize("kind", TYPES)
def test_a_custom_metric_is_described_renamed_and_deleted(iot, kind):
    made = iot.create_custom_metric(**metric(metricType=kind, displayName="New", tags=[{"Key": "k", "Value": "v"}]))
    assert without_meta(made) == {"metricName": "new", "metricArn": arn("custommetric", "new")}
    described = without_meta(iot.describe_custom_metric(metricName="new"))
    created = described["creationDate"]
    assert described == {
        "metricName": "new",
        "metricArn": arn("custommetric", "new"),
        "metricType": kind,
        "displayName": "New",
        "creationDate": created,
        "lastModifiedDate": created,
    }
    updated = without_meta(iot.update_custom_metric(metricName="new", displayName="Other"))
    assert updated == without_meta(iot.describe_custom_metric(metricName="new"))
    assert (updated["displayName"], updated["metricType"]) == ("Other", kind)
    assert iot.list_tags_for_resource(resourceArn=made["metricArn"])["tags"] == [{"Key": "k", "Value": "v"}]
    for _ in range(2):
        iot.delete_custom_metric(metricName="new")
    refused(iot, "DescribeCustomMetric", MISSING, "", metricName="new")


def test_the_same_request_again_finds_what_it_made(iot):
    for _ in range(3):
        assert iot.create_dimension(**dimension())["arn"] == arn("dimension", "new")
        assert iot.create_custom_metric(**metric())["metricArn"] == arn("custommetric", "new")
    for ended in (
        together(8, lambda n: iot.create_dimension(**dimension("once"))),
        together(8, lambda n: iot.create_custom_metric(**metric("once"))),
    ):
        assert not any(isinstance(one, ClientError) for one in ended)
    for ended in (
        together(8, lambda n: iot.create_dimension(**dimension("race", token=f"t{n}"))),
        together(8, lambda n: iot.create_custom_metric(**metric("race", token=f"t{n}"))),
    ):
        codes = [one.response["Error"]["Code"] for one in ended if isinstance(one, ClientError)]
        assert codes == [EXISTS] * 7
    for name in ("new", "once", "race"):
        iot.delete_dimension(name=name)
        iot.delete_custom_metric(metricName=name)


def test_what_a_profile_lets_go_of_can_be_deleted(iot):
    iot.create_dimension(**dimension())
    iot.create_custom_metric(**metric())
    retained = [
        {"metric": "new"},
        {"metric": "aws:num-messages-sent", "metricDimension": {"dimensionName": "new", "operator": "NOT_IN"}},
    ]
    iot.create_security_profile(securityProfileName="holds", additionalMetricsToRetainV2=retained)
    refused(iot, "DeleteDimension", INVALID, "used by security profile holds", name="new")
    refused(iot, "DeleteCustomMetric", INVALID, "used by security profile holds", metricName="new")
    iot.update_security_profile(securityProfileName="holds", deleteAdditionalMetricsToRetain=True)
    iot.delete_dimension(name="new")
    iot.delete_custom_metric(metricName="new")
    iot.delete_security_profile(securityProfileName="holds")


def test_both_take_tags(iot):
    for resource in (arn("dimension", "topics"), arn("custommetric", "heat")):
        iot.tag_resource(resourceArn=resource, tags=[{"Key": "a", "Value": "1"}])
        assert iot.list_tags_for_resource(resourceArn=resource)["tags"] == [{"Key": "a", "Value": "1"}]
        iot.untag_resource(resourceArn=resource, tagKeys=["a"])
        assert iot.list_tags_for_resource(resourceArn=resource)["tags"] == []
        refused(iot, "TagResource", MISSING, "none", resourceArn=resource.rsplit("/", 1)[0] + "/none", tags=[])


def test_awscli_knows_one_from_many(server, iot):
    """`/custom-metric/…` for one, `/custom-metrics` for all; a name with a colon."""
    iot_ = lambda *args: server.awscli("iot", *args)  # noqa: E731
    made = iot_("create-custom-metric", "--metric-name", "by:cli", "--metric-type", "string-list")
    assert made["metricArn"] == arn("custommetric", "by:cli")
    assert "by:cli" in iot_("list-custom-metrics")["metricNames"]
    changed = iot_("update-custom-metric", "--metric-name", "by:cli", "--display-name", "By hand")
    assert changed["displayName"] == "By hand"
    assert iot_("describe-custom-metric", "--metric-name", "by:cli")["metricType"] == "string-list"
    iot_("delete-custom-metric", "--metric-name", "by:cli")
    made = iot_("create-dimension", "--name", "by:cli", "--type", "TOPIC_FILTER", "--string-values", "a/+", "b/#")
    assert made["arn"] == arn("dimension", "by:cli")
    assert "by:cli" in iot_("list-dimensions")["dimensionNames"]
    changed = iot_("update-dimension", "--name", "by:cli", "--string-values", "c")
    assert changed["stringValues"] == ["c"]
    assert iot_("describe-dimension", "--name", "by:cli")["stringValues"] == ["c"]
    iot_("delete-dimension", "--name", "by:cli")


def test_thousands_of_metrics_stay_fast_where_the_quota_allows_them(own_server):
    """The quota is the configuration's; the last of many takes what the first took."""
    count = 2_000
    quotas = {"custom_metrics_max": count + 1, "dimensions_max": 11}
    iot = own_server({"registry": quotas}).start().aws("iot")
    ended = together(count, lambda n: iot.create_custom_metric(**metric(f"m{n:05}")))
    assert not [one for one in ended if isinstance(one, ClientError)]
    began = time.monotonic()
    iot.create_custom_metric(**metric("the-last"))
    iot.list_custom_metrics()
    iot.create_security_profile(securityProfileName="p", additionalMetricsToRetain=["the-last", "m00000"])
    took = time.monotonic() - began
    assert took < 5, took
    refused(iot, "CreateCustomMetric", LIMIT, f"at most {count + 1}", **metric("one-more"))
    assert len(all_of(iot, "ListCustomMetrics", "metricNames")) == count + 1
    for n in range(11):
        iot.create_dimension(**dimension(f"d{n}"))
    refused(iot, "CreateDimension", LIMIT, "at most 11", **dimension("one-more"))

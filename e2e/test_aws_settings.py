"""Role aliases, logging, events, endpoints and tags, by AWS's own clients."""

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/r"


def code_of(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


NOT_FOUND = (404, "ResourceNotFoundException")
INVALID = (400, "InvalidRequestException")


@pytest.fixture(scope="module")
def iot(aws):
    return aws("iot")


def test_every_endpoint_type_has_a_bare_host(iot):
    hosts = {
        kind: iot.describe_endpoint(endpointType=kind)["endpointAddress"]
        for kind in ("iot:Data-ATS", "iot:Data", "iot:CredentialProvider", "iot:Jobs")
    }
    assert all(host and ":" not in host and "/" not in host for host in hosts.values()), hosts
    assert iot.describe_endpoint()["endpointAddress"] == hosts["iot:Data"]
    assert code_of(iot.describe_endpoint, endpointType="iot:Other") == INVALID


def test_role_aliases(iot):
    made = iot.create_role_alias(
        roleAlias="alias,=@-_1", roleArn=ROLE, credentialDurationSeconds=900, tags=[{"Key": "k", "Value": "v"}]
    )
    assert made["roleAliasArn"] == "arn:aws:iot:us-east-1:000000000000:rolealias/alias,=@-_1"
    described = iot.describe_role_alias(roleAlias="alias,=@-_1")["roleAliasDescription"]
    assert described["roleArn"] == ROLE
    assert described["credentialDurationSeconds"] == 900
    assert described["owner"] == "000000000000"
    assert described["creationDate"] == described["lastModifiedDate"]
    assert iot.list_tags_for_resource(resourceArn=made["roleAliasArn"])["tags"] == [
        {"Key": "k", "Value": "v"}
    ]
    iot.update_role_alias(roleAlias="alias,=@-_1", credentialDurationSeconds=43200)
    described = iot.describe_role_alias(roleAlias="alias,=@-_1")["roleAliasDescription"]
    assert (described["roleArn"], described["credentialDurationSeconds"]) == (ROLE, 43200)
    assert code_of(iot.create_role_alias, roleAlias="alias,=@-_1", roleArn=ROLE) == (
        409,
        "ResourceAlreadyExistsException",
    )
    iot.delete_role_alias(roleAlias="alias,=@-_1")
    for call in (iot.describe_role_alias, iot.delete_role_alias, iot.update_role_alias):
        assert code_of(call, roleAlias="alias,=@-_1") == NOT_FOUND
    iot.create_role_alias(roleAlias="alias,=@-_1", roleArn=ROLE)
    assert iot.list_tags_for_resource(resourceArn=made["roleAliasArn"])["tags"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"roleAlias": "a:b"},
        {"roleAlias": "x" * 129},
        {"roleArn": "r"},
        {"credentialDurationSeconds": 899},
        {"credentialDurationSeconds": 43201},
    ],
)
def test_bad_role_aliases_are_refused(iot, change):
    assert code_of(iot.create_role_alias, **{"roleAlias": "bad", "roleArn": ROLE, **change}) == INVALID
    assert code_of(iot.describe_role_alias, roleAlias="bad") == NOT_FOUND


def test_role_aliases_are_listed_in_pages(iot):
    for n in range(7):
        iot.create_role_alias(roleAlias=f"page{n}", roleArn=ROLE)
    pages = iot.get_paginator("list_role_aliases").paginate(PaginationConfig={"PageSize": 3})
    names = [name for page in pages for name in page["roleAliases"]]
    assert names == sorted(names) and {f"page{n}" for n in range(7)} <= set(names)
    pages = iot.get_paginator("list_role_aliases").paginate(
        ascendingOrder=False, PaginationConfig={"PageSize": 2}
    )
    assert [name for page in pages for name in page["roleAliases"]] == names[::-1]


def test_logging_is_not_configured_until_it_is(own_server):
    iot = own_server().start().aws("iot")
    not_configured = (404, "NotConfiguredException")
    assert code_of(iot.get_v2_logging_options) == not_configured
    target = {"targetType": "THING_GROUP", "targetName": "fleet"}
    assert code_of(iot.set_v2_logging_level, logTarget=target, logLevel="INFO") == not_configured
    assert code_of(iot.list_v2_logging_levels) == not_configured
    options = iot.get_logging_options()
    assert "roleArn" not in options
    iot.set_v2_logging_options(
        roleArn=ROLE,
        defaultLogLevel="WARN",
        eventConfigurations=[{"eventType": "Connect", "logLevel": "DEBUG", "logDestination": "/x"}],
    )
    found = iot.get_v2_logging_options()
    assert (found["roleArn"], found["defaultLogLevel"], found["disableAllLogs"]) == (ROLE, "WARN", False)
    found = iot.get_v2_logging_options(verbose=True)["eventConfigurations"]
    assert found == [{"eventType": "Connect", "logLevel": "DEBUG", "logDestination": "/x"}]
    iot.set_v2_logging_options(disableAllLogs=True)
    found = iot.get_v2_logging_options()
    assert (found["defaultLogLevel"], found["disableAllLogs"]) == ("WARN", True)
    iot.set_v2_logging_level(logTarget=target, logLevel="INFO")
    iot.set_v2_logging_level(logTarget=target, logLevel="ERROR")
    iot.set_v2_logging_level(logTarget={"targetType": "CLIENT_ID", "targetName": "p"}, logLevel="DEBUG")
    levels = iot.list_v2_logging_levels(targetType="THING_GROUP")["logTargetConfigurations"]
    assert levels == [{"logTarget": target, "logLevel": "ERROR"}]
    pages = iot.get_paginator("list_v2_logging_levels").paginate(PaginationConfig={"PageSize": 1})
    assert len([level for page in pages for level in page["logTargetConfigurations"]]) == 2
    for _ in range(2):
        iot.delete_v2_logging_level(targetType="THING_GROUP", targetName="fleet")
    assert len(iot.list_v2_logging_levels()["logTargetConfigurations"]) == 1
    for bad in (
        {"logTarget": {"targetType": "OTHER"}, "logLevel": "INFO"},
        {"logTarget": {"targetType": "CLIENT_ID"}, "logLevel": "INFO"},
        {"logTarget": {"targetType": "DEFAULT", "targetName": "x"}, "logLevel": "INFO"},
        {"logTarget": target, "logLevel": "LOUD"},
    ):
        assert code_of(iot.set_v2_logging_level, **bad) == INVALID
    assert code_of(iot.set_v2_logging_options, defaultLogLevel="LOUD") == INVALID
    assert code_of(iot.set_v2_logging_options, roleArn="r") == INVALID
    iot.set_logging_options(loggingOptionsPayload={"roleArn": ROLE, "logLevel": "INFO"})
    found = iot.get_logging_options()
    assert (found["roleArn"], found["logLevel"]) == (ROLE, "INFO")


def test_settings_survive_a_restart(own_server):
    server = own_server().start()
    iot = server.aws("iot")
    iot.set_v2_logging_options(roleArn=ROLE, defaultLogLevel="ERROR")
    iot.update_event_configurations(eventConfigurations={"THING": {"Enabled": True}})
    iot.create_role_alias(roleAlias="kept", roleArn=ROLE)
    server.kill()
    iot = server.start().aws("iot")
    assert iot.get_v2_logging_options()["defaultLogLevel"] == "ERROR"
    assert iot.describe_event_configurations()["eventConfigurations"]["THING"] == {"Enabled": True}
    assert iot.list_role_aliases()["roleAliases"] == ["kept"]


def test_events_are_off_until_switched_on(own_server):
    iot = own_server().start().aws("iot")
    found = iot.describe_event_configurations()
    assert len(found["eventConfigurations"]) == 11
    assert not any(kind["Enabled"] for kind in found["eventConfigurations"].values())
    iot.update_event_configurations(
        eventConfigurations={"THING": {"Enabled": True}, "POLICY": {"Enabled": True}}
    )
    iot.update_event_configurations(eventConfigurations={"POLICY": {"Enabled": False}})
    found = iot.describe_event_configurations()
    assert {name for name, kind in found["eventConfigurations"].items() if kind["Enabled"]} == {"THING"}
    assert found["creationDate"] <= found["lastModifiedDate"]
    assert code_of(iot.update_event_configurations, eventConfigurations={"X": {"Enabled": True}}) == INVALID
    assert code_of(iot.update_event_configurations, eventConfigurations={"JOB": {"Enabled": True}}) == INVALID


def test_tags(iot):
    arns = {
        "thinggroup": iot.create_thing_group(thingGroupName="tagged")["thingGroupArn"],
        "thingtype": iot.create_thing_type(thingTypeName="tagged")["thingTypeArn"],
        "billinggroup": iot.create_billing_group(billingGroupName="tagged")["billingGroupArn"],
        "rolealias": iot.create_role_alias(roleAlias="tagged", roleArn=ROLE)["roleAliasArn"],
    }
    for kind, arn in arns.items():
        assert f":{kind}/tagged" in arn
        assert iot.list_tags_for_resource(resourceArn=arn)["tags"] == []
        iot.tag_resource(resourceArn=arn, tags=[{"Key": "b", "Value": "1"}, {"Key": "a"}])
        iot.tag_resource(resourceArn=arn, tags=[{"Key": "b", "Value": "2"}])
        found = iot.list_tags_for_resource(resourceArn=arn)["tags"]
        assert found == [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "2"}]
        iot.untag_resource(resourceArn=arn, tagKeys=["a", "not there"])
        assert iot.list_tags_for_resource(resourceArn=arn)["tags"] == [{"Key": "b", "Value": "2"}]
        gone = arn + "-not"
        assert code_of(iot.tag_resource, resourceArn=gone, tags=[{"Key": "k"}]) == NOT_FOUND
        assert code_of(iot.untag_resource, resourceArn=gone, tagKeys=["k"]) == NOT_FOUND
        assert code_of(iot.list_tags_for_resource, resourceArn=gone) == NOT_FOUND
    arn = arns["thinggroup"]
    many = [{"Key": f"k{n}", "Value": "v"} for n in range(50)]
    assert code_of(iot.tag_resource, resourceArn=arn, tags=many) == (410, "LimitExceededException")
    assert len(iot.list_tags_for_resource(resourceArn=arn)["tags"]) == 1, "nothing half done"
    iot.tag_resource(resourceArn=arn, tags=many[:49])
    for bad in ([{"Key": ""}], [{"Key": "x" * 129}], [{"Key": "k", "Value": "v" * 257}]):
        assert code_of(iot.tag_resource, resourceArn=arn, tags=bad) == INVALID
    iot.create_thing(thingName="untaggable")
    thing = "arn:aws:iot:us-east-1:000000000000:thing/untaggable"
    assert code_of(iot.tag_resource, resourceArn=thing, tags=[{"Key": "k"}]) == INVALID
    assert code_of(iot.list_tags_for_resource, resourceArn="nonsense") == INVALID

"""Policies, their versions, attachments and what they come to, by boto3 and awscli, as on AWS."""

import json
import re

import pytest
from botocore.exceptions import ClientError

from policy_documents import allow, arn, deny, document
from registry_cases import (
    EXISTS,
    IN_USE,
    INVALID,
    LIMIT,
    MALFORMED,
    MISSING,
    VERSIONS,
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
    "CreatePolicy GetPolicy DeletePolicy ListPolicies CreatePolicyVersion GetPolicyVersion DeletePolicyVersion "
    "ListPolicyVersions SetDefaultPolicyVersion AttachPolicy DetachPolicy ListAttachedPolicies ListTargetsForPolicy "
    "GetEffectivePolicies TestAuthorization AttachPrincipalPolicy DetachPrincipalPolicy ListPrincipalPolicies "
    "ListPolicyPrincipals"
).split()

CHARS_MAX = 2048
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
IDENTITY = "us-east-1:6c1b4c6e-4b8c-4f46-a6a8-7d3b6a1f0c11"
EVERYTHING = document(allow("iot:*", "*"))
NOBODY = arn("cert", "a" * 64)
NO_GROUP = arn("thinggroup", "none")
NO_NAMES = ["a/b", "a b", "a*", "a#b", "käse", "a\u0000b", "'; --", "x" * 129]


def statements(*members):
    """A document whose statements are written out as given."""
    return '{"Version":"2012-10-17","Statement":[' + ",".join(members) + "]}"


MALFORMED_DOCUMENTS = [
    ("line 1 column 1: this is not valid JSON: EOF while parsing an object", "{"),
    ("line 2 column 1: this is not valid JSON: trailing comma", '{"Version":"2012-10-17",\n}'),
    ("line 1 column 9: this is not valid JSON: unexpected end of hex escape", '{"\\ud800": 1}'),
    ("recursion limit exceeded", "[" * 2000),
    ("this is not valid JSON", EVERYTHING + "x"),
    ("it must be a JSON object", "[]"),
    ("`Version` is missing", '{"Statement":[]}'),
    ("Version (line 1): it must be", '{"Version":"2020-01-01","Statement":[]}'),
    ("Statement (line 1): it must not be empty", statements()),
    ("Statement[0].Effect (line 1): it must be", statements('{"Effect":"allow","Action":"*","Resource":"*"}')),
    ("`Effect` is missing", statements('{"Action":"*","Resource":"*"}')),
    ("`Action` is missing", statements('{"Effect":"Allow","Resource":"*"}')),
    ("`Resource` is missing", statements('{"Effect":"Allow","Action":"*"}')),
    ("did you mean `Resource`?", statements('{"Effect":"Allow","Action":"*","Resorce":"*"}')),
    ("unknown member `Principal`; known are `Sid`, `Effect`, `Action`,", statements('{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}')),
    ("`Action` and `NotAction` exclude each other", statements('{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}')),
    ("`Resource` and `NotResource` exclude each other", statements('{"Effect":"Allow","Action":"*","Resource":"*","NotResource":"*"}')),
    ("Statement[1] (line 1): it must be a JSON object", statements('{"Effect":"Allow","Action":"*","Resource":"*"}', "7")),
    ("Statement[0].Action (line 1): it must not be empty", statements('{"Effect":"Allow","Action":[],"Resource":"*"}')),
    ("Statement[0].Resource[1] (line 1): it must be a string", statements('{"Effect":"Allow","Action":"*","Resource":["*",null]}')),
    ("Statement[0].Sid (line 1): it must be a string", statements('{"Sid":7,"Effect":"Allow","Action":"*","Resource":"*"}')),
    ("it is there twice", statements('{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}')),
    ("did you mean `StringEquals`?", statements('{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEqual":{"iot:ClientId":"a"}}}')),
    *[
        (text, statements(json.dumps({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition})))
        for text, condition in [
            ("did you mean `StringLike`?", {"ForAnyValue:StrngLikeIfExists": {"iot:ClientId": "a"}}),
            ("did you mean `ForAllValues`?", {"ForAllValue:StringLike": {"iot:ClientId": "a"}}),
            ("`Null` takes no `IfExists`", {"NullIfExists": {"iot:ClientId": "true"}}),
            ("`Null` takes one value, true or false", {"Null": {"iot:ClientId": "yes"}}),
            ("unknown condition key `aws:CurrentTime`; known are `aws:SourceIp`,", {"Null": {"aws:CurrentTime": "true"}}),
            ("`many` is not a number", {"NumericLessThan": {"iot:ClientId": ["1", "many"]}}),
            ("`soon` is not a time as YYYY-MM-DDThh:mm:ssZ", {"DateLessThan": {"iot:ClientId": "soon"}}),
            ("`yes` is not true or false", {"Bool": {"iot:ClientId": "yes"}}),
            ("`10.0.0.0/33` is not an IP address or CIDR range", {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/33"}}),
            ("`a:b` is not an ARN of six parts", {"ArnLike": {"iot:ClientId": "a:b"}}),
            ("StringEquals.iot:ClientId[1] (line 1): values must be", {"StringEquals": {"iot:ClientId": ["a", None]}}),
            ("StringEquals.iot:ClientId (line 1): it must not be empty", {"StringEquals": {"iot:ClientId": []}}),
            ("Condition.StringEquals (line 1): it must be a JSON object", {"StringEquals": "a"}),
        ]
    ],
    ("did you mean `iot:ClientId`?", statements('{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"iot:ClientID1":"a"}}}')),
    ("`a` is not an IP address", statements('{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"a"}}}')),
    ("at most 2048 are allowed", document(allow("iot:*", "x" * 2048))),
    ("this is not valid JSON", ""),
]  # fmt: skip


@pytest.fixture(scope="module")
def iot(aws):
    """A client of a server that knows what REFUSALS speaks of."""
    iot = aws("iot")
    for name in ("plain", "attached", "full", "one", "two", "three"):
        iot.create_policy(policyName=name, policyDocument=EVERYTHING)
    for _ in range(4):
        iot.create_policy_version(policyName="full", policyDocument=EVERYTHING)
    iot.create_thing_group(thingGroupName="ward")
    iot.attach_policy(policyName="attached", target=arn("thinggroup", "ward"))
    iot.attach_policy(policyName="one", target=arn("thinggroup", "ward"))
    return iot


@pytest.fixture(scope="module")
def certificate(iot):
    """A certificate with as many policies as it may have."""
    made = iot.create_keys_and_certificate(setAsActive=True)["certificateArn"]
    for n in range(10):
        iot.create_policy(policyName=f"fill-{n}", policyDocument=EVERYTHING)
        iot.attach_policy(policyName=f"fill-{n}", target=made)
    return made


def state(iot):
    """What a refusal must leave alone."""
    names = sorted(policy["policyName"] for policy in all_of(iot, "ListPolicies", "policies"))
    versions = [iot.list_policy_versions(policyName=name)["policyVersions"] for name in ("plain", "full")]
    attached = iot.list_attached_policies(target=arn("thinggroup", "ward"))["policies"]
    return names, versions, attached


PLAIN = {"policyName": "plain"}
WARD = arn("thinggroup", "ward")
ASK = [{"actionType": "PUBLISH", "resources": [arn("topic", "a")]}]

REFUSALS = [
    refusal("CreatePolicy", EXISTS, "plain", **PLAIN, policyDocument=EVERYTHING),
    refusal("CreatePolicy", INVALID, "policy name", policyName="a b", policyDocument=EVERYTHING),
    refusal("CreatePolicy", INVALID, "twice", policyName="new", policyDocument=EVERYTHING, tags=[{"Key": "a", "Value": "1"}] * 2),
    refusal("CreatePolicy", INVALID, "policyDocument", policyName="new", policyDocument=7),
    *[refusal("CreatePolicy", MALFORMED, text, policyName="new", policyDocument=body) for text, body in MALFORMED_DOCUMENTS],
    refusal("GetPolicy", MISSING, "policy none", policyName="none"),
    refusal("GetPolicy", INVALID, "policy name", policyName="a b"),
    refusal("DeletePolicy", MISSING, "policy none", policyName="none"),
    refusal("DeletePolicy", INVALID, "policy name", policyName="a b"),
    refusal("DeletePolicy", IN_USE, "is attached to one or more", policyName="attached"),
    refusal("DeletePolicy", IN_USE, "4 versions besides the default", policyName="full"),
    refusal("ListPolicies", INVALID, "pageSize", pageSize=0),
    refusal("ListPolicies", INVALID, "pageSize", pageSize=251),
    refusal("ListPolicies", INVALID, "isAscendingOrder", ascendingOrder="perhaps"),
    refusal("ListPolicies", INVALID, "oken", marker="plain"),
    refusal("CreatePolicyVersion", MISSING, "policy none", policyName="none", policyDocument=EVERYTHING),
    refusal("CreatePolicyVersion", MALFORMED, "not valid JSON", **PLAIN, policyDocument="{"),
    refusal("CreatePolicyVersion", VERSIONS, "policy full has 5 versions", policyName="full", policyDocument=EVERYTHING),
    refusal("CreatePolicyVersion", INVALID, "setAsDefault", **PLAIN, policyDocument=EVERYTHING, setAsDefault="so"),
    refusal("GetPolicyVersion", MISSING, "policy none", policyName="none", policyVersionId="1"),
    refusal("GetPolicyVersion", MISSING, "version 2 of policy plain", **PLAIN, policyVersionId="2"),
    refusal("GetPolicyVersion", MISSING, "version 01 of policy plain", **PLAIN, policyVersionId="01"),
    refusal("GetPolicyVersion", INVALID, "policyVersionId", **PLAIN, policyVersionId="latest"),
    refusal("DeletePolicyVersion", MISSING, "version 2 of policy plain", **PLAIN, policyVersionId="2"),
    refusal("DeletePolicyVersion", IN_USE, "default version", **PLAIN, policyVersionId="1"),
    refusal("DeletePolicyVersion", INVALID, "policyVersionId", **PLAIN, policyVersionId="-1"),
    refusal("ListPolicyVersions", MISSING, "policy none", policyName="none"),
    refusal("ListPolicyVersions", INVALID, "policy name", policyName="a b"),
    refusal("SetDefaultPolicyVersion", MISSING, "version 9 of policy plain", **PLAIN, policyVersionId="9"),
    refusal("SetDefaultPolicyVersion", INVALID, "policyVersionId", **PLAIN, policyVersionId="x"),
    refusal("AttachPolicy", MISSING, "policy none", policyName="none", target=WARD),
    refusal("AttachPolicy", MISSING, "thing group none", **PLAIN, target=NO_GROUP),
    refusal("AttachPolicy", MISSING, "certificate", **PLAIN, target=NOBODY),
    refusal("AttachPolicy", INVALID, "is none of", **PLAIN, target=arn("thing", "a")),
    refusal("AttachPolicy", INVALID, "is none of", **PLAIN, target=WARD.replace("us-east-1", "eu-west-1")),
    refusal("AttachPolicy", INVALID, "certificate id", **PLAIN, target=arn("cert", "a")),
    refusal("AttachPolicy", INVALID, "is none of", **PLAIN, target="us-east-1:no-uuid"),
    refusal("AttachPolicy", INVALID, "target", **PLAIN, target=["a"]),
    refusal("AttachPolicy", LIMIT, "at most 2 are allowed", policyName="two", target=WARD),
    refusal("DetachPolicy", INVALID, "is none of", **PLAIN, target="ward"),
    refusal("ListAttachedPolicies", MISSING, "thing group none", target=NO_GROUP),
    refusal("ListAttachedPolicies", MISSING, "thing group none", target=NO_GROUP, recursive=True),
    refusal("ListAttachedPolicies", INVALID, "is none of", target="a"),
    refusal("ListAttachedPolicies", INVALID, "recursive", target=WARD, recursive="deeply"),
    refusal("ListTargetsForPolicy", MISSING, "policy none", policyName="none"),
    refusal("ListTargetsForPolicy", INVALID, "pageSize", **PLAIN, pageSize=251),
    refusal("GetEffectivePolicies", MISSING, "thing none", thingName="none"),
    refusal("GetEffectivePolicies", MISSING, "certificate", principal=NOBODY),
    refusal("GetEffectivePolicies", MISSING, "identity pool", principal=IDENTITY, cognitoIdentityPoolId="us-east-1:none"),
    refusal("GetEffectivePolicies", INVALID, "either `thingName` or `principal`"),
    refusal("TestAuthorization", MISSING, "certificate", principal=NOBODY, authInfos=ASK),
    refusal("TestAuthorization", MISSING, "policy none", authInfos=ASK, policyNamesToAdd=["none"]),
    refusal("TestAuthorization", MISSING, "policy none", authInfos=ASK, policyNamesToSkip=["none"]),
    refusal("TestAuthorization", INVALID, "authInfos", authInfos=[]),
    refusal("TestAuthorization", INVALID, "authInfos", authInfos=ASK * 11),
    refusal("TestAuthorization", INVALID, "actionType", authInfos=[{"actionType": "publish", "resources": [arn("topic", "a")]}]),
    refusal("TestAuthorization", INVALID, "actionType", authInfos=[{"resources": [arn("topic", "a")]}]),
    refusal("TestAuthorization", INVALID, "is not an ARN", authInfos=[{"actionType": "PUBLISH", "resources": ["topic/a"]}]),
    refusal("TestAuthorization", INVALID, "resources", authInfos=[{"actionType": "PUBLISH", "resources": []}]),
    refusal("AttachPrincipalPolicy", MISSING, "policy none", policyName="none", principal=IDENTITY),
    refusal("AttachPrincipalPolicy", MISSING, "certificate", **PLAIN, principal=NOBODY),
    refusal("AttachPrincipalPolicy", INVALID, "is not a principal", **PLAIN, principal=WARD),
    refusal("DetachPrincipalPolicy", MISSING, "policy none", policyName="none", principal=IDENTITY),
    refusal("DetachPrincipalPolicy", MISSING, "certificate", **PLAIN, principal=NOBODY),
    refusal("DetachPrincipalPolicy", INVALID, "is none of", **PLAIN, principal="a"),
    refusal("ListPrincipalPolicies", MISSING, "certificate", principal=NOBODY),
    refusal("ListPrincipalPolicies", INVALID, "is none of", principal="a"),
    refusal("ListPolicyPrincipals", MISSING, "policy none", policyName="none"),
    refusal("ListPolicyPrincipals", INVALID, "policy name", policyName="a*"),
]  # fmt: skip

# Errors of the model that cannot come about here.
WITHOUT_CASE = {
    # What the model limits there are attachments; lists and tests make none.
    ("DetachPolicy", LIMIT),
    ("ListAttachedPolicies", LIMIT),
    ("ListTargetsForPolicy", LIMIT),
    ("GetEffectivePolicies", LIMIT),
    ("TestAuthorization", LIMIT),
    # In a test of its own, as a certificate has to be made for it.
    ("AttachPrincipalPolicy", LIMIT),
}


@pytest.mark.parametrize("case", REFUSALS, ids=str)
def test_a_refused_call_says_why_as_aws_does_and_writes_nothing(iot, case):
    before = state(iot)
    refused(iot, case.operation, case.code, case.text, **case.args)
    assert state(iot) == before


def test_every_error_of_the_model_has_a_case(iot):
    check_coverage(iot, OPERATIONS, REFUSALS, WITHOUT_CASE)


@pytest.mark.parametrize("name", NO_NAMES)
def test_odd_names_are_refused_everywhere(iot, name):
    body = {"policyDocument": EVERYTHING}
    for operation, args in [
        ("CreatePolicy", body),
        ("GetPolicy", {}),
        ("DeletePolicy", {}),
        ("CreatePolicyVersion", body),
        ("ListPolicyVersions", {}),
        ("AttachPolicy", {"target": WARD}),
        ("ListTargetsForPolicy", {}),
    ]:
        refused(iot, operation, INVALID, "policy name", policyName=name, **args)


def test_a_policy_lives_as_on_aws(iot):
    name = "fleet_+=,.@-1"
    body = "\n" + json.dumps(json.loads(EVERYTHING), indent=4) + "  "
    made = iot.create_policy(policyName=name, policyDocument=body, tags=[{"Key": "owner", "Value": "me"}])
    del made["ResponseMetadata"]
    policy_arn = arn("policy", name)
    assert made == {
        "policyName": name,
        "policyArn": policy_arn,
        "policyDocument": body,
        "policyVersionId": "1",
    }
    tags = iot.list_tags_for_resource(resourceArn=policy_arn)["tags"]
    assert tags == [{"Key": "owner", "Value": "me"}]
    seen = iot.get_policy(policyName=name)
    assert (seen["policyDocument"], seen["defaultVersionId"]) == (body, "1")
    assert UUID.fullmatch(seen["generationId"])
    assert seen["creationDate"] == seen["lastModifiedDate"]

    version = iot.create_policy_version(policyName=name, policyDocument=EVERYTHING)
    assert (version["policyVersionId"], version["isDefaultVersion"]) == ("2", False)
    assert (version["policyArn"], version["policyDocument"]) == (policy_arn, EVERYTHING)
    iot.set_default_policy_version(policyName=name, policyVersionId="2")
    assert iot.get_policy(policyName=name)["policyDocument"] == EVERYTHING
    first = iot.get_policy_version(policyName=name, policyVersionId="1")
    assert (first["policyDocument"], first["isDefaultVersion"]) == (body, False)
    assert (first["policyName"], first["policyArn"]) == (name, policy_arn)
    iot.delete_policy_version(policyName=name, policyVersionId="1")
    refused(iot, "GetPolicyVersion", MISSING, policyName=name, policyVersionId="1")

    third = iot.create_policy_version(policyName=name, policyDocument=body, setAsDefault=True)
    assert (third["policyVersionId"], third["isDefaultVersion"]) == ("3", True)
    listed = iot.list_policy_versions(policyName=name)["policyVersions"]
    assert [(it["versionId"], it["isDefaultVersion"]) for it in listed] == [("3", True), ("2", False)]
    refused(iot, "DeletePolicy", IN_USE, policyName=name)
    iot.delete_policy_version(policyName=name, policyVersionId="2")
    iot.delete_policy(policyName=name)
    refused(iot, "GetPolicy", MISSING, policyName=name)
    # The next policy of this name is another one, without the tags of the first.
    iot.create_policy(policyName=name, policyDocument=body)
    again = iot.get_policy(policyName=name)
    assert again["generationId"] != seen["generationId"]
    assert iot.list_tags_for_resource(resourceArn=policy_arn)["tags"] == []
    iot.delete_policy(policyName=name)


def test_white_space_does_not_count_and_every_other_sign_counts_once(iot):
    # An ä is one character, though it has two bytes.
    sized = lambda count: EVERYTHING.replace("iot:*", "iot:" + "ä" * (count - len("".join(EVERYTHING.split())) + 1))  # noqa: E731
    assert len("".join(sized(CHARS_MAX).split())) == CHARS_MAX
    refused(iot, "CreatePolicy", MALFORMED, "it has 2049 characters", policyName="sized", policyDocument=sized(CHARS_MAX + 1))
    body = "\r\n\t " * 20_000 + sized(CHARS_MAX) + " " * 300_000
    made = iot.create_policy(policyName="sized", policyDocument=body)
    assert made["policyDocument"] == body
    assert iot.get_policy_version(policyName="sized", policyVersionId="1")["policyDocument"] == body
    refused(iot, "CreatePolicyVersion", MALFORMED, "at most 404600 are allowed", policyName="sized", policyDocument=body + " " * 50_000)


def test_ids_of_versions_never_come_back(iot):
    iot.create_policy(policyName="ids", policyDocument=EVERYTHING)
    for expected in ("2", "3", "4"):
        made = iot.create_policy_version(policyName="ids", policyDocument=EVERYTHING)
        assert made["policyVersionId"] == expected
        iot.delete_policy_version(policyName="ids", policyVersionId=expected)


def test_a_refusal_of_an_existing_name_carries_its_id_and_arn(iot):
    error = refused(iot, "CreatePolicy", EXISTS, **PLAIN, policyDocument=EVERYTHING).response
    assert (error["resourceId"], error["resourceArn"]) == ("plain", arn("policy", "plain"))


def test_a_policy_is_created_once_and_versions_stay_within_their_quota(iot):
    made = together(16, lambda n: iot.create_policy(policyName="race", policyDocument=EVERYTHING))
    assert sum(not isinstance(it, ClientError) for it in made) == 1
    made = together(16, lambda n: iot.create_policy_version(policyName="race", policyDocument=EVERYTHING))
    ids = [it["policyVersionId"] for it in made if not isinstance(it, ClientError)]
    assert sorted(ids) == ["2", "3", "4", "5"]


@pytest.mark.parametrize("kind", ["certificate", "group", "identity"])
def test_an_attachment_is_seen_from_both_sides(iot, kind):
    if kind == "certificate":
        target = iot.create_keys_and_certificate()["certificateArn"]
    elif kind == "group":
        target = iot.create_thing_group(thingGroupName="both-sides")["thingGroupArn"]
    else:
        target = IDENTITY
    name = f"both-{kind}"
    iot.create_policy(policyName=name, policyDocument=EVERYTHING)
    for _ in range(2):
        iot.attach_policy(policyName=name, target=target)
    listed = iot.list_attached_policies(target=target)["policies"]
    assert listed == [{"policyName": name, "policyArn": arn("policy", name)}]
    assert iot.list_targets_for_policy(policyName=name)["targets"] == [target]
    principals = iot.list_policy_principals(policyName=name)["principals"]
    assert principals == ([] if kind == "group" else [target])
    if kind != "group":
        assert iot.list_principal_policies(principal=target)["policies"] == listed
    refused(iot, "DeletePolicy", IN_USE, policyName=name)
    for _ in range(2):
        iot.detach_policy(policyName=name, target=target)
    assert iot.list_attached_policies(target=target)["policies"] == []
    assert iot.list_targets_for_policy(policyName=name)["targets"] == []
    iot.delete_policy(policyName=name)
    iot.detach_policy(policyName=name, target=target)


def test_a_certificate_takes_ten_policies(iot, certificate):
    for operation, member in [("AttachPolicy", "target"), ("AttachPrincipalPolicy", "principal")]:
        refused(iot, operation, LIMIT, "at most 10 are allowed", **PLAIN, **{member: certificate})
        # One that it has is fine.
        call(iot, operation, policyName="fill-3", **{member: certificate})
    names = [f"fill-{n}" for n in range(10)]
    found = pages(iot, "ListAttachedPolicies", "policies", 4, target=certificate)
    assert [len(page) for page in found] == [4, 4, 2]
    assert [policy["policyName"] for page in found for policy in page] == names
    for ascending, expected in [(True, names), (False, names[::-1])]:
        found = all_of(iot, "ListPrincipalPolicies", "policies", principal=certificate, ascendingOrder=ascending)
        assert [policy["policyName"] for policy in found] == expected


def test_a_group_has_its_ancestors_policies_when_asked(iot):
    iot.create_thing_group(thingGroupName="site")
    iot.create_thing_group(thingGroupName="floor", parentGroupName="site")
    iot.create_thing_group(thingGroupName="room", parentGroupName="floor")
    for policy, group in [("one", "site"), ("two", "floor"), ("three", "room"), ("one", "room")]:
        iot.attach_policy(policyName=policy, target=arn("thinggroup", group))
    room = {"target": arn("thinggroup", "room")}
    names = lambda **args: [it["policyName"] for it in iot.list_attached_policies(**room, **args)["policies"]]  # noqa: E731
    assert names() == ["one", "three"]
    assert names(recursive=False) == ["one", "three"]
    assert names(recursive=True) == ["one", "three", "two"]
    found = pages(iot, "ListAttachedPolicies", "policies", 2, **room, recursive=True)
    assert [len(page) for page in found] == [2, 1]


def test_lists_are_paged_in_the_order_of_creation(own_server):
    iot = own_server().start().aws("iot")
    there = [policy["policyName"] for policy in all_of(iot, "ListPolicies", "policies", ascendingOrder=True)]
    names = [f"p{n:03}" for n in (2, 0, 1)]
    for name in names:
        iot.create_policy(policyName=name, policyDocument=EVERYTHING)
    for ascending, expected in [(True, there + names), (False, (there + names)[::-1])]:
        found = pages(iot, "ListPolicies", "policies", 2, ascendingOrder=ascending)
        assert [policy["policyName"] for page in found for policy in page] == expected
        assert all(len(page) == 2 for page in found[:-1])
    made = together(40, lambda n: iot.create_keys_and_certificate()["certificateArn"])
    for target in made:
        iot.attach_policy(policyName="p000", target=target)
    for operation, key in [("ListTargetsForPolicy", "targets"), ("ListPolicyPrincipals", "principals")]:
        found = pages(iot, operation, key, 15, policyName="p000")
        assert [len(page) for page in found] == [15, 15, 10]
        assert sorted(target for page in found for target in page) == sorted(made)


@pytest.fixture(scope="module")
def device(iot):
    """Thing `pump-17` in a group below another, with a certificate."""
    iot.create_thing_group(thingGroupName="hospital")
    iot.create_thing_group(thingGroupName="ward-3", parentGroupName="hospital")
    iot.create_thing(thingName="pump-17")
    iot.add_thing_to_thing_group(thingName="pump-17", thingGroupName="ward-3")
    made = iot.create_keys_and_certificate(setAsActive=True)
    iot.attach_thing_principal(thingName="pump-17", principal=made["certificateArn"])
    own = arn("topic", "things/${iot:Connection.Thing.ThingName}/*")
    for name, statement, target in [
        ("own", allow(["iot:Publish", "iot:Receive"], own), made["certificateArn"]),
        ("connect", allow("iot:Connect", arn("client", "*")), made["certificateArn"]),
        ("no-secrets", deny("iot:Publish", arn("topic", "*/secret")), arn("thinggroup", "hospital")),
    ]:
        iot.create_policy(policyName=name, policyDocument=document(statement))
        iot.attach_policy(policyName=name, target=target)
    return made["certificateArn"]


def test_effective_policies_are_the_principals_and_those_of_the_things_groups(iot, device):
    names = lambda **args: [it["policyName"] for it in iot.get_effective_policies(**args)["effectivePolicies"]]  # noqa: E731
    assert names(principal=device, thingName="pump-17") == ["connect", "own", "no-secrets"]
    assert names(principal=device) == ["connect", "own"]
    assert names(thingName="pump-17") == ["no-secrets"]
    found = iot.get_effective_policies(thingName="pump-17")["effectivePolicies"][0]
    statement = deny("iot:Publish", arn("topic", "*/secret"))
    assert found == {
        "policyName": "no-secrets",
        "policyArn": arn("policy", "no-secrets"),
        "policyDocument": document(statement),
    }


def asked(action, *resources):
    return {"actionType": action, "resources": list(resources)}


def test_a_tested_authorization_has_the_shape_of_aws(iot, device):
    info = asked("PUBLISH", arn("topic", "things/pump-17/secret"))
    answer = iot.test_authorization(principal=device, clientId="pump-17", authInfos=[info])
    named = lambda name: [{"policyName": name, "policyArn": arn("policy", name)}]  # noqa: E731
    assert answer["authResults"] == [
        {
            "authInfo": info,
            "allowed": {"policies": named("own")},
            "denied": {
                "implicitDeny": {"policies": named("connect")},
                "explicitDeny": {"policies": named("no-secrets")},
            },
            "authDecision": "EXPLICIT_DENY",
            "missingContextValues": [],
        }
    ]


TESTED = [
    ("pump-17", asked("CONNECT", arn("client", "pump-17")), "ALLOWED", []),
    ("pump-17", asked("PUBLISH", arn("topic", "things/pump-17/a")), "ALLOWED", []),
    ("pump-17", asked("RECEIVE", arn("topic", "things/pump-17/secret")), "ALLOWED", []),
    ("pump-17", asked("SUBSCRIBE", arn("topicfilter", "things/pump-17/a")), "IMPLICIT_DENY", []),
    ("pump-17", asked("PUBLISH", arn("topic", "things/pump-18/a")), "IMPLICIT_DENY", []),
    ("pump-17", asked("PUBLISH", arn("topic", "things/pump-17/a"), arn("topic", "b")), "IMPLICIT_DENY", []),
    ("pump-17", asked("PUBLISH", arn("topic", "b"), arn("topic", "b/secret")), "EXPLICIT_DENY", []),
    # As another client it is no thing, and in no group.
    ("x", asked("PUBLISH", arn("topic", "things/pump-17/secret")), "IMPLICIT_DENY", ["iot:Connection.Thing.ThingName"]),
    (None, asked("PUBLISH", arn("topic", "things/pump-17/a")), "IMPLICIT_DENY", ["iot:Connection.Thing.ThingName"]),
    (None, asked("CONNECT", arn("client", "anybody")), "ALLOWED", []),
]  # fmt: skip


@pytest.mark.parametrize("client_id,info,decision,missing", TESTED)
def test_authorizations_come_out_as_the_policies_say(iot, device, client_id, info, decision, missing):
    client = {} if client_id is None else {"clientId": client_id}
    (result,) = iot.test_authorization(principal=device, authInfos=[info], **client)["authResults"]
    assert (result["authDecision"], result["missingContextValues"]) == (decision, missing)
    assert result["authInfo"] == info


def test_policies_are_added_to_a_test_and_left_out_of_it(iot, device):
    secret = asked("PUBLISH", arn("topic", "things/pump-17/secret"))

    def decision(principal=device, **args):
        who = {} if principal is None else {"principal": principal}
        answer = iot.test_authorization(**who, clientId="pump-17", authInfos=[secret], **args)
        return answer["authResults"][0]["authDecision"]

    assert decision(policyNamesToSkip=["no-secrets"]) == "ALLOWED"
    assert decision(policyNamesToSkip=["no-secrets", "own"]) == "IMPLICIT_DENY"
    assert decision(policyNamesToSkip=["no-secrets", "own"], policyNamesToAdd=["plain"]) == "ALLOWED"
    assert decision(None, policyNamesToAdd=["plain"]) == "ALLOWED"
    assert decision(arn("thinggroup", "ward-3")) == "EXPLICIT_DENY"
    assert decision(IDENTITY) == "IMPLICIT_DENY"


def test_awscli_manages_policies_too(server, tmp_path):
    body = tmp_path / "policy.json"
    body.write_text(EVERYTHING)
    made = server.awscli("iot", "create-policy", "--policy-name", "by-cli", "--policy-document", f"file://{body}")
    assert made["policyVersionId"] == "1"
    with pytest.raises(CommandFailed, match="ResourceAlreadyExistsException"):
        server.awscli("iot", "create-policy", "--policy-name", "by-cli", "--policy-document", f"file://{body}")
    server.awscli("iot", "attach-policy", "--policy-name", "by-cli", "--target", IDENTITY)
    listed = server.awscli("iot", "list-attached-policies", "--target", IDENTITY)["policies"]
    assert [policy["policyName"] for policy in listed] == ["by-cli"]
    info = "actionType=PUBLISH,resources=" + arn("topic", "a")
    tested = server.awscli("iot", "test-authorization", "--principal", IDENTITY, "--auth-infos", info)
    assert tested["authResults"][0]["authDecision"] == "ALLOWED"
    server.awscli("iot", "detach-policy", "--policy-name", "by-cli", "--target", IDENTITY)
    server.awscli("iot", "delete-policy", "--policy-name", "by-cli")

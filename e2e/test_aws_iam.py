"""Roles, policies, keys and identity pools as data, by AWS's own clients."""

import json

import pytest
from botocore.exceptions import ClientError

from sessions import Session

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
RIGHTS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["iot:Publish", "s3:*"], "Resource": "*"}],
}
AWS_OWNED = [
    f"arn:aws:iam::aws:policy/service-role/{name}"
    for name in (
        "AWSIoTDeviceDefenderAudit",
        "AWSIoTLogging",
        "AWSIoTRuleActions",
        "AWSIoTThingsRegistration",
    )
]


def code_of(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


NO_SUCH = (404, "NoSuchEntity")
CONFLICT = (409, "DeleteConflict")
EXISTS = (409, "EntityAlreadyExists")
MALFORMED = (400, "MalformedPolicyDocument")
INVALID = (400, "ValidationError")


@pytest.fixture(scope="module")
def iam(aws):
    return aws("iam")


def create(iam, name, **more):
    document = json.dumps(TRUST)
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, **more)["Role"]


def test_a_role_with_everything(iam):
    made = create(
        iam,
        "whole",
        Path="/iot/",
        Description="pumps & <valves>",
        MaxSessionDuration=7200,
        Tags=[{"Key": "k", "Value": "v & w"}],
    )
    assert made["Arn"] == "arn:aws:iam::000000000000:role/iot/whole"
    assert made["RoleId"].startswith("AROA") and len(made["RoleId"]) == 21
    found = iam.get_role(RoleName="whole")["Role"]
    assert found == made
    assert found["AssumeRolePolicyDocument"] == TRUST
    assert (found["Description"], found["MaxSessionDuration"]) == ("pumps & <valves>", 7200)
    assert code_of(create, iam=iam, name="Whole") == EXISTS
    iam.update_role(RoleName="whole", Description="other")
    changed = {**TRUST, "Version": "2008-10-17"}
    iam.update_assume_role_policy(RoleName="whole", PolicyDocument=json.dumps(changed))
    found = iam.get_role(RoleName="whole")["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("other", 7200)
    assert found["AssumeRolePolicyDocument"] == changed
    iam.tag_role(RoleName="whole", Tags=[{"Key": "a", "Value": ""}])
    iam.untag_role(RoleName="whole", TagKeys=["k"])
    assert iam.list_role_tags(RoleName="whole")["Tags"] == [{"Key": "a", "Value": ""}]
    listed = iam.list_roles(PathPrefix="/iot/")["Roles"]
    assert [role["RoleName"] for role in listed] == ["whole"]
    iam.delete_role(RoleName="whole")
    for call in (iam.get_role, iam.delete_role, iam.list_role_policies, iam.list_role_tags):
        assert code_of(call, RoleName="whole") == NO_SUCH


def test_inline_policies(iam):
    create(iam, "inline")
    text = json.dumps(RIGHTS, indent=3) + "\n"
    iam.put_role_policy(RoleName="inline", PolicyName="p", PolicyDocument=text)
    iam.put_role_policy(RoleName="inline", PolicyName="p", PolicyDocument=text)
    assert iam.get_role_policy(RoleName="inline", PolicyName="p")["PolicyDocument"] == RIGHTS
    assert iam.list_role_policies(RoleName="inline")["PolicyNames"] == ["p"]
    assert code_of(iam.delete_role, RoleName="inline") == CONFLICT
    iam.delete_role_policy(RoleName="inline", PolicyName="p")
    for call in (iam.get_role_policy, iam.delete_role_policy):
        assert code_of(call, RoleName="inline", PolicyName="p") == NO_SUCH
    large = {**RIGHTS, "Id": "x" * 10_240}
    assert code_of(
        iam.put_role_policy, RoleName="inline", PolicyName="p", PolicyDocument=json.dumps(large)
    ) == (409, "LimitExceeded")


def test_managed_policies(iam):
    create(iam, "managed")
    made = iam.create_policy(PolicyName="mine", PolicyDocument=json.dumps(RIGHTS), Description="d")
    arn = made["Policy"]["Arn"]
    assert arn == "arn:aws:iam::000000000000:policy/mine"
    assert code_of(iam.create_policy, PolicyName="mine", PolicyDocument=json.dumps(RIGHTS)) == EXISTS
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    assert (found["Document"], found["IsDefaultVersion"]) == (RIGHTS, True)
    assert code_of(iam.get_policy_version, PolicyArn=arn, VersionId="v2") == NO_SUCH
    iam.attach_role_policy(RoleName="managed", PolicyArn=arn)
    iam.attach_role_policy(RoleName="managed", PolicyArn=AWS_OWNED[1])
    attached = iam.list_attached_role_policies(RoleName="managed")["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [arn, AWS_OWNED[1]]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    assert code_of(iam.delete_policy, PolicyArn=arn) == CONFLICT
    assert code_of(iam.delete_role, RoleName="managed") == CONFLICT
    iam.detach_role_policy(RoleName="managed", PolicyArn=arn)
    assert code_of(iam.detach_role_policy, RoleName="managed", PolicyArn=arn) == NO_SUCH
    iam.delete_policy(PolicyArn=arn)
    assert code_of(iam.get_policy, PolicyArn=arn) == NO_SUCH
    assert code_of(iam.attach_role_policy, RoleName="managed", PolicyArn=arn) == NO_SUCH


def test_aws_s_own_policies_resolve_and_stay(iam):
    listed = iam.list_policies(Scope="AWS")["Policies"]
    assert sorted(policy["Arn"] for policy in listed) == sorted(AWS_OWNED)
    for arn in AWS_OWNED:
        document = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
        assert document["Statement"][0]["Effect"] == "Allow"
        assert code_of(iam.delete_policy, PolicyArn=arn) == INVALID


@pytest.mark.parametrize(
    "document",
    ["", "{", "[]", json.dumps(RIGHTS), json.dumps({**TRUST, "Statement": []}), json.dumps({**TRUST, "X": 1})],
)
def test_malformed_trust_policies_are_refused(iam, document):
    arguments = {"RoleName": "malformed", "AssumeRolePolicyDocument": document}
    assert code_of(iam.create_role, **arguments) == MALFORMED
    assert code_of(iam.get_role, RoleName="malformed") == NO_SUCH


def test_bad_arguments_are_refused(iam):
    for change in (
        {"RoleName": "a b"},
        {"RoleName": "x" * 65},
        {"Path": "no/slashes"},
        {"MaxSessionDuration": 60},
        {"PermissionsBoundary": AWS_OWNED[0]},
    ):
        arguments = {"RoleName": "bad", "AssumeRolePolicyDocument": json.dumps(TRUST), **change}
        assert code_of(iam.create_role, **arguments) == INVALID
    tagged = {"PolicyName": "tagged", "PolicyDocument": json.dumps(RIGHTS), "Tags": [{"Key": "a", "Value": "b"}]}
    assert code_of(iam.create_policy, **tagged) == INVALID
    assert code_of(iam.list_roles, MaxItems=0) == INVALID
    assert code_of(iam.list_roles, Marker="AAAA") == INVALID
    assert code_of(iam.list_policies, Scope="Some") == INVALID


def test_lists_come_in_pages(iam):
    names = [f"paged{n}" for n in range(5)]
    for name in names:
        create(iam, name, Path="/paged/")
    pages = list(
        iam.get_paginator("list_roles").paginate(PathPrefix="/paged/", PaginationConfig={"PageSize": 2})
    )
    assert [page["IsTruncated"] for page in pages] == [True, True, False]
    assert [role["RoleName"] for page in pages for role in page["Roles"]] == names


def test_the_access_advisor_says_that_it_does_not_know(iam):
    arn = create(iam, "advised")["Arn"]
    job = iam.generate_service_last_accessed_details(Arn=arn)["JobId"]
    found = iam.get_service_last_accessed_details(JobId=job)
    assert found["JobStatus"] == "FAILED"
    assert found["ServicesLastAccessed"] == []
    assert "unknown" in found["Error"]["Message"]
    assert code_of(iam.get_service_last_accessed_details, JobId="x" * 36) == NO_SUCH


def test_users_and_keys_are_the_server_s(iam, aws, server):
    assert iam.get_user()["User"]["UserName"] == "admin"
    assert "admin" in [user["UserName"] for user in iam.list_users()["Users"]]
    made = iam.create_access_key(UserName="admin")["AccessKey"]
    assert made["Status"] == "Active" and len(made["SecretAccessKey"]) == 40
    listed = iam.list_access_keys(UserName="admin")["AccessKeyMetadata"]
    assert made["AccessKeyId"] in [key["AccessKeyId"] for key in listed]
    assert all("SecretAccessKey" not in key for key in listed)
    key = {"UserName": "admin", "AccessKeyId": made["AccessKeyId"]}
    own = Session(server, made["AccessKeyId"], made["SecretAccessKey"], None).aws("sts")
    assert own.get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:user/admin"
    iam.update_access_key(**key, Status="Inactive")
    assert code_of(own.get_caller_identity) == (403, "InvalidClientTokenId"), "refused at once"
    iam.update_access_key(**key, Status="Active")
    own.get_caller_identity()
    iam.update_access_key(**key, Status="Inactive")
    listed = {k["AccessKeyId"]: k["Status"] for k in iam.list_access_keys()["AccessKeyMetadata"]}
    assert listed[made["AccessKeyId"]] == "Inactive"
    assert code_of(iam.update_access_key, **key, Status="Off") == INVALID
    iam.update_access_key(**key, Status="Active")
    iam.delete_access_key(**key)
    assert code_of(own.get_caller_identity) == (403, "InvalidClientTokenId")
    assert code_of(iam.delete_access_key, **key) == NO_SUCH
    for call in (iam.create_access_key, iam.list_access_keys, iam.get_user):
        assert code_of(call, UserName="nobody") == NO_SUCH
    while True:
        try:
            iam.create_access_key()
        except ClientError as error:
            assert error.response["Error"]["Code"] == "LimitExceeded"
            break
    assert len(iam.list_access_keys()["AccessKeyMetadata"]) == 10
    assert aws("sts").get_caller_identity()["Account"] == "000000000000"


def test_identity_pools(aws):
    cognito = aws("cognito-identity")
    made = cognito.create_identity_pool(
        IdentityPoolName="my pool",
        AllowUnauthenticatedIdentities=True,
        SupportedLoginProviders={"accounts.google.com": "x"},
    )
    pool = made["IdentityPoolId"]
    assert pool.startswith("us-east-1:")
    found = cognito.describe_identity_pool(IdentityPoolId=pool)
    assert found["IdentityPoolName"] == "my pool"
    assert found["SupportedLoginProviders"] == {"accounts.google.com": "x"}
    roles = {"authenticated": "arn:aws:iam::000000000000:role/r"}
    cognito.set_identity_pool_roles(IdentityPoolId=pool, Roles=roles)
    assert cognito.get_identity_pool_roles(IdentityPoolId=pool)["Roles"] == roles
    for n in range(3):
        cognito.create_identity_pool(IdentityPoolName=f"p{n}", AllowUnauthenticatedIdentities=False)
    first = cognito.list_identity_pools(MaxResults=2)
    second = cognito.list_identity_pools(MaxResults=2, NextToken=first["NextToken"])
    ids = [pool["IdentityPoolId"] for page in (first, second) for pool in page["IdentityPools"]]
    assert len(set(ids)) == 4 and pool in ids and "NextToken" not in second
    cognito.delete_identity_pool(IdentityPoolId=pool)
    not_found = (400, "ResourceNotFoundException")
    for call in (cognito.describe_identity_pool, cognito.get_identity_pool_roles):
        assert code_of(call, IdentityPoolId=pool) == not_found
    bad = (400, "InvalidParameterException")
    assert code_of(cognito.list_identity_pools, MaxResults=0) == bad
    assert code_of(cognito.list_identity_pools, MaxResults=1, NextToken="AAAA") == bad

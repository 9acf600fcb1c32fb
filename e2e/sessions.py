"""Sessions of IAM roles: making roles, and clients that are one."""

import json

import boto3
from botocore.config import Config
from botocore.credentials import Credentials

ACCOUNT = "000000000000"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
CREDENTIAL_PROVIDER = {"Service": "credentials.iot.amazonaws.com"}


def trust(principal, **more):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def rights(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def role(iam, name, principal, *statements, **more):
    """A role that `principal` may take over, with an inline policy; its ARN."""
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(principal), **more)
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=rights(*statements))
    return made["Role"]["Arn"]


def remove_role(iam, name):
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


class Session:
    """What AssumeRole, or the credential provider, has given out."""

    def __init__(self, server, key, secret, token):
        self.server = server
        self.key, self.secret, self.token = key, secret, token

    @classmethod
    def of_sts(cls, server, answer):
        given = answer["Credentials"]
        return cls(server, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    @property
    def credentials(self):
        return Credentials(self.key, self.secret, self.token)

    def aws(self, service):
        """A boto3 client that is the session."""
        access = self.server.credentials["aws"]
        session = boto3.session.Session(
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            aws_session_token=self.token,
            region_name=access["region"],
        )
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
        return session.client(service, endpoint_url=access["endpoint_url"], config=config)


def begin(server, arn, name="shift", **more):
    answer = server.aws("sts").assume_role(RoleArn=arn, RoleSessionName=name, **more)
    return Session.of_sts(server, answer)

"""The credential provider: a device with a certificate takes over the role of an alias, by requests and curl."""

import json
import subprocess
from datetime import datetime, timedelta, timezone

import pytest
import requests

from conftest import program
from fleet import Fleet
from policy_documents import allow, arn, deny
from sessions import ACCOUNT, CREDENTIAL_PROVIDER, Session, remove_role, role, trust
from waiting import wait_for

ALIAS = "field"
OWN = "arn:aws:iot:us-east-1:000000000000:thing/${credentials-iot:ThingName}"
MAY = allow("iot:AssumeRoleWithCertificate", arn("rolealias", ALIAS))
CONFIG = {"detect": {"window": "1s"}}


@pytest.fixture(scope="module")
def iam(aws):
    return aws("iam")


@pytest.fixture(scope="module")
def iot(aws):
    return aws("iot")


@pytest.fixture(scope="module", autouse=True)
def field_role(iam, iot):
    role_arn = role(iam, "field", CREDENTIAL_PROVIDER, allow("iot:DescribeThing", OWN))
    iot.create_role_alias(roleAlias=ALIAS, roleArn=role_arn, credentialDurationSeconds=900)
    return role_arn


@pytest.fixture(scope="module")
def fleet(server, tmp_path_factory):
    made = Fleet(server, tmp_path_factory.mktemp("fleet"))
    made.policy("may-assume", MAY)
    return made


@pytest.fixture(scope="module")
def device(fleet):
    return fleet.device("pump-17", policies=["may-assume"])


@pytest.fixture(scope="module")
def ask(server, iot):
    """Asks the host that DescribeEndpoint names for an alias's credentials."""
    host = iot.describe_endpoint(endpointType="iot:CredentialProvider")["endpointAddress"]
    port = server.credentials["mqtt"]["alpn_port"]

    def act(device, alias=ALIAS, thing=None, method="GET", headers=None):
        return requests.request(
            method,
            f"https://{host}:{port}/role-aliases/{alias}/credentials",
            headers=({"x-amzn-iot-thingname": thing} if thing else {}) | (headers or {}),
            cert=(str(device.certificate), str(device.key)) if device else None,
            verify=server.ca,
            timeout=10,
        )

    return act


def given(server, answer):
    """The session of an answer."""
    assert answer.status_code == 200, answer.text
    got = answer.json()["credentials"]
    assert sorted(got) == ["accessKeyId", "expiration", "secretAccessKey", "sessionToken"]
    return Session(server, got["accessKeyId"], got["secretAccessKey"], got["sessionToken"])


def refused(answer, status, words):
    assert (answer.status_code, words in answer.json()["message"]) == (status, True), answer.text


def test_a_device_gets_credentials_and_has_the_rights_of_the_role(server, ask, device, iot):
    answer = ask(device, thing="pump-17")
    session = given(server, answer)
    ends = datetime.fromisoformat(answer.json()["credentials"]["expiration"].replace("Z", "+00:00"))
    assert timedelta(seconds=840) < ends - datetime.now(timezone.utc) <= timedelta(seconds=900)
    assert session.key.startswith("ASIA")
    who = session.aws("sts").get_caller_identity()
    assert who["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/field/{device.id}"
    assert who["UserId"].startswith("AROA") and who["UserId"].endswith(f":{device.id}")
    mine = session.aws("iot")
    assert mine.describe_thing(thingName="pump-17")["thingName"] == "pump-17"
    iot.create_thing(thingName="valve-1")
    for call, arguments in (
        (mine.describe_thing, {"thingName": "valve-1"}),
        (mine.delete_thing, {"thingName": "pump-17"}),
        (mine.list_things, {}),
    ):
        with pytest.raises(mine.exceptions.ClientError, match="no policy of the role allows"):
            call(**arguments)


def test_without_the_header_the_role_s_policies_have_no_thing(server, ask, device):
    mine = given(server, ask(device)).aws("iot")
    with pytest.raises(mine.exceptions.ClientError, match="cannot be told here"):
        mine.describe_thing(thingName="pump-17")


def test_curl_gets_them_as_aws_s_guide_shows_it(server, device):
    port = server.credentials["mqtt"]["alpn_port"]
    ended = subprocess.run(
        [
            program("curl"), "-sS", "--cert", device.certificate, "--key", device.key, "--cacert", server.ca,
            "-H", "x-amzn-iot-thingname: pump-17",
            f"https://localhost:{port}/role-aliases/{ALIAS}/credentials",
        ],
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert json.loads(ended.stdout)["credentials"]["accessKeyId"].startswith("ASIA")


def test_who_is_not_let_in_is_told_why(ask, device, fleet, iam, iot):
    refused(ask(device, thing="pump-18"), 403, "not attached to thing `pump-18`")
    refused(ask(device, alias="other"), 403, "no policy statement allows iot:AssumeRoleWithCertificate on rolealias/other")
    bare = fleet.device("bare")
    refused(ask(bare), 403, "no policy statement allows iot:AssumeRoleWithCertificate")
    refused(ask(None), 403, "not signed")
    assert ask(device, method="POST").status_code == 404
    assert ask(device, headers={"x-amzn-iot-thingname": "ü".encode()}).status_code == 400
    fleet.policy("may-assume-any", allow("iot:AssumeRoleWithCertificate", "*"))
    wide = fleet.device("wide", policies=["may-assume-any"])
    refused(ask(wide, alias="nothing"), 404, "nothing")
    refused(ask(wide, alias="a%2Fb"), 400, "roleAlias")
    iot.create_role_alias(roleAlias="gone", roleArn="arn:aws:iam::000000000000:role/gone")
    refused(ask(wide, alias="gone"), 403, "there is no role")
    role(iam, "no-device", {"Service": "iot.amazonaws.com"}, allow("*", "*"))
    iot.create_role_alias(roleAlias="no-device", roleArn="arn:aws:iam::000000000000:role/no-device")
    refused(ask(wide, alias="no-device"), 403, "trust policy does not allow it")


def test_policies_of_the_thing_s_groups_count_where_the_thing_is_named(ask, fleet, iot):
    group = iot.create_thing_group(thingGroupName="assuming")["thingGroupArn"]
    iot.attach_policy(policyName="may-assume", target=group)
    member = fleet.device("member", groups=["assuming"])
    refused(ask(member), 403, "no policy statement allows")
    assert ask(member, thing="member").status_code == 200
    fleet.policy("may-not-assume", deny("iot:AssumeRoleWithCertificate", "*"))
    iot.attach_policy(policyName="may-not-assume", target=member.arn)
    refused(ask(member, thing="member"), 403, "policy may-not-assume denies")


def test_a_certificate_that_is_switched_off_gets_nothing_more(ask, fleet, iot):
    lost = fleet.device("lost", policies=["may-assume"])
    assert ask(lost).status_code == 200
    iot.update_certificate(certificateId=lost.id, newStatus="INACTIVE")
    try:
        refused(ask(lost), 403, "")
    except (requests.exceptions.SSLError, requests.exceptions.ConnectionError):
        pass  # Refused in the handshake.


def test_what_the_role_may_changes_for_credentials_that_are_out(server, ask, fleet, iam, iot):
    may = allow("iot:DescribeThing", "*")
    role_arn = role(iam, "changing", CREDENTIAL_PROVIDER, may)
    iot.create_role_alias(roleAlias="changing", roleArn=role_arn)
    fleet.policy("may-change", allow("iot:AssumeRoleWithCertificate", arn("rolealias", "changing")))
    session = given(server, ask(fleet.device("changing", policies=["may-change"]), alias="changing"))
    mine = session.aws("iot")
    mine.describe_thing(thingName="changing")
    iam.put_role_policy(RoleName="changing", PolicyName="own", PolicyDocument=trustless(deny("*", "*")))
    with pytest.raises(mine.exceptions.ClientError, match="explicit deny in policy own"):
        mine.describe_thing(thingName="changing")
    iam.put_role_policy(RoleName="changing", PolicyName="own", PolicyDocument=trustless(may))
    mine.describe_thing(thingName="changing")
    remove_role(iam, "changing")
    with pytest.raises(mine.exceptions.ClientError, match="does not exist any more") as caught:
        mine.describe_thing(thingName="changing")
    assert caught.value.response["Error"]["Code"] == "UnrecognizedClientException"
    # Another role of that name does not bring them back.
    role(iam, "changing", CREDENTIAL_PROVIDER, may)
    with pytest.raises(mine.exceptions.ClientError, match="does not exist any more"):
        mine.describe_thing(thingName="changing")


def trustless(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def test_a_role_that_stops_trusting_gives_no_more(ask, device, iam):
    other = trust({"Service": "iot.amazonaws.com"})
    iam.update_assume_role_policy(RoleName="field", PolicyDocument=other)
    refused(ask(device), 403, "trust policy")
    iam.update_assume_role_policy(RoleName="field", PolicyDocument=trust(CREDENTIAL_PROVIDER))
    assert ask(device).status_code == 200


def test_a_denied_request_is_an_authorization_failure_of_the_thing(server, ask, fleet, iot):
    iot.create_security_profile(
        securityProfileName="failures",
        behaviors=[
            {
                "name": "denied",
                "metric": "aws:num-authorization-failures",
                "criteria": {
                    "comparisonOperator": "less-than",
                    "value": {"count": 1},
                    "durationSeconds": 300,
                    "consecutiveDatapointsToAlarm": 1,
                },
            }
        ],
    )
    target = "arn:aws:iot:us-east-1:000000000000:all/registered-things"
    iot.attach_security_profile(securityProfileName="failures", securityProfileTargetArn=target)
    prying = fleet.device("prying")

    def alarmed():
        refused(ask(prying, thing="prying"), 403, "no policy statement allows")
        found = iot.list_active_violations(thingName="prying")["activeViolations"]
        return [it for it in found if it["behavior"]["name"] == "denied"]

    wait_for("an alarm about the denied requests", alarmed, 60)


def test_no_secret_is_in_the_log(server, ask, device):
    session = given(server, ask(device, thing="pump-17"))
    session.aws("sts").get_caller_identity()
    log = server.log_path.read_text(errors="replace")
    assert session.key in log, "who was given credentials is in the log"
    assert session.secret not in log and session.token not in log

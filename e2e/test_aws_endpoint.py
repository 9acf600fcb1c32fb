"""The AWS endpoint: who is let in, and what is said to everybody else. Operations have files of their own."""

import datetime
import http.client
import json
import socket
import subprocess
import sys
import urllib.parse

import boto3
import pytest
import requests
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/r"


@pytest.fixture
def access(server):
    return server.credentials["aws"]


def client(access, service, **changes):
    """A boto3 client with one thing different."""
    values = {
        "endpoint_url": access["endpoint_url"],
        "region_name": access["region"],
        "aws_access_key_id": access["access_key_id"],
        "aws_secret_access_key": access["secret_access_key"],
        "config": Config(retries={"total_max_attempts": 1}),
    }
    return boto3.session.Session().client(service, **{**values, **changes})


def refusal(call, *args, **arguments):
    """The status, code and message of a call that fails."""
    with pytest.raises(ClientError) as caught:
        call(*args, **arguments)
    answer = caught.value.response
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status, answer["Error"]["Code"], answer["Error"]["Message"]


def signed(access, method, path, data=b"", headers=None, signer=SigV4Auth, now=None, **options):
    """A request as botocore signs it, to be sent by `requests`."""
    url = access["endpoint_url"] + path
    credentials = Credentials(access["access_key_id"], access["secret_access_key"])
    request = AWSRequest(method=method, url=url, headers=headers or {}, data=data)
    auth = signer(credentials, options.pop("service", "iot"), access["region"], **options)
    if now is None:
        auth.add_auth(request)
    else:
        with at(now):
            auth.add_auth(request)
    return request.prepare()


class at:
    """Lets botocore sign as if it were another time."""

    def __init__(self, now):
        self.now = now

    def __enter__(self):
        import botocore.auth

        self.module, self.before = botocore.auth, botocore.auth.get_current_datetime
        moment = self.now.replace(tzinfo=None)
        botocore.auth.get_current_datetime = lambda remove_tzinfo=True: moment

    def __exit__(self, *_):
        self.module.get_current_datetime = self.before


def send(request):
    parts = urllib.parse.urlsplit(request.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    target = parts.path + ("?" + parts.query if parts.query else "")
    headers = {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    connection.request(request.method, target, body=request.body or None, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, answer.getheader("x-amzn-errortype"), body


def check(request, status, code, words):
    answer = send(request)
    assert answer[:2] == (status, code), answer
    assert words in json.loads(answer[2])["message"], answer
    assert json.loads(answer[2])["__type"] == code


def test_awscli_and_boto3_are_answered(server, aws):
    assert aws("iot").describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]
    answer = server.awscli("sts", "get-caller-identity")
    assert answer["Arn"] == "arn:aws:iam::000000000000:user/admin"
    assert server.awscli("iot", "describe-endpoint")["endpointAddress"]


def test_a_wrong_secret_is_told_what_should_have_been_signed(access):
    wrong = client(access, "iot", aws_secret_access_key="wrong")
    status, code, message = refusal(wrong.describe_endpoint)
    assert (status, code) == (403, "InvalidSignatureException")
    assert "The canonical request should have been" in message
    assert "wrong" not in message
    status, code, _ = refusal(client(access, "sts", aws_secret_access_key="x").get_caller_identity)
    assert (status, code) == (403, "SignatureDoesNotMatch")


def test_an_unknown_key_is_said_to_be_unknown(access):
    unknown = client(access, "iot", aws_access_key_id="AKIANOBODY")
    status, code, message = refusal(unknown.describe_endpoint)
    assert (status, code) == (403, "UnrecognizedClientException")
    assert "AKIANOBODY" in message
    status, code, _ = refusal(client(access, "iam", aws_access_key_id="AKIANOBODY").list_users)
    assert (status, code) == (403, "InvalidClientTokenId")


def test_a_left_over_session_token_is_refused(access):
    with_token = client(access, "iot", aws_session_token="left over")
    status, code, message = refusal(with_token.describe_endpoint)
    assert (status, code) == (403, "UnrecognizedClientException")
    assert "AWS_SESSION_TOKEN" in message


def test_an_unsigned_request_is_missing_its_token(access):
    answer = requests.get(access["endpoint_url"] + "/endpoint", timeout=10)
    assert answer.status_code == 403
    assert answer.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"


@pytest.mark.parametrize("minutes, words", [(-16, "expired"), (16, "not yet current")])
def test_a_clock_that_is_off_is_told_both_times(access, minutes, words):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    check(signed(access, "GET", "/endpoint", now=now), 403, "RequestExpired", words)


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_clock_that_is_off_a_little_is_fine(access, minutes):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    assert send(signed(access, "GET", "/endpoint", now=now))[0] == 200


def test_presigned_requests_are_good_until_they_expire(access):
    presign = {"signer": SigV4QueryAuth, "expires": 60}
    assert send(signed(access, "GET", "/endpoint?endpointType=iot%3AData", **presign))[0] == 200
    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=90)
    check(signed(access, "GET", "/endpoint", now=past, **presign), 403, "RequestExpired", "good until")
    request = signed(access, "GET", "/endpoint", **presign)
    request.url = request.url.replace("X-Amz-Expires=60", "X-Amz-Expires=600")
    check(request, 403, "InvalidSignatureException", "does not match")


@pytest.mark.parametrize(
    "change, code, words",
    [
        (lambda text: "Basic YTpi", "IncompleteSignatureException", "`Basic`"),
        (lambda text: text.split(", Signature")[0], "IncompleteSignatureException", "no Signature"),
        (lambda text: text.replace("host;", ""), "IncompleteSignatureException", "`host`"),
        (lambda text: text.replace("/iot/", "/s3/"), "UnknownOperationException", "`s3`"),
        (lambda text: text.replace("aws4_request", "x"), "IncompleteSignatureException", "aws4_request"),
    ],
)
def test_a_mangled_authorization_is_told_what_is_wrong(access, change, code, words):
    request = signed(access, "GET", "/endpoint")
    text = request.headers["Authorization"]
    del request.headers["Authorization"]
    request.headers["Authorization"] = change(text.decode() if isinstance(text, bytes) else text)
    status, found, body = send(request)
    if code == "UnknownOperationException":
        # Another service in the scope is another signature, too.
        assert status in (403, 404), body
        return
    assert (status, found) == (400, code), body
    assert words in body


def test_what_was_signed_cannot_be_changed_on_the_way(access):
    mismatch = (403, "InvalidSignatureException", "does not match")
    request = signed(access, "GET", "/things?maxResults=1")
    request.url = request.url.replace("maxResults=1", "maxResults=2")
    check(request, *mismatch)
    request = signed(access, "GET", "/things/a")
    request.method = "DELETE"
    check(request, *mismatch)
    request = signed(access, "POST", "/role-aliases/a", data=b'{"roleArn":"x"}')
    request.body = b'{"roleArn":"y"}'
    check(request, *mismatch)
    request = signed(access, "PUT", "/things/a/principals", headers={"x-amzn-principal": "p"})
    del request.headers["x-amzn-principal"]
    check(request, 403, "InvalidSignatureException", "`x-amzn-principal` is signed, but")
    request = signed(access, "PUT", "/things/a/principals")
    request.headers["x-amzn-principal"] = "p"
    check(request, 400, "IncompleteSignatureException", "`x-amzn-principal` is not in SignedHeaders")


def test_an_unsigned_payload_and_a_chunked_one_are_taken(access):
    headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    status, _, body = send(signed(access, "POST", "/role-aliases/u", b"{}", headers))
    assert status == 400 and "roleArn" in body
    body = json.dumps({"roleArn": ROLE}).encode()
    headers = {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": str(len(body)),
        "content-encoding": "aws-chunked",
    }
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    request = signed(access, "POST", "/role-aliases/chunked", chunked, headers, signer=Streaming)
    assert send(request)[0] == 200
    request = signed(access, "POST", "/role-aliases/cut", chunked[:-9], headers, signer=Streaming)
    check(request, 400, "IncompleteSignatureException", "aws-chunked body")


class Streaming(SigV4Auth):
    """Signs the kind of body instead of its hash."""

    def payload(self, request):
        return request.headers["x-amz-content-sha256"]


def test_operations_that_are_not_here_say_so(aws):
    status, code, message = refusal(aws("iot").search_index, queryString="thingName:a")
    assert (status, code) == (404, "UnknownOperationException")
    assert message == "AWS's iot has SearchIndex, but Picket does not implement it"
    status, code, message = refusal(aws("iam").create_group, GroupName="g")
    assert (status, code) == (400, "InvalidAction") and "CreateGroup" in message
    status, code, message = refusal(
        aws("cognito-identity").list_identities, IdentityPoolId="us-east-1:x", MaxResults=1
    )
    assert code == "UnknownOperationException" and "ListIdentities" in message
    _, code, message = refusal(aws("dynamodb").list_tables)
    assert code == "UnknownOperationException" and "`dynamodb` is not served here" in message


def test_bad_json_and_huge_bodies_are_refused_with_the_reason(access):
    bad = (400, "InvalidRequestException")
    check(signed(access, "POST", "/role-aliases/a", b"{"), *bad, "not JSON")
    check(signed(access, "POST", "/role-aliases/a", b"[]"), *bad, "not a JSON object")
    check(signed(access, "POST", "/role-aliases/a", b'{"roleArn":[1]}'), *bad, "`roleArn`")
    check(signed(access, "POST", "/role-aliases/a", b'{"a":' + b"[" * 5000), *bad, "32 levels")
    huge = b" " * (2 * 1024 * 1024)
    try:
        status, code, _ = send(signed(access, "POST", "/role-aliases/a", huge))
        assert (status, code) == (413, "RequestEntityTooLargeException")
    except (BrokenPipeError, ConnectionResetError):
        # The answer came, and the connection ended, while the body was still on its way.
        pass


def test_tokens_from_elsewhere_are_refused(aws, access):
    iot = aws("iot")
    for name in ("t1", "t2"):
        iot.create_role_alias(roleAlias=name, roleArn=ROLE)
    marker = iot.list_role_aliases(pageSize=1)["nextMarker"]
    for call, arguments in [
        (iot.list_policies, {"marker": marker}),
        (iot.list_role_aliases, {"marker": marker[:-4] + "AAAA"}),
        (iot.list_role_aliases, {"marker": "AAAA"}),
        (iot.list_things, {"nextToken": marker}),
    ]:
        status, code, message = refusal(call, **arguments)
        assert (status, code) == (400, "InvalidRequestException"), message
        assert "pagination token" in message
    made = aws("iam").create_access_key()["AccessKey"]
    other = client(
        access, "iot", aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"]
    )
    assert other.list_role_aliases(pageSize=1, marker=marker)["roleAliases"], "the same user's other key"


def test_garbage_ends_its_connection_and_nothing_else(access, aws):
    parts = urllib.parse.urlsplit(access["endpoint_url"])
    for garbage in (
        bytes(range(256)) * 64,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000,
        b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
    ):
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as stream:
            try:
                stream.sendall(garbage)
                stream.shutdown(socket.SHUT_WR)
                answer = stream.recv(65536)
            except OSError:
                answer = b""
            assert not answer.startswith(b"HTTP/1.1 2"), answer
    assert aws("iot").describe_endpoint()["endpointAddress"]


def test_a_user_s_new_key_works_at_once_and_not_after_it_is_deleted(aws, access):
    iam = aws("iam")
    for _ in range(5):
        made = iam.create_access_key(UserName="admin")["AccessKey"]
        mine = client(
            access,
            "sts",
            aws_access_key_id=made["AccessKeyId"],
            aws_secret_access_key=made["SecretAccessKey"],
        )
        assert mine.get_caller_identity()["Arn"].endswith(":user/admin")
        iam.update_access_key(AccessKeyId=made["AccessKeyId"], Status="Inactive")
        assert refusal(mine.get_caller_identity)[1] == "InvalidClientTokenId"
        iam.update_access_key(AccessKeyId=made["AccessKeyId"], Status="Active")
        assert mine.get_caller_identity()
        iam.delete_access_key(AccessKeyId=made["AccessKeyId"])
        assert refusal(mine.get_caller_identity)[1] == "InvalidClientTokenId"


def test_users_may_what_their_role_says_and_the_trail_names_them(server, aws, access):
    iam = aws("iam")
    server.picket("user", "create", "ada", "--role", "viewer")
    made = iam.create_access_key(UserName="ada")["AccessKey"]
    keys = {
        "aws_access_key_id": made["AccessKeyId"],
        "aws_secret_access_key": made["SecretAccessKey"],
    }
    iot, data = client(access, "iot", **keys), client(access, "iot-data", **keys)
    for role in ("viewer", "analyst"):
        server.picket("user", "set", "ada", "--role", role)
        assert "things" in iot.list_things()
        status, code, message = refusal(iot.create_thing, thingName="hers")
        assert (status, code) == (403, "AccessDeniedException")
        assert message.startswith("ada is not authorized to perform iot:CreateThing")
        status, code, _ = refusal(data.publish, topic="a/b", payload=b"x")
        assert (status, code) == (403, "ForbiddenException")
    server.picket("user", "set", "ada", "--role", "admin")
    iot.create_thing(thingName="hers")
    session, api = server.console()
    trail = session.get(f"{api}/changes", params={"actor": "ada"}, timeout=10).json()["changes"]
    assert [(change["operation"], change["resource"], change["error"]) for change in trail] == [
        ("CreateThing", "thing/hers", None),
        ("CreateThing", "thing/hers", "AccessDeniedException"),
        ("CreateThing", "thing/hers", "AccessDeniedException"),
    ]
    assert all(change["source"].startswith("127.0.0.1:") for change in trail)
    server.picket("user", "delete", "ada")
    assert refusal(iot.list_things)[:2] == (403, "UnrecognizedClientException")


def test_a_path_that_is_there_for_another_method_has_iot_data_s_status(access):
    request = signed(access, "GET", "/topics/a", service="iotdata")
    check(request, 405, "MethodNotAllowedException", "that path is there for POST")
    request = signed(access, "PUT", "/endpoint")
    check(request, 404, "UnknownOperationException", "that path is there for GET")


def test_who_asks_too_often_is_throttled_in_the_words_of_the_service(own_server):
    server = own_server({"aws": {"user_requests_per_second_max": 5}}).start()
    access = server.credentials["aws"]
    for service, operation, status in [
        ("iot", "describe_endpoint", 400),
        ("iot-data", "list_retained_messages", 429),
        ("iam", "list_users", 400),
        ("cognito-identity", "list_identity_pools", 400),
    ]:
        slow = client(access, service)
        arguments = {"MaxResults": 1} if service == "cognito-identity" else {}
        found = None
        for _ in range(200):
            try:
                getattr(slow, operation)(**arguments)
            except ClientError as error:
                found = error.response
                break
        assert found["ResponseMetadata"]["HTTPStatusCode"] == status, service
        assert found["Error"]["Code"] in (
            "ThrottlingException",
            "Throttling",
            "TooManyRequestsException",
        )


def test_awscli_shows_errors_as_it_does_with_aws(server, access):
    environment = {
        "AWS_ACCESS_KEY_ID": access["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": "wrong",
        "AWS_DEFAULT_REGION": access["region"],
        "AWS_ENDPOINT_URL": access["endpoint_url"],
        "AWS_MAX_ATTEMPTS": "1",
        "PATH": "/usr/bin:/bin",
    }
    command = [sys.executable, "-m", "awscli", "iot", "describe-endpoint"]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert ended.returncode != 0
    assert "(InvalidSignatureException) when calling the DescribeEndpoint operation" in ended.stderr

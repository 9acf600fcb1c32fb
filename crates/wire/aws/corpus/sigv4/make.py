"""Writes the requests of botocore.json: what botocore signs, as it would send it.

Run with a Python that has boto3: `python make.py > botocore.json`. The signing time is fixed, so that the
file changes only when botocore does.
"""

import base64
import datetime
import io
import json
import urllib.parse

import boto3
import botocore.auth
import botocore.crt.auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW = datetime.datetime(2025, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)


def fixed(remove_tzinfo=True):
    return NOW.replace(tzinfo=None) if remove_tzinfo else NOW


# Where awscrt is installed, clients sign with it; both ways are kept.
botocore.auth.get_current_datetime = fixed
botocore.crt.auth.get_current_datetime = fixed

cases = []


def bytes_of(body):
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    return b"".join(iter(lambda: body.read(65536), b""))


def text_of(value):
    return value.decode() if isinstance(value, bytes) else value


def keep(name, request, decoded=None):
    parts = urllib.parse.urlsplit(request.url)
    headers = [[name.lower(), text_of(value)] for name, value in request.headers.items()]
    # Not signed, and different on every machine.
    headers = [pair for pair in headers if pair[0] != "user-agent" and not pair[0].startswith("amz-sdk")]
    if not any(name == "host" for name, _ in headers):
        # HTTP clients leave the default port out.
        headers.append(["host", parts.netloc.removesuffix(":80")])
    case = {
        "name": name,
        "method": request.method,
        "target": (parts.path or "/") + ("?" + parts.query if parts.query else ""),
        "headers": headers,
        "body": base64.b64encode(bytes_of(request.body)).decode(),
    }
    if decoded is not None:
        case["decoded"] = base64.b64encode(decoded).decode()
    cases.append(case)


class Stop(Exception):
    pass


def call(service, operation, url="http://127.0.0.1:4566", decoded=None, **arguments):
    """What a client's call would send."""
    client = boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=Config(s3={"addressing_style": "path"}),
    )
    caught = []

    def catch(request, **_):
        caught.append(request)
        raise Stop

    client.meta.events.register("before-send", catch)
    try:
        getattr(client, operation)(**arguments)
    except Stop:
        pass
    keep(f"{service} {operation} {len(cases)}", caught[0], decoded)


def signed(name, auth, method, url, headers=None, data=b""):
    """A request signed by one of botocore's signers."""
    request = AWSRequest(method=method, url=url, headers=headers or {}, data=data)
    auth.add_auth(request)
    keep(name, request.prepare())


call("iot", "describe_endpoint")
call("iot", "describe_endpoint", endpointType="iot:Data-ATS")
call("iot", "create_thing", thingName="a:b-_", attributePayload={"attributes": {"é": "ü"}})
call("iot", "list_attached_policies", target="arn:aws:iot:us-east-1:000000000000:cert/ab cd/+%", pageSize=3)
call("iot", "attach_thing_principal", thingName="pump", principal="arn:aws:iot:us-east-1:0:cert/ab")
call("iot", "list_principal_policies", principal="arn:x  y", ascendingOrder=True)
call("iot", "create_topic_rule", ruleName="r", topicRulePayload={"sql": "SELECT *", "actions": []}, tags="a=b")
call("iot", "get_topic_rule_destination", arn="arn:aws:iot:us-east-1:0:ruledestination/http/1-2")
call("iot", "list_things", attributeName="a+b c/d", attributeValue="~*!'()", maxResults=2)
call("iot", "describe_thing", thingName="..")
call("iot-data", "publish", topic="$aws/things/a b/x", qos=1, payload=b"\x00\xff{}")
call("iot-data", "publish", topic="a//b/./c", payload="")
call("sts", "get_caller_identity")
call("iam", "create_role", RoleName="r", AssumeRolePolicyDocument='{"a": "b c&d=+"}', Tags=[{"Key": "k", "Value": "v"}])
call("cognito-identity", "list_identity_pools", MaxResults=1)
call("firehose", "put_record", DeliveryStreamName="s", Record={"Data": b"x"})
call("s3", "list_objects_v2", Bucket="bucket", Prefix="a/b c+d", Delimiter="/")
call("s3", "get_object", Bucket="bucket", Key="a/./b//c d+é%20")
call("s3", "put_object", Bucket="bucket", Key="k", Body=b"content", Metadata={"m": "  two  spaces "})
call("s3", "put_object", url="https://127.0.0.1:4566", Bucket="bucket", Key="k",
     Body=io.BytesIO(b"streamed content" * 100), decoded=b"streamed content" * 100)

plain = Credentials(KEY, SECRET)
with_token = Credentials(KEY, SECRET, "session/token+with=signs")
v4 = lambda credentials, service="iot": botocore.auth.SigV4Auth(credentials, service, "eu-west-1")
query = lambda credentials, service="iot", expires=60: botocore.auth.SigV4QueryAuth(
    credentials, service, "eu-west-1", expires=expires
)
s3 = lambda expires=60: botocore.auth.S3SigV4QueryAuth(plain, "s3", "eu-west-1", expires=expires)

crt = lambda service: botocore.crt.auth.CrtSigV4Auth(plain, service, "eu-west-1")
signed("crt path", crt("iot"), "GET", "http://localhost/things/a%3Ab%20c?x=1%2F&a=+")
signed("crt dots", crt("iot"), "GET", "http://localhost/a/../b/./c//d/")
signed("root", v4(plain), "GET", "http://localhost:4566")
signed("default port", v4(plain), "GET", "http://localhost:80/endpoint")
signed("token", v4(with_token), "GET", "http://localhost/endpoint")
signed("query order", v4(plain), "GET", "http://localhost/x?b=2&a=3&a=1&c&a-b=1&aB=1&%2Fa=%20~")
signed("dot segments", v4(plain), "GET", "http://localhost/a/../b/./c//d/")
signed("header spaces", v4(plain), "GET", "http://localhost/", {"X-Amz-Note": "  a   b  c "})
signed("post form", v4(plain, "sts"), "POST", "http://localhost/", {"Content-Type": "x"}, b"Action=A&b=+")
signed("presigned", query(plain), "GET", "http://localhost/endpoint?endpointType=iot%3AData")
signed("presigned token", query(with_token), "GET", "http://localhost/endpoint")
signed("presigned websocket", query(plain, "iotdevicegateway", 3600), "GET", "http://localhost/mqtt")
signed("presigned s3", s3(), "GET", "http://localhost/bucket/a%20b//c")
signed("presigned s3 put", s3(), "PUT", "http://localhost/bucket/k", {}, b"")

print(json.dumps({"access_key": KEY, "secret": SECRET, "now": "20250102T030405Z", "cases": cases}, indent=1,
                 ensure_ascii=False))

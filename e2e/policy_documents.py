"""IoT policy documents, and giving them to things."""

import json


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, *resources):
    return {"Effect": "Allow", "Action": action, "Resource": list(resources)}


def deny(action, *resources):
    return {"Effect": "Deny", "Action": action, "Resource": list(resources)}


def arn(kind, path):
    return f"arn:aws:iot:us-east-1:000000000000:{kind}/{path}"


def grant_to_fleet(iot, name, *statements):
    """Gives every thing of the fleet further rights, by a boto3 client."""
    iot.create_policy(policyName=name, policyDocument=document(*statements))
    iot.attach_policy(policyName=name, target=arn("thinggroup", "picket-fleet"))

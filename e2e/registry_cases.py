"""Registry operations as data: what is refused, how, and that a refusal writes nothing."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

INVALID = "InvalidRequestException"
MISSING = "ResourceNotFoundException"
EXISTS = "ResourceAlreadyExistsException"
CONFLICT = "VersionConflictException"
LIMIT = "LimitExceededException"
IN_USE = "DeleteConflictException"
STATE = "CertificateStateException"
NOT_VALID = "CertificateValidationException"
AMBIGUOUS = "CertificateConflictException"
NO_CODE = "RegistrationCodeValidationException"
MALFORMED = "MalformedPolicyException"
VERSIONS = "VersionsLimitExceededException"

# Errors that depend on what is asked for, with their HTTP status.
STATUSES = {
    INVALID: 400,
    NOT_VALID: 400,
    NO_CODE: 400,
    MALFORMED: 400,
    MISSING: 404,
    STATE: 406,
    EXISTS: 409,
    CONFLICT: 409,
    IN_USE: 409,
    VERSIONS: 409,
    AMBIGUOUS: 409,
    LIMIT: 410,
}

# No name in the registry holds one of these.
ODD_NAMES = [
    "a/b",
    "a b",
    "a.b",
    "a%2Fb",
    "../a",
    "a\\b",
    "a?b",
    "a#b",
    "a+b",
    "a*",
    "$a",
    "käse",
    "名前",
    "a\u202eb",
    "a\u0000b",
    "a\r\nb",
    "'; DROP TABLE things; --",
    '{"a":1}',
    "x" * 129,
]


@dataclass
class Refusal:
    """A call that is refused with `code`; the message holds `text`."""

    operation: str
    code: str
    text: str = ""
    args: dict = field(default_factory=dict)

    def __str__(self):
        return f"{self.operation}-{self.code}-{self.text or self.args}"[:80]


def refusal(operation, code, text="", **args):
    return Refusal(operation, code, text, args)


def call(client, operation, **args):
    return getattr(client, xform_name(operation))(**args)


def refused(client, operation, code, text="", **args):
    """Checks that a call is refused so, in the shape AWS's clients parse; returns the error."""
    with pytest.raises(ClientError) as caught:
        call(client, operation, **args)
    response = caught.value.response
    error = response["Error"]
    assert error["Code"] == code, error
    assert text in error["Message"], error
    assert response["ResponseMetadata"]["HTTPStatusCode"] == STATUSES[code]
    modelled = client.exceptions.from_code(code)
    assert isinstance(caught.value, modelled), f"{operation} does not model {code}"
    return caught.value


def pages(client, operation, key, size=None, **args):
    """Every page that boto3's paginator gets; no token comes twice."""
    paginator = client.get_paginator(xform_name(operation))
    config = {"PageSize": size} if size else {}
    return [page[key] for page in paginator.paginate(**args, PaginationConfig=config)]


def all_of(client, operation, key, **args):
    return [item for page in pages(client, operation, key, **args) for item in page]


def together(count, act):
    """Calls `act(n)` for each n below `count`, 16 at a time; results and errors in order."""

    def caught(n):
        try:
            return act(n)
        except ClientError as error:
            return error

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(caught, range(count)))


def modelled_errors(client, operation):
    """The errors of AWS's model that depend on what is asked for."""
    shapes = client.meta.service_model.operation_model(operation).error_shapes
    return {shape.name for shape in shapes} & STATUSES.keys()


def check_coverage(client, operations, refusals, exceptions):
    """Every error of each operation's model has a case, but for the listed exceptions."""
    seen = {(case.operation, case.code) for case in refusals}
    for operation in operations:
        for code in modelled_errors(client, operation):
            expected = (operation, code) not in exceptions
            assert ((operation, code) in seen) == expected, f"{operation} {code}"

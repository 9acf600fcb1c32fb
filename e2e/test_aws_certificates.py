"""Certificates, their authorities and the principals of things by boto3 and awscli, as on AWS."""

import datetime
import json
import ssl
from pathlib import Path

import pytest

from openssl_pki import Authority, openssl, signing_request
from paho_client import PahoClient
from policy_documents import allow, arn, document
from registry_cases import (
    AMBIGUOUS,
    EXISTS,
    IN_USE,
    INVALID,
    LIMIT,
    MISSING,
    NO_CODE,
    NOT_VALID,
    STATE,
    all_of,
    check_coverage,
    pages,
    refusal,
    refused,
    together,
)
from server import CommandFailed

OPERATIONS = (
    "CreateKeysAndCertificate CreateCertificateFromCsr RegisterCertificate "
    "RegisterCertificateWithoutCA DescribeCertificate UpdateCertificate DeleteCertificate "
    "ListCertificates ListCertificatesByCA TransferCertificate AcceptCertificateTransfer "
    "RejectCertificateTransfer CancelCertificateTransfer ListOutgoingCertificates "
    "AttachThingPrincipal DetachThingPrincipal ListThingPrincipals ListThingPrincipalsV2 "
    "ListPrincipalThings ListPrincipalThingsV2 GetRegistrationCode DeleteRegistrationCode "
    "RegisterCACertificate DescribeCACertificate UpdateCACertificate DeleteCACertificate "
    "ListCACertificates"
).split()

NOBODY = "0" * 64
# Ids that are none. AWS's own clients refuse some of them, unless told not to look.
ODD_IDS = ["x", "0" * 63, "0" * 65, "g" * 64, "ä" * 64, "../../etc/passwd", "0" * 63 + "\u0000"]
TEMPLATE = json.dumps(
    {
        "Parameters": {"AWS::IoT::Certificate::Id": {"Type": "String"}},
        "Resources": {
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}},
            }
        },
    }
)


@pytest.fixture(scope="module")
def iot(aws):
    return aws("iot")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pki")


@pytest.fixture(scope="module")
def registered(iot, folder):
    """An authority that is registered and ACTIVE."""
    authority = Authority(folder, "Registered CA", kind="RSA:2048")
    authority.register(iot)
    return authority


def described(iot, certificate_id):
    return iot.describe_certificate(certificateId=certificate_id)["certificateDescription"]


def from_csr(iot, folder, **options):
    request, _ = signing_request(folder)
    return iot.create_certificate_from_csr(certificateSigningRequest=request, **options)


def loads(folder, certificate_pem, key_pem):
    """Python's ssl takes the certificate and the key, which fit each other."""
    both = Path(folder) / "pair.pem"
    both.write_text(certificate_pem + key_pem)
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(both)


# Making certificates


def test_keys_are_made_with_the_certificate_that_aws_would_make(iot, folder):
    made = iot.create_keys_and_certificate(setAsActive=True)
    loads(folder, made["certificatePem"], made["keyPair"]["PrivateKey"])
    assert made["certificateArn"] == arn("cert", made["certificateId"])
    assert made["keyPair"]["PrivateKey"].startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    public = openssl("x509", "-noout", "-pubkey", stdin=made["certificatePem"])
    assert public == made["keyPair"]["PublicKey"]
    assert openssl("rsa", "-pubout", stdin=made["keyPair"]["PrivateKey"]) == public
    text = openssl("x509", "-noout", "-text", "-fingerprint", "-sha256", stdin=made["certificatePem"])
    assert "Subject: CN = AWS IoT Certificate" in text
    assert "Not After : Dec 31 23:59:59 2049 GMT" in text
    assert "CA:FALSE" in text and "Public-Key: (2048 bit)" in text
    assert made["certificateId"].upper() in text.replace(":", "")


def test_a_made_certificate_is_signed_by_the_installations_authority(iot, server_ca, folder):
    pem = folder / "made.pem"
    pem.write_text(iot.create_keys_and_certificate()["certificatePem"])
    assert openssl("verify", "-CAfile", server_ca, pem).strip().endswith("OK")


@pytest.fixture(scope="module")
def server_ca(server):
    path = Path(server.ca)
    if not path.exists():
        pytest.fail(f"{path} is missing")
    return path


@pytest.mark.parametrize("kind", ["RSA:2048", "RSA:4096", "P-256", "P-384", "P-521"])
def test_a_signing_request_gives_a_certificate_of_its_subject_and_key(iot, folder, kind):
    subject = "/C=DE/O=Hospital/OU=Pumps/OU=Floor 3/CN=pump-17"
    request, own = signing_request(folder, subject, kind)
    made = iot.create_certificate_from_csr(certificateSigningRequest=request)
    loads(folder, made["certificatePem"], own.read_text())
    shown = openssl("x509", "-noout", "-subject", stdin=made["certificatePem"])
    assert shown.strip() == "subject=C = DE, O = Hospital, OU = Pumps, OU = Floor 3, CN = pump-17"
    again = iot.create_certificate_from_csr(certificateSigningRequest=request, setAsActive=True)
    assert again["certificateId"] != made["certificateId"]
    assert described(iot, made["certificateId"])["status"] == "INACTIVE"
    assert described(iot, again["certificateId"])["status"] == "ACTIVE"


def test_a_certificate_is_described_whole(iot, folder):
    before = datetime.datetime.now(datetime.timezone.utc)
    made = from_csr(iot, folder)
    found = described(iot, made["certificateId"])
    assert found.pop("certificatePem") == made["certificatePem"]
    created = found.pop("creationDate")
    assert abs((created - before).total_seconds()) < 30
    assert found.pop("lastModifiedDate") == created
    validity = found.pop("validity")
    assert validity["notBefore"] < created
    assert validity["notAfter"].isoformat().startswith("2049-12-31T23:59:59")
    assert len(found.pop("generationId")) == 36
    assert found == {
        "certificateArn": made["certificateArn"],
        "certificateId": made["certificateId"],
        "status": "INACTIVE",
        "ownedBy": "000000000000",
        "customerVersion": 1,
        "transferData": {},
        "certificateMode": "DEFAULT",
    }


# Registering certificates


@pytest.mark.parametrize("kind", ["RSA:2048", "P-256", "P-384", "P-521"])
@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_certificates_of_a_registered_authority_can_be_registered(iot, folder, kind, digest):
    authority = Authority(folder, f"{kind} {digest} CA", kind)
    ca = authority.register(iot)
    device = authority.issue(digest=digest)
    made = iot.register_certificate(certificatePem=device.pem, status="ACTIVE")
    assert made["certificateId"] == device.id
    assert made["certificateArn"] == arn("cert", device.id)
    found = described(iot, device.id)
    assert (found["caCertificateId"], found["status"]) == (ca, "ACTIVE")
    assert found["certificateMode"] == "DEFAULT"
    listed = all_of(iot, "ListCertificatesByCA", "certificates", caCertificateId=ca)
    assert [it["certificateId"] for it in listed] == [device.id]


def test_the_pem_may_stand_between_words_and_is_kept_without_them(iot, registered):
    device = registered.issue()
    told = openssl("x509", "-in", device.certificate, "-text")
    assert told.startswith("Certificate:\n")
    made = iot.register_certificate(certificatePem=told.replace("\n", "\r\n"))
    assert made["certificateId"] == device.id
    assert described(iot, device.id)["certificatePem"] == device.pem


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({}, "INACTIVE"),
        ({"setAsActive": True}, "ACTIVE"),
        ({"setAsActive": False}, "INACTIVE"),
        ({"status": "REVOKED"}, "REVOKED"),
        ({"status": "ACTIVE", "setAsActive": True}, "ACTIVE"),
    ],
)
def test_a_registration_says_the_first_status(iot, registered, options, status):
    device = registered.issue()
    iot.register_certificate(certificatePem=device.pem, **options)
    assert described(iot, device.id)["status"] == status


def test_a_certificate_can_be_registered_without_its_authority(iot, folder):
    device = Authority(folder, "Unknown CA").issue()
    made = iot.register_certificate_without_ca(certificatePem=device.pem, status="ACTIVE")
    found = described(iot, made["certificateId"])
    assert (found["certificateMode"], found["status"]) == ("SNI_ONLY", "ACTIVE")
    assert "caCertificateId" not in found


def test_a_certificate_signed_with_dsa_can_be_registered_without_its_authority(server, iot, folder):
    authority = Authority(folder, "DSA CA", kind="DSA")
    device = authority.issue("dsa-1")
    refused(iot, "RegisterCertificate", NOT_VALID, "not signed by a registered", certificatePem=device.pem)
    mode = {"caCertificate": authority.pem, "certificateMode": "SNI_ONLY"}
    refused(iot, "RegisterCACertificate", NOT_VALID, "1.2.840.10040.4.1", **mode)
    iot.register_certificate_without_ca(certificatePem=device.pem, status="ACTIVE")
    policy = document(allow("iot:Connect", arn("client", "dsa-1")))
    iot.create_policy(policyName="dsa", policyDocument=policy)
    iot.attach_policy(policyName="dsa", target=arn("cert", device.id))
    device.ca = server.ca
    client = PahoClient("dsa-1").with_bundle(device)
    client.connect("localhost", server.credentials["mqtt"]["port"])
    client.close()


def broken(pem):
    """Texts that are no certificates any more, each broken in its own way."""
    der = ssl.PEM_cert_to_DER_cert(pem)
    lines = pem.splitlines(keepends=True)

    def packed(of):
        return ssl.DER_cert_to_PEM_cert(bytes(of))

    yield "no end line", "".join(lines[:-1])
    yield "no begin line", "".join(lines[1:])
    yield "a line too few", "".join(lines[:3] + lines[4:])
    yield "a line twice", "".join(lines[:3] + lines[2:])
    yield "not base64", pem.replace(lines[2][:8], "&lt;!--?")
    yield "other words in its lines", pem.replace("CERTIFICATE", "X509 CRL")
    yield "a private key", pem.replace("CERTIFICATE", "RSA PRIVATE KEY")
    yield "two of them", pem * 2
    yield "words behind", pem + "rm -rf /"
    yield "DER as text", der.decode("latin-1")
    yield "nothing", packed(b"")
    yield "cut off", packed(der[:-1])
    yield "half of it", packed(der[: len(der) // 2])
    yield "bytes behind", packed(der + b"\x00")
    yield "indefinite length", packed(b"\x30\x80" + der[4:] + b"\x00\x00")
    yield "a length of gigabytes", packed(b"\x30\x84\xff\xff\xff\xff" + der[4:])
    yield "a length with a zero in front", packed(b"\x30\x83\x00" + der[2:])
    yield "nested without end", packed(b"\x30\x80" * 20_000)
    yield "only zeros", packed(bytes(1000))
    yield "no certificate but DER", packed(b"\x30\x03\x02\x01\x05")
    yield "as long as it may be", "-----BEGIN CERTIFICATE-----" + "A" * 65_000


def test_broken_certificates_are_refused_wherever_they_are_sent_and_leave_nothing(iot, folder):
    pem = Authority(folder, "Whole CA").pem
    before = [len(all_of(iot, it, "certificates")) for it in ("ListCertificates", "ListCACertificates")]
    for how, text in broken(pem):
        mode = {"caCertificate": text, "certificateMode": "SNI_ONLY"}
        proof = {"caCertificate": pem, "verificationCertificate": text}
        signer = {"certificatePem": pem, "caCertificatePem": text}
        for operation, arguments in (
            ("RegisterCertificate", {"certificatePem": text}),
            ("RegisterCertificate", signer),
            ("RegisterCertificateWithoutCA", {"certificatePem": text}),
            ("RegisterCACertificate", mode),
            ("RegisterCACertificate", proof),
        ):
            error = refused(iot, operation, NOT_VALID, "certificate", **arguments)
            assert len(str(error)) < 400, f"{how}: {error}"
    after = [len(all_of(iot, it, "certificates")) for it in ("ListCertificates", "ListCACertificates")]
    assert after == before


def test_broken_signing_requests_are_refused_and_leave_nothing(iot, folder):
    request, _ = signing_request(folder)
    before = len(all_of(iot, "ListCertificates", "certificates"))
    as_certificate = request.replace("CERTIFICATE REQUEST", "CERTIFICATE")
    for how, text in broken(as_certificate):
        text = text.replace("CERTIFICATE-----", "CERTIFICATE REQUEST-----")
        error = refused(
            iot, "CreateCertificateFromCsr", INVALID, "certificate signing request", certificateSigningRequest=text
        )
        assert len(str(error)) < 400, f"{how}: {error}"
    # One bit of the name, and of the signature: its own key has signed neither.
    der = ssl.PEM_cert_to_DER_cert(as_certificate)
    for place in (der.index(b"pump-17"), len(der) - 1):
        changed = bytearray(der)
        changed[place] ^= 1
        text = ssl.DER_cert_to_PEM_cert(bytes(changed)).replace("CERTIFICATE-", "CERTIFICATE REQUEST-")
        refused(iot, "CreateCertificateFromCsr", INVALID, "own key", certificateSigningRequest=text)
    assert len(all_of(iot, "ListCertificates", "certificates")) == before


def test_a_certificate_that_is_there_is_told_by_its_id_and_arn(iot, registered):
    device = registered.issue()
    iot.register_certificate(certificatePem=device.pem)
    for operation in ("RegisterCertificate", "RegisterCertificateWithoutCA"):
        error = refused(
            iot,
            operation,
            EXISTS,
            "The certificate is already provisioned or registered",
            certificatePem=device.pem,
        )
        assert error.response["resourceId"] == device.id
        assert error.response["resourceArn"] == arn("cert", device.id)


def test_of_several_authorities_with_one_name_the_signer_must_be_sent(iot, folder):
    one, two = Authority(folder, "Twin CA"), Authority(folder, "Twin CA")
    one.register(iot)
    device = one.issue()
    two.register(iot)
    refused(iot, "RegisterCertificate", AMBIGUOUS, "caCertificatePem", certificatePem=device.pem)
    wrong = {"certificatePem": device.pem, "caCertificatePem": two.pem}
    refused(iot, "RegisterCertificate", NOT_VALID, "signature was not made", **wrong)
    iot.register_certificate(certificatePem=device.pem, caCertificatePem=one.pem)
    assert described(iot, device.id)["caCertificateId"] == one.id


def test_an_inactive_authority_registers_nothing_and_its_certificates_go_on(iot, folder):
    authority = Authority(folder, "Resting CA")
    ca = authority.register(iot)
    first, second = authority.issue(), authority.issue()
    iot.register_certificate(certificatePem=first.pem, status="ACTIVE")
    iot.update_ca_certificate(certificateId=ca, newStatus="INACTIVE")
    refused(iot, "RegisterCertificate", STATE, "not ACTIVE", certificatePem=second.pem)
    assert described(iot, first.id)["status"] == "ACTIVE"


# What becomes of them


def test_a_status_may_follow_any_but_revoked(iot, folder):
    made = from_csr(iot, folder)["certificateId"]
    versions = []
    for status in ["ACTIVE", "ACTIVE", "INACTIVE", "REVOKED", "REVOKED"]:
        iot.update_certificate(certificateId=made, newStatus=status)
        found = described(iot, made)
        assert found["status"] == status
        versions.append(found["customerVersion"])
    assert versions == [2, 2, 3, 4, 4]
    for status in ("ACTIVE", "INACTIVE"):
        refused(iot, "UpdateCertificate", STATE, "REVOKED", certificateId=made, newStatus=status)


def test_a_certificate_is_deleted_when_nothing_needs_it(iot, folder):
    made = from_csr(iot, folder, setAsActive=True)
    ids, principal = {"certificateId": made["certificateId"]}, made["certificateArn"]
    text = "Certificate must be deactivated (not ACTIVE) before deletion."
    refused(iot, "DeleteCertificate", STATE, text, **ids, forceDelete=True)
    iot.update_certificate(**ids, newStatus="INACTIVE")
    iot.create_thing(thingName="held")
    iot.attach_thing_principal(thingName="held", principal=principal)
    iot.create_policy(policyName="held", policyDocument=document(allow("iot:Connect", "*")))
    iot.attach_policy(policyName="held", target=principal)
    text = f"Things must be detached before deletion (arn: {principal})"
    refused(iot, "DeleteCertificate", IN_USE, text, **ids, forceDelete=True)
    iot.detach_thing_principal(thingName="held", principal=principal)
    text = f"Certificate policies must be detached before deletion (arn: {principal})"
    refused(iot, "DeleteCertificate", IN_USE, text, **ids)
    iot.delete_certificate(**ids, forceDelete=True)
    refused(iot, "DescribeCertificate", MISSING, made["certificateId"], **ids)
    iot.delete_policy(policyName="held")


def test_certificates_are_listed_newest_first_unless_asked_otherwise(iot, folder):
    made = [from_csr(iot, folder)["certificateId"] for _ in range(5)]
    everything = pages(iot, "ListCertificates", "certificates", size=7)
    assert all(len(page) == 7 for page in everything[:-1])
    newest = [it["certificateId"] for page in everything for it in page]
    assert newest[:5] == made[::-1]
    assert len(newest) == len(set(newest))
    # botocore knows the parameter by the name of the model's member.
    oldest = [it["certificateId"] for it in all_of(iot, "ListCertificates", "certificates", ascendingOrder=True)]
    assert oldest == newest[::-1]
    row = everything[0][0]
    assert row.keys() == {
        "certificateArn",
        "certificateId",
        "status",
        "certificateMode",
        "creationDate",
    }


def test_the_certificates_of_an_authority_are_paged_in_either_order(iot, folder):
    authority = Authority(folder, "Paging CA")
    ca = authority.register(iot)
    made = [authority.issue(f"paged-{n}") for n in range(5)]
    for device in made:
        iot.register_certificate(certificatePem=device.pem)
    ids = [device.id for device in made]
    asked = {"caCertificateId": ca}
    listed = pages(iot, "ListCertificatesByCA", "certificates", size=2, **asked)
    assert [len(page) for page in listed] == [2, 2, 1]
    assert [it["certificateId"] for page in listed for it in page] == ids[::-1]
    oldest = all_of(iot, "ListCertificatesByCA", "certificates", ascendingOrder=True, **asked)
    assert [it["certificateId"] for it in oldest] == ids
    assert all_of(iot, "ListCertificatesByCA", "certificates", caCertificateId=NOBODY) == []


def test_a_marker_of_another_operation_or_another_server_is_refused(iot, folder):
    for _ in range(2):
        from_csr(iot, folder)
    marker = iot.list_certificates(pageSize=1)["nextMarker"]
    for odd in (marker[:-4], marker[::-1], "A" * 40, "'; --"):
        refused(iot, "ListCertificates", INVALID, marker=odd)
    refused(iot, "ListCertificatesByCA", INVALID, caCertificateId=NOBODY, marker=marker)


def test_nothing_can_be_transferred(iot):
    assert iot.list_outgoing_certificates()["outgoingCertificates"] == []


# Principals of things


def test_an_attachment_shows_in_both_directions(iot, folder):
    for thing in ("pump-1", "pump-2"):
        iot.create_thing(thingName=thing)
    principals = [from_csr(iot, folder)["certificateArn"] for _ in range(3)]
    for principal in principals:
        iot.attach_thing_principal(thingName="pump-1", principal=principal)
        iot.attach_thing_principal(thingName="pump-1", principal=principal)
    iot.attach_thing_principal(thingName="pump-2", principal=principals[0])
    listed = pages(iot, "ListThingPrincipals", "principals", size=2, thingName="pump-1")
    assert [len(page) for page in listed] == [2, 1]
    assert sorted(it for page in listed for it in page) == sorted(principals)
    things = all_of(iot, "ListPrincipalThings", "things", principal=principals[0])
    assert things == ["pump-1", "pump-2"]
    objects = all_of(iot, "ListThingPrincipalsV2", "thingPrincipalObjects", thingName="pump-2")
    assert objects == [{"principal": principals[0], "thingPrincipalType": "NON_EXCLUSIVE_THING"}]
    for _ in range(2):
        iot.detach_thing_principal(thingName="pump-1", principal=principals[0])
    assert all_of(iot, "ListPrincipalThings", "things", principal=principals[0]) == ["pump-2"]


def test_an_exclusive_principal_is_one_things_alone(iot, folder):
    principal = from_csr(iot, folder)["certificateArn"]
    for thing in ("alone-1", "alone-2"):
        iot.create_thing(thingName=thing)
    attach = {"thingName": "alone-1", "principal": principal}
    iot.attach_thing_principal(**attach, thingPrincipalType="EXCLUSIVE_THING")
    other = attach | {"thingName": "alone-2"}
    refused(iot, "AttachThingPrincipal", INVALID, "alone-1 exclusively", **other)
    things = "principalThingObjects"
    alone = {"principal": principal, "thingPrincipalType": "EXCLUSIVE_THING"}
    found = all_of(iot, "ListPrincipalThingsV2", things, **alone)
    assert found == [{"thingName": "alone-1", "thingPrincipalType": "EXCLUSIVE_THING"}]
    shared = alone | {"thingPrincipalType": "NON_EXCLUSIVE_THING"}
    assert all_of(iot, "ListPrincipalThingsV2", things, **shared) == []
    iot.attach_thing_principal(**attach)
    iot.attach_thing_principal(**other)
    exclusive = other | {"thingPrincipalType": "EXCLUSIVE_THING"}
    refused(iot, "AttachThingPrincipal", INVALID, "alone-1", **exclusive)


def test_a_thing_that_is_attached_cannot_be_deleted(iot, folder):
    iot.create_thing(thingName="kept")
    principal = from_csr(iot, folder)["certificateArn"]
    iot.attach_thing_principal(thingName="kept", principal=principal)
    refused(iot, "DeleteThing", INVALID, "still attached to one or more principals", thingName="kept")


# Authorities


def test_the_registration_code_stays_until_it_is_deleted(iot):
    code = iot.get_registration_code()["registrationCode"]
    assert len(code) == 64 and int(code, 16)
    assert iot.get_registration_code()["registrationCode"] == code
    iot.delete_registration_code()
    refused(iot, "DeleteRegistrationCode", MISSING)
    assert iot.get_registration_code()["registrationCode"] != code


def test_an_authority_is_described_whole(iot, folder):
    authority = Authority(folder, "Described CA")
    config = {"templateBody": TEMPLATE, "roleArn": "arn:aws:iam::000000000000:role/jitp"}
    tags = [{"Key": "site", "Value": "west"}]
    options = {"setAsActive": False, "allowAutoRegistration": True, "registrationConfig": config}
    ca = authority.register(iot, **options, tags=tags)
    answer = iot.describe_ca_certificate(certificateId=ca)
    assert answer["registrationConfig"] == config
    found = answer["certificateDescription"]
    assert found.pop("certificatePem") == authority.pem
    assert found.pop("creationDate") == found.pop("lastModifiedDate")
    validity = found.pop("validity")
    assert (validity["notAfter"] - validity["notBefore"]).days == 3650
    assert len(found.pop("generationId")) == 36
    assert found == {
        "certificateArn": arn("cacert", ca),
        "certificateId": ca,
        "status": "INACTIVE",
        "ownedBy": "000000000000",
        "autoRegistrationStatus": "ENABLE",
        "customerVersion": 1,
        "certificateMode": "DEFAULT",
    }
    assert iot.list_tags_for_resource(resourceArn=arn("cacert", ca))["tags"] == tags


def test_an_authority_without_a_verification_certificate_is_for_sni_only(iot, folder):
    authority = Authority(folder, "SNI CA")
    made = iot.register_ca_certificate(caCertificate=authority.pem, certificateMode="SNI_ONLY")
    found = iot.describe_ca_certificate(certificateId=made["certificateId"])
    assert found["certificateDescription"]["certificateMode"] == "SNI_ONLY"
    assert "registrationConfig" not in found


def test_a_change_of_an_authority_touches_what_it_names_only(iot, folder):
    ca = Authority(folder, "Changing CA").register(iot)

    def shown():
        answer = iot.describe_ca_certificate(certificateId=ca)
        found = answer["certificateDescription"]
        return found["status"], found["autoRegistrationStatus"], answer.get("registrationConfig")

    assert shown() == ("ACTIVE", "DISABLE", None)
    iot.update_ca_certificate(certificateId=ca, newAutoRegistrationStatus="ENABLE")
    assert shown() == ("ACTIVE", "ENABLE", None)
    config = {"templateBody": TEMPLATE}
    iot.update_ca_certificate(certificateId=ca, registrationConfig=config)
    iot.update_ca_certificate(certificateId=ca, newStatus="INACTIVE")
    assert shown() == ("INACTIVE", "ENABLE", config)
    iot.update_ca_certificate(certificateId=ca, removeAutoRegistration=True)
    assert shown() == ("INACTIVE", "DISABLE", None)
    iot.delete_ca_certificate(certificateId=ca)
    refused(iot, "DescribeCACertificate", MISSING, ca, certificateId=ca)


def test_authorities_are_listed_newest_first_unless_asked_otherwise(iot, folder):
    made = [Authority(folder, f"Listed CA {n}").register(iot) for n in range(3)]
    rows = all_of(iot, "ListCACertificates", "certificates")
    assert [it["certificateId"] for it in rows][:3] == made[::-1]
    assert rows[0].keys() == {"certificateArn", "certificateId", "status", "creationDate"}
    oldest = all_of(iot, "ListCACertificates", "certificates", ascendingOrder=True)
    assert oldest == rows[::-1]
    assert [len(page) for page in pages(iot, "ListCACertificates", "certificates", size=2)][0] == 2
    assert all_of(iot, "ListCACertificates", "certificates", templateName="fleet") == []


def test_ten_authorities_may_share_a_name(iot, folder):
    twins = [Authority(folder, "Crowded CA") for _ in range(11)]

    def register(n):
        return iot.register_ca_certificate(caCertificate=twins[n].pem, certificateMode="SNI_ONLY")

    results = together(11, register)
    errors = [it for it in results if isinstance(it, Exception)]
    assert [it.response["Error"]["Code"] for it in errors] == [LIMIT]
    assert errors[0].response["ResponseMetadata"]["HTTPStatusCode"] == 410


# What is refused


@pytest.fixture(scope="module")
def known(iot, folder, registered):
    """What REFUSALS speaks of."""
    iot.create_thing(thingName="known")
    active = from_csr(iot, folder, setAsActive=True)
    resting = Authority(folder, "Resting")
    resting.register(iot, setAsActive=False)
    stranger = Authority(folder, "Stranger")
    code = iot.get_registration_code()["registrationCode"]
    limited = [Authority(folder, "Full") for _ in range(11)]
    for authority in limited[:10]:
        iot.register_ca_certificate(caCertificate=authority.pem, certificateMode="SNI_ONLY")
    in_use = from_csr(iot, folder)
    iot.attach_thing_principal(thingName="known", principal=in_use["certificateArn"])
    revoked = from_csr(iot, folder)["certificateId"]
    iot.update_certificate(certificateId=revoked, newStatus="REVOKED")
    twins = [Authority(folder, "Ambiguous"), Authority(folder, "Ambiguous")]
    for authority in twins:
        authority.register(iot)
    return {
        "active": active["certificateId"],
        "active_pem": active["certificatePem"],
        "in_use": in_use["certificateId"],
        "revoked": revoked,
        "ca": registered.id,
        "ca_pem": registered.pem,
        "of_resting": resting.issue().pem,
        "of_stranger": stranger.issue().pem,
        "stranger_ca": stranger.pem,
        "of_twin": twins[0].issue().pem,
        "wrong_code": stranger.issue("not the code").pem,
        "foreign_proof": registered.issue(code).pem,
        "full_ca": limited[10].pem,
        "weak_csr": signing_request(folder, kind="RSA:1024")[0],
        "sha1_csr": signing_request(folder, kind="RSA:2048", digest="sha1")[0],
        "curve_csr": signing_request(folder, kind="secp256k1")[0],
        "sha1": registered.issue(digest="sha1").pem,
        "code": code,
    }


def of(name):
    """Stands for what `known` has under this name."""
    return lambda known: known[name]


TWICE = lambda known: known["of_stranger"] * 2  # noqa: E731
PRINCIPAL = arn("cert", NOBODY)
IDENTITY = "us-east-1:6f8c2f0e-1d1a-4b6b-9d5e-0d7c6a1b2c3d"

REFUSALS = [
    refusal("CreateKeysAndCertificate", INVALID, "setAsActive", setAsActive="yes"),
    refusal("CreateCertificateFromCsr", INVALID, "missing field"),
    refusal("CreateCertificateFromCsr", INVALID, "not in PEM", certificateSigningRequest="x"),
    refusal("CreateCertificateFromCsr", INVALID, "4097", certificateSigningRequest="x" * 4097),
    refusal("CreateCertificateFromCsr", INVALID, "`CERTIFICATE`", certificateSigningRequest=of("ca_pem")),
    refusal("CreateCertificateFromCsr", INVALID, "1024 bits", certificateSigningRequest=of("weak_csr")),
    refusal("CreateCertificateFromCsr", INVALID, "sha1", certificateSigningRequest=of("sha1_csr")),
    refusal("CreateCertificateFromCsr", INVALID, "1.3.132.0.10", certificateSigningRequest=of("curve_csr")),
    refusal("RegisterCertificate", INVALID, "missing field"),
    refusal("RegisterCertificate", INVALID, "PENDING", certificatePem=of("of_twin"), status="PENDING_ACTIVATION"),
    refusal("RegisterCertificate", EXISTS, certificatePem=of("active_pem")),
    refusal("RegisterCertificate", NOT_VALID, "not in PEM", certificatePem="x"),
    refusal("RegisterCertificate", NOT_VALID, "alone", certificatePem=TWICE),
    refusal("RegisterCertificate", NOT_VALID, "65537", certificatePem="x" * 65537),
    refusal("RegisterCertificate", NOT_VALID, "sha1", certificatePem=of("sha1")),
    refusal("RegisterCertificate", NOT_VALID, "not signed by a registered", certificatePem=of("of_stranger")),
    refusal(
        "RegisterCertificate",
        NOT_VALID,
        "not registered",
        certificatePem=of("of_stranger"),
        caCertificatePem=of("stranger_ca"),
    ),
    refusal("RegisterCertificate", STATE, "not ACTIVE", certificatePem=of("of_resting")),
    refusal("RegisterCertificate", AMBIGUOUS, "2 registered", certificatePem=of("of_twin")),
    refusal("RegisterCertificateWithoutCA", INVALID, "missing field"),
    refusal("RegisterCertificateWithoutCA", INVALID, "OFF", certificatePem=of("of_stranger"), status="OFF"),
    refusal("RegisterCertificateWithoutCA", EXISTS, certificatePem=of("active_pem")),
    refusal("RegisterCertificateWithoutCA", NOT_VALID, "sha1", certificatePem=of("sha1")),
    refusal("DescribeCertificate", MISSING, NOBODY, certificateId=NOBODY),
    *[refusal("DescribeCertificate", INVALID, "certificate id", certificateId=odd) for odd in ODD_IDS],
    refusal("UpdateCertificate", MISSING, NOBODY, certificateId=NOBODY, newStatus="ACTIVE"),
    refusal("UpdateCertificate", INVALID, "certificate id", certificateId="x", newStatus="ACTIVE"),
    *[
        refusal("UpdateCertificate", INVALID, "newStatus", certificateId=of("active"), newStatus=odd)
        for odd in ("PENDING_ACTIVATION", "PENDING_TRANSFER", "REGISTER_INACTIVE", "active", "")
    ],
    refusal("UpdateCertificate", STATE, "is REVOKED", certificateId=of("revoked"), newStatus="ACTIVE"),
    refusal("DeleteCertificate", MISSING, NOBODY, certificateId=NOBODY),
    refusal("DeleteCertificate", INVALID, "certificate id", certificateId="x"),
    refusal("DeleteCertificate", STATE, "deactivated", certificateId=of("active")),
    refusal("DeleteCertificate", IN_USE, "Things must be", certificateId=of("in_use")),
    refusal("ListCertificates", INVALID, "pageSize", pageSize=0),
    refusal("ListCertificates", INVALID, "pageSize", pageSize=251),
    refusal("ListCertificates", INVALID, marker="nonsense"),
    refusal("ListCertificatesByCA", INVALID, "certificate id", caCertificateId="x"),
    *[
        case
        for operation in ("Transfer", "Accept", "Reject", "Cancel")
        for name in [f"{operation}Certificate" + ("" if operation == "Transfer" else "Transfer")]
        for more in [{"targetAwsAccount": "1" * 12} if operation == "Transfer" else {}]
        for case in (
            refusal(name, INVALID, "cannot be transferred", certificateId=of("active"), **more),
            refusal(name, MISSING, NOBODY, certificateId=NOBODY, **more),
        )
    ],
    refusal("ListOutgoingCertificates", INVALID, "pageSize", pageSize=0),
    refusal("AttachThingPrincipal", MISSING, "nothing", thingName="nothing", principal=PRINCIPAL),
    refusal("AttachThingPrincipal", MISSING, NOBODY, thingName="known", principal=PRINCIPAL),
    refusal("AttachThingPrincipal", INVALID, "must begin with", thingName="known", principal="x"),
    refusal("AttachThingPrincipal", INVALID, "Cognito", thingName="known", principal=IDENTITY),
    refusal("AttachThingPrincipal", INVALID, "thingName", thingName="a b", principal=PRINCIPAL),
    refusal(
        "AttachThingPrincipal",
        INVALID,
        "EXCLUSIVE_THING",
        thingName="known",
        principal=PRINCIPAL,
        thingPrincipalType="MINE",
    ),
    refusal("DetachThingPrincipal", MISSING, "nothing", thingName="nothing", principal=PRINCIPAL),
    refusal("DetachThingPrincipal", INVALID, "must begin with", thingName="known", principal="x"),
    refusal("ListThingPrincipals", MISSING, "nothing", thingName="nothing"),
    refusal("ListThingPrincipals", INVALID, "maxResults", thingName="known", maxResults=251),
    refusal("ListThingPrincipalsV2", MISSING, "nothing", thingName="nothing"),
    refusal("ListThingPrincipalsV2", INVALID, "MINE", thingName="known", thingPrincipalType="MINE"),
    refusal("ListPrincipalThings", MISSING, NOBODY, principal=PRINCIPAL),
    refusal("ListPrincipalThings", INVALID, "must begin with", principal="x"),
    refusal("ListPrincipalThingsV2", MISSING, NOBODY, principal=PRINCIPAL),
    refusal("ListPrincipalThingsV2", INVALID, "pagination token", principal=PRINCIPAL, nextToken="nonsense"),
    refusal("RegisterCACertificate", INVALID, "verificationCertificate", caCertificate=of("stranger_ca")),
    refusal("RegisterCACertificate", INVALID, "FULL", caCertificate=of("stranger_ca"), certificateMode="FULL"),
    refusal(
        "RegisterCACertificate",
        INVALID,
        "templateName",
        caCertificate=of("stranger_ca"),
        certificateMode="SNI_ONLY",
        registrationConfig={"templateName": "fleet"},
    ),
    refusal(
        "RegisterCACertificate",
        INVALID,
        "`Resources` is missing",
        caCertificate=of("stranger_ca"),
        certificateMode="SNI_ONLY",
        registrationConfig={"templateBody": "{}"},
    ),
    refusal("RegisterCACertificate", EXISTS, caCertificate=of("ca_pem"), certificateMode="SNI_ONLY"),
    refusal("RegisterCACertificate", LIMIT, "10", caCertificate=of("full_ca"), certificateMode="SNI_ONLY"),
    refusal("RegisterCACertificate", NOT_VALID, "PEM", caCertificate="x", certificateMode="SNI_ONLY"),
    refusal("RegisterCACertificate", NOT_VALID, "CA:TRUE", caCertificate=of("of_stranger"), certificateMode="SNI_ONLY"),
    refusal(
        "RegisterCACertificate",
        NOT_VALID,
        "not signed by the CA",
        caCertificate=of("stranger_ca"),
        verificationCertificate=of("foreign_proof"),
    ),
    refusal(
        "RegisterCACertificate",
        NO_CODE,
        "not the registration code",
        caCertificate=of("stranger_ca"),
        verificationCertificate=of("wrong_code"),
    ),
    refusal("DescribeCACertificate", MISSING, NOBODY, certificateId=NOBODY),
    refusal("DescribeCACertificate", INVALID, "certificate id", certificateId="x"),
    refusal("UpdateCACertificate", MISSING, NOBODY, certificateId=NOBODY),
    refusal("UpdateCACertificate", INVALID, "newStatus", certificateId=of("ca"), newStatus="REVOKED"),
    refusal("UpdateCACertificate", INVALID, "ON", certificateId=of("ca"), newAutoRegistrationStatus="ON"),
    refusal(
        "UpdateCACertificate",
        INVALID,
        "contradicts",
        certificateId=of("ca"),
        removeAutoRegistration=True,
        newAutoRegistrationStatus="ENABLE",
    ),
    refusal("DeleteCACertificate", MISSING, NOBODY, certificateId=NOBODY),
    refusal("DeleteCACertificate", INVALID, "certificate id", certificateId="x"),
    refusal("DeleteCACertificate", STATE, "deactivated", certificateId=of("ca")),
    refusal("ListCACertificates", INVALID, "pageSize", pageSize=300),
]

# Errors of the model that cannot come about, with the reason.
EXCEPTIONS = {
    # It takes nothing.
    ("GetRegistrationCode", INVALID),
    # Shown apart: it needs the code to be gone.
    ("DeleteRegistrationCode", MISSING),
    # A registration names nothing that could be missing: there are no stored templates.
    ("RegisterCACertificate", MISSING),
    # It takes a certificate in any state: none is registered before.
    ("RegisterCertificateWithoutCA", STATE),
    # Nothing is in transfer.
    ("TransferCertificate", STATE),
}


@pytest.mark.parametrize("case", REFUSALS, ids=str)
def test_a_refusal_has_awss_code_and_says_why(iot, known, case):
    args = {name: value(known) if callable(value) else value for name, value in case.args.items()}
    refused(iot, case.operation, case.code, case.text, **args)


def test_every_error_of_the_model_has_a_case(iot):
    check_coverage(iot, OPERATIONS, REFUSALS, EXCEPTIONS)


# Who may, and what is written down


def test_every_operation_is_known_to_the_command_line(server, iot, folder):
    request, _ = signing_request(folder)
    csr = folder / "cli.csr"
    csr.write_text(request)
    made = server.awscli(
        "iot", "create-certificate-from-csr", "--certificate-signing-request", f"file://{csr}"
    )
    found = server.awscli("iot", "describe-certificate", "--certificate-id", made["certificateId"])
    assert found["certificateDescription"]["status"] == "INACTIVE"
    keys = server.awscli("iot", "create-keys-and-certificate", "--set-as-active")
    assert keys["keyPair"].keys() == {"PublicKey", "PrivateKey"}
    with pytest.raises(CommandFailed, match="CertificateStateException"):
        server.awscli("iot", "delete-certificate", "--certificate-id", keys["certificateId"])
    listed = server.awscli("iot", "list-certificates", "--page-size", "2")["certificates"]
    assert {made["certificateId"], keys["certificateId"]} <= {it["certificateId"] for it in listed}


def test_many_who_make_keys_at_once_each_get_their_own(iot, folder):
    made = together(8, lambda n: iot.create_keys_and_certificate())
    assert len({it["certificateId"] for it in made}) == 8
    assert len({it["keyPair"]["PrivateKey"] for it in made}) == 8


def test_private_keys_are_nowhere_in_the_data_or_the_log(server, iot):
    key = iot.create_keys_and_certificate(setAsActive=True)["keyPair"]["PrivateKey"]
    line = key.splitlines()[3].encode()
    files = [path for path in server.data.rglob("*") if path.is_file()]
    assert files
    for path in [*files, server.log_path]:
        assert line not in path.read_bytes(), path

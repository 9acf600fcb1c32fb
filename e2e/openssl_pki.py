"""Somebody's own certificate authority, made by openssl: keys, certificates and signing requests."""

import itertools
import ssl
import subprocess
from pathlib import Path

from conftest import program


class Device:
    """A device's certificate and key, as files and as text."""

    def __init__(self, certificate, key, ca=None):
        self.certificate = certificate
        self.key = key
        # What the device trusts; a `Server` has it.
        self.ca = ca

    @property
    def pem(self):
        return self.certificate.read_text()

    @property
    def id(self):
        """SHA-256 of the DER, as openssl computes it."""
        printed = openssl("x509", "-in", self.certificate, "-noout", "-fingerprint", "-sha256")
        return printed.split("=")[1].strip().replace(":", "").lower()


    def twin(self):
        """The same certificate with the other ECDSA signature that its P-256 authority made as well."""
        der = ssl.PEM_cert_to_DER_cert(self.pem)
        # SEQUENCE { signed part, algorithm, BIT STRING { SEQUENCE { r, s } } }, with short lengths inside.
        place = 4 + 4 + int.from_bytes(der[6:8])
        place += 2 + der[place + 1]
        r_place = place + 5
        s_place = r_place + 2 + der[r_place + 1]
        other = P256_ORDER - int.from_bytes(der[s_place + 2 :])
        encoded = other.to_bytes(other.bit_length() // 8 + 1)
        pair = der[r_place:s_place] + b"\x02" + bytes([len(encoded)]) + encoded
        signature = b"\x00\x30" + bytes([len(pair)]) + pair
        whole = der[4:place] + b"\x03" + bytes([len(signature)]) + signature
        path = self.certificate.with_suffix(".twin.pem")
        path.write_text(ssl.DER_cert_to_PEM_cert(b"\x30\x82" + len(whole).to_bytes(2) + whole))
        return Device(path, self.key, self.ca)


P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def openssl(*args, stdin=None):
    """Runs openssl to its end; returns what it prints."""
    ended = subprocess.run(
        [program("openssl"), *map(str, args)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.args}: {ended.stderr}"
    return ended.stdout


def key(path, kind="P-256"):
    """A private key in a file: `RSA:2048`, `DSA`, or an elliptic curve."""
    if kind == "DSA":
        parameters = Path(path).with_suffix(".parameters")
        openssl("genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:2048", "-out", parameters)
        openssl("genpkey", "-paramfile", parameters, "-out", path)
        return path
    if kind.startswith("RSA"):
        options = ["-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{kind.split(':')[1]}"]
    else:
        options = ["-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{kind}"]
    openssl("genpkey", *options, "-out", path)
    return path


def signing_request(folder, subject="/CN=pump-17", kind="P-256", digest="sha256"):
    """The text of a signing request, and the file of its key."""
    own = key(folder / f"request-{next(_numbers)}.key", kind)
    return openssl("req", "-new", "-key", own, "-subj", subject, f"-{digest}", "-utf8"), own


_numbers = itertools.count(1)


class Authority:
    """A root certificate with its key."""

    def __init__(self, folder, name="Wards CA", kind="P-256", days=3650):
        self.folder = folder / f"authority-{next(_numbers)}"
        self.folder.mkdir(parents=True)
        self.key = key(self.folder / "ca.key", kind)
        self.certificate = self.folder / "ca.pem"
        root = ["-subj", f"/O=Hospital/CN={name}", "-days", days, "-sha256", "-out", self.certificate]
        openssl("req", "-x509", "-new", "-key", self.key, *root)

    @property
    def pem(self):
        return self.certificate.read_text()

    @property
    def id(self):
        return Device(self.certificate, self.key).id

    def issue(self, common_name="pump-17", subject=None, kind="P-256", digest="sha256", extensions=None, days=365):
        """A device's certificate, signed by this authority.

        Without extensions it is of version 1: so openssl makes them, and so AWS's guide has people do.
        """
        number = next(_numbers)
        request, own = signing_request(self.folder, subject or f"/CN={common_name}", kind)
        certificate = self.folder / f"device-{number}.pem"
        signer = ["-CA", self.certificate, "-CAkey", self.key, "-set_serial", number, f"-{digest}"]
        if extensions:
            listed = self.folder / f"extensions-{number}.cnf"
            listed.write_text(extensions)
            signer += ["-extfile", listed]
        openssl("x509", "-req", *signer, "-days", days, "-out", certificate, stdin=request)
        return Device(certificate, own)

    def register(self, iot, **options):
        """Registers it as AWS's guide says, with a certificate for the code; returns the id."""
        code = iot.get_registration_code()["registrationCode"]
        options = {"setAsActive": True} | options
        answer = iot.register_ca_certificate(
            caCertificate=self.pem, verificationCertificate=self.issue(code).pem, **options
        )
        assert answer["certificateId"] == self.id
        return answer["certificateId"]

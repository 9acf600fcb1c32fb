"""Receivers of notifications: HTTP and HTTPS, and a mail server; and the check of a signature."""

import base64
import datetime
import ipaddress
import json
import re
import socket
import ssl
import threading
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.x509.oid import NameOID

from waiting import wait_for

NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
QUESTION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def check_signature(body):
    """Checks a body as AWS's receivers do, with the certificate that it names."""
    certificate = requests.get(body["SigningCertURL"], timeout=10)
    assert certificate.status_code == 200, certificate.text
    key = x509.load_pem_x509_certificate(certificate.content).public_key()
    names = NOTIFICATION if body["Type"] == "Notification" else QUESTION
    text = "".join(f"{name}\n{body[name]}\n" for name in names if body.get(name) is not None)
    algorithm = {"1": hashes.SHA1, "2": hashes.SHA256}[body["SignatureVersion"]]()
    signature = base64.b64decode(body["Signature"])
    key.verify(signature, text.encode(), padding.PKCS1v15(), algorithm)


def self_signed(folder):
    """A certificate for 127.0.0.1 with its key, as files; the certificate is its own root."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "receiver.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "receiver.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "receiver.pem", folder / "receiver.key"


class Came:
    """A request that came."""

    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def kind(self):
        return self.headers.get("x-amz-sns-message-type")


class HttpReceiver:
    """Takes what is posted; `status` is what it answers."""

    def __init__(self, certificate=None, key=None, port=0):
        self.came = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                receiver.came.append(Came(self.path, self.headers, body.decode()))
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path="/"):
        return f"{self.scheme}://127.0.0.1:{self.server.server_address[1]}{path}"

    def wait_for(self, count, path=None):
        """The requests, once `count` of them have come."""
        found = lambda: [it for it in list(self.came) if path in (None, it.path)]  # noqa: E731
        wait_for(f"{count} requests", lambda: len(found()) >= count, 60)
        return found()

    def confirm(self, path=None):
        """Follows the link of the handshake, as receivers do: nobody signs that."""
        question = next(
            it for it in self.wait_for(1, path) if it.kind == "SubscriptionConfirmation"
        )
        check_signature(question.json)
        answer = requests.get(question.json["SubscribeURL"], timeout=10)
        assert answer.status_code == 200, answer.text
        assert "<ConfirmSubscriptionResponse" in answer.text
        return question

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class MailReceiver:
    """A mail server that keeps what it gets."""

    def __init__(self):
        self.mails = []
        self.port = free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    async def handle_DATA(self, server, session, envelope):
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append((envelope.rcpt_tos, mail["subject"], mail.get_content(), mail))
        return "250 taken"

    def wait_for(self, count):
        wait_for(f"{count} mails", lambda: len(self.mails) >= count, 60)
        return list(self.mails)

    def confirm(self):
        """Follows the link in the first mail."""
        _, subject, text, _ = self.wait_for(1)[0]
        assert subject == "Confirm your subscription"
        link = re.search(r"https?://\S+Action=ConfirmSubscription\S+", text).group()
        assert requests.get(link, timeout=10).status_code == 200

    def end(self):
        self.controller.stop()

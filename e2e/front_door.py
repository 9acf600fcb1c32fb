"""TLS to the front door, step by step: contexts, sessions that are taken up again, and its log."""

import socket
import ssl

from mqtt_wire import Wire

WAIT = 15
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def tls_context(server, device=None, alpn=(), version=None):
    """What a client brings: trust in the server's CA, and perhaps a certificate."""
    context = ssl.create_default_context(cafile=server.ca)
    if device:
        context.load_cert_chain(str(device.certificate), str(device.key))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def secure_socket(port, context, session=None, server_name="localhost"):
    plain = socket.create_connection(("localhost", port), timeout=WAIT)
    try:
        return context.wrap_socket(plain, server_hostname=server_name, session=session)
    except BaseException:
        plain.close()
        raise


class SecureWire(Wire):
    """MQTT packets over TLS."""

    def __init__(self, port, context, version=5, session=None):
        self.version = version
        self.socket = secure_socket(port, context, session)
        self.buffer = b""
        self.last_id = 0
        self.held = []


def connection_log(server, **filters):
    """The console's connection log, newest first."""
    session, api = server.console()
    answer = session.get(f"{api}/connection-log", params=filters, timeout=WAIT)
    assert answer.status_code == 200, answer.text
    return answer.json()["events"]

"""A small HTTP event collector with acknowledgements, for streams to deliver to."""

import gzip
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Receiver:
    """What was received. An acknowledgement turns true at its second query, as on a busy indexer."""

    def __init__(self, token):
        self.token = token
        self.events = []
        self.requests = 0
        self.asked = {}
        self.acknowledged = set()
        self.refuse_next = 0
        self.lock = threading.Lock()
        self.port = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def everything_acknowledged(self):
        with self.lock:
            return self.requests > 0 and len(self.acknowledged) == self.requests

    def take(self, body):
        """Status and answer to a body of events."""
        with self.lock:
            if not body.strip():
                return 400, {"text": "No data", "code": 5}
            if self.refuse_next > 0:
                self.refuse_next -= 1
                return 503, {"text": "Server is busy", "code": 9}
            self.events += split(body.decode())
            ack = self.requests
            self.requests += 1
            return 200, {"text": "Success", "code": 0, "ackId": ack}

    def query(self, body):
        with self.lock:
            acks = json.loads(body)["acks"]
            answer = {}
            for ack in acks:
                self.asked[ack] = self.asked.get(ack, 0) + 1
                answer[str(ack)] = self.asked[ack] == 2
                if answer[str(ack)]:
                    self.acknowledged.add(ack)
            return 200, {"acks": answer}


def split(text):
    """The JSON objects of a body, which nothing need part."""
    decoder = json.JSONDecoder()
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        item, at = decoder.raw_decode(text, at)
        found.append(item)
    return found


def handler_of(receiver):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def body(self):
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            else:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            return body

        def answer(self, status, document):
            text = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self):
            self.answer(200, {"text": "HEC is healthy", "code": 17})

        def do_POST(self):
            body = self.body()
            if self.headers.get("Authorization") != f"Splunk {receiver.token}":
                return self.answer(403, {"text": "Invalid token", "code": 4})
            if not self.headers.get("X-Splunk-Request-Channel"):
                return self.answer(400, {"text": "Data channel is missing", "code": 10})
            if urlsplit(self.path).path.endswith("/ack"):
                return self.answer(*receiver.query(body))
            return self.answer(*receiver.take(body))

        def log_message(self, *args):
            pass

    return Handler


@contextmanager
def running(token):
    receiver = Receiver(token)
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(receiver))
    receiver.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        http.shutdown()
        http.server_close()
        thread.join(10)

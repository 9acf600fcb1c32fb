"""Device reports as devices write them."""

import itertools
import json
import time

# Report ids must be new for each report of a device.
_ids = itertools.count(int(time.time()))


def report(tcp_ports=(22,), bytes_out=0, report_id=None):
    """A report with long names."""
    ports = [{"port": port, "interface": "eth0"} for port in tcp_ports]
    return {
        "header": {"report_id": report_id or next(_ids), "version": "1.0"},
        "metrics": {
            "listening_tcp_ports": {"ports": ports, "total": len(ports)},
            "listening_udp_ports": {"ports": [], "total": 0},
            "network_stats": {
                "bytes_in": 0,
                "bytes_out": bytes_out,
                "packets_in": 0,
                "packets_out": 0,
            },
        },
    }


def body(**fields):
    return json.dumps(report(**fields))


def topic(thing, form="json"):
    return f"$aws/things/{thing}/defender/metrics/{form}"

"""A scenario: a profile and what its devices do over time, as data, with what comes of it.

A file in `scenarios/` is a mapping. What is there before the first step:

    about             one sentence
    server            settings of a server of its own, by table; else it shares one
    groups            group: its parent, or nothing
    things            thing: its groups
    custom_metrics    metric: its type
    dimensions        dimension: its filters
    profile           what CreateSecurityProfile takes; `export` gives it a topic
    targets           groups, or `things`, `registered-things`, `unregistered-things`
    steps             one mapping each; its one key is the name of a method of `Scenario`

Names are the file's own: no two scenarios may use the same.
"""

import json
import time
from datetime import datetime, timezone

from botocore.exceptions import ClientError

from device_reports import topic
from paho_client import V5, PahoClient
from policy_documents import arn
from waiting import wait_for

ROLE = "arn:aws:iam::000000000000:role/detect"
WINDOW = 2.0
# What is changed is in force after so many seconds.
MOMENTS = 2.0
VIOLATIONS = 'index="iot" sourcetype="aws-iot-device-defender-violation"'
_ids = iter(range(int(time.time()), 2**31))


def target_arn(name):
    kind = "all" if name in ("things", "registered-things", "unregistered-things") else "thinggroup"
    return arn(kind, name)


def shown(value):
    """A metric value in one word: `count:3`, `ports:21,22`."""
    if not value:
        return "-"
    (kind, it), *_ = value.items()
    if isinstance(it, list):
        return f"{kind}:{','.join(str(part) for part in sorted(it))}"
    return f"{kind}:{it:g}" if isinstance(it, (int, float)) else f"{kind}:{it}"


class Scenario:
    """Sets a scenario up and runs its steps."""

    def __init__(self, server, data):
        self.server, self.data = server, data
        self.iot, self.mqtt = server.aws("iot"), server.aws("iot-data")
        self.started = time.time()
        self.clients = {}
        self.exports = None
        self.profile = None
        # The scenario's own devices: a profile of all unregistered ones sees those of others, too.
        self.devices = set(data.get("things") or {})

    # Before the steps

    def set_up(self):
        data, iot = self.data, self.iot
        for group, parent in (data.get("groups") or {}).items():
            parents = {"parentGroupName": parent} if parent else {}
            iot.create_thing_group(thingGroupName=group, **parents)
        for thing, groups in (data.get("things") or {}).items():
            iot.create_thing(thingName=thing)
            for group in groups or []:
                iot.add_thing_to_thing_group(thingName=thing, thingGroupName=group)
        for metric, kind in (data.get("custom_metrics") or {}).items():
            iot.create_custom_metric(metricName=metric, metricType=kind, clientRequestToken=metric)
        for name, filters in (data.get("dimensions") or {}).items():
            iot.create_dimension(
                name=name, type="TOPIC_FILTER", stringValues=filters, clientRequestToken=name
            )
        self.create_profile(dict(data["profile"]))
        for name in data.get("targets") or []:
            self.attach(name)
        changed = time.monotonic()
        wait_for("the profile is in force", lambda: time.monotonic() - changed > MOMENTS)

    def create_profile(self, profile):
        self.profile = profile.pop("name")
        if profile.pop("export", False):
            export = f"exports/{self.profile}"
            profile["metricsExportConfig"] = {"mqttTopic": export, "roleArn": ROLE}
            self.exports = self.client(f"reader-of-{self.profile}")
            self.exports.subscribe(export)
        self.iot.create_security_profile(securityProfileName=self.profile, **profile)

    def client(self, name):
        port = self.server.credentials["mqtt"]["plaintext_port"]
        self.clients[name] = PahoClient(name, V5).connect("127.0.0.1", port)
        return self.clients[name]

    def run(self):
        try:
            self.set_up()
            for number, step in enumerate(self.data["steps"], 1):
                (name, argument), *rest = step.items()
                assert not rest, f"step {number} has several keys: {step}"
                try:
                    getattr(self, name)(argument)
                except Exception as error:
                    raise AssertionError(f"step {number} ({name}): {error}") from error
        finally:
            for client in self.clients.values():
                client.close()
            # Profiles of all things would watch the devices of the next scenario.
            self.iot.delete_security_profile(securityProfileName=self.profile)

    # What devices do

    def report(self, it):
        """A report of `thing`; all else is the document, and `times` says how often, each later."""
        it = dict(it)
        thing, times = it.pop("thing"), it.pop("times", 1)
        self.devices.add(thing)
        for _ in range(times):
            document = {"header": {"report_id": next(_ids), "version": "1.0"}} | it
            self.mqtt.publish(topic=topic(thing), qos=1, payload=json.dumps(document))

    def refused(self, it):
        """A report that is refused, and what the answer says."""
        it = dict(it)
        says = it.pop("says")
        try:
            self.report(it)
        except ClientError as error:
            assert says in str(error), error
        else:
            raise AssertionError("the report was taken")

    def reports(self, them):
        for it in them:
            self.report(it)

    def connect(self, name):
        self.devices.add(name)
        self.client(name)

    def disconnect(self, name):
        self.clients.pop(name).close()

    def subscribe(self, it):
        self.clients[it["client"]].subscribe(it["filter"])

    def publish(self, it):
        """`count` messages of `bytes`, one after the other."""
        payload = "x" * it.get("bytes", 1)
        for _ in range(it.get("count", 1)):
            self.clients[it["client"]].publish(it["topic"], payload)

    # What operators do

    def attach(self, name):
        self.iot.attach_security_profile(
            securityProfileName=self.profile, securityProfileTargetArn=target_arn(name)
        )

    def detach(self, name):
        self.iot.detach_security_profile(
            securityProfileName=self.profile, securityProfileTargetArn=target_arn(name)
        )

    def update(self, changes):
        self.iot.update_security_profile(securityProfileName=self.profile, **changes)

    def join(self, it):
        self.iot.add_thing_to_thing_group(thingName=it["thing"], thingGroupName=it["group"])

    def leave(self, it):
        self.iot.remove_thing_from_thing_group(thingName=it["thing"], thingGroupName=it["group"])

    def register(self, thing):
        self.iot.create_thing(thingName=thing)

    def verify(self, it):
        """Verifies the alarm of a thing that is on."""
        found = self.iot.list_active_violations(
            thingName=it["thing"], securityProfileName=self.profile
        )
        self.iot.put_verification_state_on_violation(
            violationId=found["activeViolations"][0]["violationId"],
            verificationState=it["state"],
        )

    def again(self, it):
        """Reports until the alarms are as expected: what was changed is in force within moments."""
        self.until_active(it["active"], lambda: self.report(it["report"]))

    # Time

    def period(self, windows):
        """Waits until a period of so many windows begins."""
        self.window(windows - int(time.time() // WINDOW) % windows)

    def window(self, count):
        """Waits until so many windows more have begun."""
        end = (time.time() // WINDOW + count) * WINDOW
        wait_for("the window ends", lambda: time.time() >= end, count * WINDOW + 10)

    # What comes of it; each waits until it is so

    def until(self, what, read, expected, act=None, deadline=40):
        seen = []
        acted = time.monotonic()

        def look():
            nonlocal acted
            if act and time.monotonic() - acted > 1:
                act()
                acted = time.monotonic()
            seen[:] = read()
            return seen == expected

        wait_for(lambda: f"{what}: expected {expected}, last seen {seen}", look, deadline)

    def active(self, expected):
        """Alarms that are on: `THING BEHAVIOR VALUE`, or `THING BEHAVIOR` if any value will do."""
        self.until_active(expected)

    def until_active(self, expected, act=None):
        def read():
            pages = self.iot.get_paginator("list_active_violations")
            found = [
                f"{it['thingName']} {it['behavior']['name']} {shown(it['lastViolationValue'])}"
                for page in pages.paginate(securityProfileName=self.profile)
                for it in page["activeViolations"]
                if it["thingName"] in self.devices
            ]
            return sorted(self.as_asked(found, expected))

        self.until("alarms", read, sorted(expected), act)

    def active_where(self, it):
        """Things that are in alarm under a filter."""
        filters = dict(it)
        expected = filters.pop("things")

        def read():
            pages = self.iot.get_paginator("list_active_violations")
            pages = pages.paginate(securityProfileName=self.profile, **filters)
            found = [it["thingName"] for page in pages for it in page["activeViolations"]]
            return sorted(thing for thing in found if thing in self.devices)

        self.until(f"alarms with {filters}", read, expected)

    @staticmethod
    def as_asked(found, expected):
        """Lines without their last word where no expectation with so many words has one."""
        words = {len(line.split()) for line in expected}
        return [
            line if len(line.split()) in words else line.rsplit(" ", 1)[0] for line in found
        ]

    def read_events(self, **filters):
        pages = self.iot.get_paginator("list_violation_events")
        start = datetime.fromtimestamp(self.started - 60, timezone.utc)
        end = datetime.fromtimestamp(time.time() + 60, timezone.utc)
        found = [
            it
            for page in pages.paginate(
                startTime=start, endTime=end, securityProfileName=self.profile, **filters
            )
            for it in page["violationEvents"]
            if it["thingName"] in self.devices
        ]
        return sorted(found, key=lambda it: it["violationEventTime"])

    def events(self, expected):
        """All events so far, oldest first: `EVENT THING BEHAVIOR VALUE`; `-` for no value."""

        def read():
            found = [
                f"{it['violationEventType']} {it['thingName']} {it['behavior']['name']} "
                f"{shown(it.get('metricValue'))}"
                for it in self.read_events()
            ]
            return self.as_asked(found, expected)

        self.until("events", read, expected)

    def event_kinds(self, expected):
        """Which events there are, whatever their number and order: `EVENT THING BEHAVIOR`."""

        def read():
            return sorted(
                {
                    f"{it['violationEventType']} {it['thingName']} {it['behavior']['name']}"
                    for it in self.read_events()
                }
            )

        self.until("kinds of events", read, expected)

    def verified(self, it):
        """Things whose events are found under a verification state."""
        self.until(
            "verified",
            lambda: sorted(
                {found["thingName"] for found in self.read_events(verificationState=it["state"])}
            ),
            it["things"],
        )

    def values(self, it):
        """Datapoints that are stored, oldest first, or with `sum` the counts in sum."""
        expected, total = it.pop("points", None), it.pop("sum", None)
        query = {
            "thingName": it["thing"],
            "metricName": it["metric"],
            "startTime": datetime.fromtimestamp(self.started - 60, timezone.utc),
            "endTime": datetime.fromtimestamp(time.time() + 600, timezone.utc),
        }
        if "dimension" in it:
            query["dimensionName"] = it["dimension"]
            query["dimensionValueOperator"] = it.get("operator", "IN")

        def read():
            pages = self.iot.get_paginator("list_metric_values").paginate(**query)
            found = [datum for page in pages for datum in page["metricDatumList"]]
            found.sort(key=lambda datum: datum["timestamp"])
            if expected is not None:
                return [shown(datum["value"]) for datum in found]
            return [sum(datum["value"]["count"] for datum in found)]

        self.until("values", read, [total] if expected is None else expected)

    def siem(self, expected):
        """Events in the index, oldest first: `TYPE THING`; each leads to datapoints and explains itself."""
        spl = f'{VIOLATIONS} securityProfileName="{self.profile}" | sort _time'

        def read():
            rows = self.server.search(spl)
            rows = [row for row in rows if row["thingName"] in self.devices]
            for row in rows:
                body = json.loads(row["_raw"])
                traces = {datapoint["trace"] for datapoint in body["datapoints"]}
                assert traces and body["explanation"].startswith("expected "), body
                found = row["picket_trace"]
                assert traces <= set([found] if isinstance(found, str) else found), row
                assert row["host"] == body["thingName"]
            return [f"{row['violationEventType']} {row['thingName']}" for row in rows]

        self.until("events in the index", read, expected)

    def explained(self, it):
        """An alarm of `thing` says so of itself."""

        def read():
            alarms = self.server.alarms(thing=it["thing"], profile=self.profile, state="all")
            return [alarm["explanation"].split("; in alarm since")[0] for alarm in alarms]

        self.until("explanations", read, [it["says"]])

    def exported(self, expected):
        """Everything that is exported, in any order: `METRIC THING VALUE`."""
        found = []

        def read():
            while not self.exports.messages.empty():
                message = self.exports.receive()
                for it in json.loads(message.payload)["metrics"]:
                    found.append(f"{it['name']} {it['thing']} {shown(it['value'])}")
            return sorted(found)

        self.until("exports", read, sorted(expected))

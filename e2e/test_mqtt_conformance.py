"""What MQTT 3.1.1 and 5 ask of a server, on the listener that follows the standard.

Each case is a sentence. They cover the ground of the Paho interoperability suite that is run against
brokers, and more, written anew for this repository. Where the cases of that suite are, by its names; 3.1.1
has the first ten, without `test_`:

| case of the suite             | here                                                                        |
|-------------------------------|-----------------------------------------------------------------------------|
| test_basic                    | a_first_connect_finds_no_session, a_message_reaches_a_subscriber_at_the_lower_qos, a_second_connect_packet_ends_the_connection, another_protocol_name_ends_the_connection |
| test_retained_message         | a_retained_message_is_given_to_a_new_subscription, a_retained_message_keeps_its_properties |
| test_will_message             | a_will_is_published_when_the_connection_breaks                              |
| test_zero_length_clientid     | an_empty_client_id_needs_a_clean_session_in_3_1_1; MQTT 5 takes it with and without clean start, unlike the suite, which does not count its own verdict here: an_empty_client_id_is_replaced_and_told_in_5 |
| test_offline_message_queueing | a_kept_session_gets_what_it_missed                                          |
| test_overlapping_subscriptions| overlapping_subscriptions_give_one_copy_at_the_highest_qos                  |
| test_keepalive                | a_silent_client_is_cut_and_its_will_is_published                            |
| test_redelivery_on_reconnect  | what_was_not_acknowledged_is_sent_again_with_its_packet_id, a_received_message_is_only_released_again |
| test_subscribe_failure        | a_forbidden_filter_fails_alone                                              |
| test_dollar_topics            | a_leading_wildcard_does_not_match_a_dollar_topic; clients cannot publish on `$` topics, which the suite calls entirely valid: a_publish_on_a_dollar_topic_reaches_nobody |
| test_unsubscribe              | after_unsubscribing_nothing_more_comes                                      |
| test_session_expiry           | a_session_of_5_ends_with_its_time, a_session_of_5_without_an_expiry_ends_with_its_connection, leaving_can_change_when_a_session_of_5_ends |
| test_user_properties, test_payload_format | properties_of_a_message_arrive_as_sent                          |
| test_publication_expiry       | a_message_expires_while_its_receiver_is_away                                |
| test_subscribe_options        | no_local_leaves_out_one_s_own_messages, retain_as_published_keeps_the_flag, the_ways_to_handle_retained_messages_in_5 |
| test_assigned_clientid        | an_empty_client_id_is_replaced_and_told_in_5                                |
| test_subscribe_identifiers    | subscription_identifiers_tell_which_subscriptions_matched                   |
| test_request_response         | an_answer_finds_its_way_back                                                |
| test_client_topic_alias       | a_topic_alias_of_the_client_stands_for_its_topic, a_topic_alias_out_of_range_is_an_error, a_topic_alias_ends_with_its_connection |
| test_server_topic_alias       | the_server_s_topic_aliases_stay_within_what_the_client_takes, a_client_that_takes_no_topic_aliases_gets_none |
| test_maximum_packet_size      | a_message_larger_than_the_client_takes_is_left_out; the server's own maximum is above the 65,535 up to which the suite tries it: test_front_door.a_packet_that_is_much_too_large_is_not_even_read |
| test_server_keep_alive        | the_server_tells_its_limits_in_5                                            |
| test_flow_control1            | the_server_sends_no_more_than_the_client_s_receive_maximum                  |
| test_flow_control2            | a_client_that_sends_more_than_the_server_s_receive_maximum_is_cut           |
| test_will_delay               | a_delayed_will_waits, a_delayed_will_does_not_outlast_its_session, a_delayed_will_is_dropped_when_the_client_is_back |
| test_shared_subscriptions     | each_message_goes_to_one_member_of_a_group                                  |

None is red. What AWS's dialect does otherwise, on the listeners with TLS, is in test_mqtt_clients and
test_front_door.
"""

import time

import pytest

from mqtt_wire import (
    CONNACK,
    DISCONNECT,
    PINGRESP,
    PUBACK,
    PUBCOMP,
    PUBLISH,
    PUBREC,
    PUBREL,
    Closed,
    Wire,
    data,
    packet,
)
from waiting import wait_for

# A filter nobody may subscribe to, and a keep-alive that a test can wait for.
CONFIG = {
    "gateway": {
        "plaintext_deny_subscribe": ["forbidden/#"],
        "plaintext_rules": {"topic_alias_max": 4, "receive_maximum": 20},
    }
}

BOTH = pytest.mark.parametrize("version", [4, 5], ids=["mqtt-3.1.1", "mqtt-5"])
QOS = pytest.mark.parametrize("qos", [0, 1, 2])
# Subscription options of MQTT 5.
NO_LOCAL, AS_PUBLISHED, RETAIN_IF_NEW, RETAIN_NEVER = 4, 8, 16, 32


@pytest.fixture(scope="module")
def address(server):
    return "127.0.0.1", server.credentials["mqtt"]["plaintext_port"]


@pytest.fixture
def names(request):
    """Client ids and topics that no other test uses."""
    prefix = "".join(c if c.isalnum() else "-" for c in request.node.name)[-80:]
    return lambda name: f"{prefix}/{name}"


@pytest.fixture
def wires(address):
    """Opens connections; closes them after the test."""
    made = []

    def act(version=4):
        made.append(Wire(address, version))
        return made[-1]

    yield act
    for wire in made:
        wire.close()


@pytest.fixture
def join(wires):
    """Connects a client that the server takes."""

    def act(client_id, version=4, **options):
        wire = wires(version)
        connack = wire.connect(client_id, **options)
        assert connack.code == 0, connack
        wire.connack = connack
        return wire

    return act


def kept(version):
    """Options of a CONNECT whose session outlives it."""
    return {"clean": False, "session_expiry": 600} if version == 5 else {"clean": False}


# Connecting


@BOTH
def test_a_first_connect_finds_no_session(join, names, version):
    assert not join(names("a"), version).connack.session_present


@BOTH
def test_a_second_connect_packet_ends_the_connection(join, names, version):
    wire = join(names("a"), version)
    wire.send_connect(names("a"))
    assert [p.code for p in wire.closed()] == ([0x82] if version == 5 else [])


@BOTH
def test_a_packet_before_connect_ends_the_connection(wires, version):
    wire = wires(version)
    wire.send_publish("a", "x")
    assert wire.closed() == []


def test_another_protocol_name_ends_the_connection(wires):
    wire = wires()
    wire.raw(packet(1, 0, data("MQTX") + bytes([4, 2, 0, 60]) + data("a")))
    assert [p.kind for p in wire.closed() if p.kind != CONNACK or p.code == 0] == []


def test_an_unknown_protocol_level_is_answered_as_such(wires):
    wire = wires()
    wire.raw(packet(1, 0, data("MQTT") + bytes([3, 2, 0, 60]) + data("a")))
    assert wire.expect(CONNACK).code == 1


def test_a_reserved_connect_flag_ends_the_connection(wires):
    wire = wires()
    wire.raw(packet(1, 0, data("MQTT") + bytes([4, 3, 0, 60]) + data("a")))
    assert [p for p in wire.closed() if p.kind != CONNACK] == []


def test_an_empty_client_id_needs_a_clean_session_in_3_1_1(wires):
    assert wires(4).connect("", clean=True).code == 0
    assert wires(4).connect("", clean=False).code == 2


def test_an_empty_client_id_is_replaced_and_told_in_5(wires):
    first, second = wires(5).connect(""), wires(5).connect("", clean=False)
    assert first.code == second.code == 0
    ids = {p.properties["assigned_client_id"] for p in (first, second)}
    assert len(ids) == 2


@BOTH
def test_a_newer_connection_takes_the_client_id_over(join, names, version):
    old = join(names("a"), version)
    join(names("a"), version)
    assert [p.code for p in old.closed()] == ([0x8E] if version == 5 else [])


@BOTH
def test_a_ping_is_answered(join, names, version):
    assert join(names("a"), version).ping().kind == PINGRESP


def test_a_silent_client_is_cut_after_one_and_a_half_keep_alives(join, names):
    started = time.monotonic()
    wire = join(names("a"), 4, keepalive=1)
    assert wire.closed() == []
    assert 1.4 <= time.monotonic() - started < 4


@BOTH
def test_a_silent_client_is_cut_and_its_will_is_published(join, names, version):
    watcher = join(names("w"), version)
    watcher.subscribe(names("will"))
    silent = join(names("d"), version, keepalive=1, will={"topic": names("will"), "payload": "gone"})
    assert watcher.message().payload == b"gone"
    silent.closed()


def test_a_silent_client_of_5_is_told_why(join, names):
    wire = join(names("a"), 5, keepalive=1)
    assert [(p.kind, p.code) for p in wire.closed()] == [(DISCONNECT, 0x8D)]


def test_the_server_tells_its_limits_in_5(join, names):
    said = join(names("a"), 5, keepalive=600).connack.properties
    assert (said["topic_alias_maximum"], said["receive_maximum"]) == (4, 20)
    assert said["server_keep_alive"] == 60
    assert said.get("retain_available", 1) == said.get("wildcard_available", 1) == 1
    assert said.get("subscription_id_available", 1) == said.get("shared_available", 1) == 1


def test_extended_authentication_is_refused_with_its_code(wires, names):
    connack = wires(5).connect(names("a"), authentication_method="x")
    assert connack.code == 0x8C


# Publishing and subscribing


@BOTH
@QOS
def test_a_message_reaches_a_subscriber_at_the_lower_qos(join, names, version, qos):
    subscriber, publisher = join(names("s"), version), join(names("p"), version)
    for granted in (0, 1, 2):
        topic = names(f"t{granted}")
        assert subscriber.subscribe((topic, granted)) == [granted]
        publisher.publish(topic, "x", qos)
        message = subscriber.message()
        assert (message.topic, message.payload) == (topic, b"x")
        assert (message.qos, message.retain, message.dup) == (min(qos, granted), 0, 0)


@BOTH
def test_the_order_of_messages_is_kept(join, names, version):
    subscriber, publisher = join(names("s"), version), join(names("p"), version)
    subscriber.subscribe(names("#"))
    for number in range(50):
        publisher.publish(names("t"), str(number), qos=number % 3)
    got = [int(subscriber.message().payload) for _ in range(50)]
    for qos in (0, 1, 2):
        of_qos = [number for number in got if number % 3 == qos]
        assert of_qos == sorted(of_qos)


@BOTH
def test_versions_understand_each_other(join, names, version):
    subscriber, publisher = join(names("s"), version), join(names("p"), 9 - version)
    subscriber.subscribe(names("t"))
    publisher.publish(names("t"), "x", qos=2)
    assert subscriber.message().payload == b"x"


@BOTH
@pytest.mark.parametrize(
    ("filter_", "hits", "misses"),
    [
        ("+/b", ["a/b", "/b"], ["b", "a/b/c"]),
        ("a/+", ["a/b", "a/"], ["a", "a/b/c"]),
        ("a/#", ["a", "a/", "a/b/c"], ["b", "ab"]),
        ("#", ["a", "a/b", "/"], []),
        ("+/+", ["/a", "a/b"], ["a"]),
        ("/+", ["/a"], ["a"]),
        ("+/+/c", ["a/b/c", "//c"], ["a/b", "a/b/c/d"]),
        ("a/+/#", ["a/b", "a/b/c"], ["a"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wildcards_match_levels(join, names, version, filter_, hits, misses):
    subscriber, publisher = join(names("s"), version), join(names("p"), version)
    # Below a level of its own, where a leading wildcard allows that.
    place = "" if filter_[0] in "+#/" else f"{names('x')}/"
    subscriber.subscribe(place + filter_)
    marker = names("x") if filter_[0] in "+#/" else "w"
    for topic in [*misses, *hits]:
        publisher.publish(place + topic, f"{marker}:{topic}", qos=1)
    got = []
    while len(got) < len(hits):
        message = subscriber.message()
        # Other tests' messages may pass a leading wildcard.
        if message.payload.startswith(f"{marker}:".encode()):
            got.append(message.payload.decode().partition(":")[2])
    assert got == hits


@BOTH
def test_a_leading_wildcard_does_not_match_a_dollar_topic(join, names, version):
    subscriber, other = join(names("s"), version), join(names("o"), version)
    subscriber.subscribe("+/events/#")
    other.publish("x/events/marker", "mark", qos=1)
    assert subscriber.message().topic == "x/events/marker"


@BOTH
@QOS
def test_a_publish_on_a_dollar_topic_reaches_nobody(join, names, version, qos):
    watcher, wire = join(names("w"), version), join(names("a"), version)
    watcher.subscribe("#")
    wire.send_publish("$" + names("t"), "x", qos=qos)
    if qos:
        # Only MQTT 5 has a code for it; 3.1.1 leaves the choice to acknowledge or to close.
        assert wire.receive().code == (0x87 if version == 5 else 0)
    join(names("p"), version).publish(names("marker"), "mark", qos=1)
    topics = []
    while not topics or topics[-1] != names("marker"):
        topics.append(watcher.message().topic)
    assert not [topic for topic in topics if topic.startswith("$")]


@BOTH
@pytest.mark.parametrize("filter_", ["a/#/b", "a#", "a/b+", "+a/b", "#/", ""])
def test_a_malformed_filter_is_refused(join, names, version, filter_):
    wire = join(names("a"), version)
    wire.send_subscribe(filter_)
    first = None
    try:
        first = wire.receive()
    except Closed:
        pass
    if version == 4:
        assert first is None
    else:
        assert first.codes == [0x8F] if hasattr(first, "codes") else first.code in (0x81, 0x82, 0x8F)


@BOTH
def test_a_forbidden_filter_fails_alone(join, names, version):
    wire = join(names("a"), version)
    codes = wire.subscribe("forbidden/x", names("t"))
    assert codes == [0x80, 2]
    wire.publish(names("t"), "x")
    assert wire.message().payload == b"x"


@BOTH
def test_a_second_subscription_to_a_filter_replaces_the_first(join, names, version):
    wire = join(names("a"), version)
    wire.subscribe((names("t"), 2))
    wire.subscribe((names("t"), 0))
    wire.publish(names("t"), "x", qos=0)
    assert wire.message().qos == 0
    wire.quiet()


@BOTH
def test_overlapping_subscriptions_give_one_copy_at_the_highest_qos(join, names, version):
    subscriber, publisher = join(names("s"), version), join(names("p"), version)
    subscriber.subscribe((names("#"), 1), (names("+"), 2))
    publisher.publish(names("t"), "x", qos=2)
    assert subscriber.message().qos == 2
    subscriber.quiet()


@BOTH
def test_after_unsubscribing_nothing_more_comes(join, names, version):
    subscriber, publisher = join(names("s"), version), join(names("p"), version)
    subscriber.subscribe(names("a"), names("b"), names("c"))
    codes = subscriber.unsubscribe(names("a"), names("nothing"))
    assert codes == ([0, 0x11] if version == 5 else [])
    for topic in "abc":
        publisher.publish(names(topic), topic, qos=1)
    assert [subscriber.message().payload for _ in range(2)] == [b"b", b"c"]


@BOTH
@pytest.mark.parametrize("topic", ["a/#", "+", "a/+/b"])
def test_a_publish_with_a_wildcard_ends_or_is_refused(join, names, version, topic):
    wire = join(names("a"), version)
    wire.send_publish(topic, "x", qos=1)
    came = wire.closed(timeout=3) if version == 4 else [wire.receive()]
    assert [p.code for p in came] in ([], [0x90], [0x81])


@BOTH
def test_qos_3_is_malformed(join, names, version):
    wire = join(names("a"), version)
    wire.raw(packet(PUBLISH, 6, data(names("t")) + b"\x00\x01" + (b"\x00" if version == 5 else b"")))
    assert [p.code for p in wire.closed()] == ([0x81] if version == 5 else [])


@BOTH
def test_a_large_message_passes_whole(join, names, version):
    wire = join(names("a"), version)
    wire.subscribe(names("t"))
    payload = bytes(range(256)) * 2000
    wire.send_publish(names("t"), payload)
    assert wire.message().payload == payload


# QoS 2


@BOTH
def test_a_qos_2_publish_sent_twice_is_one_message(join, names, version):
    subscriber, publisher = join(names("s"), version), join(names("p"), version)
    subscriber.subscribe(names("t"))
    publisher.send_publish(names("t"), "x", qos=2, id_=7)
    publisher.expect(PUBREC)
    publisher.send_publish(names("t"), "x", qos=2, id_=7, dup=True)
    publisher.expect(PUBREC)
    publisher.answer(PUBREL, 7)
    publisher.expect(PUBCOMP)
    assert subscriber.message().payload == b"x"
    subscriber.quiet()


@BOTH
def test_a_release_of_nothing_is_completed(join, names, version):
    wire = join(names("a"), version)
    wire.answer(PUBREL, 99)
    answer = wire.expect(PUBCOMP)
    assert (answer.id, answer.code) == (99, 0x92 if version == 5 else 0)


# Retained messages


@BOTH
@QOS
def test_a_retained_message_is_given_to_a_new_subscription(join, names, version, qos):
    publisher = join(names("p"), version)
    publisher.publish(names("a/1"), "one", qos, retain=True)
    publisher.publish(names("a/1"), "two", qos, retain=True)
    publisher.publish(names("a/2"), "x", qos, retain=True)
    publisher.publish(names("a/2"), "", qos, retain=True)
    publisher.ping()
    subscriber = join(names("s"), version)
    subscriber.subscribe(names("a/#"))
    message = subscriber.message()
    assert (message.topic, message.payload) == (names("a/1"), b"two")
    assert (message.qos, message.retain) == (qos, 1)
    subscriber.quiet()
    # A live copy does not look retained.
    publisher.publish(names("a/1"), "three", qos, retain=True)
    assert subscriber.message().retain == 0


@QOS
def test_a_retained_message_keeps_its_properties(join, names, qos):
    sent = {"user": [("a", "2"), ("c", "3")], "content_type": "text/plain", "response_topic": names("r")}
    publisher = join(names("p"), 5)
    publisher.publish(names("t"), "x", qos, retain=True, **sent)
    publisher.ping()
    subscriber = join(names("s"), 5)
    subscriber.subscribe(names("t"))
    message = subscriber.message()
    assert (message.qos, message.retain, message.properties) == (qos, 1, sent)


def test_the_ways_to_handle_retained_messages_in_5(join, names):
    publisher = join(names("p"), 5)
    publisher.publish(names("t"), "x", qos=1, retain=True)
    for options, first, second in [(1, 1, 1), (1 | RETAIN_IF_NEW, 1, 0), (1 | RETAIN_NEVER, 0, 0)]:
        subscriber = join(names(f"s{options}"), 5)
        for expected in (first, second):
            subscriber.subscribe((names("t"), options))
            for _ in range(expected):
                assert subscriber.message().retain == 1
            subscriber.quiet()


def test_retain_as_published_keeps_the_flag(join, names):
    subscriber, publisher = join(names("s"), 5), join(names("p"), 5)
    subscriber.subscribe((names("a"), 1 | AS_PUBLISHED), (names("b"), 1))
    for topic in "ab":
        publisher.publish(names(topic), "x", qos=1, retain=True)
    flags = {message.topic: message.retain for message in (subscriber.message(), subscriber.message())}
    assert flags == {names("a"): 1, names("b"): 0}


# Sessions


@BOTH
def test_a_kept_session_gets_what_it_missed(join, names, version):
    client = join(names("s"), version, **kept(version))
    assert not client.connack.session_present
    client.subscribe((names("0"), 0), (names("1"), 1), (names("2"), 2))
    client.disconnect()
    publisher = join(names("p"), version)
    for topic in "012":
        publisher.publish(names(topic), topic, qos=int(topic))
    back = join(names("s"), version, **kept(version))
    assert back.connack.session_present
    got = [back.message() for _ in range(2)]
    assert [(message.payload, message.qos, message.dup) for message in got] == [(b"1", 1, 0), (b"2", 2, 0)]
    back.quiet()


@BOTH
def test_a_clean_start_ends_the_old_session(join, names, version):
    client = join(names("s"), version, **kept(version))
    client.subscribe(names("t"))
    client.disconnect()
    fresh = join(names("s"), version, clean=True)
    assert not fresh.connack.session_present
    join(names("p"), version).publish(names("t"), "x", qos=1)
    fresh.quiet()
    fresh.disconnect()
    assert not join(names("s"), version, **kept(version)).connack.session_present


@BOTH
@pytest.mark.parametrize("qos", [1, 2])
def test_what_was_not_acknowledged_is_sent_again_with_its_packet_id(join, names, version, qos):
    client = join(names("s"), version, **kept(version))
    client.subscribe((names("t"), qos))
    publisher = join(names("p"), version)
    for payload in "ab":
        publisher.publish(names("t"), payload, qos=qos)
    first = [client.message(acknowledge=False) for _ in range(2)]
    client.close()
    back = join(names("s"), version, **kept(version))
    again = [back.message() for _ in range(2)]
    assert [message.id for message in again] == [message.id for message in first]
    assert [(message.payload, message.dup) for message in again] == [(b"a", 1), (b"b", 1)]


@BOTH
def test_a_received_message_is_only_released_again(join, names, version):
    client = join(names("s"), version, **kept(version))
    client.subscribe(names("t"))
    join(names("p"), version).publish(names("t"), "x", qos=2)
    message = client.message(acknowledge=False)
    client.answer(PUBREC, message.id)
    assert client.expect(PUBREL).id == message.id
    client.close()
    back = join(names("s"), version, **kept(version))
    assert back.expect(PUBREL).id == message.id
    back.answer(PUBCOMP, message.id)
    back.quiet()


@BOTH
def test_an_exactly_once_publish_survives_its_connection(join, names, version):
    subscriber = join(names("s"), version)
    subscriber.subscribe(names("t"))
    client = join(names("p"), version, **kept(version))
    client.send_publish(names("t"), "x", qos=2, id_=5)
    client.expect(PUBREC)
    client.close()
    back = join(names("p"), version, **kept(version))
    back.send_publish(names("t"), "x", qos=2, id_=5, dup=True)
    back.expect(PUBREC)
    back.answer(PUBREL, 5)
    back.expect(PUBCOMP)
    assert subscriber.message().payload == b"x"
    subscriber.quiet()


def test_a_session_of_5_ends_with_its_time(join, names):
    join(names("s"), 5, clean=False, session_expiry=1).disconnect()
    started = time.monotonic()
    wait_for("its time is over", lambda: time.monotonic() - started > 1.5)
    assert not join(names("s"), 5, clean=False, session_expiry=1).connack.session_present


def test_a_session_of_5_without_an_expiry_ends_with_its_connection(join, names):
    join(names("s"), 5, clean=False).disconnect()
    assert not join(names("s"), 5, clean=False).connack.session_present


def test_leaving_can_change_when_a_session_of_5_ends(join, names):
    join(names("s"), 5, clean=False, session_expiry=600).disconnect(session_expiry=0)
    assert not join(names("s"), 5, clean=False).connack.session_present
    join(names("s"), 5, clean=True, session_expiry=1).disconnect(session_expiry=600)
    started = time.monotonic()
    wait_for("its first time is over", lambda: time.monotonic() - started > 1.5)
    assert join(names("s"), 5, clean=False).connack.session_present


def test_a_session_that_was_to_end_cannot_be_prolonged_on_leaving(join, names):
    wire = join(names("s"), 5)
    wire.raw(packet(DISCONNECT, 0, b"\x00\x05\x11\x00\x00\x00\x0a"))
    assert [p.code for p in wire.closed()] == [0x82]


# Wills


@BOTH
@QOS
def test_a_will_is_published_when_the_connection_breaks(join, names, version, qos):
    watcher = join(names("w"), version)
    watcher.subscribe(names("will"))
    will = {"topic": names("will"), "payload": "gone", "qos": qos}
    join(names("d"), version, will=will).close()
    message = watcher.message()
    assert (message.payload, message.qos, message.retain) == (b"gone", qos, 0)


@BOTH
def test_a_will_is_dropped_when_the_client_says_goodbye(join, names, version):
    watcher = join(names("w"), version)
    watcher.subscribe(names("#"))
    will = {"topic": names("will"), "payload": "gone"}
    join(names("d"), version, will=will).disconnect()
    join(names("p"), version).publish(names("marker"), "mark", qos=1)
    assert watcher.message().payload == b"mark"


@BOTH
def test_a_retained_will_stays(join, names, version):
    watcher = join(names("w"), version)
    watcher.subscribe(names("will"))
    will = {"topic": names("will"), "payload": "gone", "qos": 1, "retain": True}
    join(names("d"), version, will=will).close()
    watcher.message()
    late = join(names("l"), version)
    late.subscribe(names("will"))
    message = late.message()
    assert (message.payload, message.retain) == (b"gone", 1)


def test_a_client_of_5_can_leave_with_its_will(join, names):
    watcher = join(names("w"), 5)
    watcher.subscribe(names("will"))
    will = {"topic": names("will"), "payload": "gone", "properties": {"user": [("a", "b")], "content_type": "text/x"}}
    join(names("d"), 5, will=will).disconnect(code=4)
    message = watcher.message()
    assert (message.properties["user"], message.properties["content_type"]) == ([("a", "b")], "text/x")


def test_a_delayed_will_waits(join, names):
    watcher = join(names("w"), 5)
    watcher.subscribe(names("will"))
    will = {"topic": names("will"), "payload": "gone", "properties": {"will_delay": 1}}
    started = time.monotonic()
    join(names("d"), 5, session_expiry=60, will=will).close()
    assert watcher.message().payload == b"gone"
    assert time.monotonic() - started >= 1


def test_a_delayed_will_does_not_outlast_its_session(join, names):
    watcher = join(names("w"), 5)
    watcher.subscribe(names("will"))
    will = {"topic": names("will"), "payload": "gone", "properties": {"will_delay": 600}}
    join(names("d"), 5, will=will).close()
    assert watcher.message().payload == b"gone"


def test_a_delayed_will_is_dropped_when_the_client_is_back(join, names):
    watcher = join(names("w"), 5)
    watcher.subscribe(names("#"))
    will = {"topic": names("will"), "payload": "gone", "properties": {"will_delay": 1}}
    join(names("d"), 5, session_expiry=60, will=will).close()
    started = time.monotonic()
    join(names("d"), 5, clean=False, session_expiry=60)
    wait_for("the delay is over", lambda: time.monotonic() - started > 1.5)
    join(names("p"), 5).publish(names("marker"), "mark", qos=1)
    assert watcher.message().payload == b"mark"


# MQTT 5


def test_properties_of_a_message_arrive_as_sent(join, names):
    subscriber, publisher = join(names("s"), 5), join(names("p"), 5)
    subscriber.subscribe(names("t"))
    sent = {
        "payload_format": 1,
        "content_type": "text/plain",
        "response_topic": names("answers"),
        "correlation_data": b"\x00\x01",
        "user": [("b", "1"), ("a", "2"), ("b", "3")],
    }
    publisher.publish(names("t"), "x", qos=1, **sent)
    assert subscriber.message().properties == sent


def test_an_answer_finds_its_way_back(join, names):
    asker, answerer = join(names("asker"), 5), join(names("answerer"), 5)
    asker.subscribe(names("answers"))
    answerer.subscribe(names("questions"))
    asker.publish(names("questions"), "?", qos=1, response_topic=names("answers"), correlation_data=b"7")
    question = answerer.message()
    to = question.properties
    answerer.publish(to["response_topic"], "!", qos=1, correlation_data=to["correlation_data"])
    answer = asker.message()
    assert (answer.payload, answer.properties["correlation_data"]) == (b"!", b"7")


def test_a_message_expires_while_its_receiver_is_away(join, names):
    client = join(names("s"), 5, **kept(5))
    client.subscribe(names("t"))
    client.disconnect()
    publisher = join(names("p"), 5)
    publisher.publish(names("t"), "short", qos=1, message_expiry=1)
    publisher.publish(names("t"), "long", qos=1, message_expiry=100)
    publisher.publish(names("t"), "ever", qos=2)
    started = time.monotonic()
    wait_for("a second has passed", lambda: time.monotonic() - started > 1.2)
    back = join(names("s"), 5, **kept(5))
    got = [back.message() for _ in range(2)]
    assert [message.payload for message in got] == [b"long", b"ever"]
    assert 90 <= got[0].properties["message_expiry"] < 100
    assert "message_expiry" not in got[1].properties
    back.quiet()


def test_a_retained_message_expires(join, names):
    publisher = join(names("p"), 5)
    publisher.publish(names("t"), "x", qos=1, retain=True, message_expiry=1)
    started = time.monotonic()
    wait_for("a second has passed", lambda: time.monotonic() - started > 1.2)
    subscriber = join(names("s"), 5)
    subscriber.subscribe(names("t"))
    subscriber.quiet()


def test_no_local_leaves_out_one_s_own_messages(join, names):
    wire, other = join(names("a"), 5), join(names("b"), 5)
    wire.subscribe((names("t"), 1 | NO_LOCAL))
    wire.publish(names("t"), "own", qos=1)
    other.publish(names("t"), "other", qos=1)
    assert wire.message().payload == b"other"


def test_subscription_identifiers_tell_which_subscriptions_matched(join, names):
    subscriber, publisher = join(names("s"), 5), join(names("p"), 5)
    subscriber.subscribe(names("#"), subscription_id=[2])
    subscriber.subscribe(names("+"), subscription_id=[268_435_455])
    subscriber.subscribe(names("other"))
    publisher.publish(names("t"), "x", qos=1)
    assert sorted(subscriber.message().properties["subscription_id"]) == [2, 268_435_455]


def test_a_publish_with_a_subscription_identifier_is_an_error(join, names):
    wire = join(names("a"), 5)
    wire.send_publish(names("t"), "x", subscription_id=[1])
    assert [p.code for p in wire.closed()] == [0x82]


def test_a_topic_alias_of_the_client_stands_for_its_topic(join, names):
    subscriber, publisher = join(names("s"), 5), join(names("p"), 5)
    subscriber.subscribe(names("#"))
    publisher.publish(names("a"), "1", qos=1, topic_alias=1)
    publisher.publish("", "2", qos=1, topic_alias=1)
    publisher.publish(names("b"), "3", qos=1, topic_alias=1)
    publisher.publish("", "4", qos=1, topic_alias=1)
    got = [subscriber.message() for _ in range(4)]
    assert [message.topic for message in got] == [names("a"), names("a"), names("b"), names("b")]


def test_a_topic_alias_ends_with_its_connection(join, names):
    client = join(names("a"), 5, **kept(5))
    client.publish(names("t"), "x", qos=1, topic_alias=1)
    client.disconnect()
    back = join(names("a"), 5, **kept(5))
    assert back.connack.session_present
    back.send_publish("", "x", topic_alias=1)
    assert [p.code for p in back.closed()] in ([0x82], [0x94])


@pytest.mark.parametrize("alias", [0, 5])
def test_a_topic_alias_out_of_range_is_an_error(join, names, alias):
    wire = join(names("a"), 5)
    wire.send_publish(names("t"), "x", topic_alias=alias)
    assert [p.code for p in wire.closed()][-1:] in ([0x94], [0x81], [0x82])


def test_a_topic_alias_that_was_never_set_is_an_error(join, names):
    wire = join(names("a"), 5)
    wire.send_publish("", "x", topic_alias=2)
    assert [p.code for p in wire.closed()] in ([0x82], [0x94])


def test_the_server_s_topic_aliases_stay_within_what_the_client_takes(join, names):
    subscriber, publisher = join(names("s"), 5, topic_alias_maximum=1), join(names("p"), 5)
    subscriber.subscribe(names("#"))
    for topic in "aabb":
        publisher.publish(names(topic), topic, qos=1)
    known = {}
    for expected in "aabb":
        message = subscriber.message()
        alias = message.properties.get("topic_alias")
        assert alias in (None, 1)
        if message.topic and alias:
            known[alias] = message.topic
        assert (message.topic or known[alias]) == names(expected)
    assert known == {1: names("a")}


@pytest.mark.parametrize("offered", [{}, {"topic_alias_maximum": 0}], ids=["unsaid", "zero"])
def test_a_client_that_takes_no_topic_aliases_gets_none(join, names, offered):
    wire = join(names("a"), 5, **offered)
    wire.subscribe(names("t"))
    for qos in (0, 1, 2):
        wire.publish(names("t"), "x", qos) if qos == 0 else wire.send_publish(names("t"), "x", qos)
    topics = []
    while len(topics) < 3:
        packet_ = wire.receive()
        if packet_.kind == PUBLISH:
            topics.append(packet_.topic)
            assert "topic_alias" not in packet_.properties
    assert topics == [names("t")] * 3


def test_a_message_larger_than_the_client_takes_is_left_out(join, names):
    subscriber, publisher = join(names("s"), 5, maximum_packet_size=200), join(names("p"), 5)
    subscriber.subscribe(names("t"))
    publisher.publish(names("t"), "x" * 300, qos=1)
    publisher.publish(names("t"), "small", qos=1)
    assert subscriber.message().payload == b"small"


def test_the_server_sends_no_more_than_the_client_s_receive_maximum(join, names):
    subscriber, publisher = join(names("s"), 5, receive_maximum=2), join(names("p"), 5)
    subscriber.subscribe((names("t"), 1))
    for number in range(4):
        publisher.publish(names("t"), str(number), qos=1)
    first = [subscriber.message(acknowledge=False) for _ in range(2)]
    subscriber.quiet()
    subscriber.answer(PUBACK, first[0].id)
    assert subscriber.message(acknowledge=False).payload == b"2"
    subscriber.quiet()


def test_a_client_that_sends_more_than_the_server_s_receive_maximum_is_cut(join, names):
    wire = join(names("a"), 5)
    for id_ in range(1, 22):
        wire.send_publish(names("t"), "x", qos=2, id_=id_)
    assert [p.code for p in wire.closed() if p.kind == DISCONNECT] == [0x93]


# Shared subscriptions


@BOTH
def test_each_message_goes_to_one_member_of_a_group(join, names, version):
    members = [join(names(f"m{number}"), version) for number in range(3)]
    group = names("t").replace("/", "-")
    for member in members:
        member.subscribe((f"$share/{group}/{names('t')}", 1))
    publisher = join(names("p"), version)
    for number in range(9):
        publisher.publish(names("t"), str(number), qos=1)
    got = []
    for member in members:
        got.append([int(member.message().payload) for _ in range(3)])
        member.quiet()
    assert sorted(sum(got, [])) == list(range(9))


def test_a_shared_subscription_gets_no_retained_messages(join, names):
    publisher = join(names("p"), 5)
    publisher.publish(names("t"), "x", qos=1, retain=True)
    member = join(names("m"), 5)
    member.subscribe((f"$share/g/{names('t')}", 1))
    member.quiet()


def test_a_shared_subscription_cannot_be_no_local(join, names):
    wire = join(names("a"), 5)
    wire.send_subscribe((f"$share/g/{names('t')}", 1 | NO_LOCAL))
    assert [p.code for p in wire.closed()] == [0x82]


@pytest.mark.parametrize("filter_", ["$share/g", "$share//t", "$share/g+/t", "$share/g/"])
def test_a_malformed_shared_subscription_is_refused(join, names, filter_):
    wire = join(names("a"), 5)
    wire.send_subscribe(filter_)
    answer = wire.receive()
    assert answer.codes == [0x8F] if hasattr(answer, "codes") else answer.code in (0x81, 0x82, 0x8F)

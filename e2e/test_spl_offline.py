"""`picket spl` answers each line of a file without a server."""

import json

from server import picket

EVENTS = [
    {"_time": 1718000000, "index": "iot", "thing": "a", "name": "ports", "value": {"ports": [22, 21]}},
    {"_time": 1718000300, "index": "iot", "thing": "b", "name": "ports", "value": {"ports": [22]}},
]


def answers(command, tmp_path, *cases):
    """The answers by id, and their order."""
    file = tmp_path / "cases.jsonl"
    file.write_text("".join(json.dumps(case) + "\n" for case in cases))
    lines = picket("spl", command, file).splitlines()
    return {answer["id"]: answer for answer in map(json.loads, lines)}


def test_eval_gives_the_fields_and_rows_of_each_line(tmp_path):
    case = {
        "id": "ports by thing",
        "events": EVENTS,
        "search": "index=iot | spath value.ports{} output=port | mvexpand port | stats count by port",
    }
    answer = answers("eval", tmp_path, case)["ports by thing"]
    assert answer["fields"] == ["port", "count"]
    rows = [{name: str(value) for name, value in row.items()} for row in answer["rows"]]
    assert rows == [{"port": "21", "count": "1"}, {"port": "22", "count": "2"}]


def test_one_bad_line_does_not_spoil_the_others(tmp_path):
    bad = {"id": 1, "events": EVENTS, "search": "index=iot | stts count"}
    good = {"id": 2, "events": EVENTS, "search": "index=iot | stats count"}
    answer = answers("eval", tmp_path, bad, good)
    error = answer[1]["error"]
    assert "stts" in error["message"] and "stats" in error["message"], "the nearest name is told"
    assert (error["line"], error["column"]) == (1, 13)
    assert str(answer[2]["rows"][0]["count"]) == "2"


def test_an_unknown_function_is_an_error_with_its_place(tmp_path):
    case = {"id": 1, "events": [], "search": "index=iot | eval a=uper(thing)"}
    error = answers("eval", tmp_path, case)[1]["error"]
    assert "uper" in error["message"] and "upper" in error["message"]
    assert error["line"] == 1 and error["column"] == 20


def test_parse_names_the_commands(tmp_path):
    case = {"id": "p", "search": "index=iot | where thing=\"a\" | stats count by name | head 5"}
    commands = answers("parse", tmp_path, case)["p"]["commands"]
    text = json.dumps(commands)
    assert all(name in text for name in ("search", "where", "stats", "head"))


def test_a_line_that_is_no_case_is_told_and_not_dropped(tmp_path):
    file = tmp_path / "cases.jsonl"
    file.write_text('{"id": 1, "search": "index=iot | stats count"}\nnot json\n')
    lines = [json.loads(line) for line in picket("spl", "eval", file).splitlines()]
    assert len(lines) == 2
    assert "error" not in lines[0] and "error" in lines[1]

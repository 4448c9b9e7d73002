"""From what HAProxy says to rows."""

import pytest

from tests.sources.haproxy.answers import answer, app, line
from watchdog.outside.haproxy_table import COUNTERS, TableError, parse


def test_a_server_s_line_is_read_by_the_names_of_its_columns() -> None:
    """Whatever their order; an empty column is 0, milliseconds are seconds."""
    table = parse(app({"hrsp_5xx": 7, "scur": 3, "qcur": 2, "rtime": 1500}))
    row = table.backends["app"].rows["green"]

    assert (7.0, 0.0) == (row.counters["hrsp_5xx"], row.counters["econ"])
    assert set(COUNTERS) == set(row.counters)
    assert (3.0, 2.0, 1.5, "UP") == (row.sessions, row.queue, row.response_time, row.status)
    assert {"blue", "green"} == set(table.backends["app"].rows)


def test_a_process_is_told_by_its_number_and_start() -> None:
    """A number may come again."""
    assert "100" == parse(app({})).process
    assert "7 99" == parse(answer(pid=7, info={"Start_time_sec": "99"})).process


def test_quotes_and_commas_are_text() -> None:
    """As CSV has them."""
    words = 'Layer7 wrong status, code: 503, info: "Busy"'
    row = parse(app({"check_status": "L7STS", "last_chk": words})).backends["app"].rows["green"]

    assert f"L7STS {words}" == row.check


@pytest.mark.parametrize(
    ("status", "check", "checked"),
    [("L4OK", "L4OK", True), ("* L4TOUT", "L4TOUT", True), ("INI", "INI", False), ("", "", False)],
)
def test_a_check_that_is_under_way_shows_the_last_one(status: str, check: str, checked: bool) -> None:  # noqa: FBT001 - a table
    """The star is left out."""
    row = parse(app({"check_status": status})).backends["app"].rows["green"]

    assert (check, checked) == (row.check, row.checked)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("", "no statistics: ''"),
        ("Unknown command: 'show'\nhelp\n", "no statistics: \"Unknown command: 'show'\""),
        (app({})[:-1], "cut short"),
        (app({"econ": "many"}), "econ of green is 'many', no number"),
    ],
)
def test_what_is_no_table_is_refused(said: str, words: str) -> None:
    """With what was found."""
    with pytest.raises(TableError, match=words):
        parse(said)


def test_a_backend_without_servers_is_there() -> None:
    """And has none."""
    backend = parse(answer(line("app", "BACKEND", mode="tcp"))).backends["app"]

    assert ("tcp", {}) == (backend.mode, backend.rows)

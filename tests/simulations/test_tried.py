"""nginx's own log of who was asked first."""

from pathlib import Path

import pytest

from simulations.lab.tried import Tried, by_first, read_tried

GREEN, BLUE = "127.0.0.1:2", "127.0.0.1:1"


@pytest.mark.parametrize(
    ("line", "failed", "shielded"),
    [
        (f'100.500 0.500 200 0 "500, 200" "{GREEN}, {BLUE}"', True, True),
        (f'100.500 0.500 500 0 "500, 500" "{GREEN}, {BLUE}"', True, False),
        (f'100.500 0.500 500 0 "500" "{GREEN}"', True, False),
        (f'100.500 0.500 200 0 "502 : 200" "{GREEN} : {BLUE}"', True, True),
        (f'100.500 0.500 200 0 "200" "{GREEN}"', False, False),
        (f'100.500 0.500 200 0 "500, 200" "{BLUE}, {GREEN}"', False, True),
    ],
)
def test_a_line_says_who_failed_first(line: str, *, failed: bool, shielded: bool) -> None:
    """And whether the user saw it."""
    tried = Tried.parse(line + "\n")

    assert tried is not None
    assert (100.0, failed, shielded) == (tried.started, tried.failed_at(GREEN), tried.shielded)


@pytest.mark.parametrize(
    "line", ['1.0 0.1 200 1 "200" "a"', '1.0 0.1 200 0 "-" "-"', "1.0 0.1 20", '1.0 0.1 200 "200" "a"', ""]
)
def test_what_is_no_users_request_is_left_out(line: str) -> None:
    """Probes, what no server was asked, and garbage."""
    assert Tried.parse(line) is None


def test_half_a_line_is_left_out(tmp_path: Path) -> None:
    """The log is read while it is written."""
    log = tmp_path / "seen.log"
    assert [] == read_tried(log)
    log.write_text(f'2.0 1.0 200 0 "200" "{GREEN}"\n3.0 1.0 200 0 "200" "{BLUE}"\n3.0 1.0 200 0 "200" "{GREEN}"')

    found = read_tried(log)

    assert [(1.0, "green"), (2.0, "blue")] == [
        (record.started, record.colour) for record in by_first(found, GREEN, "green", "blue")
    ]

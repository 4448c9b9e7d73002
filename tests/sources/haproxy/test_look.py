"""What is found in HAProxy's statistics."""

from collections.abc import Mapping

from tests.sources.haproxy.answers import answer, app, line
from watchdog.core.model import Colour
from watchdog.outside.haproxy_table import parse
from watchdog.sources.haproxy.look import findings

WANTED = {colour: ("app", (colour.value,)) for colour in Colour}


def found(said: str, wanted: Mapping[Colour, tuple[str, tuple[str, ...]]] = WANTED) -> list[tuple[bool | None, str]]:
    return [(each.ok, each.what) for each in findings("/s", parse(said), wanted)]


def test_all_is_well() -> None:
    """The version, and each colour's servers."""
    assert [
        (True, "HAProxy 2.6.12 answers at /s"),
        (True, "blue: backend app has blue"),
        (True, "green: backend app has green"),
    ] == found(app({}))


def test_servers_that_are_not_there() -> None:
    """With those that are."""
    assert (False, "green: backend app has no server green; it has: blue, canary") in found(
        answer(line("app", "blue"), line("app", "canary"))
    )
    assert (False, "blue: there is no backend app; HAProxy has: web") in found(answer(line("web", "BACKEND")))
    assert (False, "blue: backend app has no server") in found(answer(line("app", "BACKEND")))


def test_many_names_are_cut() -> None:
    """One line is enough."""
    many = answer(*(line("app", f"w{number}") for number in range(100, 130)))

    assert any(what.endswith("w111, ...") for _, what in found(many))


def test_what_gives_no_readings() -> None:
    """Mode tcp, a server without a check, and processes that count each for themselves."""
    told = answer(
        line("app", "blue", mode="tcp"), line("app", "green", mode="tcp", status="no check"), info={"Nbproc": "4"}
    )
    wrong = [each for each in findings("/s", parse(told), WANTED) if not each.ok]

    assert [False, False, False, None] == [each.ok for each in wrong]
    assert [
        "wanted nbthread instead of nbproc",
        "wanted mode http",
        "wanted mode http",
        "add `check` to the line of server green",
    ] == [each.remedy for each in wrong]

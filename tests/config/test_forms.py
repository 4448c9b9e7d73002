import pytest

from watchdog.config.errors import WrongValueError
from watchdog.config.forms import Expect, Signal


def test_a_signal_has_a_source_a_name_and_perhaps_a_route() -> None:
    """Its local name is what readings carry."""
    signal = Signal.parse("edge.errors[lab-results]")

    assert Signal("edge", "errors", "lab-results") == signal
    assert "errors[lab-results]" == signal.local
    assert "edge.errors[lab-results]" == str(signal)
    assert "errors" == Signal.parse("edge.errors").local


@pytest.mark.parametrize("bad", ["errors", "edge.", "edge.errors[]", "edge.errors[a", "a.b.c", "", None])
def test_other_signals_are_refused(bad: object) -> None:
    """The message shows both forms."""
    with pytest.raises(WrongValueError, match=r"wanted SOURCE\.SIGNAL"):
        Signal.parse(bad)


def test_an_expected_answer_is_a_status_or_json_keys() -> None:
    """Keys may be nested; true, false and numbers are JSON's, everything else is a text."""
    assert Expect(status=204) == Expect.parse("204")
    expect = Expect.parse({"status": "UP", "db": {"open": "3", "ready": "true", "load": "0.5"}, "off": "false"})

    assert {"status": "UP", "db": {"open": 3, "ready": True, "load": 0.5}, "off": False} == expect.wanted()
    assert 200 == expect.status
    assert "{status: UP, db: {open: 3, ready: true, load: 0.5}, off: false}" == str(expect)


@pytest.mark.parametrize("bad", ["up", "99", "600", [], {}, None, {"a": []}, {"a": {}}, {"a": None}])
def test_other_expectations_are_refused(bad: object) -> None:
    """The message shows both forms."""
    with pytest.raises(WrongValueError, match="wanted a status code such as 204, or JSON keys"):
        Expect.parse(bad)

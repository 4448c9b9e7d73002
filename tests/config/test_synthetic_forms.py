"""What a synthetic request's answer must be, as it is written."""

import pytest

from watchdog.config.errors import WrongValueError
from watchdog.config.synthetic_forms import JsonKeys, status


def test_keys_are_looked_into() -> None:
    """Nested keys, and values that look like what they are."""
    keys = JsonKeys.parse({"user": {"name": "probe", "id": "7"}, "ok": "true"})

    assert {"user": {"name": "probe", "id": 7}, "ok": True} == keys.wanted()
    assert keys.wanted() == keys.written()


@pytest.mark.parametrize("value", ["204", {}, [], None, {"a": []}, {"a": {}}])
def test_what_is_no_key_with_a_value_is_refused(value: object) -> None:
    """A status is none; it has its own key."""
    with pytest.raises(WrongValueError, match="JSON keys with their values"):
        JsonKeys.parse(value)


@pytest.mark.parametrize(("value", "code"), [("100", 100), ("599", 599), ("204", 204)])
def test_a_status_is_a_code(value: str, code: int) -> None:
    """From 100 to 599."""
    assert code == status(value)


@pytest.mark.parametrize("value", ["99", "600", "UP", "2xx", "", None, ["200"]])
def test_what_is_no_code_is_refused(value: object) -> None:
    """The message says where keys of an answer go, since a health check has them here."""
    with pytest.raises(WrongValueError, match="wanted a status code such as 200; keys of a JSON answer go under json"):
        status(value)

"""Where the socket is, before anything heavy is imported."""

import argparse
from pathlib import Path

import pytest

from watchdog.cli import options
from watchdog.control.client import DEFAULT_SOCKET


def test_the_default_socket_is_the_clients() -> None:
    """The number that help shows without importing the client is the client's own."""
    assert str(DEFAULT_SOCKET) == options.DEFAULT_SOCKET


def test_the_variable_names_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """$ROLLBACK_WATCHDOG_SOCKET wins over the default; an empty one does not count."""
    monkeypatch.setenv("ROLLBACK_WATCHDOG_SOCKET", "/tmp/other.sock")
    assert Path("/tmp/other.sock") == options.default_socket()
    monkeypatch.setenv("ROLLBACK_WATCHDOG_SOCKET", "")
    assert Path(options.DEFAULT_SOCKET) == options.default_socket()


def test_a_rate_is_above_zero() -> None:
    """Whatever else is given is told with an example."""
    assert 0.5 == options.requests_per_second("0.5")
    for wrong in ("0", "-1", "inf", "nan", "many"):
        with pytest.raises(argparse.ArgumentTypeError, match=f'found "{wrong}", wanted requests per second'):
            options.requests_per_second(wrong)

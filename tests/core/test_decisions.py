"""Decisions: each is a value that is kept, and none is folded into nothing by oversight."""

import inspect
from dataclasses import is_dataclass
from typing import get_args

import pytest

from watchdog.core import evolve, records
from watchdog.core.decisions import people, progress, rollback

UNFOLDED = frozenset({records.Accepted, records.Refused})
"""Answers to a command: what it changed stands in other records."""


@pytest.mark.parametrize("module", [people, progress, rollback], ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_class_of_a_module_is_a_decision(module: object) -> None:
    """A class that the journal does not know could not be kept."""
    own = [
        each
        for _, each in inspect.getmembers(module, is_dataclass)
        if each.__module__.startswith("watchdog.core.decisions")
    ]
    assert own
    assert [] == [each for each in own if each not in get_args(records.Decision)]


def test_every_decision_is_folded() -> None:
    """Except the bare answers."""
    folded = {*evolve._WHOLE, *evolve._SERVICE}
    assert UNFOLDED == set(get_args(records.Decision)) - folded

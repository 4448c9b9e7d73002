"""Events and records are plain, frozen values of closed kinds."""

from dataclasses import fields, is_dataclass
from typing import get_args

import pytest

from watchdog.core.events import Command, Event, Outcome
from watchdog.core.records import Body, Decision

BODIES = get_args(Body)


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind.__name__)
def test_what_the_journal_keeps_is_frozen_and_has_no_default_that_changes(kind: type) -> None:
    """A record can be shared and compared, and never changes."""
    assert is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]  # of every dataclass
    assert all(field.default_factory.__class__.__name__ == "_MISSING_TYPE" for field in fields(kind))


def test_the_names_of_kinds_are_unique() -> None:
    """The journal writes them."""
    names = [kind.__name__ for kind in BODIES]

    assert sorted(set(names)) == sorted(names)


def test_commands_carry_who_and_why_and_outcomes_whether() -> None:
    """Every command can be answered, every outcome belongs to an effect."""
    kinds = get_args(Event)
    commands = {kind.__name__ for kind in kinds if issubclass(kind, Command)}
    outcomes = {kind.__name__ for kind in kinds if issubclass(kind, Outcome)}

    assert {"Submit", "Rollback", "StopTheLine", "Acknowledge"} <= commands
    assert {"PreparedOutcome", "TrafficOutcome", "BrakeOutcome", "ProofOutcome", "NotifiedOutcome"} <= outcomes
    assert {"RecheckedOutcome", "RehearsedOutcome", "HookOutcome", "DrainedOutcome"} <= outcomes
    assert len(outcomes) == 9
    assert not set(get_args(Decision)) & set(kinds)

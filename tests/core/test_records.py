"""Decisions: what they say and what they order."""

from typing import get_args, get_type_hints

import pytest

from watchdog.core.effects import Effect
from watchdog.core.events import Event
from watchdog.core.evolve import evolve
from watchdog.core.records import Accepted, Decision, Record, Refused
from watchdog.core.state import State

SAY_ONLY = {"Refused", "Accepted", "LineStopped", "LineReleased"}
"""Decisions that belong to no service: answers, and the line."""


@pytest.mark.parametrize("kind", get_args(Decision), ids=lambda kind: kind.__name__)
def test_a_decision_names_its_service(kind: type) -> None:
    """So that services never meet in a fold."""
    assert (kind.__name__ in SAY_ONLY) is ("service" not in get_type_hints(kind))


@pytest.mark.parametrize("kind", get_args(Decision), ids=lambda kind: kind.__name__)
def test_an_order_is_called_order(kind: type) -> None:
    """`effects_of` finds effects by that name alone."""
    hints = get_type_hints(kind)
    ordering = {name for name, hint in hints.items() if hint == Effect or Effect in get_args(hint)}

    assert ordering <= {"order", "orders"}


def test_answers_change_nothing_but_the_number() -> None:
    """What a command changed stands in the records after its answer."""
    for body in (Accepted(command="c"), Refused(command="c", reason="already")):  # type: ignore[arg-type]  # a word
        assert State(seq=7, now=3.0) == evolve(State(), Record(seq=7, at=3.0, body=body))
    assert get_args(Event)

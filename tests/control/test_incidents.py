"""Incidents as plain data: who has been told, and who is next."""

from dataclasses import replace

from watchdog.control.incidents import incident
from watchdog.control.moment import Data, Moment
from watchdog.core.effects import Audience
from watchdog.core.reasons import Reason
from watchdog.core.settings import Escalation
from watchdog.core.state import Incident

LEAD = Escalation(level=3, after=300.0, repeat=0.0, contacts=("lead",))
HEAD = Escalation(level=4, after=900.0, repeat=120.0, contacts=("head",))
OPEN = Incident(
    id="i",
    reason=Reason.SCHEMA,
    audience=Audience.ON_CALL,
    opened=100.0,
    needs_decision=True,
    repeat=240.0,
    contacts=("on-call",),
    told=1,
    told_at=100.0,
    levels=(LEAD, HEAD),
)


def told(known: Incident) -> Data:
    return incident(known, Moment(now=500.0, to_wall=lambda at: 1_000.0 + at))


def test_the_next_is_whoever_is_due_first() -> None:
    """On-call again after its own time, then the level whose time comes before that."""
    first, second = told(OPEN), told(replace(OPEN, told_at=340.0))

    assert (1_340.0, ["on-call"]) == (first["next"], first["next_to"])
    assert (1_400.0, ["lead"]) == (second["next"], second["next_to"])


def test_a_level_that_was_told_is_told_again_only_if_it_repeats() -> None:
    """A level without repetition is done; one with it comes again."""
    both = replace(OPEN, repeat=0.0, told_levels={3: 400.0, 4: 1_000.0})

    assert (2_120.0, ["head"]) == (told(both)["next"], told(both)["next_to"])
    assert [("lead", 1_400.0), ("head", 2_000.0)] == [
        (each["contacts"][0], each["told"]) for each in told(both)["levels"]
    ]


def test_nobody_is_next_once_somebody_has_it() -> None:
    """Or once it is resolved, or where nobody is configured."""
    for known in (
        replace(OPEN, acknowledged_by="ada"),
        replace(OPEN, resolved_at=200.0),
        replace(OPEN, contacts=(), levels=()),
    ):
        assert (None, []) == (told(known)["next"], told(known)["next_to"])

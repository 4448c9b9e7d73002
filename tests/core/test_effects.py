"""Orders: which may start before their record is on disk."""

import pytest

from tests.core.examples import BLUE, GREEN, SHOP
from watchdog.core.effects import (
    Audience,
    CutRoute,
    DrainCandidate,
    Effect,
    Notify,
    ObserveTraffic,
    Prepare,
    ProbeColour,
    Prove,
    PullBrake,
    Recheck,
    ReleaseBrake,
    RunHook,
    RunRehearsal,
    SetTraffic,
    starts_at_once,
)
from watchdog.core.model import Split

SPLIT = Split(stable=BLUE, candidate=GREEN, weight=0.0, salt="d1")


@pytest.mark.parametrize(
    ("effect", "at_once"),
    [
        (SetTraffic(id="1", service=SHOP, epoch=1, split=SPLIT, brake=True), True),
        (SetTraffic(id="1", service=SHOP, epoch=1, split=SPLIT, less=True), True),
        (PullBrake(id="1", service=SHOP, epoch=1, colour=GREEN), True),
        (Prove(id="1", service=SHOP, epoch=1, stable=BLUE, since=0.0), True),
        (ProbeColour(id="1", service=SHOP, colour=BLUE), True),
        (ObserveTraffic(id="1", service=SHOP), True),
        (Recheck(id="1", service=SHOP, stable=BLUE), True),
        (CutRoute(id="1", service=SHOP, epoch=1, colour=GREEN, route="lab", cut=True), True),
        (CutRoute(id="1", service=SHOP, epoch=1, colour=GREEN, route="lab", cut=False), False),
        (RunHook(id="1", service=SHOP, hook="flush", idempotent=True), False),
        (DrainCandidate(id="1", service=SHOP, colour=GREEN, within=5.0), False),
        (RunRehearsal(id="1", service=SHOP, splits=(SPLIT,), drill=True), False),
        (SetTraffic(id="1", service=SHOP, epoch=1, split=SPLIT), False),
        (ReleaseBrake(id="1", service=SHOP, epoch=1, colour=GREEN), False),
        (Prepare(id="1", service=SHOP, splits=(SPLIT,)), False),
        (Notify(id="1", service=SHOP, incident="i", audience=Audience.CHAT, contacts=(), repetition=0), False),
    ],
    ids=lambda value: value.kind if not isinstance(value, bool) else "",
)
def test_what_leads_towards_stable_and_what_only_asks_starts_at_once(effect: Effect, at_once: bool) -> None:  # noqa: FBT001 - parameter
    """A stuck disk is no reason to stay on a bad release; everything else waits for its record."""
    assert at_once is starts_at_once(effect)

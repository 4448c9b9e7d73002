"""Folding what concerns a service beyond its deployment."""

from dataclasses import replace

import pytest

from tests.core.examples import BLUE, GREEN, SHOP, at_home, configured, shop
from watchdog.core.effects import ObserveTraffic, Prepare, ProbeColour
from watchdog.core.engine import evolve
from watchdog.core.events import Probed, Started
from watchdog.core.model import Colour
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    Body,
    DriftNoted,
    EffectsTakenUp,
    ProbeOrdered,
    Record,
    ReleaseForgiven,
    StableChanged,
    TrafficAsked,
)
from watchdog.core.state import ServiceState, StableProbe, State


def unasked() -> State:
    """The shop as configured, with no question to the router under way."""
    state = configured()
    return replace(state, services={SHOP: replace(shop(state), waiting={})})


def folded(*bodies: Body, state: State | None = None) -> ServiceState:
    state = state or unasked()
    for body in bodies:
        state = evolve(state, Record(seq=state.seq + 1, at=100.0, body=body))
    return shop(state)


def probed(started: float, *, ok: bool, refused: bool = False, colour: Colour = BLUE) -> Probed:
    return Probed(service=SHOP, colour=colour, started=started, ended=started + 0.1, ok=ok, refused=refused)


@pytest.mark.parametrize(
    ("probes", "expected"),
    [
        ((probed(5.0, ok=True),), StableProbe(ok_started=5.0)),
        ((probed(5.0, ok=True), probed(4.0, ok=True)), StableProbe(ok_started=5.0)),
        (
            (probed(5.0, ok=True), probed(6.0, ok=False, refused=True)),
            StableProbe(ok_started=5.0, failed_started=6.0, failing_since=6.0, failures=1, refused=True),
        ),
        (
            (probed(5.0, ok=True), probed(6.0, ok=False), probed(8.0, ok=False)),
            StableProbe(ok_started=5.0, failed_started=8.0, failing_since=6.0, failures=2),
        ),
        ((probed(6.0, ok=False, refused=True), probed(7.0, ok=True)), StableProbe(ok_started=7.0, failed_started=6.0)),
    ],
    ids=["ok", "an older answer came late", "refused", "twice", "well again"],
)
def test_the_last_direct_probes_are_remembered(probes: tuple[Probed, ...], expected: StableProbe) -> None:
    """The last success, the last failure, and whether it was a refusal."""
    assert {BLUE: expected} == folded(*probes).probes


def test_asking_is_remembered_per_colour() -> None:
    """So that it is not asked too often; nobody waits for the answer."""
    order = ProbeColour(id="p", service=SHOP, colour=GREEN)
    service = folded(ProbeOrdered(service=SHOP, order=order))

    assert ({GREEN: StableProbe(asked_at=100.0)}, {}) == (service.probes, service.waiting)
    strange = ProbeOrdered(service=SHOP, order=ObserveTraffic(id="o", service=SHOP))
    assert {} == folded(strange).probes


def test_an_answer_ends_the_question() -> None:
    """And is remembered with its time."""
    question = TrafficAsked(service=SHOP, order=ObserveTraffic(id="o", service=SHOP))
    assert {"o"} == set(folded(question).waiting)

    service = folded(question, at_home())

    assert ({}, at_home(), 100.0) == (service.waiting, service.seen, service.seen_at)


def test_a_start_forgets_what_the_router_said_and_who_was_asked() -> None:
    """Effects that are taken up are waited for, under their old ids."""
    prepare = Prepare(id="d/1/0", service=SHOP, splits=())
    question = TrafficAsked(service=SHOP, order=ObserveTraffic(id="o", service=SHOP))

    service = folded(at_home(), question, Started(), EffectsTakenUp(service=SHOP, orders=(prepare,)))

    assert {"d/1/0": prepare} == service.waiting
    assert (False, None, None, 100.0) == (service.adopted, service.seen, service.seen_at, service.watched_since)


def test_drift_and_agreement_exclude_each_other() -> None:
    """Adopted is what agrees."""
    assert ("elsewhere", False) == (folded(DriftNoted(service=SHOP, detail="elsewhere")).drift, False)
    agreed = folded(DriftNoted(service=SHOP, detail="elsewhere"), DriftNoted(service=SHOP, detail=""))
    assert ("", True) == (agreed.drift, agreed.adopted)


def test_stable_and_its_release_change_together() -> None:
    """A promotion, an adoption."""
    service = folded(StableChanged(service=SHOP, stable=GREEN, release="2.0", reason=Reason.BAKE_COMPLETE))

    assert (GREEN, "2.0") == (service.stable, service.stable_release)


def test_forgiving_what_was_not_bad_changes_nothing() -> None:
    """The set has no such member."""
    assert frozenset() == folded(ReleaseForgiven(service=SHOP, release="2.0", by="ada")).known_bad

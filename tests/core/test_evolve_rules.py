"""Folding waivers, what observing rules would have asked for, and a passed gate."""

from tests.core.examples import GREEN, SHOP
from tests.core.world import World
from watchdog.core import evolve_rules
from watchdog.core.model import OnFire
from watchdog.core.reasons import Reason
from watchdog.core.records import GatePassed, RuleWaived, WaiverEnded, WouldHaveAsked
from watchdog.core.state import State, Waiver, WouldHave


def test_a_waiver_begins_and_ends_and_a_gate_is_passed() -> None:
    """Each rule by itself."""
    service = World().begin().submit().shop
    waived = RuleWaived(service=SHOP, rule="alive", until=30.0, by="ada", because="so")
    service = evolve_rules.rule_waived(State(), service, waived, 5.0)
    service = evolve_rules.gate_passed(State(), service, GatePassed(service=SHOP, by="ada"), 6.0)
    assert service.deployment is not None
    assert {"alive": Waiver(since=5.0, until=30.0, by="ada", because="so")} == service.deployment.waived
    assert service.deployment.gate_passed

    ended = WaiverEnded(service=SHOP, rule="alive", reason=Reason.HUMAN)
    after = evolve_rules.waiver_ended(State(), service, ended, 7.0).deployment
    assert after is not None
    assert {} == after.waived


def test_what_a_rule_would_have_asked_for_is_counted() -> None:
    """Its instance on the candidate is noted, so that it is written once for each time."""
    service = World().begin().submit().shop
    asked = WouldHaveAsked(service=SHOP, rule="error-rate", ask=OnFire.ROLLBACK, onset=None)
    for at in (5.0, 9.0):
        service = evolve_rules.would_have_asked(State(), service, asked, at)

    assert service.deployment is not None
    expected = WouldHave(ask=OnFire.ROLLBACK, first=5.0, last=9.0, times=2)
    assert {"error-rate": expected} == service.deployment.would_have
    assert service.instances[f"error-rate@{GREEN}"].noted

"""The outlook of a deployment under way, as plain data."""

import json
from dataclasses import replace

import pytest

from tests.core.outlook.examples import PLAN, PROBE, ratio, rule, service
from watchdog.control.outlook import at_measured_traffic
from watchdog.core.model import Colour, Schema, Split
from watchdog.core.phases import Phase
from watchdog.core.rules import api
from watchdog.core.settings import Rule
from watchdog.core.state import Deployment, Divert, Instance, ServiceState

SPLIT = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=0.1, salt="d1")


def state(*rules: Rule, requests: int = 90) -> ServiceState:
    """30 s after a step, with 3 requests/s on green and 27 on blue."""
    deployment = Deployment(
        id="d1",
        release="2.0",
        plan=PLAN,
        stable=Colour.BLUE,
        candidate=Colour.GREEN,
        schema=Schema.UNCHANGED,
        watched_by="",
        alpha=0.001,
        by="ada",
        began=50.0,
        phase=Phase.SOAKING,
        declared=SPLIT,
        in_force=SPLIT,
        step=0,
        step_at=100.0,
        requests=requests,
    )
    instances = {
        f"{each.name}@{colour}": Instance(rule=each, state=api.initial(each)) for each in rules for colour in Colour
    }
    return ServiceState(name="shop", stable=Colour.BLUE, deployment=deployment, instances=instances, rates=(3.0, 27.0))


def changed(known: ServiceState, **changes: object) -> ServiceState:
    assert known.deployment is not None
    return replace(known, deployment=replace(known.deployment, **changes))  # type: ignore[arg-type]  # fields, by name


def test_the_measured_traffic() -> None:
    """Requests since the step over the time since the step; JSON all through, without an infinity."""
    found = at_measured_traffic(service(), state(rule(ratio())), 130.0)
    assert found is not None
    assert found == json.loads(json.dumps(found, allow_nan=False))
    assert (3.0, 30.0, 0.2, False) == (found["rate"], found["within"], found["aim"], found["in_time"])
    assert [0.5, 0.2, 0.1, 0.06] == [each["share"] for each in found["findings"]]
    assert {"share": 0.06, "typical": None, "worst": None, "rule": "errors"} == found["findings"][3]
    assert 8.0 < found["needed"] < 9.0
    assert found["asks_itself"]
    users = tuple(source for source in service().sources if not source.sends_requests)
    without = at_measured_traffic(replace(service(), sources=users), state(rule(ratio())), 130.0)
    assert without == found | {"asks_itself": False}


def test_enough_traffic_needs_no_more() -> None:
    """At 30 requests/s on the candidate a fifth is found in time."""
    found = at_measured_traffic(service(), state(rule(ratio()), requests=900), 130.0)
    assert found is not None
    assert (True, None) == (found["in_time"], found["needed"])


def test_no_traffic_is_enough() -> None:
    """Neither is that an infinity."""
    found = at_measured_traffic(service(), state(rule(ratio(30.0))), 130.0)
    assert found is not None
    assert (False, None) == (found["in_time"], found["needed"])


@pytest.mark.parametrize(
    "known",
    [
        replace(state(rule(ratio())), deployment=None),
        changed(state(rule(ratio())), phase=Phase.ROLLED_BACK),
        changed(state(rule(ratio())), step_at=None),
        changed(state(rule(ratio())), divert=Divert(number=1, cut=True)),
        changed(state(rule(ratio())), step_at=120.1),
        state(rule(ratio()), requests=0),
        state(rule(PROBE)),
    ],
    ids=["no deployment", "ended", "no step yet", "cut off", "too soon", "no requests", "no such rule"],
)
def test_what_is_not_known_is_not_told(known: ServiceState) -> None:
    """None until there are users, for long enough to know how many, and a rule that judges them."""
    assert at_measured_traffic(service(), known, 130.0) is None

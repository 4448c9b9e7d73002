"""Rules' instances as plain data: every kind says what a person must know to read its numbers."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.core.examples import ALIVE, BLUE, ERROR_RATE, GREEN, SERVICE, SHOP, environment
from tests.core.test_handover import CPU, guarded
from tests.core.world import World
from tests.text import views
from watchdog.control import view
from watchdog.control.rules import definition
from watchdog.control.view import Data, Moment
from watchdog.core.conditions import Bound, CanaryVsStable, Condition, SequentialCount, Threshold, Trend
from watchdog.core.events import Waive
from watchdog.core.model import OnFire
from watchdog.core.settings import AnyOf, Rule, Service

SIZE = Bound(op=">", limit=2.0, unit="size")
VERSUS = CanaryVsStable(
    bad="errors", total="requests", margin=1.5, min_ratio=2.0, alpha=0.001, ride_out=3.0, interval=1.0, window=60.0
)
EVENTS = SequentialCount(
    events="db_errors", limit=0.1, alpha=0.001, ride_out=3.0, interval=1.0, window=60.0, min_ratio=2.0
)
LEAK = Trend(
    value="cpu", limit=Bound(op=">", limit=2.0), horizon=3600.0, over=20.0, for_=2.0, clear_for=2.0, interval=1.0
)


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (ERROR_RATE.condition, {"signal": "errors", "limit": 0.05, "alpha": 0.001, "ride_out": 3.0}),
        (VERSUS, {"signal": "errors", "margin": 1.5, "alpha": 0.001, "ride_out": 3.0}),
        (EVENTS, {"signal": "db_errors", "limit": 0.1, "alpha": 0.001, "ride_out": 3.0}),
        (ALIVE.condition, {"signal": "up", "fall": 3, "rise": 2}),
        (
            Threshold(value="heap", when=SIZE, clear=SIZE, for_=9.0),
            {"signal": "heap", "op": ">", "limit": 2.0, "unit": "size", "for": 9.0, "over": 0.0},
        ),
        (
            Threshold(value="heap", when=SIZE, clear=SIZE, matches=3, out_of=5),
            {
                "signal": "heap", "op": ">", "limit": 2.0, "unit": "size", "for": 0.0, "over": 0.0, "matches": 3,
                "out_of": 5,
            },
        ),
        (
            CPU.condition,
            {
                "signal": "cpu", "floor": 0.6, "unit": "number", "deviations": 6.0, "for": 2.0, "baseline": 60.0,
                "min_readings": 10,
            },
        ),
        (
            LEAK,
            {
                "signal": "cpu", "op": ">", "limit": 2.0, "unit": "number", "horizon": 3600.0, "over": 20.0, "for": 2.0,
            },
        ),
    ],
)  # fmt: skip
def test_a_definition_has_what_its_numbers_are_read_by(condition: Condition, told: Data) -> None:
    """One kind after the other."""
    assert told == definition(condition)


def rules_of(world: World) -> dict[tuple[str, str | None], Data]:
    whole: Data = json.loads(json.dumps(view.whole(world.state, Moment(now=world.now, to_wall=lambda at: at + 1e6))))
    return {(each["name"], each["colour"]): each for each in whole["services"][SHOP]["rules"]}


def run(rule: Rule, seconds: float = 25.0) -> World:
    world = World(environment=environment(guarded(rule))).begin()
    world.run(20.0)
    world.submit()
    for index in range(int(seconds)):
        world.cpu = {BLUE: 0.3, GREEN: 0.3 + 0.001 * index}
        world.run(1.0)
    return world


def test_a_spike_shows_what_is_usual() -> None:
    """And from where on a reading is one."""
    told = rules_of(run(CPU))["cpu", "green"]

    assert (0.3, 0.6, None, None) == (told["usual"], told["beyond"], told["slope"], told["reaches_in"])
    assert told["readings"] >= 18
    assert set(views.spike()) == set(told)


def test_a_trend_shows_its_slope_and_when_it_is_at_the_limit() -> None:
    """From now on, not from the last reading."""
    told = rules_of(run(replace(CPU, condition=LEAK)))["cpu", "green"]

    assert told["slope"] == pytest.approx(0.001, rel=0.2)
    assert told["reaches_in"] == pytest.approx((2.0 - told["usual"]) / told["slope"], abs=2.0)
    assert set(views.trend()) == set(told)


def test_a_threshold_compares_with_nothing_of_its_own() -> None:
    """The view made by hand has the real keys."""
    condition = Threshold(value="cpu", when=Bound(op=">", limit=0.8), clear=Bound(op=">", limit=0.8), interval=1.0)

    assert set(views.threshold()) == set(rules_of(run(replace(CPU, condition=condition)))["cpu", "green"])


@pytest.mark.parametrize(
    ("condition", "made"), [(VERSUS, views.versus()), (replace(EVENTS, events="errors"), views.events())]
)
def test_the_sequential_views_made_by_hand_have_the_real_keys(condition: Condition, made: Data) -> None:
    """As those of the other kinds."""
    world = World(environment=environment(one(condition))).begin().submit()
    world.run(15.0)

    assert set(made) == set(rules_of(world)["cpu", "green"])


def one(condition: Condition) -> Service:
    return replace(SERVICE, rules=(*SERVICE.rules, replace(CPU, source="edge", condition=condition)))


def test_a_waived_rule_decides_nothing_and_says_so() -> None:
    """With by whom and until when at the deployment, and whether another waiver would leave nothing."""
    world = World().begin().submit()
    world.run(14.0)
    assert not rules_of(world)["alive", "green"]["needed"]
    world.put(Waive(id="w", by="ada", because="why", service=SHOP, rule="error-rate", for_=60.0))
    known = rules_of(world)

    assert (True, False) == (known["error-rate", "green"]["waived"], known["error-rate", "green"]["decides"])
    assert (False, True) == (known["alive", "green"]["waived"], known["alive", "green"]["decides"])
    assert (False, True) == (known["error-rate", "green"]["needed"], known["alive", "green"]["needed"])


def deployment(world: World) -> Any:
    service = view.service(world.state, SHOP, Moment(now=world.now, to_wall=lambda at: at + 1e6))
    return service["deployment"]


def test_the_deployment_shows_waivers_while_they_last() -> None:
    """With wall-clock times; `armed` says whether rules could still roll back."""
    world = World().begin().submit()
    world.run(14.0)
    for rule, seconds in (("error-rate", 60.0), ("alive", 5.0)):
        world.put(Waive(id="w", by="ada", because="why", service=SHOP, rule=rule, for_=seconds))
    told = deployment(world)

    at = world.now + 1e6
    assert {"rule": "error-rate", "since": at, "until": at + 60.0, "by": "ada", "because": "why"} == told["waived"][0]
    assert not told["armed"]
    world.now += 5.0
    assert (["error-rate"], True) == (
        [each["rule"] for each in deployment(world)["waived"]],
        deployment(world)["armed"],
    )


def test_the_deployment_shows_what_observing_rules_would_have_asked_for() -> None:
    """Each rule once, with its first and its last time."""
    watched = replace(ALIVE, name="watched", on_fire=OnFire.OBSERVE, instead_of=OnFire.FREEZE)
    world = World(environment=environment(replace(SERVICE, rules=(ERROR_RATE, watched)))).begin().submit()
    world.run(14.0)
    world.alive[GREEN] = False
    world.run(8.0)
    (told,) = deployment(world)["would_have"]

    assert ("watched", "freeze", 1) == (told["rule"], told["ask"], told["times"])
    assert told["first"] == told["last"] > 1e6


def test_the_policy_is_shown_with_what_is_in_it() -> None:
    """Nested as it is written."""
    policy = AnyOf(rules=("alive",), parts=(AnyOf(rules=("error-rate",), all_=True),))
    world = World(environment=environment(replace(SERVICE, policy=policy))).begin()
    told = view.service(world.state, SHOP, Moment(now=world.now, to_wall=float))["policy"]

    within = {"at_least": 1, "all": True, "rules": ["error-rate"], "parts": []}
    assert {"at_least": 1, "all": False, "rules": ["alive"], "parts": [within]} == told

"""Commands of people in a scenario that stand beside a deployment's way."""

from pathlib import Path

import pytest

from tests.replay.stories import ready
from watchdog.config.schema.base import Model
from watchdog.core import events
from watchdog.replay import orders
from watchdog.replay.expectations import judge
from watchdog.replay.scenario import run
from watchdog.replay.transcript import lines


@pytest.mark.parametrize(
    ("kind", "keys", "expected"),
    [
        (
            orders.Hold,
            {"weight": "10%", "because": "so"},
            events.HoldAt(id="1", by="ada", because="so", service="app", weight=0.1),
        ),
        (orders.Divert, {"route": "login"}, events.DivertRoute(id="1", by="ada", service="app", route="login")),
        (
            orders.Divert,
            {"route": "login", "end": "true"},
            events.DivertRoute(id="1", by="ada", service="app", route="login", release=True),
        ),
        (orders.Disarm, {"for": "30m"}, events.Disarm(id="1", by="ada", service="app", for_=1800.0)),
        (orders.Drill, {}, events.Rehearse(id="1", by="ada", service="app", drill=True)),
        (orders.Drill, {"look_only": "true"}, events.Rehearse(id="1", by="ada", service="app")),
        (orders.Did, {"task": "repair"}, events.Did(id="1", by="ada", service="app", task="repair")),
    ],
)
def test_each_becomes_its_command(kind: type[Model], keys: dict[str, object], expected: events.AnyCommand) -> None:
    """With who and why."""
    assert expected == kind.model_validate(keys).command("1", "ada", "app")  # type: ignore[attr-defined]  # each has it


def test_every_key_is_described() -> None:
    """A key without a description cannot be explained to who misspells its value."""
    models = [each for each in vars(orders).values() if isinstance(each, type) and issubclass(each, Model)]
    bare = [f"{m.__name__}.{name}" for m in models for name, info in m.model_fields.items() if not info.description]

    assert [] == bare


def test_a_share_is_held_and_given_back_in_a_scenario(tmp_path: Path) -> None:
    """The virtual router obeys as the real one does."""
    found = run(
        ready(
            tmp_path,
            """
    says: A human wants fewer users on the candidate for a while.
    lasts: 60s
    events:
      - {at: 5s, deploy: {}}
      - {at: 15s, hold: {weight: 5%, because: fewer}}
      - {at: 17s, drill: {}}
      - {at: 40s, resume: {}}
    expect:
      at:
        20s: {weight: 5%, phase: soaking, holds: [human]}
        45s: {weight: 10%, phase: soaking, holds: []}
""",
        )
    )

    assert () == judge(found)
    told = lines(found.simulation.transcript)
    assert 1 == sum("held=yes" in line for line in told)
    assert any("RehearsedOutcome" in line and "the virtual router:ok" in line for line in told)

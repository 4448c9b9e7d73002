from dataclasses import fields
from typing import Any, get_args

import pytest

from watchdog.config.forms import Signal
from watchdog.config.schema.rules.rule import KINDS, Rule
from watchdog.config.schema.rules.threshold import Threshold
from watchdog.core import conditions
from watchdog.core.model import Missing, NoData

SMALLEST: dict[str, dict[str, str]] = {
    "sequential_ratio": {"bad": "a.errors", "total": "a.requests", "limit": "5%"},
    "canary_vs_stable": {"bad": "a.errors", "total": "a.requests"},
    "sequential_count": {"events": "a.restarts", "limit": "1 per hour"},
    "probe": {"signal": "a.up"},
    "threshold": {"value": "a.seconds", "when": "> 2s"},
    "spike": {"value": "a.cpu", "floor": "80%"},
    "trend": {"value": "a.heap", "limit": "> 1.5GiB"},
}


def rule(kind: str, **keys: Any) -> Rule:
    return Rule.model_validate({kind: SMALLEST[kind], "on_fire": "freeze", **keys})


def test_the_language_has_every_kind_that_the_core_judges() -> None:
    """Under the same name."""
    core = {field.default for kind in get_args(conditions.Condition) for field in fields(kind) if field.name == "kind"}

    assert core == set(KINDS) == set(SMALLEST)


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_has_one_kind_with_its_signals(kind: str) -> None:
    """All of them of one source."""
    made = rule(kind)

    assert (kind, "a") == (made.kind, made.source)
    assert isinstance(made.condition, KINDS[kind])
    assert made.condition.signals == made.signals
    assert [] == list(made.complaints())


def test_a_rule_without_a_kind_or_with_two_judges_nothing() -> None:
    """`validate` refuses both; nothing else need know."""
    none = Rule.model_validate({"on_fire": "freeze"})
    two = Rule.model_validate({"probe": SMALLEST["probe"], "trend": SMALLEST["trend"], "on_fire": "freeze"})

    assert [None, None] == [none.condition, two.condition]
    assert ((), ()) == (none.signals, two.signals)


@pytest.mark.parametrize("kind", ["sequential_ratio", "canary_vs_stable", "sequential_count"])
def test_the_sequential_kinds_hold_without_a_reading(kind: str) -> None:
    """They have nothing to count then."""
    assert [("no_data",)] == [place for place, _ in rule(kind, no_data={"stale": "ok"}).complaints()]
    assert [] == list(rule(kind, no_data="hold").complaints())


def test_one_word_is_for_every_kind_of_missing_reading() -> None:
    """Or one each."""
    assert dict.fromkeys(Missing, NoData.FIRE) == rule("probe", no_data="fire").no_data
    assert {Missing.NAN: NoData.OK} == rule("probe", no_data={"nan": "ok"}).no_data


@pytest.mark.parametrize(
    ("on_fire", "instead_of", "right"),
    [
        ("observe", "rollback", True),
        ("observe", "escalate", True),
        ("observe", "observe", False),
        ("freeze", "rollback", False),
    ],
)
def test_only_an_observing_rule_stands_in_for_another(on_fire: str, instead_of: str, right: bool) -> None:  # noqa: FBT001 (a parameter)
    """And not for another observing one."""
    made = rule("probe", on_fire=on_fire, instead_of=instead_of)

    assert right == (not list(made.complaints()))


@pytest.mark.parametrize(
    ("signal", "slow", "expected"),
    [
        ("a.seconds", None, True),
        ("a.slow", None, True),
        ("a.cpu", None, False),
        ("a.cpu", "true", True),
        ("a.slow", "false", False),
    ],
)
def test_rules_on_latency_are_slow(signal: str, slow: str | None, expected: bool) -> None:  # noqa: FBT001 (a parameter)
    """Unless the file says otherwise."""
    keys = {} if slow is None else {"slow": slow}
    threshold = Threshold.model_validate({"value": signal, "when": "> 2s"})

    assert threshold.value == Signal.parse(signal)
    assert (
        expected
        == Rule.model_validate({"threshold": {"value": signal, "when": "> 2s"}, "on_fire": "observe", **keys}).is_slow
    )

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.config.helpers import GOOD, changed
from watchdog.config import signals
from watchdog.config.errors import ConfigError
from watchdog.config.load import load
from watchdog.config.schema.sources.health import Health
from watchdog.core.model import Colour

IN_USE = "services: {app: {rules: [errors, health, lag]}}\n"


def with_health(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Health checks whose signals are of another kind."""
    specs = {name: replace(spec, **changes) for name, spec in Health.CATALOGUE.items()}
    monkeypatch.setattr(Health, "CATALOGUE", specs)


def messages(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        changed(folder, text)
    return [f"{problem.key}: {problem.message}" for problem in raised.value.errors]


def test_a_source_that_cannot_tell_the_colours_apart_cannot_roll_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says is true of both."""
    with_health(monkeypatch, per_colour=False)

    with pytest.raises(ConfigError) as raised:
        load(str(GOOD))
    (problem,) = raised.value.errors

    assert "rules.health.on_fire" == problem.key
    assert (
        "health does not tell the colours apart, so it proves nothing about one; wanted freeze, escalate or observe"
        == problem.message
    )


def test_what_speaks_of_shared_data_cannot_roll_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is told of each service that uses the rule and shares its data."""
    with_health(monkeypatch, of_data=True)

    assert [
        (
            "rules.health.on_fire: health speaks of the data, which both colours of app share (data: shared), so it "
            "proves nothing about one; wanted freeze, escalate or observe"
        )
    ] == messages(tmp_path, "")


def test_a_rule_on_shared_data_has_no_instance_per_colour(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It may freeze, and it may not pretend that it would have rolled back."""
    with_health(monkeypatch, of_data=True)
    loaded = changed(tmp_path, "rules: {lag: {on_fire: freeze}, health: {on_fire: freeze}}\n" + IN_USE)
    service = loaded.sections.services["app"]

    assert [True, False] == [
        signals.tells_colours(loaded.sections.rules[name], service, loaded.sections) for name in ("errors", "lag")
    ]
    assert [
        (
            "rules.lag.instead_of: health speaks of the data, which both colours of app share (data: shared), so it "
            "proves nothing about one; wanted freeze or escalate"
        )
    ] == messages(tmp_path, "rules: {lag: {instead_of: rollback}, health: {on_fire: freeze}}\n" + IN_USE)


def test_canary_vs_stable_needs_both_colours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever it asks for."""
    with_health(monkeypatch, per_colour=False, kind="count")
    text = "  new: {canary_vs_stable: {bad: health.up, total: health.seconds}, on_fire: observe}\n"

    assert [
        "rules.new.canary_vs_stable.bad: health does not tell the colours apart, so there is nothing to compare"
    ] == [each for each in messages(tmp_path, f"rules:\n{text}") if "rules.new" in each]


def test_what_names_one_colour_is_for_no_rule(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The cure is in the message."""
    with_health(monkeypatch, names=Colour.BLUE)

    assert [
        (
            "rules.health.probe.signal: health.up asks about blue only, and would judge it for both; wanted $colour in "
            "its place"
        ),
        (
            "rules.lag.threshold.value: health.seconds asks about blue only, and would judge it for both; wanted "
            "$colour in its place"
        ),
    ] == messages(tmp_path, "")


@pytest.mark.parametrize(
    ("unit", "floor", "wanted"),
    [
        ("share", "2s", "a share such as 80%"),
        ("size", "80%", "a size such as 1.5GiB"),
        ("number", "1GiB", "a number such as 100"),
    ],
)
def test_a_limit_is_written_in_its_gauges_unit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, unit: str, floor: str, wanted: str
) -> None:
    """Of a spike, a trend and a threshold alike."""
    with_health(monkeypatch, unit=unit)
    text = (
        "rules:\n"
        f"  a: {{spike: {{value: health.seconds, floor: {floor}}}, on_fire: freeze}}\n"
        f"  b: {{trend: {{value: health.seconds, limit: '< {floor}'}}, on_fire: freeze}}\n"
        f"  c: {{threshold: {{value: health.seconds, when: '>= {floor}'}}, on_fire: freeze}}\n"
    )
    kind, _, such = wanted.partition(" such as ")

    assert [
        f'rules.a.spike.floor: found "{floor}", wanted {wanted}',
        f'rules.b.trend.limit: found "< {floor}", wanted a comparison with {kind} such as "< {such}"',
        f'rules.c.threshold.when: found ">= {floor}", wanted a comparison with {kind} such as ">= {such}"',
    ] == [each for each in messages(tmp_path, text) if each[6] in "abc"]


def test_any_unit_will_do_where_only_the_operator_knows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A query of one's own."""
    with_health(monkeypatch, unit="any", kind="gauge")
    text = "rules: {lag: {threshold: {when: '> 1.5GiB'}}, health: {probe: {signal: health.up}}}\n"

    assert not [each for each in messages(tmp_path, text) if "lag" in each]


def test_a_gauge_is_no_count_and_no_probe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each message names the kinds that take it."""
    with_health(monkeypatch, kind="gauge", unit="any")
    text = "rules: {errors: {sequential_ratio: {bad: health.up, total: health.seconds}}}\n"

    assert [
        (
            "rules.errors.sequential_ratio.bad: health.up is a gauge, wanted a count, such as edge.errors; for a gauge "
            "use threshold, spike or trend"
        ),
        (
            "rules.errors.sequential_ratio.total: health.seconds is a gauge, wanted a count, such as edge.errors; for "
            "a gauge use threshold, spike or trend"
        ),
        (
            "rules.health.probe.signal: health.up is a gauge, wanted a probe's result, such as health.up; for a gauge "
            "use threshold"
        ),
    ] == sorted(messages(tmp_path, text))  # two files' mistakes, in the order of their paths


def test_a_wrong_value_in_a_source_does_not_hide_a_wrong_signal(tmp_path: Path) -> None:
    """Its kind tells the signals; which routes it has is not known then."""
    text = (
        "sources: {edge: {access_log: {slow: 2}}}\n"
        "rules: {errors: {sequential_ratio: {bad: edge.erors, total: 'edge.requests[any]'}}}\n"
    )

    assert [
        'rules.errors.sequential_ratio.bad: "erors" is not a signal of edge; did you mean "errors"?',
        'sources.edge.access_log.slow: found "2", wanted a duration with its unit, such as 2s or 2m',
    ] == sorted(messages(tmp_path, text))

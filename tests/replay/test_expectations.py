"""What was expected against what happened: every key can fail."""

from pathlib import Path

import pytest

from tests.replay.stories import BAD_AT_20, ready
from watchdog.replay.expectations import judge
from watchdog.replay.scenario import run

RIGHT = (
    "{rolled_back: {after: 20s, cut_within: 2s, within: 9s, proved_within: 15s, rules: error-rate}, "
    "diverts: 1, harmed: {at_most: 15}, "
    "incidents: [{reason: rule_suspicious, messages: 1}, {reason: proved_by_traffic, open: false}], "
    "at: {10s: {phase: soaking, weight: 10%, holds: [], soaked: {at_least: 3s, at_most: 5s}}}, "
    "finally: {phase: rolled_back, braked: rollback, stable: blue, known_bad: 2.0.0, weight: 0%}}"
)


@pytest.mark.parametrize(
    ("right", "wrong", "key"),
    [
        ("", "", None),
        ("after: 20s", "after: 20s, reason: human", "rolled_back"),
        ("within: 9s", "within: 1s", "rolled_back.within"),
        ("cut_within: 2s", "cut_within: 10ms", "rolled_back.cut_within"),
        ("proved_within: 15s", "proved_within: 1s", "rolled_back.proved_within"),
        ("rules: error-rate", "rules: health", "rolled_back.rules"),
        ("diverts: 1", "diverts: 0", "diverts"),
        ("at_most: 15", "at_most: 0", "harmed"),
        ("messages: 1", "messages: 2", "incidents.rule_suspicious.messages"),
        ("open: false", "open: true", "incidents.proved_by_traffic.open"),
        ("reason: rule_suspicious", "reason: blind", "incidents"),
        ("phase: soaking", "phase: waiting", "at 10s.phase"),
        ("weight: 10%", "weight: 50%", "at 10s.weight"),
        ("holds: []", "holds: human", "at 10s.holds"),
        ("at_least: 3s", "at_least: 5s", "at 10s.soaked"),
        ("braked: rollback", "braked: no", "finally.braked"),
        ("stable: blue", "stable: green", "finally.stable"),
        ("known_bad: 2.0.0", "known_bad: []", "finally.known_bad"),
    ],
)
def test_each_expectation_can_fail(tmp_path: Path, right: str, wrong: str, key: str | None) -> None:
    """A wrong expectation, and no other, is named."""
    assert right in RIGHT
    found = judge(run(ready(tmp_path, f"{BAD_AT_20}    expect: {RIGHT.replace(right, wrong) if right else RIGHT}\n")))

    assert ([] if key is None else [key]) == [each.key for each in found]


def test_an_unexpected_refusal_is_named(tmp_path: Path) -> None:
    """A command that was refused without anybody expecting it is a mistake of the scenario or of the engine."""
    keys = "    says: x\n    lasts: 10s\n    events: [{at: 5s, pause: {}}]\n    expect: {}\n"

    assert ["refused"] == [each.key for each in judge(run(ready(tmp_path, keys)))]


def test_never(tmp_path: Path) -> None:
    """A rollback that must not happen is named with its reason."""
    (found,) = judge(run(ready(tmp_path, f"{BAD_AT_20}    expect: {{rolled_back: never}}\n")))

    assert "rules_proved error-rate" in found.happened


WAIVED = """
    says: x
    lasts: 30s
    events: [{at: 5s, deploy: {}}, {at: 10s, waive: {rule: health, for: 10s, because: a broken page}}]
"""


@pytest.mark.parametrize(
    ("moment", "keys"),
    [
        ("{15s: {rules: {health: waived}, would_have: []}}", []),
        ("{25s: {rules: {health: waived}}}", ["at 25s.rules.health"]),
        ("{15s: {rules: {error-rate: waived}}}", ["at 15s.rules.error-rate"]),
        ("{15s: {would_have: [health]}}", ["at 15s.would_have"]),
        ("{2s: {would_have: [health]}}", ["at 2s.would_have"]),
    ],
)
def test_waivers_and_what_would_have_been_done(tmp_path: Path, moment: str, keys: list[str]) -> None:
    """A rule is waived while its time lasts; observing rules are named as a whole."""
    assert keys == [each.key for each in judge(run(ready(tmp_path, f"{WAIVED}    expect: {{at: {moment}}}\n")))]

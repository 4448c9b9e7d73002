"""What a person reads."""

from pathlib import Path

from tests.replay.stories import BAD_AT_20, ROOT, ready
from watchdog.replay import report
from watchdog.replay.expectations import judge
from watchdog.replay.report import Verdict
from watchdog.replay.scenario import run


def verdict(folder: Path, expect: str) -> Verdict:
    ran = run(ready(folder, f"{BAD_AT_20}    expect: {expect}\n"))
    return Verdict(ran=ran, mismatches=judge(ran), took=0.5)


def test_as_expected_is_one_line(tmp_path: Path) -> None:
    """A scenario that ended as expected needs no more than its name."""
    made = verdict(tmp_path, "{}")

    assert [f"{tmp_path}/story.test.yml:3: one: ok"] == list(report.lines(made))
    assert "1 scenario, all as expected; 40 s of traffic in 0.5 s" == report.summary([made])


def test_a_failure_explains_itself(tmp_path: Path) -> None:
    """What was expected, what happened, the decisions around it and a picture with the limit."""
    made = verdict(tmp_path, "{rolled_back: never}")
    text = "\n".join(report.lines(made))

    for part in (
        "expected  never",
        "happened  ordered at",
        "RollbackOrdered",
        "errors of requests",
        "5.0 % |-",
        "100.0 %",
    ):
        assert part in text
    assert max(len(line) for line in text.splitlines() if "|" in line) < 80
    assert "1 not as expected" in report.summary([made])


def test_a_comparison_is_drawn_without_a_limit(tmp_path: Path) -> None:
    """Its limit is the other colour's share, which is no line."""
    rules = "{worse: {canary_vs_stable: {bad: edge.errors, total: edge.requests}, on_fire: rollback}}"
    services = "{app: {rules: [worse, health]}}"
    environment = f"{{include: [{ROOT}/rules/demo.yml], rules: {rules}, services: {services}}}"
    keys = f"{BAD_AT_20}    environment: {environment}\n    expect: {{rolled_back: never}}\n"
    ran = run(ready(tmp_path, keys))
    text = "\n".join(report.lines(Verdict(ran=ran, mismatches=judge(ran), took=0.5)))

    assert "worse on green: errors of requests" in text
    assert "100.0 %" in text
    assert "|-" not in text

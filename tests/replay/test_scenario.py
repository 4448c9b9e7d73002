"""The scenarios of the project itself, each run to its end."""

from pathlib import Path

import pytest

from watchdog.replay.expectations import judge
from watchdog.replay.files import Ready, load
from watchdog.replay.scenario import run

ROOT = Path(__file__).resolve().parents[2]
FILES = [*sorted((ROOT / "rules").glob("*.test.yml")), *sorted((ROOT / "simulations" / "scenarios").glob("*.yml"))]
STORIES = [pytest.param(ready, id=f"{path.name}:{ready.name}") for path in FILES for ready in load(str(path))]


@pytest.mark.parametrize("ready", STORIES)
def test_stories_end_as_expected(ready: Ready) -> None:
    """What a scenario expects has happened."""
    assert () == judge(run(ready))


def test_every_rule_file_has_scenarios() -> None:
    """A rule file without its scenario tests is not shipped."""
    rules = {path.stem for path in (ROOT / "rules").glob("*.yml") if not path.name.endswith(".test.yml")}

    assert rules == {path.name.removesuffix(".test.yml") for path in (ROOT / "rules").glob("*.test.yml")}

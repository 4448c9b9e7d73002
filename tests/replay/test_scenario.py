"""The scenarios of the demonstration, the shared rules and the project itself; tests/rules has those of other files."""

from pathlib import Path

import pytest

from watchdog.replay.expectations import judge
from watchdog.replay.files import Ready, load
from watchdog.replay.scenario import run

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    ROOT / "rules" / "base.test.yml",
    ROOT / "rules" / "demo.test.yml",
    *sorted((ROOT / "simulations" / "scenarios").glob("*.yml")),
]
STORIES = [pytest.param(ready, id=f"{path.name}:{ready.name}") for path in FILES for ready in load(str(path))]


@pytest.mark.parametrize("ready", STORIES)
def test_stories_end_as_expected(ready: Ready) -> None:
    """What a scenario expects has happened."""
    assert () == judge(run(ready))

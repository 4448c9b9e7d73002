"""`threshold` against Prometheus itself: `promtool test rules` says whether the states are equal at every evaluation.

The long form compares some 360,000 states: script/test --long tests/acceptance/test_threshold_promtool.py
"""

import json
import random
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance import promtool_world as world
from watchdog.core.model import Level

PROMTOOL = shutil.which("promtool") or ""
needs_promtool = pytest.mark.skipif(not PROMTOOL, reason="promtool is missing: apt-get install prometheus")
keeps_firing = pytest.mark.skipif(
    bool(PROMTOOL) and world.version(PROMTOOL) < (2, 42), reason="this promtool has no keep_firing_for: 2.42 does"
)
pytestmark = [pytest.mark.acceptance, needs_promtool, keeps_firing]


def compared(folder: Path, seed: str, files: int, per_file: int) -> tuple[list[Path], int]:
    """Test files of random cases, with our states as the expected ones, and the number of states."""
    rng = random.Random(seed)
    closed = world.version(PROMTOOL)[0] < 3
    written = [
        world.write(folder, number, group, rng, closed=closed)
        for number, group in enumerate(world.cases(rng, files, per_file))
    ]
    return [path for path, _ in written], sum(states for _, states in written)


def told(paths: list[Path]) -> str:
    """What promtool has to complain of; empty when every state is equal."""
    ran = subprocess.run(
        [PROMTOOL, "test", "rules", *map(str, paths)], capture_output=True, text=True, check=False, timeout=50
    )
    output = ran.stdout + ran.stderr
    assert len(paths) == output.count("Unit Testing:"), output
    return "" if ran.returncode == 0 else output


def test_states_are_prometheus_own_at_every_evaluation(tmp_path: Path) -> None:
    """Random series with gaps and staleness markers, rhythms, `for` and `clear_for`: some hundred rules."""
    paths, states = compared(tmp_path, "quick", files=30, per_file=14)

    assert 25_200 == states
    assert "" == told(paths)


@pytest.mark.long
@pytest.mark.parametrize("seed", ["long 1", "long 2"])
def test_thousands_of_rules(tmp_path: Path, seed: str) -> None:
    """The same with 3,000 rules in one run."""
    paths, states = compared(tmp_path, seed, files=60, per_file=50)

    assert 180_000 == states
    assert "" == told(paths)


def test_every_level_is_compared() -> None:
    """The cases are no formality: each level is frequent among them."""
    groups = world.cases(random.Random("quick"), 30, 14)
    seen = Counter(level for group in groups for case in group for level in world.levels(case, closed=True))

    assert 25_200 == seen.total()
    assert dict.fromkeys(Level, True) == {level: seen[level] > 1_000 for level in Level}


def test_a_single_wrong_state_is_told(tmp_path: Path) -> None:
    """The comparison can fail: one alert that is left out of one evaluation is an error."""
    paths, _ = compared(tmp_path, "quick", files=1, per_file=14)
    content = json.loads(paths[0].read_text())
    samples = next(each for each in content["tests"][0]["promql_expr_test"] if each["exp_samples"])["exp_samples"]
    del samples[0]
    paths[0].write_text(json.dumps(content))

    assert "FAILED" in told(paths)

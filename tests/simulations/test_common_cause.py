"""The benchmark of shared incidents: its faults, and a few windows through the whole engine."""

import pytest

from simulations.bench import common_cause
from simulations.bench.common_cause import Faults


@pytest.mark.parametrize(
    ("kind", "since", "expected"),
    [
        ("shared", -1.0, (0.01, 0.01)),
        ("shared", 59.0, (0.2, 0.2)),
        ("shared", 61.0, (0.01, 0.01)),
        ("after", 179.0, (0.01, 0.01)),
        ("after", 181.0, (0.2, 0.01)),
        ("drag", 1.0, (0.2, 0.06)),
    ],
)
def test_what_fails_when(kind: str, since: float, expected: tuple[float, float]) -> None:
    """The candidate's share and stable's."""
    assert expected == Faults(kind, 100.0).shares(100.0 + since)


@pytest.mark.parametrize("weight", [0.1, 0.5])
def test_a_shared_incident_is_blocked_and_forgotten(weight: float) -> None:
    """Both colours fail 20 % for a minute: no rollback, and what was measured is thrown away."""
    _, after, blocked, discarded = common_cause.window(("shared", weight, 100, "1"))
    assert (None, True, True) == (after, blocked, discarded)


@pytest.mark.parametrize(("kind", "within"), [("drag", 60.0), ("after", 60.0)])
def test_a_bad_release_is_rolled_back(kind: str, within: float) -> None:
    """Though it drags stable along, or after an incident of which it is not guilty."""
    _, after, *_ = common_cause.window((kind, 0.1, 100, "1"))
    assert after is not None
    assert 0.0 < after < within

"""The state's own words."""

from dataclasses import replace

import pytest

from tests.core.world import World
from watchdog.core.phases import Phase


@pytest.mark.parametrize(
    ("phase", "watched", "ended"),
    [
        (Phase.PREPARING, False, False),
        (Phase.SHIFTING, True, False),
        (Phase.BAKING, True, False),
        (Phase.PROMOTED, False, True),
        (Phase.ROLLING_BACK, False, False),
        (Phase.ROLLBACK_FAILED, False, False),
        (Phase.ROLLED_BACK, False, True),
        (Phase.ABORTED, False, True),
    ],
)
def test_a_phase_says_whether_it_is_watched_and_whether_it_is_over(
    phase: Phase,
    watched: bool,  # noqa: FBT001 - parameter
    ended: bool,  # noqa: FBT001 - parameter
) -> None:
    """A failed rollback is not over."""
    deployment = replace(World().begin().submit().deployment, phase=phase)

    assert (watched, ended) == (deployment.watched, deployment.ended)

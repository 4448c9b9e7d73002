import pytest

from watchdog.config.schema.rules.counts import Probe, SequentialCount


@pytest.mark.parametrize(("ratio", "right"), [("1", False), ("1.1", True), ("99", True), ("99.1", False)])
def test_a_rate_is_found_between_its_bounds(ratio: str, right: bool) -> None:  # noqa: FBT001 (a parameter)
    """Above the limit itself and within what the test reaches."""
    count = SequentialCount.model_validate({"events": "app.restarts", "limit": "1 per hour", "min_ratio": ratio})

    assert right == (not list(count.complaints()))


def test_a_probe_waits_for_three_failures() -> None:
    """And for two successes."""
    probe = Probe.model_validate({"signal": "health.up"})

    assert (3, 2) == (probe.fall, probe.rise)

from pathlib import Path

import pytest

from tests.config.helpers import changed


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            "escalation: []\n",
            "2: escalation: is missing: nobody is told when a rollback is blocked or fails",
        ),
        (
            "rules: {lag: {threshold: {for: 1s}}}\nservices: {app: {rules: [errors, health, lag]}}\n",
            (
                "2: rules.lag.threshold.for: 1s is shorter than the 2s from one reading to the next, so it waits "
                "for the second bad reading"
            ),
        ),
        (
            "rules: {errors: {sequential_ratio: {ride_out: 100ms}}}\n",
            (
                "2: rules.errors.sequential_ratio.ride_out: 100ms is shorter than one reading of edge (250ms): a blip "
                "inside one reading rolls back"
            ),
        ),
        (
            "rules: {health: {probe: {fall: 1}}}\n",
            "2: rules.health.probe.fall: 1: a single lost packet rolls back",
        ),
        (
            "plans: {canary: {steps: [{weight: 0.01%, soak: 1m}, {weight: 100%}]}}\n",
            (
                "2: plans.canary.steps[1]: 200 requests at 0.01% within 4 soaks need 8333 requests/s in all: the step "
                "will wait"
            ),
        ),
        (
            "plans: {canary: {steps: [{weight: 50%, soak: 12s}, {weight: 100%}]}}\n",
            (
                "2: plans.canary.steps[1]: 12s of soak is shorter than the 13s of warm-up and ride-out of app's rules: "
                "the step ends before they can decide"
            ),
        ),
    ],
)
def test_each_warning_has_its_place_and_reason(tmp_path: Path, text: str, warning: str) -> None:
    """The file loads all the same."""
    warnings = changed(tmp_path, text).warnings

    assert [f"{tmp_path}/changed.yml:{warning}"] == [str(each) for each in warnings]


@pytest.mark.parametrize(
    "text",
    [
        "rules: {lag: {threshold: {for: 2s}}}\nservices: {app: {rules: [errors, health, lag]}}\n",
        "rules: {lag: {threshold: {for: 1s}}}\n",
        "rules: {errors: {sequential_ratio: {ride_out: 250ms}}}\n",
        "rules: {health: {probe: {fall: 1}, on_fire: freeze}}\n",
        "plans: {canary: {steps: [{weight: 50%, soak: 13s}, {weight: 100%}]}}\n",
        "plans: {canary: {steps: [{weight: 50%, soak: 15m}, {weight: 60%, soak: 3s}, {weight: 100%}]}}\n",
    ],
)
def test_what_is_just_right_earns_no_warning(tmp_path: Path, text: str) -> None:
    """The bounds are exact, and a rule that nobody uses is not judged."""
    assert () == changed(tmp_path, text).warnings


def test_several_servers_of_a_colour_are_nothing_to_warn_of(tmp_path: Path) -> None:
    """The warning said that only the first was asked for its health; every one is."""
    assert () == changed(tmp_path, "services: {app: {colours: {blue: {server: ['a:1', 'b:1']}}}}\n").warnings

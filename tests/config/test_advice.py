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
                "2: rules.errors.sequential_ratio.ride_out: 100ms is shorter than one reading of edge (250ms each): a "
                "blip inside one rolls back"
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
                "2: plans.canary.steps[1]: 12s of soak is shorter than the 14s that errors takes at best: the step "
                "ends before app can be judged by it"
            ),
        ),
        (
            (
                'sources: {metrics: {prometheus: {url: "http://metrics.internal", token: {credential: t}, '
                "gauges: {x: max(x)}}}}\n"
            ),
            (
                "2: sources.metrics.prometheus.token: is sent to metrics.internal for all on the way to read; wanted "
                "an https address"
            ),
        ),
        (
            "services: {app: {shadow: true}}\n",
            "2: services.app.shadow: is told to chat, which is missing: nobody hears what would have been done",
        ),
        (
            "shadow: true\n",
            "2: shadow: is told to chat, which is missing: nobody hears what would have been done",
        ),
        (
            "rules: {errors: {shadow: true}, health: {shadow: true}}\nservices: {app: {rules: [errors, health]}}\n",
            (
                "3: services.app.rules: every one with on_fire: rollback is in shadow (errors, health), so nothing is "
                "rolled back"
            ),
        ),
        (
            'rules: {errors: {shadow: true}}\nservices: {app: {policy: "errors and health"}}\n',
            "3: services.app.policy: names errors, which is in shadow and counts as not firing",
        ),
        (
            "services: {app: {policy: errors}}\n",
            (
                "2: services.app.policy: does not name health, which then never rolls back; wanted it here, or "
                "on_fire: freeze"
            ),
        ),
    ],
)
def test_each_warning_has_its_place_and_reason(tmp_path: Path, text: str, warning: str) -> None:
    """The file loads all the same."""
    warnings = changed(tmp_path, text).warnings

    assert [f"{tmp_path}/changed.yml:{warning}"] == [str(each) for each in warnings]


def test_a_rule_in_shadow_beside_others_is_no_matter(tmp_path: Path) -> None:
    """Unless the policy names it; what is told goes to chat."""
    assert () == changed(tmp_path, "rules: {errors: {shadow: true}}\nservices: {app: {policy: all}}\n").warnings
    assert () == changed(tmp_path, "chat: [on-call]\nshadow: true\n").warnings


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9090", "http://localhost", "http://[::1]/", "https://metrics.internal"]
)
def test_a_token_that_nobody_can_read_on_its_way_is_no_matter(tmp_path: Path, url: str) -> None:
    """It stays on this machine, or is encrypted."""
    text = f'sources: {{metrics: {{prometheus: {{url: "{url}", token: {{credential: t}}, gauges: {{x: max(x)}}}}}}}}\n'

    assert () == changed(tmp_path, text).warnings


BALANCED = """
sources: {lb: {haproxy: {socket: /run/haproxy.sock, backend: app}}}
rules: {slow: {threshold: {value: lb.response_time, when: "> 2s", for: 10s}, on_fire: freeze}}
services: {app: {rules: [errors, health, slow]}}
"""


def test_a_gauge_that_needs_traffic_makes_blind_at_night(tmp_path: Path) -> None:
    """Unless the rule, or the source, is said to do without it."""
    (warning,) = changed(tmp_path, BALANCED).warnings
    assert (
        f"{tmp_path}/changed.yml:4: rules.slow.threshold.value: lb.response_time has no value while there is no "
        "traffic, and without it the service is blind; wanted no_data: {empty: ok}, or required: false at lb"
    ) == str(warning)

    for old, new in (("freeze}", "freeze, no_data: {empty: ok}}"), ("app}}}", "app}, required: false}}")):
        assert () == changed(tmp_path, BALANCED.replace(old, new)).warnings
    assert () == changed(tmp_path, BALANCED.replace("freeze", "observe")).warnings


METRICS = """
sources:
  metrics:
    prometheus:
      url: http://127.0.0.1:9090
      counters: {errors: "http_errors_total{color='$colour'}", requests: "http_requests_total{color='$colour'}"}
      gauges: {p95: "max(rate(seconds_bucket{color='$colour'}[RANGE]))"}
"""
RULE = """
rules: {scraped: {KIND, on_fire: ACTION}}
services: {app: {rules: [errors, health, scraped]}}
"""


EACH = "readings of metrics (15s each)"
BLIP = (
    "3s is shorter than one reading of metrics (15s each): a blip inside one rolls back; the access log has a reading "
    "every 250ms"
)
WAITS = "10s is shorter than the 15s from one reading to the next, so it waits for the second bad reading"


def scraped(kind: str, *, on_fire: str = "rollback", looks_back: str = "1m") -> str:
    """A rule on a Prometheus server that is scraped every 15 s."""
    return METRICS.replace("RANGE", looks_back) + RULE.replace("KIND", kind).replace("ACTION", on_fire)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            scraped("sequential_ratio: {bad: metrics.errors, total: metrics.requests, limit: 5%}"),
            f"rules.scraped.sequential_ratio: {BLIP}",
        ),
        (
            scraped("sequential_count: {events: metrics.errors, limit: 1 per minute}"),
            f"rules.scraped.sequential_count: {BLIP}",
        ),
        (
            scraped('threshold: {value: metrics.errors, total: metrics.requests, when: "> 5%", over: 29s}'),
            f"rules.scraped.threshold.over: 29s is shorter than two {EACH}: when one is lost the window is empty",
        ),
        (
            scraped('threshold: {value: metrics.p95, when: "> 2"}', looks_back="29s"),
            f"rules.scraped.threshold.value: its query looks back 29s, less than two {EACH}: its range may be empty",
        ),
        (scraped('threshold: {value: metrics.p95, when: "> 2", for: 10s}'), f"rules.scraped.threshold.for: {WAITS}"),
        (
            scraped('spike: {value: metrics.p95, floor: "80", for: 10s}', on_fire="freeze"),
            f"rules.scraped.spike.for: {WAITS}",
        ),
        (
            scraped('spike: {value: metrics.p95, floor: "80", for: 15s, baseline: 10m}', on_fire="freeze"),
            (
                "rules.scraped.spike.baseline: 10m holds 24 readings, one each 25s before a deployment, fewer than "
                "min_readings (30): the rule would never apply; wanted at least 750s, or a shorter idle_poll"
            ),
        ),
    ],
)
def test_times_that_do_not_go_with_the_scrapes(tmp_path: Path, text: str, warning: str) -> None:
    """Each with its reason, and what would be better."""
    warnings = [str(each).partition(":")[2].partition(": ")[2] for each in changed(tmp_path, text).warnings]

    assert [warning] == warnings


@pytest.mark.parametrize(
    "text",
    [
        scraped("sequential_ratio: {bad: metrics.errors, total: metrics.requests, limit: 5%}", on_fire="freeze"),
        scraped("sequential_ratio: {bad: metrics.errors, total: metrics.requests, limit: 5%, ride_out: 15s}"),
        scraped("canary_vs_stable: {bad: metrics.errors, total: metrics.requests}"),
        scraped('threshold: {value: metrics.errors, total: metrics.requests, when: "> 5%", over: 30s}'),
        scraped('threshold: {value: metrics.p95, when: "> 2", for: 15s}', looks_back="30s"),
    ],
)
def test_times_that_go_with_the_scrapes(tmp_path: Path, text: str) -> None:
    """The bounds are exact; a rule that does not roll back may see blips, and a comparison rides one reading out."""
    assert () == changed(tmp_path, text).warnings


def test_the_slowest_rule_counts(tmp_path: Path) -> None:
    """Its window, its `for` and the scrape count, and rules that freeze; those that are only observed do not."""
    threshold = 'threshold: {value: metrics.p95, when: "> 2", for: 45s}'
    plan = "plans: {canary: {steps: [{weight: 50%, soak: 1m}, {weight: 100%}]}}\n"

    for on_fire, expected in (("freeze", ["scraped takes at best"]), ("observe", [])):
        warnings = changed(tmp_path, scraped(threshold, on_fire=on_fire) + plan).warnings
        assert expected == [text for text in ["scraped takes at best"] for each in warnings if text in str(each)]


@pytest.mark.parametrize(
    "text",
    [
        "rules: {lag: {threshold: {for: 2s}}}\nservices: {app: {rules: [errors, health, lag]}}\n",
        "rules: {lag: {threshold: {for: 1s}}}\n",
        "rules: {errors: {sequential_ratio: {ride_out: 250ms}}}\n",
        "rules: {health: {probe: {fall: 1}, on_fire: freeze}}\n",
        "plans: {canary: {steps: [{weight: 50%, soak: 14s}, {weight: 100%}]}}\n",
        "plans: {canary: {steps: [{weight: 50%, soak: 15m}, {weight: 60%, soak: 10s}, {weight: 100%}]}}\n",
        "services: {app: {policy: errors and health}}\n",
        "services: {app: {policy: all, rules: [errors, health, lag]}}\n",
        "services: {app: {policy: errors or health, rules: [errors, health, lag]}}\n",
    ],
)
def test_what_is_just_right_earns_no_warning(tmp_path: Path, text: str) -> None:
    """The bounds are exact, and a rule that nobody uses is not judged."""
    assert () == changed(tmp_path, text).warnings


def test_several_servers_of_a_colour_are_nothing_to_warn_of(tmp_path: Path) -> None:
    """The warning said that only the first was asked for its health; every one is."""
    assert () == changed(tmp_path, "services: {app: {colours: {blue: {server: ['a:1', 'b:1']}}}}\n").warnings

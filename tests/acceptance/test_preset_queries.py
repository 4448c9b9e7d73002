"""The queries of presets and of docs/metrics.md, evaluated by Prometheus' own promtool."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from watchdog.config import files
from watchdog.config.compile import compile_
from watchdog.config.load import checked
from watchdog.config.sources.prometheus import PrometheusSettings
from watchdog.config.tree import parse
from watchdog.core.model import Colour

ROOT: Final = Path(__file__).parents[2]
PROMTOOL: Final = shutil.which("promtool")

ENVIRONMENT: Final = """
environment: example
include: [rules/base.yml, {{file: rules/presets/{preset}.yml, with: {{name: own, prometheus: "http://127.0.0.1:9090"}}}}]
sources: {{health: {{health: {{path: /health}}}}}}
services:
  app:
    stable: blue
    data: shared
    sessions: shared
    colours: {{blue: {{server: "127.0.0.1:8081"}}, green: {{server: "127.0.0.1:8082"}}}}
    router: {{nginx: {{directory: /etc/nginx/rollback-watchdog}}}}
    rules: [error-rate, health, {rule}]
    plan: canary
"""

SPRING: Final = 'http_server_requests_seconds_bucket{color="green",instance="INSTANCE",le="LE"}'
CLIENT: Final = 'http_request_duration_seconds_bucket{color="green",instance="INSTANCE",le="LE"}'


def buckets(shape: str) -> list[tuple[str, str]]:
    """Two processes: 90 of 100 requests within 1 s, 94 within 2 s, all within 5 s; so p95 is 2.5 s."""
    grows = {"1.0": "90", "2.0": "94", "5.0": "100", "+Inf": "100"}
    return [
        (shape.replace("INSTANCE", instance).replace("LE", le), f"0+{by}x20")
        for instance in ("a", "b")
        for le, by in grows.items()
    ]


CASES: Final[list[tuple[str, str, list[tuple[str, str]], float]]] = [
    ("spring-boot", "p95", buckets(SPRING), 2.5),
    ("prometheus-client", "p95", buckets(CLIENT), 2.5),
    (
        "node-exporter",
        "cpu",
        [
            ('node_cpu_seconds_total{instance="app-green-1:9100",cpu="0",mode="idle"}', "0+15x20"),
            ('node_cpu_seconds_total{instance="app-green-1:9100",cpu="1",mode="idle"}', "0+15x20"),
            ('node_cpu_seconds_total{instance="app-green-2:9100",cpu="0",mode="idle"}', "0+3x20"),
            ('node_cpu_seconds_total{instance="app-green-2:9100",cpu="0",mode="user"}', "0+12x20"),
            ('node_cpu_seconds_total{instance="app-blue-1:9100",cpu="0",mode="idle"}', "0+0x20"),
        ],
        0.8,
    ),
    (
        "node-exporter",
        "memory",
        [
            ('node_memory_MemAvailable_bytes{instance="app-green-1:9100"}', "250x20"),
            ('node_memory_MemTotal_bytes{instance="app-green-1:9100"}', "1000x20"),
            ('node_memory_MemAvailable_bytes{instance="app-green-2:9100"}', "500x20"),
            ('node_memory_MemTotal_bytes{instance="app-green-2:9100"}', "1000x20"),
        ],
        0.75,
    ),
    (
        "node-exporter",
        "disk",
        [
            ('node_filesystem_avail_bytes{instance="app-green-1:9100",fstype="ext4",mountpoint="/"}', "250x20"),
            ('node_filesystem_size_bytes{instance="app-green-1:9100",fstype="ext4",mountpoint="/"}', "1000x20"),
            ('node_filesystem_avail_bytes{instance="app-green-1:9100",fstype="tmpfs",mountpoint="/run"}', "0x20"),
            ('node_filesystem_size_bytes{instance="app-green-1:9100",fstype="tmpfs",mountpoint="/run"}', "9x20"),
        ],
        0.75,
    ),
    (
        "cadvisor",
        "cpu",
        [
            ('container_cpu_usage_seconds_total{name="app-green-1",cpu="cpu00"}', "0+15x20"),
            ('container_cpu_usage_seconds_total{name="app-green-1",cpu="cpu01"}', "0+7.5x20"),
            ('container_spec_cpu_quota{name="app-green-1"}', "200000x20"),
            ('container_spec_cpu_period{name="app-green-1"}', "100000x20"),
        ],
        0.75,
    ),
    (
        "cadvisor",
        "memory",
        [
            ('container_memory_working_set_bytes{name="app-green-1"}', "750x20"),
            ('container_spec_memory_limit_bytes{name="app-green-1"}', "1000x20"),
            ('container_memory_working_set_bytes{name="app-green-2"}', "900x20"),
            ('container_spec_memory_limit_bytes{name="app-green-2"}', "0x20"),
        ],
        0.75,
    ),
]

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(PROMTOOL is None, reason="prometheus is not installed"),
]


def promtool(file: Path) -> str:
    """What `promtool test rules` writes; it has to find everything as expected."""
    assert PROMTOOL is not None
    ran = subprocess.run([PROMTOOL, "test", "rules", file], check=False, capture_output=True, text=True, timeout=30)
    assert 0 == ran.returncode, ran.stdout + ran.stderr
    return ran.stdout


def query(preset: str, signal: str) -> str:
    """Green's query as the source would ask it, for the rule that has the signal's name."""
    tree, problems = parse(ENVIRONMENT.format(preset=preset, rule=f"own-{signal}"), "environment.yml")
    assert [] == problems
    compiled = compile_(checked(files.complete(tree, str(ROOT / "environment.yml")), "environment.yml"))
    sources = [each for each in compiled.services[0].sources if isinstance(each, PrometheusSettings)]
    (found,) = [each.query for each in sources[0].gauges if (each.signal, each.colour) == (signal, Colour.GREEN)]
    return found


@pytest.mark.parametrize(("preset", "signal", "series", "value"), CASES, ids=[f"{case[0]}:{case[1]}" for case in CASES])
def test_a_presets_query_says_what_its_name_says(
    tmp_path: Path, preset: str, signal: str, series: list[tuple[str, str]], value: float
) -> None:
    """One number for the colour, from series of two processes, hosts or containers; the other colour's are left out."""
    expression = f"round({query(preset, signal)}, 0.001)"
    test: dict[str, Any] = {
        "evaluation_interval": "15s",
        "tests": [
            {
                "interval": "15s",
                "input_series": [{"series": name, "values": values} for name, values in series],
                "promql_expr_test": [
                    {"expr": expression, "eval_time": "4m", "exp_samples": [{"labels": "{}", "value": value}]}
                ],
            }
        ],
    }
    file = tmp_path / "queries.test.yml"
    file.write_text(yaml.safe_dump(test))

    assert "SUCCESS" in promtool(file)


def test_the_figures_of_the_documentation_are_prometheus_own() -> None:
    """Those of docs/metrics.md stand in docs/metrics.test.yml as what Prometheus answers."""
    text, file = (ROOT / "docs/metrics.md").read_text(), ROOT / "docs/metrics.test.yml"
    assert "SUCCESS" in promtool(file)

    samples = [
        float(sample["value"])
        for each in yaml.safe_load(file.read_text())["tests"]
        for asked in each["promql_expr_test"]
        for sample in asked.get("exp_samples", [])
    ]
    told = [float(number) for number in re.findall(r"\b(0\.1|0\.04|0\.478|4\.85|2\.12|1\.75)\b", text)]
    shares = [float(number) / 100 for number in re.findall(r"\b(2\.9|4\.8|5\.75|10) %", text)]

    assert {0.1, 0.04, 0.478, 4.85, 2.12, 1.75} == set(told)
    assert {0.029, 0.048, 0.0575, 0.1} == {round(share, 4) for share in shares}
    for number in (*told, *shares):
        assert [sample for sample in samples if abs(sample - number) < 0.006 * max(1.0, number)], number

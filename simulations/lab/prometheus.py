"""A real Prometheus, and a real Alertmanager, that watch the laboratory's applications.

What lives here: their configuration, start and end. What must not: what anybody asks them. Data and logs are below the
run folder; both listen on loopback only.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import httpx

from simulations.lab.processes import Child, LabError, accepts, free_port, wait_until

PROMETHEUS = "prometheus"
ALERTMANAGER = "prometheus-alertmanager"
"""Debian's names of the programs; each is in the package of the same name."""

JOB = "app"

_ANSWERS_S = 15.0


def available() -> bool:
    """Whether both programs are installed."""
    return all(shutil.which(program) for program in (PROMETHEUS, ALERTMANAGER))


class Prometheus:
    """One server. `restart` keeps port and data."""

    def __init__(self, run_dir: Path, port: int) -> None:
        self.port = port
        self._run_dir = run_dir
        self.child = self._start()

    @classmethod
    def start(
        cls,
        run_dir: Path,
        targets: Sequence[str],
        *,
        scrape: str = "1s",
        labels: Mapping[str, Mapping[str, str]] | None = None,
        alerts: Mapping[str, str] | None = None,
        alertmanager: int | None = None,
    ) -> Self:
        """Scrape `targets` (`host:port`) every `scrape`; returns when it answers.

        `labels` are given to single targets. `alerts` maps an alert's name to its expression, with the labels
        `severity` and, where the expression keeps it, `color`; they fire at once, to the Alertmanager at that port.
        """
        folder = run_dir / "prometheus"
        folder.mkdir(parents=True, exist_ok=True)
        static = [{"targets": [target], "labels": dict((labels or {}).get(target, {}))} for target in targets]
        rules = [
            {"alert": name, "expr": expr, "labels": {"severity": "critical"}} for name, expr in (alerts or {}).items()
        ]
        manager = [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}] if alertmanager else []
        _write(folder / "rules.yml", {"groups": [{"name": "lab", "rules": rules}]})
        _write(
            folder / "prometheus.yml",
            {
                "global": {"scrape_interval": scrape, "scrape_timeout": scrape, "evaluation_interval": scrape},
                "rule_files": [str(folder / "rules.yml")],
                "alerting": {"alertmanagers": manager},
                "scrape_configs": [{"job_name": JOB, "static_configs": static}],
            },
        )
        return cls(folder, free_port())

    def _start(self) -> Child:
        argv = [
            PROMETHEUS,
            f"--config.file={self._run_dir}/prometheus.yml",
            f"--storage.tsdb.path={self._run_dir}/data",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        child = Child.start(argv, name=PROMETHEUS, run_dir=self._run_dir)
        return _answering(child, f"{self.url}/-/ready", self.port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def query(self, promql: str) -> list[Any]:
        """The result of an instant query. LabError when it is refused."""
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": promql}, timeout=5, trust_env=False).json()
        if answer["status"] != "success":
            raise LabError(f"{promql}: {answer['error']}")
        result: list[Any] = answer["data"]["result"]
        return result

    def value(self, promql: str) -> float | None:
        """The one number that a query gives; None when it gives none."""
        result = self.query(promql)
        return float(result[0]["value"][1]) if result else None

    def restart(self) -> None:
        """Start it again after it was stopped or killed."""
        self.child.stop()
        self.child = self._start()

    def stop(self) -> None:
        self.child.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Alertmanager:
    """One server, alone."""

    def __init__(self, child: Child, port: int) -> None:
        self.child = child
        self.port = port

    @classmethod
    def start(cls, run_dir: Path) -> Self:
        """Start it; returns when it answers."""
        folder = run_dir / "alertmanager"
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "alertmanager.yml", {"route": {"receiver": "none"}, "receivers": [{"name": "none"}]})
        port = free_port()
        argv = [
            ALERTMANAGER,
            f"--config.file={folder}/alertmanager.yml",
            f"--storage.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
        child = Child.start(argv, name=ALERTMANAGER, run_dir=folder)
        return cls(_answering(child, f"http://127.0.0.1:{port}/-/ready", port), port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def post(self, path: str, body: Any) -> Any:
        """Order something of its API (alerts, silences); the answer. LabError when it is refused."""
        answer = httpx.post(f"{self.url}/api/v2/{path}", json=body, timeout=5, trust_env=False)
        if answer.status_code != httpx.codes.OK:
            raise LabError(f"{path}: {answer.text}")
        return answer.json() if answer.text else None

    def stop(self) -> None:
        self.child.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _write(path: Path, data: Any) -> None:
    """JSON is YAML, too."""
    path.write_text(json.dumps(data, indent=2))


def _answering(child: Child, url: str, port: int) -> Child:
    """The child once it is ready; stopped when it does not become so."""

    def ready() -> bool:
        return accepts(port) and httpx.get(url, timeout=5, trust_env=False).status_code == httpx.codes.OK

    try:
        wait_until(ready, what=child.name, timeout=_ANSWERS_S, children=[child], every=0.05)
    except BaseException:
        child.stop()
        raise
    return child

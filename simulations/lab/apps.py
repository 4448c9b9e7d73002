"""The application's processes, seen from a test: start one per colour, order faults, end them.

What lives here: the other side of `app.py`. What must not: the application itself.
"""

import sys
from pathlib import Path
from typing import Any, Self

import httpx

from simulations.lab.processes import Child, LabError, accepts, free_port, wait_until


class AppProcess:
    """One colour's process. `fault` orders; `crash` and `restart` do what their names say, on the same port."""

    def __init__(self, colour: str, port: int, run_dir: Path, *, release: str, seed: int | None) -> None:
        self.colour = colour
        self.port = port
        self.release = release
        self._run_dir = run_dir
        self._seed = seed
        self.child = self._begin()

    @classmethod
    def start(
        cls, colour: str, run_dir: Path, *, port: int | None = None, release: str = "1.0.0", seed: int | None = None
    ) -> Self:
        """Start it; returns when it answers."""
        process = cls.begin(colour, run_dir, port=port, release=release, seed=seed)
        process.answers()
        return process

    @classmethod
    def begin(
        cls, colour: str, run_dir: Path, *, port: int | None = None, release: str = "1.0.0", seed: int | None = None
    ) -> Self:
        """Start it; `answers` waits for it, so that several can start at once."""
        return cls(colour, free_port() if port is None else port, run_dir, release=release, seed=seed)

    def answers(self) -> None:
        """Return when it does. LabError, and it is stopped, when it does not."""
        try:
            wait_until(lambda: accepts(self.port), what=self.child.name, timeout=30.0, children=[self.child])
        except BaseException:
            self.child.stop()
            raise

    def _begin(self) -> Child:
        argv = [sys.executable, "-m", "simulations.lab.app", self.colour, str(self.port), "--release", self.release]
        argv += ["--seed", str(self._seed)] if self._seed is not None else []
        return Child.start(argv, name=f"app-{self.colour}-{self.port}", run_dir=self._run_dir)

    @property
    def server(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.server}"

    def fault(self, **order: Any) -> float:
        """Order a fault (`error_rate=0.3`, `latency=2.5`, `hang=True`, `health="down"`, `crash=True`, `clear=True`,
        each for one `route` prefix or all; `hold=100` MiB, `leak=5` MiB/s, `burn=0.5` cores);
        the wall-clock time since which it is in force. LabError when refused.
        """
        answer = httpx.post(f"{self.url}/fault", json=order, timeout=5, trust_env=False)
        if answer.status_code != httpx.codes.OK:
            raise LabError(f"{self.colour} refused the fault {order}: {answer.text}")
        injected_at: float = answer.json()["injected_at"]
        return injected_at

    def crash(self) -> float:
        """End it as a crash would; the time of it. Afterwards its port refuses connections."""
        injected_at = self.fault(crash=True)
        self.child.wait(5)
        return injected_at

    def restart(self, *, release: str | None = None) -> None:
        """Start it again without faults, perhaps as another release."""
        self.child.stop()
        self.release = self.release if release is None else release
        self.child = self._begin()
        self.answers()

    def stop(self) -> None:
        self.child.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

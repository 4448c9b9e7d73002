"""What the fault tests share: one scene with users who read and write, a canary on it, and what a fault cost them."""

import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulations.lab.load import LoadProcess
from simulations.lab.processes import run_folder, wait_until
from simulations.lab.scene import Scene
from tests.acceptance.daemon_world import View, Watch, changes

LOAD: dict[str, Any] = {
    "rate": 40,
    "users": 60,
    "keep_alive": 8,
    "seed": 2,
    "paths": (("/", 0.7), ("POST:/", 0.3)),  # a failed write is never repeated elsewhere: the user sees it
}


@dataclass
class Faults:
    """A scene that is brought back to its beginning before each test."""

    scene: Scene
    load: LoadProcess

    @property
    def flag(self) -> Path:
        return self.scene.paths.state / "brake" / "shop.green"

    @property
    def journal(self) -> Path:
        return self.scene.paths.state / "journal.sqlite"

    def start_over(self, **more: Any) -> None:
        """As on the first day: colours well, everybody on blue, an empty journal, no daemon; `more` is in the file."""
        scene = self.scene
        if scene._daemon is not None and scene.daemon.running:
            scene.daemon.kill()
        for colour in ("blue", "green"):
            if scene.app(colour).child.running:
                scene.fault(colour, clear=True)
            else:
                scene.app(colour).restart()
        for folder in (scene.paths.state, scene.paths.generated):  # a file that is in force would be kept
            shutil.rmtree(folder, ignore_errors=True)
        scene.write_generated()
        scene.write_environment(more)
        scene.nginx.reload()

    def canary(self, plan: str = "canary", **more: Any) -> Watch:
        """A daemon, and a healthy release that half of the users have; `more` goes over the environment file."""
        self.start_over(**more)
        self.scene.start_daemon()
        watch = Watch(self.scene)
        watch.submit("2.0", plan=plan)
        watch.until(at_half, "a healthy canary")
        return watch

    def hurt(self, since: float) -> View:
        """What users had from a fault until they were on stable for good: a figure for docs/reliability.md."""
        seen = [record for record in self.load.records() if record.started >= since]
        away = [record.started for record in seen if record.colour == "green" or record.failed]
        failed = sum(record.failed for record in seen)
        return {"to_stable_s": round(max(away, default=since) - since, 1), "failed": failed, "of": len(seen)}

    def on_stable(self, timeout: float = 15.0) -> None:
        """Wait until blue alone has answered for a second."""
        self.scene.wait_for_split(self.load, {"blue"}, timeout=timeout)


def at_half(view: View) -> bool:
    """A step at 50 % that nothing holds."""
    deployment = view["deployment"]
    return bool(
        deployment["phase"] == "soaking"
        and deployment["in_force"]["weight"] == 0.5
        and not deployment["holds"]
        and view["verdict"] == "healthy"
    )


def report(row: str, **figures: Any) -> None:
    """Print a row's figures: `pytest -s` shows them."""
    print(f"\nFIGURES {row}: {json.dumps(figures)}")  # noqa: T201 - asked for with -s


@contextlib.contextmanager
def faults() -> Iterator[Faults]:
    """A scene with load, for one module."""
    with run_folder() as folder, Scene(folder, changes=changes(), seed=1) as scene:
        yield Faults(scene, scene.start_load(**LOAD))


def restarted(scene: Scene, *, after: float = 0.0) -> None:
    """The service manager starts a dead daemon again."""
    time.sleep(after)
    scene.start_daemon()


@contextlib.contextmanager
def without_descriptors(scene: Scene) -> Iterator[None]:
    """The daemon has opened all that it may: somebody leaks connections to its control socket."""
    pid = scene.daemon.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    folder = Path(f"/proc/{pid}/fd")
    highest = max(int(each.name) for each in folder.iterdir()) + 5
    leaked: list[socket.socket] = []
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest, hard))
    try:
        for _ in range(40):
            connection = socket.socket(socket.AF_UNIX)
            leaked.append(connection)
            connection.connect(str(scene.paths.control))
        wait_until(lambda: len(list(folder.iterdir())) >= highest, what="the last descriptor")
        yield
    finally:
        for connection in leaked:
            connection.close()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def memory_group() -> Iterator[Path | None]:
    """A control group whose memory can be limited; None where this machine has none that may be used."""
    place = next((each for each in (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")) if _limits(each)), None)
    group = None if place is None else place / f"rwd-faults-{os.getpid()}"
    try:
        if group is not None:
            group.mkdir()
    except OSError:
        group = None
    try:
        yield group
    finally:
        if group is not None:
            wait_until(lambda: not (group / "cgroup.procs").read_text(), what="the group to be empty")
            group.rmdir()


def _limits(place: Path) -> bool:
    controllers = place / "cgroup.controllers"
    if place.name == "memory":
        return (place / "memory.limit_in_bytes").exists()
    return controllers.exists() and "memory" in controllers.read_text().split()


def limit_memory(group: Path, pid: int, size: int) -> None:
    """From now on the process may take no more than `size` bytes beyond what it has."""
    named = "memory.limit_in_bytes" if (group / "memory.limit_in_bytes").exists() else "memory.max"
    (group / named).write_text(str(size))
    (group / "cgroup.procs").write_text(str(pid))


def killed_by_the_kernel(group: Path) -> int:
    """How many processes of the group the kernel has ended for want of memory."""
    named = group / "memory.oom_control"
    lines = (named if named.exists() else group / "memory.events").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))


def stop(scene: Scene, number: signal.Signals) -> None:
    """Send the daemon a signal."""
    scene.daemon.signal(number)

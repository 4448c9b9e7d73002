"""The parts of the nginx router that have no test file of their own, as far as they need no nginx."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.traffic.nginx.operators import SPLIT, service
from watchdog.core.model import BrakeKind, Colour, Split
from watchdog.traffic.nginx import render, workers
from watchdog.traffic.nginx.brake import Brake
from watchdog.traffic.nginx.observe import Observer, in_force
from watchdog.traffic.nginx.prepare import stable_has_all
from watchdog.traffic.nginx.tree import parse

BLUE, GREEN = Colour.BLUE, Colour.GREEN

# A master with two workers by the titles that nginx gives them: argv[0] is what the kernel shows.
MASTER = """
import os, subprocess, sys
workers = [subprocess.Popen([title, "-c", "import time; time.sleep(60)"], executable=sys.executable)
           for title in sys.argv[1:]]
for worker in workers:  # Popen returns a moment before the kernel shows the new title
    while not open(f"/proc/{worker.pid}/cmdline").read():
        pass
print("ready", flush=True)
sys.stdin.read()
for worker in workers:
    worker.kill()
    worker.wait()
"""
WORKER, DRAINING = "nginx: worker process", "nginx: worker process is shutting down"


class Master:
    """A process that looks like nginx's master."""

    def __init__(self, folder: Path, *titles: str) -> None:
        self.pid_file = folder / "nginx.pid"
        self._process = subprocess.Popen(
            [sys.executable, "-c", MASTER, *titles], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout
        assert b"ready\n" == self._process.stdout.readline()
        self.pid_file.write_text(f"{self._process.pid}\n")

    def stop(self) -> None:
        self._process.communicate()


@pytest.fixture
def master(tmp_path: Path) -> Iterator[Master]:
    made = Master(tmp_path, WORKER, DRAINING, "nginx: cache manager process")
    yield made
    made.stop()


def observer(tmp_path: Path, pid: Path) -> Observer:
    return Observer("app", tmp_path / "app.http.conf", pid, time.time)


def write(tmp_path: Path, split: Split = SPLIT, *, age: float = 0.0) -> str:
    text = render.service_http(service(), split)
    path = tmp_path / "app.http.conf"
    path.write_text(text)
    if age:
        os.utime(path, (time.time() - age, time.time() - age))
    return text


def test_workers_are_told_apart(master: Master) -> None:
    """Draining workers take nothing new, and a cache manager is no worker."""
    found = workers.workers(master.pid_file)

    assert [False, True] == sorted(worker.draining for worker in found)
    assert {worker.identity for worker in found if not worker.draining} == workers.active(master.pid_file)
    assert all(0 <= workers.uptime() - worker.started < 30 for worker in found)
    assert (os.geteuid(), True) == (workers.user(found[0].pid)[0], os.getegid() in workers.user(found[0].pid)[1])


@pytest.mark.parametrize("text", [None, "", "no number", "4194999"])
def test_without_a_master_there_are_no_workers(tmp_path: Path, text: str | None) -> None:
    """A missing, empty, damaged or left-over pid file."""
    path = tmp_path / "nginx.pid"
    if text is not None:
        path.write_text(text)

    assert ((), frozenset()) == (workers.workers(path), workers.active(path))


def test_the_pid_file_is_read_from_the_main_file(tmp_path: Path) -> None:
    """Quoted or not; nginx's default when the file does not say or is not there."""
    main = tmp_path / "nginx.conf"
    for text, expected in (
        ("user x;\npid /run/a.pid;\n", "/run/a.pid"),
        ('  pid "/run/b.pid" ;\n', "/run/b.pid"),
        ("# pid /run/c.pid;\nevents {}\n", "/run/nginx.pid"),
    ):
        main.write_text(text)
        assert Path(expected) == workers.pid_file(main)
    assert Path("/run/nginx.pid") == workers.pid_file(tmp_path / "nowhere")


def test_a_file_younger_than_the_workers_is_not_in_force(tmp_path: Path, master: Master) -> None:
    """An older file is in force, a younger one is not; without workers to be seen the file is believed."""
    write(tmp_path, age=60)
    assert (SPLIT, True) == (observer(tmp_path, master.pid_file).seen().split, True)
    assert observer(tmp_path, master.pid_file).seen().loaded
    time.sleep(0.05)  # workers' ages are known to 10 ms
    write(tmp_path)
    assert False is observer(tmp_path, master.pid_file).seen().loaded
    assert None is observer(tmp_path, tmp_path / "no.pid").seen().loaded


def test_what_workers_were_seen_to_load_outweighs_clocks(tmp_path: Path, master: Master) -> None:
    """A clock that was set makes a loaded file look new and an unread one look old; the memory knows better."""
    watching = observer(tmp_path, master.pid_file)
    loaded = write(tmp_path, age=-3600)
    assert False is watching.seen().loaded
    watching.remember(loaded, workers.active(master.pid_file))
    assert True is watching.seen().loaded
    write(tmp_path, Split(stable=BLUE, candidate=GREEN, weight=0.5, salt="d1"), age=3600)
    assert False is watching.seen().loaded


def test_what_is_in_force_is_said_with_its_brake(tmp_path: Path) -> None:
    """The candidate's flag counts; stable's is only told about; without a readable file any flag is told."""
    brake = Brake("app", tmp_path / "brake", time.time)
    brake.make_ready()
    watching = observer(tmp_path, tmp_path / "no.pid")
    write(tmp_path)
    assert (SPLIT, None, None) == split_and_brake(watching, brake)
    brake.flag(BLUE).touch()
    assert (SPLIT, None, None) == split_and_brake(watching, brake)
    assert "app.blue is there and has no effect" in in_force(watching.seen(), brake).detail
    brake.flag(GREEN).touch()
    assert (SPLIT, BrakeKind.HAND, GREEN) == split_and_brake(watching, brake)
    brake.flag(GREEN).unlink()
    (tmp_path / "app.http.conf").write_bytes(b"\xff")
    assert (None, BrakeKind.HAND, BLUE) == split_and_brake(watching, brake)
    assert "cannot be read" in in_force(watching.seen(), brake).detail


def split_and_brake(watching: Observer, brake: Brake) -> tuple[Split | None, BrakeKind | None, Colour | None]:
    found = in_force(watching.seen(), brake)
    return found.split, found.braked, found.braked_colour


def test_another_services_file_is_not_ours(tmp_path: Path) -> None:
    """A file that was copied under the wrong name says whose it is."""
    (tmp_path / "app.http.conf").write_text(render.service_http(service(service="shop"), SPLIT))

    assert "is of service shop" in observer(tmp_path, tmp_path / "no.pid").seen().detail


def test_who_has_all_users() -> None:
    """Stable at 0 % of the candidate, or the promoted candidate; a step has divided users."""
    promoted = Split(stable=BLUE, candidate=GREEN, weight=1.0, salt="", promoted=True)
    full = Split(stable=BLUE, candidate=GREEN, weight=1.0, salt="")

    assert [True, False] == [stable_has_all(SPLIT, colour) for colour in (BLUE, GREEN)]
    assert [False, True] == [stable_has_all(promoted, colour) for colour in (BLUE, GREEN)]
    assert [False, False] == [stable_has_all(full, colour) for colour in (BLUE, GREEN)]


def test_the_tree_follows_includes_and_survives_a_circle(tmp_path: Path) -> None:
    """Directives of included files stand where they take effect, with their own file and line."""
    (tmp_path / "nginx.conf").write_text("http {\n include sub.d/*.conf;\n}\n")
    (tmp_path / "sub.d").mkdir()
    (tmp_path / "sub.d" / "a.conf").write_text('server {\n add_header X "a b";\n}\n')
    root, problems = parse(tmp_path / "nginx.conf")
    header = next(node for node in root.walk() if node.name == "add_header")

    assert ([], 'add_header X "a b"') == (problems, header.text)
    assert (f"{tmp_path}/sub.d/a.conf:2", "http") == (header.where, [*header.levels()][2].name)
    (tmp_path / "sub.d" / "b.conf").write_text("include b.conf;\n")
    root, _ = parse(tmp_path / "nginx.conf")
    assert ["server"] == [node.name for node in root.own("http")[0].block if node.name != "include"]

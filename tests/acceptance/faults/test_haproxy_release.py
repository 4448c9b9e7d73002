"""The real daemon behind a real HAProxy: releases that are good and bad, and HAProxy restarted under it."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from simulations.lab.apps import AppProcess
from simulations.lab.load import Load, LoadProcess
from simulations.lab.processes import PROJECT, Child, run_folder, wait_until
from simulations.lab.results import of_colour, since, summarise
from simulations.lab.scene import CLI
from tests.acceptance.faults.figures import figure
from tests.acceptance.haproxy_router_world import World, world
from watchdog.control.client import Client, ControlError
from watchdog.core.model import Colour

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

RATE = 200.0
ENVIRONMENT = """\
version: 1
environment: test
state: {state}
control: {{socket: {control}}}
sources:
  lb: {{haproxy: {{socket: {socket}, backend: app, poll: 250ms, timeout: 500ms}}}}
  health: {{health: {{path: /health, poll: 500ms}}}}
rules:
  errors: {{sequential_ratio: {{bad: lb.errors, total: lb.requests, limit: 5%, ride_out: 1s}}, on_fire: rollback,
    warm_up: 1s}}
  health: {{probe: {{signal: health.up}}, on_fire: rollback}}
services:
  app:
    stable: blue
    data: shared
    sessions: shared
    cool_down: 0s
    budget: none
    divert_for: 1s
    colours: {{blue: {{server: "{blue}"}}, green: {{server: "{green}"}}}}
    router:
      haproxy: {{socket: {socket}, backend: app, entry: {{url: "http://127.0.0.1:{entry}/"}}, state_file: {state_file}}}
      {fallback}
    rules: [errors, health]
    plan: canary
plans:
  canary:
    steps: [{{weight: 10%, soak: 1s, gate: {{requests: 10, per_critical_route: 0}}}},
      {{weight: 50%, soak: 10m, gate: {{requests: 10, per_critical_route: 0}}}}, {{weight: 100%}}]
    bake: 10m
contacts:
  on-call: {{apprise: "json://127.0.0.1:1"}}
escalation:
  - {{level: 2, contacts: [on-call]}}
"""

View = dict[str, Any]


@dataclass
class Scene:
    """HAProxy, both applications, users and the daemon."""

    haproxy: World
    apps: dict[Colour, AppProcess]
    users: LoadProcess
    daemon: Child
    client: Client
    environment: Path
    began: int = 0
    """The journal's last number before the present release."""

    def service(self) -> View:
        found: View = self.client.status()["services"]["app"]
        return found

    def until(self, condition: Callable[[View], bool], what: str, timeout: float = 30.0) -> View:
        """The first view of the service that fulfils the condition."""
        last: View = {}

        def holds() -> bool:
            nonlocal last
            with contextlib.suppress(ControlError):
                last = self.service()
                return condition(last)
            return False

        wait_until(holds, what=f"{what}; last seen {last}", timeout=timeout, children=[self.daemon])
        return last

    def canary(self, release: str) -> None:
        """A release that soaks at 50 %."""
        self.apps[Colour.GREEN].fault(clear=True)
        self.until(lambda view: bool(view["adopted"]), "the router's word adopted")
        self.began = self.client.records(limit=1)[-1]["seq"]
        self.client.submit("app", release)
        self.until(lambda view: _at(view, "soaking", 0.5), "a canary at 50 %")

    def records(self, *types: str) -> list[View]:
        return [each["body"] for each in self.client.records(service="app", types=types, limit=10_000)]

    def weights(self) -> dict[str, int]:
        """What HAProxy itself says that each server has."""
        _form, head, *rows = self.haproxy.ask("show servers state app").splitlines()
        servers = [dict(zip(head.removeprefix("# ").split(), row.split(), strict=False)) for row in rows if row]
        return {each["srv_name"]: int(each["srv_uweight"]) for each in servers}

    def rolled_back_once(self) -> None:
        """The release got one order to roll back; HAProxy's counters prove it, and every user is on stable."""
        self.until(lambda view: _at(view, "rolled_back"), "the rollback")
        since_then = [each for each in self.client.records(service="app", limit=10_000) if each["seq"] > self.began]
        ordered = [each for each in since_then if each["type"] == "RollbackOrdered"]
        proofs = [each["body"] for each in since_then if each["type"] == "ProofOutcome"]
        assert (1, 1) == (len(ordered), len(proofs)), proofs
        assert (True, 0) == (proofs[0]["ok"], proofs[0]["to_candidate"])
        assert proofs[0]["to_stable"] > 0
        assert "MAINT" in self.haproxy.ask("show stat app 4 -1").partition("app,green,")[2]
        began, wanted = time.time(), 50
        wait_until(lambda: len(since(self.users.records(), began)) >= wanted, what="users' requests", children=[])
        assert {"blue"} == {each.colour for each in since(self.users.records(), began)}


def _at(view: View, phase: str, weight: float | None = None) -> bool:
    deployment = view["deployment"]
    if deployment is None or deployment["phase"] != phase:
        return False
    return weight is None or deployment["in_force"]["weight"] == weight


@contextlib.contextmanager
def guarded(*, keeps_state: bool = True, fallback: str = "") -> Iterator[Scene]:
    with run_folder() as folder, contextlib.ExitStack() as stack:
        apps = {each: stack.enter_context(AppProcess.start(each, folder / each, seed=1)) for each in Colour}
        ports = {colour: app.port for colour, app in apps.items()}
        made = stack.enter_context(world(ports=ports, keeps_state=keeps_state))
        environment = folder / "environment.yml"
        environment.write_text(
            ENVIRONMENT.format(
                state=folder / "state",
                control=folder / "control.sock",
                socket=made.socket,
                blue=apps[Colour.BLUE].server,
                green=apps[Colour.GREEN].server,
                entry=made.entry,
                state_file=made.state_file,
                fallback=fallback,
            )
        )
        (folder / "state").mkdir()
        load = Load(port=made.entry, rate=RATE, keep_alive=8, users=60, seed=2)
        users = stack.enter_context(LoadProcess.start(load, folder))
        argv = [*CLI, "run", "--config", str(environment)]
        daemon = stack.enter_context(Child.start(argv, name="daemon", run_dir=folder))
        client = stack.enter_context(Client(folder / "control.sock", timeout=10.0))
        scene = Scene(made, apps, users, daemon, client, environment)
        try:
            scene.until(lambda view: True, "the daemon")
            yield scene
        except Exception as error:
            error.add_note(daemon.log_tail())
            raise


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with guarded() as made:
        yield made


def test_a_bad_release_is_rolled_back_and_proved(scene: Scene) -> None:
    """Half of the users meet a release that fails for all: they are back on stable, which HAProxy's counters prove."""
    scene.canary("2.0")
    broken = scene.apps[Colour.GREEN].fault(error_rate=1.0)
    scene.until(lambda view: _at(view, "rolled_back"), "the rollback")
    time.sleep(0.3)  # what began before has ended
    after = since(scene.users.records(), broken)
    last = max(record.started for record in of_colour(after, "green"))
    failed = summarise(after).errors
    figure("HAProxy: fault to last request on the candidate, s", round(last - broken, 2))
    figure("HAProxy: requests failed", failed)

    assert last - broken < 10.0
    assert failed <= len(of_colour(after, "green"))
    scene.rolled_back_once()


def test_a_restart_of_haproxy_in_a_canary_keeps_the_split_and_the_rollback_works(scene: Scene) -> None:
    """With a saved state nothing is moved by the restart; a fault after it is rolled back as ever."""
    scene.canary("2.1")
    half = {"blue": 256, "green": 256}
    assert half == scene.weights()
    scene.haproxy.restart()
    began = time.time()
    assert half == scene.weights()
    wait_until(lambda: {"blue", "green"} == {each.colour for each in since(scene.users.records(), began)} - {"-"},
               what="both colours", children=[])  # fmt: skip
    assert half == scene.weights()
    assert _at(scene.service(), "soaking", 0.5)
    scene.apps[Colour.GREEN].fault(error_rate=1.0)
    scene.rolled_back_once()


def run_by_hand(scene: Scene, folder: Path, script: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A script of the runbook, as it stands, in an operator's shell."""
    command = folder / "rollback-watchdog"
    command.write_text(f'#!/bin/sh\nexec {" ".join(CLI)} "$@"\n')
    command.chmod(0o755)
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(PROJECT),
        "ROLLBACK_WATCHDOG_SOCKET": str(scene.client.path),
    }
    return subprocess.run(
        [PROJECT / "docs" / "runbook" / script, *words], check=False, capture_output=True, text=True, env=environment
    )


def test_the_runbooks_scripts_work_as_they_always_did(scene: Scene, tmp_path: Path) -> None:
    """Hands and pipelines call them as before: the gate is passed, the split lowered and the release rolled back."""
    scene.canary("2.5")
    for script, words, holds in (
        ("switch-to-green.sh", ("app",), lambda _: len(scene.records("GatePassed")) == 1),
        ("traffic-split.sh", ("10",), lambda view: view["deployment"]["in_force"]["weight"] == 0.1),
        ("rollback-to-blue.sh", ("app", "the runbook says so"), lambda view: _at(view, "rolled_back")),
    ):
        ran = run_by_hand(scene, tmp_path, script, *words)
        assert (0, "") == (ran.returncode, ran.stderr), ran
        scene.until(holds, script)
    wanted = scene.records("RollbackWanted")[-1]
    assert ("human", "the runbook says so") == (wanted["reason"], wanted["because"])


@pytest.mark.long
def test_a_daemon_that_is_killed_in_a_canary_goes_on_where_it_was(scene: Scene) -> None:
    """The new one knows its last order, sees the same split in HAProxy and rolls back a fault."""
    scene.canary("2.2")
    before = scene.service()["deployment"]["id"], scene.weights()
    scene.daemon.kill()
    argv = [*CLI, "run", "--config", str(scene.environment)]
    with Child.start(argv, name="daemon-again", run_dir=scene.environment.parent) as again:
        scene.daemon = again
        scene.until(lambda view: _at(view, "soaking", 0.5) and bool(view["adopted"]), "the canary again")
        assert before == (scene.service()["deployment"]["id"], scene.weights())
        scene.apps[Colour.GREEN].fault(error_rate=1.0)
        scene.rolled_back_once()


@pytest.mark.long
def test_the_fallback_rolls_back_when_the_socket_is_gone(tmp_path: Path) -> None:
    """The router cannot be told any more: the operator's own command is, and the rollback is proved by its word."""
    program = tmp_path / "rollback-to-blue.sh"
    program.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/ran\n{tmp_path}/really\n')
    program.chmod(0o755)
    fallback = f"fallback: {{command: {{rollback: [{program}, $service, $stable]}}}}"
    with guarded(fallback=fallback) as made:
        really = tmp_path / "really"
        aside = made.haproxy.socket.with_name("aside.sock")
        text = f"#!/bin/sh\nexec {CLI[0]} -c \"import socket; s = socket.socket(1); s.connect('{aside}'); "
        text += "s.sendall(b'set server app/blue weight 256;set server app/green state maint\\n'); s.recv(99)\"\n"
        really.write_text(text)
        really.chmod(0o755)
        made.canary("2.0")
        made.haproxy.socket.rename(aside)
        made.apps[Colour.GREEN].fault(health="down")
        made.until(lambda view: _at(view, "rolled_back"), "the rollback", timeout=60.0)
        began = time.time()
        time.sleep(0.5)

        assert {"blue"} == {each.colour for each in since(made.users.records(), began)}
        assert "app blue\n" == (tmp_path / "ran").read_text().splitlines(keepends=True)[0]
        shown = subprocess.run([*CLI, "explain", "app", "--socket", str(made.client.path)],
                               check=True, capture_output=True, text=True).stdout  # fmt: skip
        assert "the fallback was told to" in shown

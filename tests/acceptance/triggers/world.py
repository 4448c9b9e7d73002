"""Services that are watched by one source each, a release of every one at a canary step, and what followed a fault.

What lives here: bringing them there, injecting, waiting, the figures. What must not: any trigger's own rules.

Rules are as the documentation shows them, with a shorter `warm_up` (the fault comes after it either way) and diverts of
2 s instead of 10 s.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from simulations.lab.environment import SceneService, merged
from simulations.lab.load import LoadProcess
from simulations.lab.processes import run_folder, wait_until
from simulations.lab.prometheus import Prometheus
from simulations.lab.results import Record, last_before_first_cut
from simulations.lab.scene import COLOURS, Scene
from tests.acceptance.daemon_world import View, Watch, stays, step
from tests.notify.fakes import ChatService, chat_service

RATE = 25.0
"""Requests per second of each service's users."""
WEIGHT = "40%"
WITHIN_S = 30.0
"""Level 1's promise: from the fault until traffic is proved back."""
QUIET_S = 8.0
"""So long nothing may be ordered where nothing should be; the slowest of the others has decided by then."""

Rules = Mapping[str, View]

HEALTH: View = {"probe": {"signal": "health.up", "fall": 3, "rise": 2}, "on_fire": "rollback"}
"""A rule on the access log wants one beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One service: the rules that watch it, and what goes wrong where."""

    rules: Rules
    """The first one is what the cell is about."""
    fault: View
    on: Sequence[str] = ("green",)
    haproxy: bool = False
    order: Callable[[], float] | None = None
    """The fault, where it is not the application's; the wall-clock time of it."""
    routes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds from the fault."""

    away: float
    """To the last request to the candidate before traffic first left it."""
    decided: float
    proved: float

    def __str__(self) -> str:
        return f"away {self.away:.1f} s, decided {self.decided:.1f} s, proved {self.proved:.1f} s"


class World:
    """Every cell's service with a release at the canary step."""

    def __init__(self, scene: Scene, load: LoadProcess, chat: ChatService, cells: Mapping[str, Cell]) -> None:
        self.scene = scene
        self.load = load
        self.chat = chat
        self.cells = cells
        self.watches = {name: Watch(scene, name) for name in cells}
        self.deployments: dict[str, str] = {}
        self.faults: dict[str, float] = {}

    def deploy(self) -> None:
        """A healthy release of each, up to the step at which it stays; every rule sees."""
        self.deployments = {name: watch.submit("2.0") for name, watch in self.watches.items()}
        for name, watch in self.watches.items():
            watch.until(lambda view, name=name: self._settled(view, name), f"{name} at its step and seen", timeout=45.0, every=0.2)

    def _settled(self, view: View, name: str) -> bool:
        deployment = view["deployment"]
        if deployment["phase"] == "aborted":
            raise AssertionError(deployment["checks"])
        own = [each for each in view["rules"] if each["name"] in self.cells[name].rules]
        return deployment["phase"] == "soaking" and all(_sees(each) for each in own)

    def break_all(self) -> None:
        """All faults at once."""
        for name, cell in self.cells.items():
            if cell.order is not None:
                self.faults[name] = cell.order()
            for colour in cell.on if cell.fault else ():
                self.faults[name] = self.scene.fault(colour, service=name, **cell.fault)

    def records(self, name: str) -> list[Record]:
        """What the users of one service saw."""
        return [each for each in self.load.records() if each.route.startswith(f"/{name}/")]

    def rolled_back(self, name: str) -> Times:
        """By the cell's rule, proved, within the promise; users are on stable."""
        watch, fault = self.watches[name], self.faults[name]
        view = watch.until_phase("rolled_back", timeout=WITHIN_S + 15.0, every=0.2)
        rollback = view["deployment"]["rollback"]
        proved = rollback["proved"]
        wait_until(lambda: self.records(name)[-1].started > proved + 1.0, what="users after the proof", every=0.1)
        records = self.records(name)
        after = [each for each in records if each.started > proved]
        away = last_before_first_cut(records, "green", fault=fault)
        assert away is not None
        times = Times(away=away - fault, decided=rollback["decided"] - fault, proved=proved - fault)

        assert ["rules_proved"] == [each["reason"] for each in watch.of(self.deployments[name], "RollbackOrdered")]
        assert [next(iter(self.cells[name].rules))] == rollback["rules"]
        assert ({"blue"}, 0) == ({each.colour for each in after}, sum(each.failed for each in after))
        assert rollback["to_stable"] >= 5
        assert times.proved <= WITHIN_S, times
        assert ["proved_by_traffic"] == [each["reason"] for each in watch.incidents(self.deployments[name])]
        assert "rolled back" in self.told(name, "rolled back")
        return times

    def frozen(self, name: str, rule: str, reason: str = "rule_freezes") -> float:
        """Held, and on-call is told; the split stays as it was. Seconds from the fault to the incident."""
        watch, fault = self.watches[name], self.faults[name]
        view = watch.until(lambda view: bool(_open(view, reason)), f"an incident of {name}: {reason}", every=0.2)
        (incident,) = _open(view, reason)

        assert [rule] == incident["rules"]
        assert incident["opened"] - fault <= WITHIN_S
        if reason == "rule_freezes":
            assert "rule" in [each["hold"] for each in view["deployment"]["holds"]]
        self.told(name, "")
        self.unmoved(name)
        return float(incident["opened"] - fault)

    def blocked(self, name: str, *reasons: str) -> None:
        """Wanted, blocked for one of these reasons, and told. There may be a divert before: of a shared incident one
        colour's first failures are heard of before the other's.
        """
        watch = self.watches[name]
        view = watch.until(lambda view: bool(_blocked(view)), f"{name} blocked", every=0.2)

        assert _blocked(view) in reasons
        self.told(name, "")
        assert stays(lambda: watch.deployment()["phase"] == "soaking", self._quiet(name), every=0.2)
        assert [] == watch.of(self.deployments[name], "RollbackOrdered")

    def unmoved(self, name: str) -> None:
        """Nothing was ordered, up to `QUIET_S` after the fault and for a second more; users are still on both."""
        watch, deployment = self.watches[name], self.deployments[name]
        assert stays(lambda: watch.deployment()["phase"] == "soaking", self._quiet(name), every=0.2)
        assert [] == watch.of(deployment, "RollbackOrdered", "DivertOrdered")
        assert WEIGHT == f"{watch.view()['exposure']['weight']:.0%}"
        assert {"green"} <= {each.colour for each in self.records(name) if each.started > time.time() - 2.0}

    def _quiet(self, name: str) -> float:
        return max(1.0, self.faults[name] + QUIET_S - time.time())

    def level(self, name: str, rule: str, colour: str | None) -> str:
        """A rule's state."""
        return next(
            str(each["level"]) for each in self._rules(name) if (each["name"], each["colour"]) == (rule, colour)
        )

    def fires(self, name: str, rule: str, colour: str | None) -> None:
        """Wait until a rule fires of that colour."""
        wait_until(lambda: self.level(name, rule, colour) == "firing", what=f"{rule} of {colour}", timeout=WITHIN_S)

    def told(self, name: str, words: str) -> str:
        """The title of a message about the service with these words."""

        def titles() -> list[str]:
            return [each["title"].lower() for each in self.chat.received if name in each["title"]]

        wait_until(lambda: any(words in title for title in titles()), what=f"a message about {name}", timeout=15.0)
        return next(title for title in titles() if words in title)

    def _rules(self, name: str) -> list[View]:
        found: list[View] = self.watches[name].view()["rules"]
        return found


def say(what: str) -> None:
    """A figure, for whoever runs the tests with -s."""
    sys.stdout.write(f"\n{what}\n")


def _sees(instance: View) -> bool:
    return bool(instance["judgement"] in ("known", "insufficient") or instance["colour"] is None)


def _open(view: View, reason: str) -> list[View]:
    return [each for each in view["incidents"] if each["reason"] == reason]


def _blocked(view: View) -> str:
    wanted = view["deployment"]["wanted"]
    return str(wanted["blocked"] or "") if wanted else ""


Sources = Callable[[Scene, ExitStack], View]


@contextmanager
def world(cells: Mapping[str, Cell], sources: Sources, *, before: float = 0.0, **more: Any) -> Iterator[World]:
    """All cells' releases at their step, then all faults. `sources` starts what they need and says how to read it;
    `before` is how long the daemon watches before the deployments, in seconds.
    """
    services = [
        SceneService(name=name, path=f"/{name}/", haproxy=cell.haproxy, routes=cell.routes)
        for name, cell in cells.items()
    ]
    with run_folder() as folder, chat_service() as chat, ExitStack() as stack:
        scene = stack.enter_context(
            Scene(folder, services=services, changes=merged(_changes(cells, chat), more), seed=1)
        )
        scene.write_environment({"sources": sources(scene, stack)})
        paths = tuple((f"/{name}/", 1.0) for name in cells)
        load = scene.start_load(rate=RATE * len(cells), users=100, keep_alive=8, paths=paths, seed=2)
        scene.start_daemon()
        time.sleep(before)
        made = World(scene, load, chat, cells)
        made.deploy()
        time.sleep(1.5)  # the warm-up, and a healthy moment
        made.break_all()
        yield made


def _changes(cells: Mapping[str, Cell], chat: ChatService) -> View:
    own = {
        name: {"rules": list(cell.rules), "health": "health", "plan": "canary", "divert_for": "2s"}
        for name, cell in cells.items()
    }
    return {
        "rules": {rule: view for cell in cells.values() for rule, view in cell.rules.items()},
        "services": own,
        "plans": {"canary": {"steps": [step(WEIGHT, "10m"), {"weight": "100%"}], "bake": "10m"}},
        "contacts": {"on-call": {"apprise": f"json://127.0.0.1:{chat.port}/"}},
        "escalation": [{"level": "2", "contacts": ["on-call"]}],
    }


def prometheus(scene: Scene, stack: ExitStack, *names: str, **options: Any) -> Prometheus:
    """A server that scrapes the applications of these services every second, each with the label `service`."""
    targets = {scene.app(colour, name).server: {"service": name} for name in names for colour in COLOURS}
    server = stack.enter_context(
        Prometheus.start(scene.paths.run_dir, list(targets), scrape="1s", labels=targets, **options)
    )
    wait_until(
        lambda: server.value("count(up == 1)") == len(targets),
        what="the first scrapes",
        timeout=20.0,
        children=[server.child],
        every=0.1,
    )
    return server


def counters(server: Prometheus, service: str, **named: str) -> View:
    """A source that reads counters of a service; each as `NAME`, or `NAME;MATCHERS`."""
    own = f'service="{service}",color="$colour"'
    selectors = {
        key: f"{name}{{{own}{f',{more}' if more else ''}}}"
        for key, (name, _, more) in ((key, text.partition(";")) for key, text in named.items())
    }
    return {
        "prometheus": {"url": server.url, "scrape": "1s", "poll": "500ms", "idle_poll": "500ms", "counters": selectors}
    }

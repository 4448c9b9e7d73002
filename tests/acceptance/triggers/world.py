"""Services that are watched by one source each, a release of every one at a canary step, and what followed a fault.

What lives here: bringing them there, injecting, waiting, the figures. What must not: any trigger's own rules.

Rules are as the documentation shows them, with a shorter `warm_up` (the fault comes after it either way) and diverts of
3 s instead of 10 s.
"""

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest

from simulations.lab.environment import SceneService
from simulations.lab.load import LoadProcess
from simulations.lab.processes import run_folder, wait_until
from simulations.lab.prometheus import Prometheus
from simulations.lab.results import Record, last_before_first_cut
from simulations.lab.scene import COLOURS, Scene
from tests.acceptance.daemon_world import View, Watch, stays, step
from tests.notify.fakes import ChatService, chat_service

RELEASE = "2.0"
RATE = 25.0
"""Requests per second of each service's users."""
WEIGHT = "40%"
DIVERT = "3s"
"""Longer than the silence by which a cut is told from chance (`quiet_seconds`)."""
WITHIN_S = 30.0
"""Level 1's promise: from the fault until traffic is proved back."""
QUIET_S = 8.0
"""So long nothing may be ordered where nothing should be; the slowest of the others has decided by then."""

PATIENCE_S = 4.0
"""Then a user gives up."""

Rules = Mapping[str, View]


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
    routes: Mapping[str, float] = field(default_factory=dict)
    """Shares of the users; each is a path of its own, and a route of the access log."""
    rate: float = RATE


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
        self.deployments = {name: watch.submit(RELEASE) for name, watch in self.watches.items()}
        for name, watch in self.watches.items():
            watch.until(partial(self._settled, name), f"{name} at its step and seen", timeout=45.0, every=0.2)

    def _settled(self, name: str, view: View) -> bool:
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
        """By the cell's rule and proved; users are on stable. The test says how soon it must have been."""
        watch, fault = self.watches[name], self.faults[name]
        view = watch.until_phase("rolled_back", timeout=WITHIN_S + 15.0, every=0.2)
        rollback = view["deployment"]["rollback"]
        proved = rollback["proved"]
        known = max(proved + 1.0, rollback["decided"] + PATIENCE_S + 0.5)  # by then the last hanging one is on file
        wait_until(lambda: self.records(name)[-1].ended > known, what="users after the proof", every=0.1)
        records = self.records(name)
        after = [each for each in records if each.started > proved]
        away = last_before_first_cut(records, "green", fault=fault)
        assert away is not None
        times = Times(away=away - fault, decided=rollback["decided"] - fault, proved=proved - fault)

        assert ["rules_proved"] == [each["reason"] for each in watch.of(self.deployments[name], "RollbackOrdered")]
        assert [next(iter(self.cells[name].rules))] == rollback["rules"]
        assert ({"blue"}, 0) == ({each.colour for each in after}, sum(each.failed for each in after))
        assert rollback["to_stable"] >= 5
        told = [(each["reason"], each["rules"], each["detail"]) for each in watch.incidents(self.deployments[name])]
        assert ["proved_by_traffic"] == [reason for reason, *_ in told], told
        assert next(iter(self.cells[name].rules)) in self.told(name, "rolled back")
        return times

    def frozen(self, name: str) -> float:
        """Held by the cell's rule, and on-call is told; the split stays. Seconds from the fault to the incident."""
        took = self._called(name, "rule_freezes")

        assert "rule" in [each["hold"] for each in self.watches[name].deployment()["holds"]]
        return took

    def escalated(self, name: str) -> float:
        """On-call is told by the cell's rule; nothing is held, and the split stays. As `frozen`."""
        took = self._called(name, "rule_escalates")

        assert [] == self.watches[name].deployment()["holds"]
        return took

    def _called(self, name: str, reason: str) -> float:
        watch, fault = self.watches[name], self.faults[name]
        view = watch.until(lambda view: bool(_open(view, reason)), f"an incident of {name}: {reason}", every=0.2)
        (incident,) = _open(view, reason)
        took = float(incident["opened"] - fault)

        assert [next(iter(self.cells[name].rules))] == incident["rules"]
        assert incident["rules"][0] in self.told(name)
        assert [] == self.orders(name)
        return took

    def blocked(self, name: str) -> str:
        """Why a rollback that was wanted is blocked, which people are told and which lasts.

        There may be a divert before: of a shared incident one colour's first failures are heard of before the other's.
        """
        watch = self.watches[name]
        view = watch.until(lambda view: bool(_blocked(view)), f"{name} blocked", every=0.2)

        assert any(rule in self.told(name) for rule in view["deployment"]["wanted"]["rules"])
        assert stays(lambda: watch.deployment()["phase"] == "soaking", self._quiet(name), every=0.2)
        assert [] == watch.of(self.deployments[name], "RollbackOrdered")
        return _blocked(watch.view())  # the one that lasts: at first stable may only be late with its answer

    def orders(self, name: str) -> list[View]:
        """What was ordered up to `QUIET_S` after the fault and for a second more; users must still be on both."""
        watch, deployment = self.watches[name], self.deployments[name]
        calm = stays(lambda: watch.deployment()["phase"] == "soaking", self._quiet(name), every=0.2)
        assert calm, (watch.deployment()["phase"], watch.deployment()["holds"], watch.deployment()["rollback"])
        assert WEIGHT == f"{watch.view()['exposure']['weight']:.0%}"
        assert {"green"} <= {each.colour for each in self.records(name) if each.ended > time.time() - 2.0}
        return watch.of(deployment, "RollbackOrdered", "DivertOrdered")

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

    def told(self, name: str, words: str = "") -> str:
        """The first message about the service whose title has these words."""

        def messages() -> list[str]:
            about = [each for each in self.chat.received if f"] {name} {RELEASE}" in each["title"]]
            return [str(each["message"]) for each in about if words in each["title"]]

        wait_until(lambda: bool(messages()), what=f"a message about {name}", timeout=15.0)
        return messages()[0]

    def _rules(self, name: str) -> list[View]:
        found: list[View] = self.watches[name].view()["rules"]
        return found


def needs(*programs: str) -> pytest.MarkDecorator:
    """Without one of these the tests are skipped; script/setup installs all of them."""
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not installed")


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
def world(cells: Mapping[str, Cell], sources: Sources, *, before: float = 0.0) -> Iterator[World]:
    """All cells' releases at their step, then all faults. `sources` starts what they need and says how to read it;
    `before` is how long the daemon watches before the deployments, in seconds.
    """
    services = [
        SceneService(
            name=name, path=f"/{name}/", haproxy=cell.haproxy, routes={each: f"/{name}/{each}" for each in cell.routes}
        )
        for name, cell in cells.items()
    ]
    with run_folder() as folder, chat_service() as chat, ExitStack() as stack:
        scene = stack.enter_context(
            Scene(folder, services=services, changes=_changes(cells, chat), operator={"workers": 1}, seed=1)
        )
        scene.write_environment({"sources": sources(scene, stack)})
        paths = [
            (f"/{name}/{route}", cell.rate * share)
            for name, cell in cells.items()
            for route, share in (cell.routes or {"": 1.0}).items()
        ]
        load = scene.start_load(
            rate=sum(cell.rate for cell in cells.values()),
            users=100,
            timeout=PATIENCE_S,
            paths=tuple(paths),
            seed=2,
        )
        scene.start_daemon()
        time.sleep(before)
        made = World(scene, load, chat, cells)
        made.deploy()
        time.sleep(1.5)  # the warm-up, and a healthy moment
        made.break_all()
        yield made


def _changes(cells: Mapping[str, Cell], chat: ChatService) -> View:
    own = {
        name: {
            "rules": list(cell.rules),
            "health": "health",
            "plan": "canary",
            "divert_for": DIVERT,
            "router": {"nginx": {"shield": False}},  # users see who failed: that is what is measured here
        }
        for name, cell in cells.items()
    }
    return {
        "rules": {rule: view for cell in cells.values() for rule, view in cell.rules.items()},
        "services": own,
        "budget": "none",  # all of them fail at once, each for itself: no wave
        "plans": {"canary": {"steps": [step(WEIGHT, "10m"), {"weight": "100%"}], "bake": "10m"}},
        "contacts": {"on-call": {"apprise": f"json://127.0.0.1:{chat.port}/"}},
        "escalation": [{"level": "2", "contacts": ["on-call"]}],
    }


def prometheus(scene: Scene, stack: ExitStack, *names: str) -> Prometheus:
    """A server that scrapes the applications of these services every second, each with the label `service`.

    It takes 5 s to find them, while the releases go to their step.
    """
    targets = {scene.app(colour, name).server: {"service": name} for name in names for colour in COLOURS}
    return stack.enter_context(Prometheus.start(scene.paths.run_dir, list(targets), scrape="1s", labels=targets))


def scraped(server: Prometheus, **queries: View) -> View:
    """A source that asks it: `counters`, `gauges`."""
    return {"prometheus": {"url": server.url, "scrape": "1s", "poll": "500ms", "idle_poll": "500ms", **queries}}


def of(service: str, metric: str, *matchers: str) -> str:
    """A selector of one service's metric, per colour."""
    own = (f'service="{service}"', 'color="$colour"', *matchers)
    return f"{metric}{{{','.join(own)}}}"


def ratio(source: str, bad: str = "errors", total: str = "requests") -> View:
    """The usual rule on a share of counts."""
    signals = {"bad": f"{source}.{bad}", "total": f"{source}.{total}"}
    return {"sequential_ratio": {**signals, "limit": "5%"}, "on_fire": "rollback", "warm_up": "1s"}


def probe(signal: str) -> View:
    """The usual rule on checks."""
    return {"probe": {"signal": signal, "fall": 3, "rise": 2}, "on_fire": "rollback"}


HEALTH = probe("health.up")
"""A rule on the access log wants one beside it."""

"""Synthetic requests against the laboratory's application as it fails, hangs, dies and comes back; and what rules and
gates make of them when no user is there."""

import asyncio
import contextlib
import math
import random
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from simulations.lab.apps import AppProcess
from simulations.lab.processes import free_port, run_folder
from tests.core.examples import CANARY, EDGE, ERROR_RATE, HEALTH, SERVICE, SHOP, environment
from tests.core.world import World
from tests.sources.servers import Conversation, answering, certificate, dripping, served
from watchdog.core.conditions import SequentialRatio
from watchdog.core.events import Event, Observed
from watchdog.core.model import Colour, Level, Missing, Reading, Seconds
from watchdog.core.phases import Phase
from watchdog.core.records import RollbackOrdered
from watchdog.core.rules import api
from watchdog.core.settings import Gate, Rule, Source
from watchdog.sources.http_probe import HttpTarget, Tls
from watchdog.sources.poller import Poller
from watchdog.sources.synthetic import SyntheticSource

pytestmark = pytest.mark.acceptance

BLUE, GREEN = Colour.BLUE, Colour.GREEN
OWN = Source(name="own", kind="synthetic", interval=1.0, required=True, probing=True, idle_factor=5.0)
LOGINS = Rule(
    name="logins",
    source="own",
    condition=SequentialRatio(
        bad="failures[login]",
        total="requests[login]",
        limit=0.05,
        alpha=0.0005,
        ride_out=3.0,
        interval=1.0,
        window=1800.0,
        min_effect=0.08,
    ),
    on_fire=ERROR_RATE.on_fire,
    warm_up=10.0,
)


@dataclass
class Watch:
    """A polled source, and what it has said since it was last asked."""

    slices: list[tuple[Seconds, Seconds, tuple[Reading, ...]]] = field(default_factory=list)
    said: asyncio.Event = field(default_factory=asyncio.Event)

    def emit(self, _source: str, start: Seconds, end: Seconds, readings: tuple[Reading, ...]) -> None:
        self.slices.append((start, end, readings))
        self.said.set()

    async def until(self, true: Callable[[], bool], within: float) -> None:
        """Wait until a slice makes it true."""
        async with asyncio.timeout(within):
            while not true():
                self.said.clear()
                await self.said.wait()

    async def over(self, seconds: float, settle: float = 0.0) -> "Watch":
        """What is said in the next seconds, once what was under way has ended."""
        await asyncio.sleep(settle)
        self.slices.clear()
        await asyncio.sleep(seconds)
        return self

    def sum(self, signal: str, colour: Colour = GREEN) -> float:
        return sum(
            r.value for *_, said in self.slices for r in said
            if (r.signal, r.colour) == (signal, colour) and not isinstance(r.value, Missing)
        )  # fmt: skip

    def details(self, colour: Colour = GREEN) -> set[str]:
        """The classes of failures."""
        texts = {r.detail for *_, said in self.slices for r in said if r.colour is colour and r.detail}
        return {text.split(": ")[1] for text in texts}

    def longest(self, colour: Colour = GREEN) -> float:
        """The largest value of `seconds`."""
        said = [r.value for *_, said in self.slices for r in said if (r.signal, r.colour) == ("seconds", colour)]
        return max(value for value in said if not isinstance(value, Missing))


@contextlib.asynccontextmanager
async def watched(
    blue: str, green: str, *, every: float = 0.1, interval: float = 0.2, deadline: float = 0.5, **more: Any
) -> AsyncIterator[Watch]:
    """Both servers asked for /login and /labs, again and again."""

    def requests(url: str) -> dict[str, HttpTarget]:
        return {
            name: HttpTarget(url=f"{url}/{name}", timeout=deadline, **{"expect": {"route": f"/{name}"}, **more})
            for name in ("login", "labs")
        }

    source = SyntheticSource(
        name="own",
        interval=interval,
        every=every,
        targets={BLUE: [requests(blue)], GREEN: [requests(green)]},
        now=time.monotonic,
    )
    watch = Watch()
    poller = Poller(source, watch.emit, time.monotonic)
    poller.start()
    try:
        yield watch
        poller.pause()
        await asyncio.sleep(interval)
        await asyncio.gather(*source._tasks)  # what was sent ends by itself, each at its deadline
    finally:
        await poller.stop()


def test_an_application_s_life_without_a_user() -> None:
    """Fine; half of one path broken; that path hanging; recovered; dead and so refusing; restarted. Blue is fine."""

    async def play(blue: AppProcess, green: AppProcess) -> None:
        async with watched(blue.url, green.url) as watch:
            await watch.over(0.6, settle=0.3)
            assert 0.0 == watch.sum("failures")
            assert 8 <= watch.sum("requests") <= 16

            await asyncio.to_thread(green.fault, route="/login", error_rate=0.5)
            await watch.over(1.0, settle=0.3)
            assert 1 <= watch.sum("failures[login]") <= 11
            assert (0.0, {"status"}) == (watch.sum("failures[labs]"), watch.details())

            await watch.over(0.0, settle=0.3)
            await asyncio.to_thread(green.fault, route="/login", error_rate=0.0, hang=True)
            began = time.monotonic()
            watch.slices.clear()
            await watch.until(lambda: "timeout" in watch.details(), within=5.0)
            assert time.monotonic() - began < 0.5 + 0.1 + 0.2 + 0.3  # the deadline, the rate, the poll, a busy machine
            await watch.over(0.6, settle=0.5)
            assert watch.sum("failures[login]") == watch.sum("requests[login]") >= 4
            assert (0.0, {"timeout"}) == (watch.sum("failures[labs]"), watch.details())
            assert watch.sum("requests[labs]") >= 4
            assert 0.5 <= watch.longest() < 0.7

            await asyncio.to_thread(green.fault, clear=True)
            await watch.over(0.6, settle=0.8)
            assert 0.0 == watch.sum("failures")
            assert watch.sum("requests[login]") >= 4

            green.child.kill()
            await watch.over(0.6, settle=0.3)
            assert watch.sum("failures") == watch.sum("requests") >= 8
            assert {"refused"} == watch.details()

            await asyncio.to_thread(green.restart)
            await watch.over(0.6, settle=0.5)
            assert 0.0 == watch.sum("failures")
            assert (0.0, set()) == (watch.sum("failures", BLUE), watch.details(BLUE))

    with (
        run_folder() as folder,
        AppProcess.start("blue", folder) as blue,
        AppProcess.start("green", folder, seed=1) as green,
    ):
        asyncio.run(play(blue, green))


def classes(
    conversation: Conversation, context: ssl.SSLContext | None = None, **more: Any
) -> tuple[float, float, set[str]]:
    """Requests, failures and their classes at a green that holds this conversation."""

    async def main() -> tuple[float, float, set[str]]:
        scheme = "http" if "tls" not in more else "https"
        async with served(conversation, tls=context) as port:
            url = f"{scheme}://localhost:{port}"
            async with watched(url, url, **{"expect": {}, **more}) as watch:
                await watch.over(0.4, settle=0.6)
                return watch.sum("requests"), watch.sum("failures"), watch.details()

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("conversation", "kind"),
    [
        pytest.param(dripping, "timeout", id="drips"),
        pytest.param(
            answering(b"", status="302 Found", headers="Location: /elsewhere\r\n"), "redirect", id="redirects"
        ),
        pytest.param(answering(b"<html>"), "body", id="says something else"),
    ],
)
def test_an_answer_that_is_none_is_a_failure(conversation: Conversation, kind: str) -> None:
    """A body that drips for ever, a redirect, a page of another kind: each of them every time, by its class."""
    requests, failures, found = classes(conversation, expect={"ok": True})

    assert requests == failures >= 2
    assert {kind} == found


async def greeting(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speaks first, and no TLS."""
    writer.write(b"220 mail.example ESMTP\r\n\r\n")
    await writer.drain()


def test_a_certificate_is_judged(tmp_path: Path) -> None:
    """Trusted and named: good; unknown, or no TLS at all: a failure of the target."""
    cert, context = certificate(tmp_path, "localhost")

    assert (0.0, set()) == classes(answering(b""), context, tls=Tls(ca=cert), deadline=0.7)[1:]
    assert {"tls"} == classes(answering(b""), context, tls=Tls())[2]
    assert {"tls"} == classes(greeting, tls=Tls(verify=False))[2]


def test_a_name_that_is_gone_is_a_failure() -> None:
    """Nobody is asked, and that is no answer either."""

    async def main() -> tuple[bool, set[str]]:
        nowhere = f"http://nowhere.invalid:{free_port()}"
        async with watched(nowhere, nowhere) as watch:
            await watch.over(0.6, settle=1.0)
            return watch.sum("requests") == watch.sum("failures") > 0, watch.details()

    assert (True, {"dns"}) == asyncio.run(main())


def judged(slices: Sequence[tuple[Seconds, Seconds, tuple[Reading, ...]]], colour: Colour) -> Seconds | None:
    """When the rule has its proof of that colour, from the readings of the source."""
    state = api.initial(LOGINS)
    for start, end, readings in slices:
        own = {r.signal: r for r in readings if r.colour is colour}
        over = own["requests[login]"].over or (start, end)
        values = {name: reading.value for name, reading in own.items()}
        state = api.observe(LOGINS, state, api.Sample(start=over[0], end=over[1], own=values, other={}))
        if api.level(state) is Level.FIRING:
            return end
    return None


@pytest.mark.long
@pytest.mark.timeout(90)
def test_half_broken_is_proved_within_30_s_at_2_requests_a_second() -> None:
    """Live, with the usual rate, poll and deadline, after a healthy time, and without a user; blue is not accused."""

    async def play(blue: AppProcess, green: AppProcess) -> tuple[Seconds | None, Seconds | None, Seconds]:
        async with watched(blue.url, green.url, every=0.5, interval=1.0, deadline=2.0) as watch:
            await asyncio.sleep(10.0)
            await asyncio.to_thread(green.fault, route="/login", error_rate=0.5)
            broken = time.monotonic()
            await watch.until(lambda: judged(watch.slices, GREEN) is not None, within=40.0)
            return judged(watch.slices, GREEN), judged(watch.slices, BLUE), broken

    with (
        run_folder() as folder,
        AppProcess.start("blue", folder) as blue,
        AppProcess.start("green", folder, seed=3) as green,
    ):
        proved, accused, broken = asyncio.run(play(blue, green))
    assert proved is not None
    assert 0.0 < proved - broken <= 30.0
    assert accused is None


class Idle(World):
    """A service that nobody uses at night; both colours are asked for /login twice a second."""

    share_failing: float = 0.0
    """Of the requests to green."""
    random = random.Random()

    def _edge(self) -> Event:
        event = super()._edge()
        assert isinstance(event, Observed)
        return replace(event, readings=tuple(replace(reading, value=0.0) for reading in event.readings))

    def _own(self) -> Event:
        failed = {BLUE: 0, GREEN: sum(self.random.random() < self.share_failing for _ in range(2))}
        readings = tuple(
            Reading(signal=f"{signal}[login]", colour=colour, value=float(value), over=(self.now - 1.0, self.now))
            for colour in Colour
            for signal, value in (("requests", 2), ("failures", failed[colour]))
        )
        return Observed(service=SHOP, source="own", start=self.now, end=self.now, readings=readings)


def idle(seed: int, gate: Gate) -> Idle:
    """A release at half of no traffic."""
    first, last = CANARY.steps
    plan = replace(CANARY, steps=(replace(first, soak=300.0, gate=gate), replace(last, gate=gate)))
    service = replace(
        SERVICE, rules=(ERROR_RATE, LOGINS), sources=(EDGE, HEALTH, OWN), critical_routes=("login",), divert=False
    )
    world = Idle(environment=environment(service, plans=(plan,)))
    world.random = random.Random(seed)
    world.begin().submit()
    return world


def test_half_broken_is_rolled_back_within_30_s_though_nobody_comes() -> None:
    """At 2 requests a second and after a healthy minute, in 19 of 20 nights; and stable is known to answer."""
    delays = []
    for seed in range(20):
        world = idle(seed, Gate(requests=0))
        world.run(75.0)
        world.share_failing, broken = 0.5, world.now
        assert world.run(120.0, lambda world: bool(world.bodies(RollbackOrdered)))
        delays.append(world.now - broken)
    delays.sort()

    assert delays[math.ceil(0.95 * len(delays)) - 1] <= 30.0
    assert delays[0] > 3.0


def test_an_idle_release_goes_on_by_passes_of_its_own() -> None:
    """Ten passes open the gate of the critical route where no user would; without them it waits and says so."""
    passing = idle(1, Gate(requests=0))
    assert passing.run(400.0, lambda world: world.deployment.confirmed_step == 1)

    failing = idle(1, Gate(requests=0, passes_per_critical_route=10_000))
    assert failing.run(400.0, lambda world: world.deployment.phase is Phase.WAITING)
    assert "login: 0 of 20 requests or " in [str(r.body) for r in failing.kept if "passing probes" in str(r.body)][-1]

"""The Prometheus source against a real server that scrapes the laboratory's application."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from simulations.lab.apps import AppProcess
from simulations.lab.processes import run_folder
from simulations.lab.prometheus import Prometheus, available
from watchdog.core.model import Colour, Missing, Reading
from watchdog.sources.prometheus.client import Client
from watchdog.sources.prometheus.queries import Counter, Gauge
from watchdog.sources.prometheus.selectors import Selector
from watchdog.sources.prometheus.source import PrometheusSource

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not available(), reason="needs prometheus and prometheus-alertmanager"),
]

SCRAPE = 0.25
SLOW = 0.2
"""The application's next bucket bound is 0.25 s."""


def counters(colour: Colour) -> list[Counter]:
    own = ("color", "=", colour.value)
    return [
        Counter(signal="requests", colour=colour, selector=Selector(metric="http_requests_total", matchers=(own,))),
        Counter(
            signal="errors",
            colour=colour,
            selector=Selector(metric="http_requests_total", matchers=(own, ("status", "=~", "4..|5.."))),
        ),
        Counter(
            signal="slow",
            colour=colour,
            selector=Selector(metric="http_request_duration_seconds", matchers=(own,)),
            above=SLOW,
        ),
    ]


def gauge(colour: Colour) -> Gauge:
    selector = f'process_start_time_seconds{{color="{colour}"}}'
    return Gauge(signal="started", colour=colour, query=f"max({selector})", selectors=(selector,))


class Lab:
    """Two applications and their Prometheus, for all tests: a Prometheus takes 5 s to find its targets."""

    def __init__(self, folder: Path) -> None:
        self.apps = {colour: AppProcess.start(colour.value, folder) for colour in Colour}
        labels = {app.server: {"color": colour.value} for colour, app in self.apps.items()}
        self.prometheus = Prometheus.start(folder, list(labels), scrape=f"{SCRAPE * 1000:.0f}ms", labels=labels)

    def stop(self) -> None:
        self.prometheus.stop()
        for app in self.apps.values():
            app.stop()


class World:
    """A source of the laboratory; what it has counted so far."""

    def __init__(self, lab: Lab) -> None:
        self.apps, self.prometheus = lab.apps, lab.prometheus
        self.source = PrometheusSource(
            name="metrics",
            client=Client(url=self.prometheus.url, timeout=0.5, headers={}),
            interval=SCRAPE,
            timeout=0.5,
            scrape=SCRAPE,
            counters=[each for colour in Colour for each in counters(colour)],
            gauges=[gauge(colour) for colour in Colour],
            now=time.monotonic,
        )
        self.counted: dict[tuple[str, Colour | None], float] = {}
        self.last: dict[tuple[str, Colour | None], Reading] = {}

    async def poll(self) -> None:
        for reading in await self.source.poll():
            key = (reading.signal, reading.colour)
            self.last[key] = reading
            if not isinstance(reading.value, Missing) and reading.signal != "started":
                self.counted[key] = self.counted.get(key, 0.0) + reading.value

    async def poll_until(self, condition: Callable[[], bool], *, within: float = 5.0) -> None:
        end = time.monotonic() + within
        while not condition():
            assert time.monotonic() < end, (self.counted, self.last)
            await asyncio.sleep(0.05)
            await self.poll()

    def whole(self) -> bool:
        return bool(self.last) and not any(isinstance(reading.value, Missing) for reading in self.last.values())

    def kind(self, signal_: str, colour: Colour) -> Missing | None:
        value = self.last[signal_, colour].value
        return value if isinstance(value, Missing) else None

    def send(self, colour: Colour, requests: int) -> None:
        for _ in range(requests):
            httpx.get(f"{self.apps[colour].url}/x", trust_env=False)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with run_folder() as folder:
        made = Lab(folder)
        try:
            yield made
        finally:
            made.stop()


def play(lab: Lab, story: Callable[[World], Awaitable[None]]) -> None:
    """A story that begins when every reading has a value, and leaves nothing broken."""
    world = World(lab)

    async def whole() -> None:
        try:
            await world.poll_until(world.whole, within=15.0)
            await story(world)
        finally:
            await world.source.close()
            for app in lab.apps.values():
                if app.child.running:
                    app.fault(clear=True)

    asyncio.run(whole())


def test_every_request_is_counted_once_through_failures_slowness_and_a_restart(lab: Lab) -> None:
    """Bad and total agree; a status that never was before counts; counters that begin again lose nothing shown."""
    green, blue = Colour.GREEN, Colour.BLUE

    async def story(world: World) -> None:
        started = world.last["started", green].value
        world.send(blue, 3)
        world.send(green, 10)
        world.apps[green].fault(error_rate=1.0)
        world.send(green, 7)
        world.apps[green].fault(clear=True, error_rate=1.0, status=418)
        world.send(green, 5)
        world.apps[green].fault(clear=True, latency=0.3)
        world.send(green, 2)
        await world.poll_until(lambda: world.counted["requests", green] >= 24)
        assert {
            ("requests", blue): 3.0,
            ("errors", blue): 0.0,
            ("slow", blue): 0.0,
            ("requests", green): 24.0,
            ("errors", green): 12.0,
            ("slow", green): 2.0,
        } == world.counted
        world.apps[green].restart()
        world.send(green, 4)
        await world.poll_until(lambda: world.counted["requests", green] >= 28)
        assert (28.0, 12.0, 2.0) == tuple(world.counted[each, green] for each in ("requests", "errors", "slow"))
        await world.poll_until(lambda: world.last["started", green].value != started)

    play(lab, story)


def test_the_interval_of_a_count_is_between_two_scrapes_in_our_time(lab: Lab) -> None:
    """Intervals follow one another without a gap, are of the scrapes' length, and end before the poll."""
    spans: list[tuple[float, float]] = []

    async def story(world: World) -> None:
        while len(spans) < 4:
            await asyncio.sleep(0.05)
            await world.poll()
            over = world.last["requests", Colour.GREEN].over
            assert over is not None
            assert over[1] <= time.monotonic()
            if over[1] > over[0]:
                spans.append(over)

    play(lab, story)
    for (_, end), (start, _) in pairwise(spans):
        assert abs(start - end) < 0.1
    assert all(0.5 * SCRAPE < end - start < 4 * SCRAPE for start, end in spans)


def test_a_target_that_is_gone_becomes_stale_and_the_other_goes_on(lab: Lab) -> None:
    """After three scrapes; a gauge of it has no series any more. When it is back, so are its readings."""
    green = Colour.GREEN

    async def story(world: World) -> None:
        world.apps[green].crash()
        await world.poll_until(lambda: world.kind("requests", green) is Missing.STALE)
        assert Missing.STALE is world.kind("errors", green)
        assert "more than 3 scrapes" in world.last["requests", green].detail
        assert world.kind("started", green) in (Missing.EMPTY, Missing.STALE)
        assert None is world.kind("requests", Colour.BLUE)
        world.apps[green].restart()
        await world.poll_until(lambda: world.kind("requests", green) is None and world.kind("started", green) is None)

    play(lab, story)


def test_a_server_that_stands_still_dies_and_comes_back(lab: Lab) -> None:
    """Late, then refused; nothing that it scraped is lost, and nothing is made up."""
    green = Colour.GREEN

    async def story(world: World) -> None:
        world.prometheus.child.signal(signal.SIGSTOP)
        began = time.monotonic()
        await world.poll()
        assert time.monotonic() - began < 1.0
        assert {Missing.TIMEOUT} == {reading.value for reading in world.last.values()}
        world.prometheus.child.signal(signal.SIGCONT)
        await world.poll_until(lambda: world.kind("requests", green) is None)
        world.prometheus.child.kill()
        await world.poll()
        assert {(Missing.ERROR, "Connection refused")} == {(r.value, r.detail) for r in world.last.values()}
        world.send(green, 6)
        world.prometheus.restart()
        await world.poll_until(lambda: world.counted["requests", green] >= 6, within=15.0)
        assert 6.0 == world.counted["requests", green]

    play(lab, story)


def test_what_a_look_at_it_shows(lab: Lab) -> None:
    """Every query works; the histogram's next bound and the scrape interval are told."""

    async def story(world: World) -> None:
        usual, found = (True, "scrapes come every 0.25 s"), list[tuple[bool | None, str]]()
        end = time.monotonic() + 5.0
        while usual not in found and time.monotonic() < end:  # just begun, or begun anew: few scrapes lie behind it
            await asyncio.sleep(SCRAPE if found else 0.0)
            found = [(finding.ok, finding.what) for finding in await world.source.examine()]
        assert [] == [what for ok, what in found if ok is False]
        assert ["slow of blue counts what took over 0.25 s, the next bound above 0.2 s"] == [
            what for ok, what in found if ok is None and "blue" in what
        ]
        assert usual in found

    play(lab, story)

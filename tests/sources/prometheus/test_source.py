"""One poll from the queries to both colours' readings, on a server that answers as told."""

import asyncio
import threading
from typing import Any

import pytest

from simulations.lab.processes import wait_until
from tests.sources.prometheus.fakes import FakeClient, refused
from watchdog.core.model import Colour, Missing, Reading
from watchdog.sources.prometheus.client import AskError
from watchdog.sources.prometheus.queries import Counter, Gauge
from watchdog.sources.prometheus.selectors import Selector
from watchdog.sources.prometheus.source import PrometheusSource

CPU = Gauge(signal="cpu", colour=None, query="max(cpu)", selectors=("cpu",))
TOTAL = Counter(signal="requests", colour=Colour.GREEN, selector=Selector(metric="requests"))
SLOW = Counter(signal="slow", colour=Colour.GREEN, selector=Selector(metric="seconds"), above=2.0)
CPU_ANSWERS: dict[str, Any] = {"max(cpu)": [({}, "0.5")], "max(timestamp(cpu))": [({}, "97")]}


def requests(*samples: tuple[float, str]) -> dict[str, Any]:
    return {"metric": {"__name__": "requests", "instance": "a"}, "values": [[time, value] for time, value in samples]}


class Engine:
    """The engine clock."""

    time = 5000.0

    def __call__(self) -> float:
        return self.time


def source(client: FakeClient, *, timeout: float = 1.0, now: Engine | None = None) -> PrometheusSource:
    return PrometheusSource(
        name="metrics",
        client=client,
        interval=5.0,
        timeout=timeout,
        scrape=5.0,
        counters=[TOTAL, SLOW],
        gauges=[CPU],
        now=now or Engine(),
    )


def values(readings: tuple[Reading, ...]) -> dict[str, float | Missing]:
    return {reading.signal: reading.value for reading in readings}


def test_a_poll_has_every_signal_with_its_own_interval_in_engine_time() -> None:
    """By ages on the server's clock, which is another than ours."""

    async def play() -> list[tuple[Reading, ...]]:
        client, engine = FakeClient(CPU_ANSWERS, [requests((98.0, "7"))]), Engine()
        prometheus = source(client, now=engine)
        found = [await prometheus.poll()]
        client.at, client.ranges, engine.time = 105.0, [requests((98.0, "7"), (103.0, "9"))], 5005.5
        found.append(await prometheus.poll())
        await prometheus.close()
        assert (1, 1) == (client.interrupted, client.closed)
        assert ["requests[60000ms]", "requests[12000ms]"] == [query for query in client.asked if "[" in query]
        return found

    first, second = asyncio.run(play())
    assert [
        Reading(signal="cpu", colour=None, value=0.5, over=(4997.0, 5000.0)),
        Reading(signal="requests", colour=Colour.GREEN, value=0.0, over=(4998.0, 4998.0)),
        Reading(signal="slow", colour=Colour.GREEN, value=Missing.EMPTY, detail="no series matches seconds_bucket"),
    ] == list(first)
    assert Reading(signal="requests", colour=Colour.GREEN, value=2.0, over=(4998.5, 5003.5)) == second[1]


@pytest.mark.parametrize("kind", [Missing.ERROR, Missing.TIMEOUT])
def test_a_server_that_does_not_answer_leaves_every_reading_missing(kind: Missing) -> None:
    """No exception, every signal, the same words; and what was counted before is not lost."""

    async def play() -> None:
        client = FakeClient(CPU_ANSWERS, [requests((98.0, "7"))])
        prometheus = source(client)
        await prometheus.poll()
        client.broken = AskError(kind, "words")
        lost = await prometheus.poll()
        assert [(kind, "words")] * 3 == [(reading.value, reading.detail) for reading in lost]
        client.broken, client.at, client.ranges = None, 120.0, [requests((118.0, "12"))]
        assert 5.0 == values(await prometheus.poll())["requests"]
        await prometheus.close()

    asyncio.run(play())


@pytest.mark.parametrize(
    ("ranges", "detail"),
    [
        (AskError(Missing.ERROR, "status 422: too many samples"), "status 422: too many samples"),
        ([{"values": [[1, 2]]}], "its answer is not the one that Prometheus' API promises"),
        ([{"metric": {"__name__": "requests"}, "values": [["x", "y"]]}], "its answer is not the one"),
        ([7], "its answer is not the one"),
    ],
)
def test_counters_that_cannot_be_read_cost_no_gauge(ranges: Any, detail: str) -> None:
    """And the other way round: gauges are asked first, and each refused query costs itself only."""

    async def play() -> tuple[Reading, ...]:
        prometheus = source(FakeClient(CPU_ANSWERS, ranges))
        readings = await prometheus.poll()
        await prometheus.close()
        return readings

    cpu, total, _ = asyncio.run(play())
    assert (0.5, Missing.ERROR) == (cpu.value, total.value)
    assert detail in total.detail


def test_a_refused_bound_costs_its_histogram_only() -> None:
    """The counter beside it is read."""

    async def play() -> dict[str, float | Missing]:
        answers = {**CPU_ANSWERS, "count by (le) (seconds_bucket)": refused()}
        prometheus = source(FakeClient(answers, [requests((98.0, "7"))]))
        readings = await prometheus.poll()
        await prometheus.close()
        return values(readings)

    assert {"cpu": 0.5, "requests": 0.0, "slow": Missing.ERROR} == asyncio.run(play())


def test_a_call_that_hangs_is_cut_off_and_counts_nothing_afterwards() -> None:
    """The poll ends at its time, the next says why nothing was asked, and a late answer changes nothing."""

    async def play() -> list[tuple[float | Missing, str]]:
        release, client = threading.Event(), FakeClient(CPU_ANSWERS, [requests((98.0, "7"))])
        prometheus = source(client, timeout=0.05)
        await prometheus.poll()
        client.on_ask = lambda: assert_waits(release)
        client.ranges, client.at = [requests((103.0, "9"))], 105.0
        found = [(await prometheus.poll())[1] for _ in range(2)]
        client.on_ask = lambda: None
        release.set()
        await asyncio.to_thread(wait_until, lambda: not prometheus._calls.busy, what="the thread", timeout=5)
        client.ranges, client.at = [requests((103.0, "9"), (108.0, "13"))], 110.0
        found.append((await prometheus.poll())[1])
        await prometheus.close()
        assert 3 == client.interrupted
        return [(reading.value, reading.detail) for reading in found]

    assert [
        (Missing.TIMEOUT, "no complete answer within 0.05 s"),
        (Missing.TIMEOUT, "the last request still hangs"),
        (6.0, ""),
    ] == asyncio.run(play())


def assert_waits(release: threading.Event) -> None:
    assert release.wait(5)


def test_a_poll_that_the_schedule_gave_up_is_missing() -> None:
    """For every signal of every colour."""
    prometheus = source(FakeClient())
    assert {(Missing.TIMEOUT, "no complete answer within 1 s")} == {(r.value, r.detail) for r in prometheus.missing()}
    assert [("cpu", None), ("requests", Colour.GREEN), ("slow", Colour.GREEN)] == [
        (r.signal, r.colour) for r in prometheus.missing()
    ]


def test_an_examination_looks_at_everything_once() -> None:
    """And never raises."""

    async def play(client: FakeClient) -> list[tuple[bool | None, str]]:
        prometheus = source(client)
        found = await prometheus.examine()
        await prometheus.close()
        return [(finding.ok, finding.what) for finding in found]

    answers = {**CPU_ANSWERS, "count by (le) (seconds_bucket)": [({"le": "1"}, "1"), ({"le": "+Inf"}, "1")]}
    assert [
        (True, "cpu is 0.5"),
        (True, "requests of green is counted: requests"),
        (False, "slow of green: seconds_bucket has no bucket bound at 2 or above in every series; its bounds are 1"),
        (True, "scrapes come every 5 s"),
    ] == asyncio.run(play(FakeClient(answers, [requests((93.0, "6"), (98.0, "7"))])))

    client = FakeClient(CPU_ANSWERS, [])
    client.ranges = AskError(Missing.ERROR, "status 422")
    assert [(True, "cpu is 0.5"), (False, "the counters cannot be read: status 422")] == asyncio.run(play(client))
    client.broken = AskError(Missing.ERROR, "Connection refused")
    assert [(False, "cannot be asked: Connection refused")] == asyncio.run(play(client))

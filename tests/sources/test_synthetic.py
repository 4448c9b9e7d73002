"""When synthetic requests are sent, and what is counted: on a clock that is moved, with a prober that does as told."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.sources.test_base import names
from tests.sources.virtual_time import clock, run_virtually, stall
from watchdog.core.model import Colour, Missing, Reading, Seconds
from watchdog.sources.http_probe import HttpTarget, ProbeAnswer
from watchdog.sources.poller import Poller
from watchdog.sources.synthetic import SyntheticSource

BLUE, GREEN = Colour.BLUE, Colour.GREEN
Conduct = Callable[[str, int], Awaitable[dict[str, Any]]]
"""What becomes of a request, by its name and number: fields of the answer."""


async def fine(_name: str, _number: int) -> dict[str, Any]:
    await asyncio.sleep(0.02)
    return {}


async def hangs(_name: str, _number: int) -> dict[str, Any]:
    await asyncio.sleep(2.0)
    return {"ok": False, "detail": "timeout: no complete answer within 2 s"}


async def fails(_name: str, _number: int) -> dict[str, Any]:
    await asyncio.sleep(0.02)
    return {"ok": False, "detail": "status: 500, wanted 200", "status": 500}


async def refuses(_name: str, _number: int) -> dict[str, Any]:
    return {"ok": False, "refused": True, "detail": "refused: Connection refused"}


async def half(name: str, number: int) -> dict[str, Any]:
    return await (fails if number % 2 else fine)(name, number)


@dataclass
class ProberFake:
    """Stands for `HttpProber`: answers as told, and remembers when it was asked."""

    conduct: Conduct = fine
    address: str = "127.0.0.1:1"
    asked: list[tuple[str, float]] = field(default_factory=list)
    closed: bool = False

    async def probe(self, target: HttpTarget) -> ProbeAnswer:
        started = clock()
        name = target.url.rpartition("/")[2]
        self.asked.append((name, started))
        changes = await self.conduct(name, len(self.asked))
        answer = ProbeAnswer(ok=True, refused=False, detail="", started=started, ended=clock(), status=200)
        return replace(answer, **changes)

    async def close(self) -> None:
        self.closed = True


@dataclass
class Scene:
    """A source with one server of each colour, and what a poller emitted of it."""

    source: SyntheticSource
    blue: ProberFake
    green: ProberFake
    slices: list[tuple[Seconds, Seconds, tuple[Reading, ...]]] = field(default_factory=list)

    def emit(self, _source: str, start: Seconds, end: Seconds, readings: tuple[Reading, ...]) -> None:
        self.slices.append((start, end, readings))

    def said(self, signal: str, colour: Colour = GREEN) -> list[Any]:
        """A signal's values, slice by slice."""
        return [r.value for _, _, readings in self.slices for r in readings if (r.signal, r.colour) == (signal, colour)]

    def sent(self, name: str, prober: ProberFake | None = None) -> list[float]:
        """When it was asked, from the first time on."""
        times = [at for asked, at in (prober or self.green).asked if asked == name]
        return [round(at - times[0], 6) for at in times]


def scene(*requests: str, every: float = 0.5, green: Conduct = fine, blue: Conduct = fine, **more: Any) -> Scene:
    target = {name: HttpTarget(url=f"http://127.0.0.1:1/{name}") for name in requests or ("login",)}
    source = SyntheticSource(
        name="own", interval=1.0, every=every, targets={BLUE: [target], GREEN: [target]}, now=clock, **more
    )
    this = Scene(source, ProberFake(blue), ProberFake(green))
    for server, fake in zip(source._servers, (this.blue, this.green), strict=True):
        server.prober = fake  # type: ignore[assignment]  # a fake of the same shape
    return this


def play(this: Scene, seconds: float, *, during: Callable[[Poller], Awaitable[None]] | None = None) -> Scene:
    """Poll it for so long."""

    async def main() -> None:
        poller = Poller(this.source, this.emit, clock)
        poller.start()
        if during is not None:
            await during(poller)
        await asyncio.sleep(seconds)
        await poller.stop()

    run_virtually(main())
    return this


def test_requests_are_sent_at_their_rate_to_both_colours() -> None:
    """Every half second, without drift, the same moment to both."""
    this = play(scene(), 10.1)

    assert [each * 0.5 for each in range(21)] == this.sent("login")
    assert this.green.asked == this.blue.asked


def test_requests_of_several_names_are_spread() -> None:
    """Each at its own rate, evenly apart, so that a server gets no bursts."""
    this = play(scene("login", "labs"), 2.1)
    begun = [(name, round(at - this.green.asked[0][1], 6)) for name, at in this.green.asked]

    assert [("login", 0.0), ("labs", 0.25), ("login", 0.5), ("labs", 0.75), ("login", 1.0)] == begun[:5]


@pytest.mark.parametrize("every", [0.3, 0.7, 1.0])
def test_the_rate_need_not_fit_the_polls(every: float) -> None:
    """No request is left out or doubled at the seam of two polls."""
    this = play(scene(every=every), 20.0)

    gaps = [round(b - a, 6) for a, b in zip(this.sent("login"), this.sent("login")[1:], strict=False)]
    assert {every} == set(gaps)


def test_each_slice_counts_what_ended_in_it() -> None:
    """Zeros at first: nothing has been sent; the readings speak of the time since the poll before."""
    this = play(scene(), 3.1)

    assert [0.0, 2.0, 2.0, 2.0] == this.said("requests")
    assert [0.0, 0.0, 0.0, 0.0] == this.said("failures")
    assert [0.0, 2.0, 2.0, 2.0] == this.said("requests[login]", BLUE)
    overs = [readings[0].over for _, _, readings in this.slices]
    assert [(1000.0, 1000.0), (1000.0, 1001.0), (1001.0, 1002.0), (1002.0, 1003.0)] == overs
    assert [over[1] for over in overs if over] == [end for _, end, _ in this.slices]


def test_failures_are_counted_by_name_with_what_was_said() -> None:
    """In all and per request; a colour that works is not touched by it; the server is named."""
    this = scene("login", "labs", green=half)
    this.green.address = "10.0.0.2:8081"
    play(this, 2.1)

    assert this.said("failures") == [
        a + b for a, b in zip(*map(this.said, ("failures[login]", "failures[labs]")), strict=True)
    ]
    assert 4.0 == sum(this.said("failures"))
    assert [0.0] * 3 == this.said("failures", BLUE)
    details = {r.detail for _, _, readings in this.slices for r in readings if r.signal == "failures"}
    assert "login at 10.0.0.2:8081: status: 500, wanted 200" in details


def test_a_server_that_hangs_gets_every_request_on_time_and_fails_each_at_its_deadline() -> None:
    """Four wait at a time, none delays the next, and after the deadline every one that ends is bad."""
    this = play(scene(green=hangs), 6.1)

    assert [each * 0.5 for each in range(13)] == this.sent("login")
    assert [0.0, 0.0, 1.0, 2.0, 2.0, 2.0, 2.0] == this.said("requests")
    assert this.said("requests") == this.said("failures")
    assert [0.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0] == this.said("requests", BLUE)


def test_hanging_requests_are_seen_in_seconds_while_they_wait() -> None:
    """The longest wait so far counts, before any deadline; then the deadline is the longest."""
    this = play(scene(green=hangs), 4.1)

    assert [Missing.EMPTY, 1.0, 2.0, 2.0, 2.0] == this.said("seconds")
    assert [Missing.EMPTY, 0.02, 0.02, 0.02, 0.02] == [
        each if isinstance(each, Missing) else round(each, 6) for each in this.said("seconds[login]", BLUE)
    ]


def test_a_refusal_takes_no_time() -> None:
    """There is nothing to be measured, and that is said."""
    this = play(scene(green=refuses), 2.1)

    assert [0.0, 2.0, 2.0] == this.said("failures")
    assert [Missing.EMPTY, Missing.ERROR, Missing.ERROR] == this.said("seconds")


def test_where_too_many_wait_the_next_is_not_sent_and_is_bad() -> None:
    """Nothing is answered there. The other colour and its requests are not held up."""
    this = play(scene(green=hangs, every=0.1, open_at_most=5), 2.05)

    assert [0.0, 0.1, 0.2, 0.3, 0.4] == this.sent("login")[:5]
    assert [0.5, 1.5] == [round(at, 1) for at in (this.sent("login")[4] + 0.1, this.sent("login")[4] + 1.1)]
    assert [0.0, 5.0] == this.said("failures")[:2]
    assert this.said("failures") == this.said("requests")
    detail = next(r.detail for r in this.slices[1][2] if (r.signal, r.colour) == ("failures", GREEN))
    assert detail.endswith("timeout: nothing answered: 5 requests wait, this one was not sent")
    assert 10.0 == this.said("requests", BLUE)[1]


def test_a_poller_that_is_slow_asks_seldom() -> None:
    """At five times the poll a fifth as many requests are sent; counts speak of the whole time between."""

    async def idle(poller: Poller) -> None:
        poller.set_interval(5.0)

    this = play(scene(), 50.1, during=idle)

    times = this.sent("login")
    assert [0.0, 0.5, 5.0, 5.5, 10.0] == times[:5]
    assert 21 == len(times)
    assert [0.0, *[2.0] * 10] == this.said("requests")
    assert (1000.0, 1005.0) == this.slices[1][2][0].over


def test_a_paused_poller_sends_nothing_more() -> None:
    """What was set going is sent, no more."""

    async def pausing(poller: Poller) -> None:
        await asyncio.sleep(0.1)
        poller.pause()

    assert 2 == len(play(scene(), 60.0, during=pausing).green.asked)


def test_what_the_prober_could_not_send_is_not_counted() -> None:
    """Of a slice in which nothing else was known every signal is missing, with the reason; else it is left out."""

    async def out_of_descriptors(_name: str, _number: int) -> dict[str, Any]:
        return {"ok": False, "missing": Missing.ERROR, "detail": "Too many open files"}

    async def every_other(name: str, number: int) -> dict[str, Any]:
        return await (out_of_descriptors if number % 2 else fine)(name, number)

    this = play(scene(green=out_of_descriptors), 1.1)
    assert [Missing.ERROR] * 3 == [this.said(signal)[1] for signal in ("requests", "failures", "seconds")]
    assert "Too many open files" in {r.detail for r in this.slices[1][2] if r.colour is GREEN}
    assert [1.0, 0.0] == [play(scene(green=every_other), 1.1).said(signal)[1] for signal in ("requests", "failures")]


def test_a_mistake_of_ours_is_no_failure_of_the_target() -> None:
    """The reading is missing, and the next request is sent all the same."""

    async def breaks(_name: str, number: int) -> dict[str, Any]:
        if number < 3:
            raise KeyError("oh")
        return {}

    this = play(scene(green=breaks), 2.1)

    assert [0.0, Missing.ERROR, 2.0] == this.said("requests")
    assert {"KeyError: 'oh'"} == {r.detail for r in this.slices[1][2] if r.colour is GREEN}


def test_waiting_across_a_stop_of_the_process_is_no_wait() -> None:
    """A request that seems to have waited a minute was in a process that stood still."""
    this = scene(green=hangs)

    async def main() -> None:
        await this.source.poll()
        await asyncio.sleep(0.1)
        stall(60.0)
        readings = await this.source.poll()
        assert {Missing.EMPTY} == {r.value for r in readings if r.signal == "seconds" and r.colour is GREEN}
        await this.source.close()

    run_virtually(main())


def test_a_closed_source_sends_nothing_and_leaves_nothing() -> None:
    """What waits is let go of, what is due is not sent."""
    this = scene(green=hangs)

    async def main() -> None:
        await this.source.poll()
        await asyncio.sleep(0.1)
        await this.source.close()
        await asyncio.sleep(5.0)
        assert 1 == len(asyncio.all_tasks())

    run_virtually(main())
    assert (1, True, True) == (len(this.green.asked), this.blue.closed, this.green.closed)


def test_every_server_of_a_colour_is_asked() -> None:
    """One of two that fails is half of the colour's requests."""
    target = {"login": HttpTarget(url="http://127.0.0.1:1/login")}
    source = SyntheticSource(name="own", interval=1.0, every=0.5, targets={GREEN: [target, target]}, now=clock)
    good, bad = ProberFake(fine), ProberFake(fails)
    source._servers[0].prober, source._servers[1].prober = good, bad  # type: ignore[assignment]  # as above
    this = play(Scene(source, good, bad), 1.1)

    assert ([0.0, 4.0], [0.0, 2.0]) == (this.said("requests"), this.said("failures"))


def test_the_source_fits_the_ports() -> None:
    """Counts and seconds of each request and in all, missing alike."""
    this = scene("login", "labs")

    assert {
        (signal + part, colour)
        for signal in ("requests", "failures", "seconds")
        for part in ("", "[login]", "[labs]")
        for colour in Colour
    } == run_virtually(names(this.source))


def test_each_request_is_tried_once_for_a_person() -> None:
    """At each server: what was answered; a failure with what would help; a word when it is near the deadline."""

    async def near(_name: str, _number: int) -> dict[str, Any]:
        await asyncio.sleep(1.5)
        return {}

    async def unknown(_name: str, _number: int) -> dict[str, Any]:
        return {"ok": False, "missing": Missing.ERROR, "detail": "Too many open files"}

    def found(green: Conduct) -> list[tuple[bool | None, str, bool]]:
        this = scene(green=green)
        findings = run_virtually(this.source.examine())
        assert [1, 1] == [len(this.blue.asked), len(this.green.asked)]
        return [(each.ok, each.what, bool(each.remedy)) for each in findings]

    well = (True, "login (GET) at 127.0.0.1:1, blue: 200 as wanted, after 0.02 s", False)
    green = "login (GET) at 127.0.0.1:1, green: "
    assert [well, (True, f"{green}200 as wanted, after 0.02 s", False)] == found(fine)
    assert [well, (None, f"{green}200 as wanted, after 1.50 s", True)] == found(near)
    assert [well, (False, f"{green}status: 500, wanted 200", True)] == found(fails)
    assert [well, (False, f"{green}could not be sent: Too many open files", True)] == found(unknown)

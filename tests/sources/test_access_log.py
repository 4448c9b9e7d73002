"""The receiver on a real datagram socket, with a clock that is moved."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.sources.virtual_time import clock, run_virtually, stall
from watchdog.core.model import Colour, Missing, Reading
from watchdog.sources.access_log import AccessLog, EdgeService
from watchdog.sources.edge_line import LineParser, Upstream

WALL = 1_764_000_000.0
PARSER = LineParser(
    {
        "127.0.0.1:1": Upstream(service="app", colour=Colour.GREEN),
        "127.0.0.1:2": Upstream(service="b", colour=Colour.BLUE),
    }
)


def wall() -> float:
    """A wall clock that goes with the loop's."""
    return WALL + clock()


@dataclass
class Scene:
    sender: socket.socket
    log: AccessLog
    slices: list[tuple[str, float, float, tuple[Reading, ...]]] = field(default_factory=list)

    def emit(self, source: str, start: float, end: float, readings: tuple[Reading, ...]) -> None:
        self.slices.append((source, start, end, readings))

    def send(self, *, age: float = 0.0, address: str = "127.0.0.1:1", number: int = 1) -> None:
        ended = wall() - age
        lists = f'"500" "{address}" "0.001" "0.001"'
        self.sender.send(f"<190>Nov 24 09:00:00 rwd: rwd1 {ended:.3f} 0.001 200 1 {number} 0 r x {lists}".encode())

    def requests(self) -> list[float | Missing]:
        """The candidate's requests, slice by slice."""
        return [
            next(r.value for r in readings if (r.signal, r.colour) == ("requests", Colour.GREEN))
            for source, _, _, readings in self.slices
            if source == "edge"
        ]


@asynccontextmanager
async def scene(*others: str) -> AsyncIterator[Scene]:
    sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.settimeout(0.0)
    with sender:
        log = AccessLog(sock=receiver, parser=PARSER, services=[], now=clock, wall=wall)
        this = Scene(sender, log)
        names = [("app", "edge"), *((other, f"edge-{other}") for other in others)]
        log.configure(PARSER, [EdgeService(service=s, source=n, slow=2.0, emit=this.emit) for s, n in names])
        yield this
        log.close()


def test_a_slice_comes_every_quarter_second_also_when_empty() -> None:
    """Slices follow each other without a gap, and a quiet one says zero of everything."""

    async def main() -> None:
        async with scene() as this:
            this.log.start()
            began = clock()
            await asyncio.sleep(0.3)
            this.send()
            await asyncio.sleep(0.5)

            assert [0.0, 1.0, 0.0] == this.requests()
            expected = [(began + at, began + at + 0.25) for at in (0.0, 0.25, 0.5)]
            assert expected == [(start, end) for _, start, end, _ in this.slices]

    run_virtually(main())


def test_each_service_has_its_own_slices() -> None:
    """A line counts for the service of its upstream alone."""

    async def main() -> None:
        async with scene("b") as this:
            this.log.start()
            this.send(address="127.0.0.1:2")
            await asyncio.sleep(0.3)

            assert [0.0] == this.requests()
            assert ["edge", "edge-b"] == [source for source, *_ in this.slices]
            assert 1.0 == sum(r.value for r in this.slices[1][3] if r.signal == "requests" and r.value == 1.0)

    run_virtually(main())


def test_a_stopped_and_continued_daemon_draws_no_conclusion() -> None:
    """After a stop one slice says that its interval was not seen; the lines of the stop never count."""

    async def main() -> None:
        async with scene() as this:
            this.log.start()
            await asyncio.sleep(0.3)
            stopped = this.slices[-1][2]
            for age in range(8):
                this.send(age=-age)  # written during the stop
            stall(60.0)
            await asyncio.sleep(0.6)

            assert [0.0, Missing.STALE, 0.0, 0.0] == this.requests()
            assert stopped == this.slices[1][1]
            assert 60.0 < this.slices[1][2] - stopped < 61.0
            assert "the daemon stood still for 60" in this.slices[1][3][0].detail
            assert 8 == len(this.log.ring.ended_since("app", 0.0))

    run_virtually(main())


def test_the_slice_empties_the_queue_itself_after_a_stop() -> None:
    """Whichever the loop serves first, the timer or the socket: no line of a stop is left for the next slice."""

    async def main() -> None:
        async with scene() as this:
            this.log.start()
            asyncio.get_running_loop().remove_reader(this.log._sock)
            for number in range(3):
                this.send(number=number)
            stall(4.0)  # within the age that counts
            await asyncio.sleep(0)
            asyncio.get_running_loop().add_reader(this.log._sock, this.log._receive)
            await asyncio.sleep(0.6)

            assert [Missing.STALE, 0.0, 0.0] == this.requests()
            assert 3 == this.log.stats.received

    run_virtually(main())


def test_a_busy_loop_makes_one_long_honest_slice() -> None:
    """A slice that is late by less than a stop counts what came, over the time that it took; the next is on time."""

    async def main() -> None:
        async with scene() as this:
            this.log.start()
            await asyncio.sleep(0.3)
            this.send()
            stall(1.0)
            await asyncio.sleep(0.4)

            assert [0.0, 1.0, 0.0] == this.requests()
            lengths = [round(end - start, 3) for _, start, end, _ in this.slices]
            assert [0.25, 1.05, 0.25] == lengths

    run_virtually(main())


def test_an_old_line_counts_nowhere() -> None:
    """A line that ended over five seconds before it is received is kept for proofs and not counted."""

    async def main() -> None:
        async with scene() as this:
            this.log.start()
            await asyncio.sleep(10.0)
            this.slices.clear()
            this.send(age=5.1)
            this.send(age=4.9)
            await asyncio.sleep(0.3)

            assert 1.0 in this.requests()
            assert 1 == this.log.stats.late
            assert 2 == len(this.log.ring.ended_since("app", 0.0))

    run_virtually(main())


def test_a_clock_that_is_set_back_silences_nothing() -> None:
    """After the host's clock was set back by an hour, lines count as before, and the newest is of the new time."""
    step = 0.0

    async def main() -> None:
        nonlocal step
        async with scene() as this:
            this.log._wall = lambda: wall() - step
            this.log.start()
            this.send()
            await asyncio.sleep(0.3)
            step = 3600.0
            this.send(age=step)
            await asyncio.sleep(0.3)

            assert [1.0, 1.0] == this.requests()
            assert 1 > abs(wall() - step - this.log.newest("app"))

    run_virtually(main())


def test_what_waited_before_the_start_counts_nowhere() -> None:
    """Lines in the queue from before the start (a socket unit outlives the daemon) are not of the first slice."""

    async def main() -> None:
        async with scene() as this:
            this.send(age=0.5)
            this.log.start()
            await asyncio.sleep(0.3)

            assert [0.0] == this.requests()
            assert 1 == this.log.stats.late

    run_virtually(main())


def test_blindness_lasts_until_a_line_arrives() -> None:
    """A dead log makes slices missing, up to the one in which a line arrives; the next one counts."""

    async def main() -> None:
        async with scene() as this:
            this.log.start()
            await asyncio.sleep(0.3)
            this.log.set_blind("app", "no lines")
            await asyncio.sleep(0.5)
            this.send()
            await asyncio.sleep(0.25)
            this.send(number=2)
            await asyncio.sleep(0.25)

            assert [0.0, Missing.STALE, Missing.STALE, Missing.STALE, 1.0] == this.requests()
            assert "no lines" == this.slices[1][3][0].detail

    run_virtually(main())


def test_blindness_can_be_taken_back() -> None:
    """An empty reason ends blindness without a line; a service that is not there has none."""

    async def main() -> None:
        async with scene() as this:
            this.log.start()
            this.log.set_blind("app", "no lines")
            this.log.set_blind("app", "")
            this.log.set_blind("nobody", "no lines")
            await asyncio.sleep(0.3)

            assert [0.0] == this.requests()

    run_virtually(main())


def test_what_cannot_be_counted_is_told() -> None:
    """Garbage, requests without upstream, unknown upstreams, late lines and gaps have a count each."""

    async def main() -> None:
        async with scene() as this:
            this.log.start()
            this.sender.send(b"hello")
            this.send(address="-")
            this.send(address="127.0.0.1:9", number=2)
            this.send(address="127.0.0.1:2", number=3)  # an upstream of a service that is not sliced for
            this.send(number=6)
            await asyncio.sleep(0.3)

            stats = this.log.stats
            assert (5, 1, 1, 2, 2) == (stats.received, stats.unreadable, stats.no_upstream, stats.foreign, stats.lost)
            assert [1.0] == this.requests()

    run_virtually(main())


def test_the_newest_line_of_a_service_is_known() -> None:
    """The end of the newest line is told per service; a service without lines has none."""

    async def main() -> None:
        async with scene() as this:
            this.log.start()
            this.send()
            sent = wall()
            await asyncio.sleep(0.1)

            assert abs(sent - this.log.newest("app")) < 0.001
            assert 0.0 == this.log.newest("nobody")

    run_virtually(main())


def test_nothing_comes_after_the_end() -> None:
    """A closed receiver emits no slice and reads no line; closing twice is the same as once."""

    async def main() -> None:
        async with scene() as this:
            this.log.start()
            await asyncio.sleep(0.3)
            this.log.close()
            await asyncio.sleep(1.0)

            assert 1 == len(this.slices)

    run_virtually(main())

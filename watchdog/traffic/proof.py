"""Whether live traffic shows that only stable answers: counting the balancer's lines, and probes where users are few.

What lives here: the judgement over lines and the short wait for them. What must not: switching anything.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from watchdog.core.edge import EdgeLine, ProbeMark
from watchdog.core.model import Colour
from watchdog.traffic.base import EdgeLog, Proof
from watchdog.traffic.probes import Sent
from watchdog.traffic.waiting import until

ROUNDING_SECONDS: Final = 0.001
"""nginx logs whole milliseconds: a request is known to have started after an instant one of them later."""
ENOUGH_USERS: Final = 5
WANTED_PROBES: Final = 20
_AT_ONCE = 5  # the log's socket may hold no more than 10 lines
_LINE_SECONDS = 0.5
_SETTLE_POLL_SECONDS = 0.1  # each looks at every line since the brake, perhaps thousands
NAMED_STRAGGLERS: Final = 10
_UPGRADED: Final = 101


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Requests drawn like users that started after the brake, by who got them; probes of the candidate are left out."""

    users: int
    probes: int
    to_candidate: int
    stragglers: tuple[EdgeLine, ...]

    @property
    def to_stable(self) -> int:
        """Those that stable answered."""
        return self.users + self.probes


def touches(line: EdgeLine, colour: Colour) -> bool:
    """Whether a colour was asked for this request at all."""
    return colour in (line.colour, line.answered_by)


def count(edge: EdgeLog, service: str, stable: Colour, since: float) -> Counted:
    """What the log says about the time since the brake."""
    after = since + ROUNDING_SECONDS
    drawn = [line for line in edge.started_since(service, after) if line.mark is not ProbeMark.CANDIDATE_PROBE]
    away = [line for line in drawn if touches(line, stable.other)]
    kept = [line for line in drawn if not touches(line, stable.other)]
    stragglers = [
        line
        for line in edge.ended_since(service, since)
        if line.started < after and line.mark is not ProbeMark.CANDIDATE_PROBE and touches(line, stable.other)
    ]
    return Counted(
        users=sum(line.mark is ProbeMark.USER for line in kept),
        probes=sum(line.mark is ProbeMark.DRAWN_PROBE for line in kept),
        to_candidate=len(away),
        stragglers=tuple(stragglers),
    )


def count_probes(edge: EdgeLog, service: str, stable: Colour, since: float) -> Counted:
    """The same for the candidate's own probes, which the scratch brake sends to stable."""
    lines = edge.started_since(service, since + ROUNDING_SECONDS)
    probes = [line for line in lines if line.mark is ProbeMark.CANDIDATE_PROBE]
    away = sum(touches(line, stable.other) for line in probes)
    return Counted(users=0, probes=len(probes) - away, to_candidate=away, stragglers=())


def named(stragglers: Sequence[EdgeLine], since: float) -> tuple[str, ...]:
    """What is told about each: its route, when it began and how long it took; those that began first come first."""
    lines = sorted(stragglers, key=lambda line: line.started)
    told = [
        f"{line.route}{' (websocket)' if line.status == _UPGRADED else ''}: began {max(0.0, since - line.started):.1f}"
        f" s before the brake, took {line.ended - line.started:.1f} s"
        for line in lines[:NAMED_STRAGGLERS]
    ]
    more = len(lines) - NAMED_STRAGGLERS
    return (*told, f"and {more} more") if more > 0 else tuple(told)


class Prover:
    """Waits for the evidence, for at most `deadline` seconds."""

    def __init__(
        self,
        service: str,
        edge: EdgeLog,
        wall: Callable[[], float],
        send: Callable[[], Awaitable[Sent]],
        *,
        deadline: float,
        settle: float,
    ) -> None:
        self._service = service
        self._edge = edge
        self._wall = wall
        self._send = send
        self._deadline = deadline
        self._settle = settle

    async def prove(self, stable: Colour, since: float) -> Proof:
        """Users alone if `settle` seconds bring enough of them, else probes that are drawn and braked like users."""
        end = asyncio.get_running_loop().time() + self._deadline
        problems: set[str] = set()
        await until(
            lambda: self._count(stable, since).to_candidate > 0,
            since + self._settle - self._wall(),
            every=_SETTLE_POLL_SECONDS,
        )
        counted = self._count(stable, since)
        if counted.to_candidate == 0 and counted.users < ENOUGH_USERS:
            counted = await self._with_probes(lambda: self._count(stable, since), self._send, end, problems)
        return _judged(counted, stable, since, problems, self._deadline)

    async def rehearse(self, stable: Colour, since: float, send: Callable[[], Awaitable[Sent]]) -> Proof:
        """The proof by probes alone, with probes that the scratch brake sends to stable: no user is looked at."""
        end = asyncio.get_running_loop().time() + self._deadline
        problems: set[str] = set()
        counted = await self._with_probes(
            lambda: count_probes(self._edge, self._service, stable, since), send, end, problems
        )
        return _judged(counted, stable, since, problems, self._deadline)

    def _count(self, stable: Colour, since: float) -> Counted:
        return count(self._edge, self._service, stable, since)

    @staticmethod
    async def _with_probes(
        look: Callable[[], Counted], send: Callable[[], Awaitable[Sent]], end: float, problems: set[str]
    ) -> Counted:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(ROUNDING_SECONDS * 2)
        while loop.time() < end:
            counted = look()
            missing = WANTED_PROBES - counted.probes
            if missing <= 0 or counted.to_candidate:
                return counted
            sent = await asyncio.gather(*(send() for _ in range(min(missing, _AT_ONCE))))
            problems.update(each.problem for each in sent if each.problem)
            # Lines come some milliseconds after the answer; one that was lost is made up for by another probe.
            wanted = counted.probes + len(sent)
            await _until_probes(look, wanted, min(_LINE_SECONDS, end - loop.time()))
        return look()


async def _until_probes(look: Callable[[], Counted], wanted: int, seconds: float) -> None:
    await until(lambda: look().probes >= wanted, seconds)


def _judged(counted: Counted, stable: Colour, since: float, problems: set[str], deadline: float) -> Proof:
    enough = counted.users >= ENOUGH_USERS or counted.probes >= WANTED_PROBES
    if counted.to_candidate:
        detail = f"{counted.to_candidate} requests that started after the switch went to {stable.other}"
    elif not enough:
        detail = (
            f"within {deadline:g} s the log showed {counted.users} user requests (wanted {ENOUGH_USERS}) and "
            f"{counted.probes} probes (wanted {WANTED_PROBES}): {'; '.join(sorted(problems)) or 'no line came'}"
        )
    else:
        detail = f"{counted.users} user requests and {counted.probes} probes went to {stable}, none to {stable.other}"
    return Proof(
        ok=enough and not counted.to_candidate,
        to_stable=counted.to_stable,
        to_candidate=counted.to_candidate,
        stragglers=len(counted.stragglers),
        probes=counted.probes,
        detail=detail,
        straggling=named(counted.stragglers, since),
    )

"""Whether HAProxy's counters show that only stable gets requests, and what is open on the candidate still.

What lives here: counting between two looks, probes through the entry where users are few, waiting for the end of what
is open. What must not: orders. HAProxy counts a request when it is given to a server, so one that was there before the
brake is not counted after it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from watchdog.core.model import Colour
from watchdog.traffic.base import Drained, Proof, RouterError
from watchdog.traffic.haproxy.states import Known
from watchdog.traffic.haproxy.talk import Talk
from watchdog.traffic.probes import Probes
from watchdog.traffic.proof import ENOUGH_USERS, WANTED_PROBES

_AT_ONCE: Final = 5
_LOOK_SECONDS: Final = 0.05
_DRAIN_LOOK_SECONDS: Final = 0.2
_ENDED_SECONDS: Final = 1.0


@dataclass(slots=True)
class _Tally:
    """Requests since the first look, by who got them."""

    base: Known
    to_stable: float = 0.0
    to_candidate: float = 0.0
    restarted: bool = False

    def take(self, now: Known, stable: Colour) -> None:
        """Add a look. Another process begins at nothing."""
        if now.process != self.base.process:
            self.restarted = True
            self.to_stable = self.to_candidate = 0.0
            self.base = now
        self.to_stable = now.requests(stable) - self.base.requests(stable)
        self.to_candidate = now.requests(stable.other) - self.base.requests(stable.other)


class Prover:
    """Looks until the evidence is there, for at most `deadline` seconds."""

    def __init__(
        self, talk: Talk, probes: Probes, wall: Callable[[], float], *, deadline: float, settle: float
    ) -> None:
        self._talk = talk
        self._probes = probes
        self._wall = wall
        self._deadline = deadline
        self._settle = settle
        self._braked: tuple[Colour, Known] | None = None

    def braked(self, colour: Colour, seen: Known) -> None:
        """Counting begins here: what HAProxy said in the same breath as it cut the colour off."""
        self._braked = (colour, seen)

    async def prove(self, stable: Colour, since: float) -> Proof:
        """Users alone if `settle` seconds since the brake bring enough of them, else probes. Never raises."""
        end = asyncio.get_running_loop().time() + self._deadline
        problems: set[str] = set()
        probes = 0
        try:
            tally, seen = await self._users(stable, since)
            if not tally.to_candidate and tally.to_stable < ENOUGH_USERS:
                tally, seen, probes = await self._with_probes(tally, seen, stable, end, problems)
        except RouterError as error:
            detail = f"HAProxy cannot be asked: {error}"
            return Proof(ok=False, to_stable=0, to_candidate=0, stragglers=0, probes=probes, detail=detail)
        return _judged(tally, seen, stable, probes, problems)

    async def _users(self, stable: Colour, since: float) -> tuple[_Tally, Known]:
        seen = await self._talk.look()
        fits = self._braked is not None and self._braked[0] is stable.other
        tally = _Tally(self._braked[1] if self._braked is not None and fits else seen)
        while True:
            tally.take(seen, stable)
            if tally.to_candidate or self._wall() >= since + self._settle:
                return tally, seen
            await asyncio.sleep(_LOOK_SECONDS)
            seen = await self._talk.look()

    async def _with_probes(
        self, tally: _Tally, seen: Known, stable: Colour, end: float, problems: set[str]
    ) -> tuple[_Tally, Known, int]:
        loop, sent, answered = asyncio.get_running_loop(), 0, 0
        while answered < WANTED_PROBES and not tally.to_candidate and loop.time() < end:
            answers = await asyncio.gather(*(self._probes.through(user=True) for _ in range(_AT_ONCE)))
            sent += len(answers)
            answered += sum(each.status is not None for each in answers)
            problems.update(each.problem for each in answers if each.problem)
            seen = await self._talk.look()
            tally.take(seen, stable)
            if any(each.problem for each in answers):
                await asyncio.sleep(_LOOK_SECONDS)
        return tally, seen, sent


def _judged(tally: _Tally, seen: Known, stable: Colour, probes: int, problems: set[str]) -> Proof:
    enough = tally.to_stable >= (WANTED_PROBES if probes else ENOUGH_USERS)
    cut = seen.cut(stable.other)
    is_open = seen.open(stable.other)
    if tally.to_candidate:
        detail = f"{tally.to_candidate:g} requests were given to {stable.other} after the switch{_why(seen, stable)}"
    elif not cut:
        detail = f"HAProxy does not keep every server of {stable.other} from requests"
    elif not enough:
        said = "; ".join(sorted(problems)) or "the entry does not lead to this backend"
        detail = f"{stable} got {tally.to_stable:g} requests, {probes} of them ours: {said}"
    else:
        detail = f"{stable} got {tally.to_stable:g} requests ({probes} of them ours), {stable.other} none"
    if tally.restarted:
        detail += "; HAProxy was restarted or reloaded meanwhile, counted from there"
    return Proof(
        ok=enough and cut and not tally.to_candidate,
        to_stable=int(tally.to_stable),
        to_candidate=int(tally.to_candidate),
        stragglers=is_open,
        probes=probes,
        detail=detail,
        straggling=tuple(
            f"server {server.name}: {server.open} open" for server in seen.servers[stable.other] if server.open
        ),
        open=is_open,
    )


def _why(seen: Known, stable: Colour) -> str:
    if not seen.cut(stable.other):
        return f": HAProxy does not keep every server of {stable.other} from requests"
    return " though it is in maintenance: `option persist` or `force-persist` would do that"


async def drained(talk: Talk, colour: Colour, within: float, *, end_sessions: bool) -> Drained:
    """Wait until nothing is open on a colour; then end what is, if wanted. RouterError."""
    still = await _quiet(talk, colour, within, _DRAIN_LOOK_SECONDS)
    if not still:
        return Drained(open=0, detail=f"nothing is open on {colour}")
    if not end_sessions:
        detail = f"{still} open on {colour} after {within:g} s; shutdown_sessions: true would end them"
        return Drained(open=still, detail=detail)
    if not (await talk.look()).cut(colour):
        return Drained(open=still, detail=f"{colour} is not cut off, so nothing was ended")
    await talk.end_sessions(colour)
    left = await _quiet(talk, colour, _ENDED_SECONDS, _LOOK_SECONDS)
    return Drained(open=left, detail=f"{still} were open on {colour} after {within:g} s and were ended; {left} left")


async def _quiet(talk: Talk, colour: Colour, within: float, every: float) -> int:
    """How many are open still when nothing is, or at the end of that time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    while True:
        still = (await talk.look()).open(colour)
        left = end - loop.time()
        if not still or left <= 0.0:
            return still
        await asyncio.sleep(min(every, left))

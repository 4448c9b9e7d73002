"""Requests of users, one by one, from a seed: when they come, who gets them, how they end.

What lives here: drawing and counting. What must not: the engine's events (`feeds` makes them), the router's orders. The
same seed draws the same arrivals, users and fates, whatever the router does with them.
"""

import random
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import accumulate
from math import inf

from watchdog.core.model import Colour, Seconds
from watchdog.replay.behaviour import Behaviour, Curve

OTHER = "other"
"""The route of requests that belong to no named one."""

LOOK_AGAIN_S = 0.25
"""Where nobody comes for this long the rate is looked at again; arrivals have no memory, so nothing is lost by it."""

KEPT_S = 120.0
"""So long ended requests are remembered, for proofs."""


USUAL_RATE = Curve(points=((0.0, 40.0),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What users do."""

    rate: Curve = USUAL_RATE
    """Requests per second."""
    routes: Mapping[str, float] = field(default_factory=dict)
    """Share of each named route; the rest is `OTHER`."""
    writes: float = 0.1
    """Share of requests that change something."""
    users: int | None = None
    """So many users take turns and each stays on its side of the draw; None: every request is drawn by itself."""
    takes: Seconds = 0.05
    slow_takes: Seconds = 3.0
    hang_takes: Seconds = 60.0
    """How long a usual, a slow and a hanging request last; a hanging one then counts as failed and slow."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Request:
    """One request, as the balancer logs it when it ends."""

    end: Seconds
    number: int
    start: Seconds
    colour: Colour
    route: str
    bad: bool
    slow: bool
    write: bool


Draw = Callable[[float, str, str], Colour]
"""Who gets a request: from the user's place on the line from 0 to 1, the user's name ('' without one), the route."""


class Users:
    """Draws requests up to a moment and hands out those that have ended."""

    def __init__(self, traffic: Traffic, behaviour: Behaviour, seed: str) -> None:
        self._traffic = traffic
        self._behaviour = behaviour
        self._arrivals = random.Random(f"{seed}/arrivals")  # noqa: S311 - a simulation, to be repeated
        self._choices = random.Random(f"{seed}/choices")  # noqa: S311 - as above
        self._names = tuple(traffic.routes)
        self._bounds = tuple(accumulate(traffic.routes.values()))
        self._number = 0
        self.failed: Counter[Colour] = Counter()
        """Requests that failed, by the colour that got them."""
        self._next = self._after(0.0)
        self._under_way: list[Request] = []
        self._ended: deque[Request] = deque()

    def advance(self, to: Seconds, draw: Draw) -> None:
        """Let users come up to `to`; the router does not change meanwhile."""
        while self._next[0] <= to:
            at, comes = self._next
            if comes:
                heappush(self._under_way, self._request(at, draw))
            self._next = self._after(at)

    def skip(self, to: Seconds) -> None:
        """Nobody is let in up to `to`, and what was under way is gone: the host was not there."""
        while self._next[0] <= to:
            self._next = self._after(self._next[0])
        self._under_way.clear()
        self._ended.clear()

    def ended(self, by: Seconds) -> list[Request]:
        """Those that have ended by now and were not handed out yet, in order of their end."""
        done: list[Request] = []
        while self._under_way and self._under_way[0].end <= by:
            done.append(heappop(self._under_way))
        self._ended.extend(done)
        while self._ended and self._ended[0].end < by - KEPT_S:
            self._ended.popleft()
        return done

    def started_since(self, since: Seconds, by: Seconds) -> list[Request]:
        """The remembered requests that started at `since` or later and ended by `by`."""
        every = (*self._ended, *self._under_way)
        return [request for request in every if request.start >= since and request.end <= by]

    def ended_since(self, since: Seconds, by: Seconds) -> list[Request]:
        """The remembered requests that ended between both."""
        return [request for request in (*self._ended, *self._under_way) if since <= request.end <= by]

    def _after(self, at: Seconds) -> tuple[Seconds, bool]:
        """When the next user comes; or when to look again, since the rate may have changed by then."""
        rate = self._traffic.rate.at(at)
        wait = self._arrivals.expovariate(rate) if rate > 0.0 else inf
        return (at + wait, True) if wait <= LOOK_AGAIN_S else (at + LOOK_AGAIN_S, False)

    def _request(self, at: Seconds, draw: Draw) -> Request:
        chosen = self._choices.random
        place, which, fate, late, kind = chosen(), chosen(), chosen(), chosen(), chosen()
        traffic = self._traffic
        user = "" if traffic.users is None else f"user-{int(place * traffic.users)}"
        route = next((name for name, bound in zip(self._names, self._bounds, strict=True) if which < bound), OTHER)
        colour = draw(place, user, route)
        conduct = self._behaviour.conduct(colour, route, at)
        hangs = fate < conduct.hang
        bad = hangs or fate < conduct.hang + (1.0 - conduct.hang) * conduct.errors
        slow = hangs or late < conduct.slow
        takes = traffic.hang_takes if hangs else traffic.slow_takes if slow else traffic.takes
        self._number += 1
        self.failed[colour] += bad
        return Request(
            end=at + takes,
            number=self._number,
            start=at,
            colour=colour,
            route=route,
            bad=bad,
            slow=slow,
            write=kind < traffic.writes and not bad,
        )

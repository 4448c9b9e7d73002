"""What a rollback will need of HAProxy, tried now.

What lives here: the checks, each one line of a checklist. What must not: their order in a preparation (`router`),
orders that move a user.
"""

import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from watchdog.core.model import Check, Colour, Split
from watchdog.traffic import files
from watchdog.traffic.base import RouterError
from watchdog.traffic.haproxy import states
from watchdog.traffic.haproxy.shares import weigh
from watchdog.traffic.haproxy.states import Known
from watchdog.traffic.haproxy.talk import Talk
from watchdog.traffic.probes import Probes

FREE_BYTES: Final = 1024 * 1024
FREE_INODES: Final = 10
_PROBES: Final = 5
_FAR_OFF: Final = 0.01
"""A share that differs by so much from the plan's is worth a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """The tools of one service's preparation."""

    talk: Talk
    probes: Probes
    addresses: Mapping[Colour, tuple[str, ...]]
    """Where each colour listens, to be asked directly."""
    folder: Path
    """Of what is remembered."""

    async def cheap(self, stable: Colour) -> list[Check]:
        """What needs no change of anything, for every few seconds."""
        return [await self.answers(stable), *await self.socket(stable), self.room()]

    async def answers(self, colour: Colour) -> Check:
        """A colour is asked directly, each of its servers."""
        return await self.probes.answers(colour, self.addresses[colour])

    async def socket(self, stable: Colour) -> list[Check]:
        """The runtime socket answers, takes orders, and knows both colours' servers."""
        name = "HAProxy takes orders"
        try:
            known = await self.talk.look()
            refused = await self.talk.may_order()
        except RouterError as error:
            return [Check(name=name, ok=False, detail=str(error))]
        if refused:
            return [Check(name=name, ok=False, detail=refused)]
        answers = f"HAProxy {known.version} at {self.talk.address}, backend {self.talk.backend}"
        return [Check(name=name, ok=True, detail=answers), self.up(known, stable), self.agents(known)]

    def up(self, known: Known, stable: Colour) -> Check:
        """HAProxy holds stable's servers for healthy and lets users go to them."""
        wrong = [f"{each.name} is {each.status}" for each in known.servers[stable] if each.down or each.cut]
        if known.cut(stable):  # the way back of a promoted release: its servers are readied by the rollback itself
            wrong = []
        names = ", ".join(f"{each.name} is {each.status}" for each in known.servers[stable])
        return Check(name="HAProxy's view of stable", ok=not wrong, detail="; ".join(wrong) or names)

    def agents(self, known: Known) -> Check:
        """Nobody else gives orders about these servers."""
        loud = [server.name for colour in Colour for server in known.servers[colour] if server.agent]
        detail = (
            f"agent-check of {', '.join(loud)} overwrites weights and, by `ready`, a brake; wanted none, or "
            f"{'; '.join(f'disable agent {self.talk.backend}/{name}' for name in loud)} on the socket"
        )
        return Check(name="no agent-check", ok=not loud, detail=detail if loud else "no agent is at work")

    def balancing(self, known: Known) -> Check:
        """The way of balancing looks at weights."""
        how = known.backend.algorithm
        ok = how not in states.STATIC and known.backend.mode != "tcp"
        detail = f"balance {how or 'unknown'}, mode {known.backend.mode}"
        if known.backend.mode == "tcp":
            detail = "mode tcp: connections are balanced, and who is connected stays; wanted mode http"
        elif not ok:
            detail = f"balance {how} does not look at weights; wanted such as roundrobin or leastconn"
        elif known.backend.cookie:
            detail += f"; users persist by the cookie {known.backend.cookie}: a share is one of new users"
        return Check(name="HAProxy balances by weight", ok=ok, detail=detail)

    def shares(self, known: Known, splits: Sequence[Split]) -> Check:
        """The shares that whole weights can express."""
        said = []
        for split in dict.fromkeys(splits):
            made = weigh(split.weight, known.configured(split.candidate), known.configured(split.stable))
            if abs(made.share - split.weight) > _FAR_OFF:
                said.append(f"{100 * split.weight:g} % is really {100 * made.share:.2f} %")
        return Check(name="shares", ok=True, detail="; ".join(said) or "every step's share is met within 1 %")

    def room(self) -> Check:
        """What is remembered and HAProxy's saved state can be written."""
        name, short = "state can be written", []
        folders = [self.folder]
        if self.talk.state_file is not None:
            folders.append(self.talk.state_file.parent)
        for folder in folders:
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                room, inodes = files.free(folder)
            except OSError as error:
                return Check(name=name, ok=False, detail=f"{folder}: {error.strerror or error}")
            if not os.access(folder, os.W_OK | os.X_OK):
                return Check(name=name, ok=False, detail=f"{folder} cannot be written by this program's user")
            if room < FREE_BYTES or inodes < FREE_INODES:
                short.append(f"{folder}: {room // 1024} KiB and {inodes} inodes free")
        kept = (
            f"saved to {self.talk.state_file}"
            if self.talk.state_file
            else ("no state_file: a reload or restart of HAProxy brings its configured weights back")
        )
        return Check(name=name, ok=not short, detail="; ".join(short) or kept)

    async def through(self, stable: Colour) -> Check:
        """Our requests through the entry reach stable's servers in this backend, and no other."""
        name = "the entry leads to stable"
        try:
            before = await self.talk.look()
            sent = [await self.probes.through(user=True) for _ in range(_PROBES)]
            after = await self.talk.look()
        except RouterError as error:
            return Check(name=name, ok=False, detail=str(error))
        problems = sorted({each.problem for each in sent if each.problem})
        if problems:
            return Check(name=name, ok=False, detail="; ".join(problems))
        got = after.requests(stable) - before.requests(stable)
        away = after.requests(stable.other) - before.requests(stable.other)
        if after.process != before.process:
            return Check(name=name, ok=False, detail="HAProxy was restarted meanwhile")
        detail = f"of {_PROBES} requests and users' meanwhile {got:g} went to {stable}, {away:g} to {stable.other}"
        return Check(name=name, ok=got >= _PROBES and not away, detail=detail)


async def timed(work: Callable[[], Awaitable[Check]]) -> Check:
    """A check with the time that it took."""
    began = time.monotonic()
    check = await work()
    return replace(check, took=time.monotonic() - began)


def all_ok(checks: Sequence[Check]) -> bool:
    """Whether every line holds."""
    return all(check.ok for check in checks)

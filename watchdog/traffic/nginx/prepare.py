"""The checklist before a deployment: every line is something that a rollback will need, tried now.

What lives here: the checks, and their order before a deployment (`recheck` has it while one is live). What must not:
orders of traffic; the only split put in force here is the one that stable already has.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from watchdog.core.model import Check, Colour, Split
from watchdog.text.quantities import weight
from watchdog.traffic import files
from watchdog.traffic.base import RouterError
from watchdog.traffic.nginx import lines, render, workers
from watchdog.traffic.nginx.ahead import Ahead
from watchdog.traffic.nginx.brake import Brake
from watchdog.traffic.nginx.cuts import RouteCuts
from watchdog.traffic.nginx.observe import Observer
from watchdog.traffic.nginx.scratch import Scratch
from watchdog.traffic.nginx.switch import Switch
from watchdog.traffic.probes import Probes
from watchdog.traffic.waiting import aside

FREE_BYTES: Final = 16 * 1024 * 1024
FREE_INODES: Final = 100
FILES_AS_LEFT: Final = "files as we left them"
_SCRATCH_SECONDS: Final = 20.0
_LINES_SECONDS: Final = 5.0


def stable_has_all(split: Split, stable: Colour) -> bool:
    """Whether a split gives everything to this colour."""
    if split.promoted:
        return split.candidate is stable
    return split.weight == 0.0 and split.stable is stable


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """The tools of one service's preparation."""

    setup: render.ServiceNginx
    main: Path
    directory: Path
    pid: Path
    drain: float
    brake: Brake
    cuts: RouteCuts
    observer: Observer
    switch: Switch
    ahead: Ahead
    probes: Probes
    scratch: Scratch
    turn: asyncio.Lock
    """Held only while something is really switched: another service's rollback must not wait for our checks."""

    async def run(self, splits: Sequence[Split]) -> tuple[Check, ...]:
        """All of it. What would change something is tried only if everything before it held."""
        first = splits[0]
        rest = Split(stable=first.stable, candidate=first.candidate, weight=0.0, salt=first.salt)
        checks = [await self.stable_answers(first.stable), self.files_as_left(), self.stable_in_force(first.stable)]
        checks += [self.brake_folder(), self.disk(), *await self.lines_in_place()]
        if all(check.ok for check in checks):
            checks += [self.brakes_off()]
            checks += await self.tested_ahead([rest, *(split for split in splits if split != rest)])
        if all(check.ok for check in checks):
            checks += [await self.test_and_reload(rest), await self.staged(rest)]
        if all(check.ok for check in checks):
            checks += [await self.scratch.check(rest, _SCRATCH_SECONDS)]
        return tuple(checks)

    async def rehearse(self, splits: Sequence[Split]) -> tuple[Check, ...]:
        """Everything of it that changes nothing, and nginx's test of what is in force."""
        checks = [await self.stable_answers(splits[0].stable), self.files_as_left(), self.brake_folder(), self.disk()]
        checks += await self.lines_in_place()
        if all(check.ok for check in checks):
            checks += await self.tested_ahead(splits)
            checks += [await self.tested_in_force()]
        return tuple(checks)

    async def lines_in_place(self) -> Sequence[Check]:
        """Whether the operator's locations have what shield and sessions need."""
        try:
            return await aside(lambda: lines.checks(self.main, self.setup), _LINES_SECONDS)
        except (OSError, TimeoutError) as error:
            why = str(error) or f"not read within {_LINES_SECONDS:g} s"
            return lines.unread(self.setup, f"{self.main}: {why}")

    async def stable_answers(self, stable: Colour, *, all_of_them: bool = True) -> Check:
        """Stable is asked directly, each of its servers.

        A way back is there while one server answers: nginx leaves out those that do not. Who begins a deployment needs
        `all_of_them`.
        """
        servers = self.setup.servers[stable]
        problems = await self.probes.directly(servers)
        left = len(servers) - len(problems)
        detail = "; ".join(problems) or f"{', '.join(servers)} {'answer' if len(servers) > 1 else 'answers'}"
        if problems and left:
            detail = f"{detail}; {left} of {len(servers)} servers of {stable} answer"
        ok = not problems if all_of_them else left > 0
        return Check(name="stable answers", ok=ok, detail=detail)

    def files_as_left(self) -> Check:
        """Our files are ours, and nginx has read them."""
        name = FILES_AS_LEFT
        seen = self.observer.seen()
        if seen.split is None or seen.loaded is False:
            return Check(name=name, ok=False, detail=seen.detail)
        if seen.gone:
            return Check(name=name, ok=False, detail=f"nginx's master is gone: {self.pid} names no process that runs")
        server = self.directory / f"{self.setup.service}.server.conf"
        try:
            found = files.read(server)
        except (OSError, ValueError) as error:
            return Check(name=name, ok=False, detail=f"{server} cannot be read: {error}")
        texts = render.service_servers(self.setup, str(self.brake.folder))
        if found not in texts:
            return Check(name=name, ok=False, detail=f"{server} is not as it should be: run nginx write")
        if not os.access(self.directory, os.W_OK | os.X_OK):
            why = "its user's rights, or a file system that is read-only for it"
            return Check(name=name, ok=False, detail=f"{self.directory} cannot be written by this program: {why}")
        detail = seen.detail or f"{seen.split.candidate} at {weight(seen.split.weight)}"
        if found != texts[0]:
            detail += f"; {server} is of an older version and works, only routes cannot be cut: run nginx write"
        return Check(name=name, ok=True, detail=detail)

    def stable_in_force(self, stable: Colour) -> Check:
        """Nothing is under way: stable has all users."""
        split = self.observer.seen().split
        if split is None:
            return Check(name="stable has all users", ok=False, detail="no split of ours is in force")
        ok = stable_has_all(split, stable)
        detail = f"nginx gives {weight(split.weight)} to {split.candidate}, the rest to {split.stable}"
        return Check(name="stable has all users", ok=ok, detail=detail)

    def brake_folder(self) -> Check:
        """A flag can be seen by nginx's workers; if not, they would ignore it without a word to us."""
        name, folder = "brake folder", self.brake.folder
        try:
            self.brake.make_ready()
            uid, groups = workers.owner(self.pid) or (-1, frozenset[int]())
            closed = files.searchable(folder, uid, groups)
        except (OSError, KeyError, ValueError) as error:
            return Check(name=name, ok=False, detail=f"{folder}: {error}")
        if closed is not None:
            detail = (
                f"nginx's workers (user id {uid}) cannot search {closed}: chmod o+x {closed}, or the brake is ignored"
            )
            return Check(name=name, ok=False, detail=detail)
        return Check(name=name, ok=True, detail=f"{folder} can be searched by nginx's workers")

    def disk(self) -> Check:
        """Room for what is written at a rollback; the brake and the switch themselves need none."""
        short = []
        for folder in {self.directory, self.brake.folder}:
            try:
                room, inodes = files.free(folder)
            except OSError as error:
                return Check(name="disk", ok=False, detail=f"{folder}: {error}")
            if room < FREE_BYTES or inodes < FREE_INODES:
                short.append(f"{folder}: {room // 1024} KiB and {inodes} inodes free")
        detail = "; ".join(sorted(short)) or f"at least {FREE_BYTES // 1024 // 1024} MiB free"
        return Check(name="disk", ok=not short, detail=detail)

    def brakes_off(self) -> Check:
        """Flags of earlier deployments go, now that stable has all users; a human's flag stays and stops us."""
        removed, by_hand = [], []
        try:
            for colour in Colour:
                kind = self.brake.kind(colour)
                if not self.brake.clear(colour):
                    by_hand.append(f"{self.brake.flag(colour)} was set by hand: rm it, or find out why it is there")
                elif kind is not None:
                    removed.append(f"{kind} brake of {colour} removed")
            routes_removed, routes_by_hand = self.cuts.clear()
            removed += routes_removed
            by_hand += routes_by_hand
            self.brake.make_ready()
        except (OSError, ValueError, RouterError) as error:
            return Check(name="brakes off", ok=False, detail=str(error))
        return Check(name="brakes off", ok=not by_hand, detail="; ".join(by_hand or removed) or "none was set")

    async def tested_ahead(self, splits: Sequence[Split]) -> list[Check]:
        """Every file that the plan needs, in nginx's own judgement."""
        checks = []
        for split in splits:
            name = f"nginx accepts {split.candidate} at {weight(split.weight)}{', promoted' if split.promoted else ''}"
            try:
                text = render.service_http(self.setup, split)
            except render.RenderError as error:
                checks.append(Check(name=name, ok=False, detail=str(error)))
                continue
            checks.append(await self.ahead.test(name, text))
        if self.ahead.dumped and "worker_shutdown_timeout" not in self.ahead.dumped and checks[-1].ok:
            hint = f"worker_shutdown_timeout is not set: an open websocket outlives {self.drain:g} s"
            checks[-1] = replace(checks[-1], detail=f"{checks[-1].detail}; {hint}")
        return checks

    async def tested_in_force(self) -> Check:
        """Whether nginx accepts the configuration as it stands, everybody's files included."""
        ran = await self.switch.test()
        return Check(name="nginx accepts what is in force", ok=ran.ok, detail=str(ran))

    async def test_and_reload(self, rest: Split) -> Check:
        """The roles of this deployment come into force without moving a user, by a real reload."""
        text = render.service_http(self.setup, rest)
        async with self.turn:
            done = await self.switch.to(text, towards_stable=False, off=asyncio.Event(), always=True)
        detail = done.detail or "; ".join(done.warnings) or "nginx runs with the file of this deployment"
        return Check(name="test and reload", ok=done.loaded, detail=detail)

    async def staged(self, rest: Split) -> Check:
        """The way back lies ready beside its target."""
        try:
            await self.switch.stage_stable(render.service_http(self.setup, rest))
            self.brake.make_ready()
        except (OSError, ValueError, TimeoutError) as error:
            return Check(name="way back staged", ok=False, detail=str(error))
        detail = f"{self.switch.staged_stable.name} and the brakes' bodies are on disk"
        return Check(name="way back staged", ok=True, detail=detail)

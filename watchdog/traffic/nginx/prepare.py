"""The checklist before a deployment: every line is something that a rollback will need, tried now.

What lives here: the checks and their order. What must not: orders of traffic; the only split put in force here is the
one that stable already has.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from watchdog.core.edge import EdgeLine, ProbeMark
from watchdog.core.model import Check, Colour, Split
from watchdog.traffic.base import EdgeLog, RouterError
from watchdog.traffic.nginx import files, render, workers
from watchdog.traffic.nginx.ahead import Ahead
from watchdog.traffic.nginx.brake import Brake
from watchdog.traffic.nginx.observe import Observer
from watchdog.traffic.nginx.probes import Probes
from watchdog.traffic.nginx.proof import ROUNDING_SECONDS
from watchdog.traffic.nginx.switch import Switch
from watchdog.traffic.nginx.waiting import until

FREE_BYTES: Final = 16 * 1024 * 1024
FREE_INODES: Final = 100
_LINE_SECONDS: Final = 1.0
_TRIES: Final = 3  # a line can be lost where the kernel's queue is short
_APART_SECONDS: Final = 0.003  # nginx logs whole milliseconds


def stable_has_all(split: Split, stable: Colour) -> bool:
    """Whether a split gives everything to this colour."""
    if split.promoted:
        return split.candidate is stable
    return split.weight == 0.0 and split.stable is stable


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """The tools of one service's preparation."""

    setup: render.ServiceNginx
    directory: Path
    pid: Path
    drain: float
    brake: Brake
    observer: Observer
    switch: Switch
    ahead: Ahead
    probes: Probes
    edge: EdgeLog
    wall: Callable[[], float]
    turn: asyncio.Lock
    """Held only while something is really switched: another service's rollback must not wait for our checks."""

    async def run(self, splits: Sequence[Split]) -> tuple[Check, ...]:
        """All of it. What would change something is tried only if everything before it held."""
        first = splits[0]
        rest = Split(stable=first.stable, candidate=first.candidate, weight=0.0, salt=first.salt)
        checks = [await self.stable_answers(first.stable), self.files_as_left(), self.stable_in_force(first.stable)]
        checks += [self.brake_folder(), self.disk()]
        if all(check.ok for check in checks):
            checks += [self.brakes_off()]
            checks += await self.tested_ahead([rest, *(split for split in splits if split != rest)])
        if all(check.ok for check in checks):
            checks += [await self.test_and_reload(rest), await self.staged(rest)]
        if all(check.ok for check in checks):
            checks += [await self.scratch_brake(rest)]
        return tuple(checks)

    async def again(self, stable: Colour) -> tuple[Check, ...]:
        """The cheap part, for every few seconds: nothing here changes what users get."""
        checks = [await self.stable_answers(stable), self.files_as_left(), self.brake_folder(), self.disk()]
        split = self.observer.seen().split
        if split is not None and all(check.ok for check in checks):
            checks.append(await self.scratch_brake(split))
        return tuple(checks)

    async def stable_answers(self, stable: Colour) -> Check:
        """Stable is asked directly, each of its servers."""
        servers = self.setup.servers[stable]
        problems = await self.probes.directly(servers)
        detail = "; ".join(problems) or f"{', '.join(servers)} answer"
        return Check(name="stable answers", ok=not problems, detail=detail)

    def files_as_left(self) -> Check:
        """Our files are ours, and nginx has read them."""
        name = "files as we left them"
        seen = self.observer.seen()
        if seen.split is None or seen.loaded is False:
            return Check(name=name, ok=False, detail=seen.detail)
        server = self.directory / f"{self.setup.service}.server.conf"
        try:
            found = files.read(server)
        except (OSError, ValueError) as error:
            return Check(name=name, ok=False, detail=f"{server} cannot be read: {error}")
        if found != render.service_server(self.setup, str(self.brake.folder)):
            return Check(name=name, ok=False, detail=f"{server} is not as it should be: run nginx write")
        if not os.access(self.directory, os.W_OK | os.X_OK):
            return Check(name=name, ok=False, detail=f"{self.directory} cannot be written by this program's user")
        return Check(name=name, ok=True, detail=seen.detail or f"{seen.split.candidate} at {seen.split.weight:.2%}")

    def stable_in_force(self, stable: Colour) -> Check:
        """Nothing is under way: stable has all users."""
        split = self.observer.seen().split
        if split is None:
            return Check(name="stable has all users", ok=False, detail="no split of ours is in force")
        ok = stable_has_all(split, stable)
        detail = f"nginx gives {split.weight:.2%} to {split.candidate}, the rest to {split.stable}"
        return Check(name="stable has all users", ok=ok, detail=detail)

    def brake_folder(self) -> Check:
        """A flag can be seen by nginx's workers; if not, they would ignore it without a word to us."""
        name, folder = "brake folder", self.brake.folder
        try:
            self.brake.make_ready()
            seen = workers.workers(self.pid)
            uid, groups = workers.user(seen[0].pid) if seen else (-1, frozenset[int]())
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
            self.brake.make_ready()
        except (OSError, ValueError, RouterError) as error:
            return Check(name="brakes off", ok=False, detail=str(error))
        return Check(name="brakes off", ok=not by_hand, detail="; ".join(by_hand or removed) or "none was set")

    async def tested_ahead(self, splits: Sequence[Split]) -> list[Check]:
        """Every file that the plan needs, in nginx's own judgement."""
        checks = []
        for split in splits:
            name = f"nginx accepts {split.candidate} at {split.weight:.2%}{', promoted' if split.promoted else ''}"
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

    async def scratch_brake(self, split: Split) -> Check:
        """A brake that only our probes obey, set and taken away, seen through nginx and its log."""
        name = "brake works through nginx"
        expected = ((None, split.candidate), (True, split.stable), (False, split.candidate))
        try:
            self.brake.scratch.unlink(missing_ok=True)
            for flag, colour in expected:
                if flag:
                    self.brake.scratch.touch(mode=files.READABLE)
                elif flag is False:
                    self.brake.scratch.unlink()
                problem = await self._probe_went_to(colour)
                if problem:
                    when = "with" if flag else "without"
                    return Check(name=name, ok=False, detail=f"{when} {self.brake.scratch}: {problem}")
        except OSError as error:
            return Check(name=name, ok=False, detail=f"{self.brake.scratch}: {error.strerror}")
        finally:
            with contextlib.suppress(OSError):
                self.brake.scratch.unlink(missing_ok=True)
        detail = f"a probe went to {split.candidate}, to {split.stable} while braked, and back"
        return Check(name=name, ok=True, detail=detail)

    async def _probe_went_to(self, wanted: Colour) -> str:
        """What is wrong with a probe's way; empty when its line shows the wanted colour."""
        since = self.wall()
        problem = ""
        for _ in range(_TRIES):
            await asyncio.sleep(_APART_SECONDS)
            sent = await self.probes.through(user=False)
            problem = sent.problem or f"it was answered with status {sent.status}"
            lines = await self._lines(since)
            if lines:
                went = lines[-1].colour
                return "" if went is wanted else f"a probe went to {went}, not to {wanted}"
        where = "does the entry lead to this service, and does the access log reach us?"
        return f"no line about a probe came from nginx's log ({problem}): {where}"

    async def _lines(self, since: float) -> list[EdgeLine]:
        """The candidate probes that started after an instant; waits a moment for them."""

        def found() -> list[EdgeLine]:
            lines = self.edge.started_since(self.setup.service, since + ROUNDING_SECONDS)
            return [line for line in lines if line.mark is ProbeMark.CANDIDATE_PROBE]

        await until(lambda: bool(found()), _LINE_SECONDS)
        return found()

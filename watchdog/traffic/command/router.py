"""The command router: one service's orders of traffic as runs of the operator's own commands.

What lives here: which command an order means, and how far what was done can be believed. What must not: processes.
Nobody but an `observe` command knows what is in force; without one the last order is believed, and it is said so.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from watchdog.core.model import BrakeKind, Check, Colour, Split
from watchdog.traffic.base import Applied, Drained, EdgeLog, InForce, Proof, RouterError
from watchdog.traffic.command import scripts
from watchdog.traffic.command.eyes import Eyes
from watchdog.traffic.command.scripts import Script
from watchdog.traffic.memory import Memory, Remembered
from watchdog.traffic.probes import Entry, Probes
from watchdog.traffic.proof import Prover

PROBE_SECONDS = 2.0
"""How long one probe may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripts:
    """The operator's commands."""

    set: Script | None
    """Gives the candidate a share; None: the plan has one step only, to 100 %."""
    rollback: Script
    """Gives stable everything, whatever was before."""
    promote: Script | None = None
    """Gives the candidate everything; None: `set` with 100."""
    brake: Script | None = None
    """Keeps users from a colour at once; None: a rollback does it all."""
    release: Script | None = None
    """Ends a brake."""
    observe: Script | None = None
    """Says what is in force."""
    prove: Script | None = None
    """Exits with 0 when it sees that only stable answers."""

    @property
    def all(self) -> tuple[Script, ...]:
        """Those that there are."""
        each = (self.set, self.rollback, self.promote, self.brake, self.release, self.observe, self.prove)
        return tuple(script for script in each if script is not None)


class CommandRouter:
    """Implements `watchdog.traffic.base.Router`."""

    def __init__(
        self,
        *,
        service: str,
        commands: Scripts,
        addresses: Mapping[Colour, tuple[str, ...]],
        state: Path,
        entry: Entry,
        token: str,
        first_stable: Colour,
        edge: EdgeLog | None,
        wall: Callable[[], float],
        proof_deadline: float = 10.0,
        settle: float = 2.0,
    ) -> None:
        """`edge`: the service's access log, if it has one; `first_stable`: before anything is remembered."""
        self._service = service
        self._commands = commands
        self._addresses = addresses
        self._first = Split(stable=first_stable, candidate=first_stable.other, weight=0.0, salt="")
        self._wall = wall
        self._memory = Memory(state / "command" / f"{service}.json")
        self._probes = Probes(entry, token, wall, PROBE_SECONDS)
        self._eyes = Eyes(service, commands.observe, commands.prove)
        self._prover = None
        if edge is not None:
            self._prover = Prover(
                service, edge, wall, lambda: self._probes.through(user=True), deadline=proof_deadline, settle=settle
            )
        self._turn = asyncio.Lock()
        self._off = threading.Event()  # ends the command that is running
        self._rollbacks = 0

    async def prepare(self, splits: Sequence[Split]) -> tuple[Check, ...]:
        """See `Router.prepare`. Only `observe` and an old brake's `release` are run: the others move users."""
        rest = replace(splits[0], weight=0.0, promoted=False)
        checks = [*await self.recheck(rest.stable), await self._at_home(rest), self._steps(splits)]
        if all(check.ok for check in checks):
            checks.append(await self._brake_off(rest))
        if all(check.ok for check in checks):
            checks.append(self._ready(rest))
        return tuple(checks)

    async def recheck(self, stable: Colour) -> tuple[Check, ...]:
        """See `Router.recheck`."""
        missing = [problem for script in self._commands.all if (problem := _not_runnable(script.argv[0]))]
        programs = ", ".join(dict.fromkeys(script.argv[0] for script in self._commands.all))
        return (
            await self._probes.answers(stable, self._addresses[stable]),
            Check(name="commands can be run", ok=not missing, detail="; ".join(missing) or programs),
        )

    async def rehearse(self, splits: Sequence[Split], *, drill: bool) -> tuple[Check, ...]:
        """See `Router.rehearse`. No command is run in a form that moves no user: there is no such form."""
        checks = [*await self.recheck(splits[0].stable), self._steps(splits)]
        seen = await self.observe()
        checks.append(Check(name="observe", ok=seen.split is not None, detail=seen.detail or _words(seen.split)))
        if drill:
            detail = "not run: the operator's commands know no rehearsal"
            checks.append(Check(name="rollback command", ok=True, detail=detail))
        return tuple(checks)

    async def apply(self, split: Split, *, brake: bool, note: str) -> Applied:
        """See `Router.apply`. A rollback ends the command that is running and is run in its place."""
        if brake:
            self._rollbacks += 1
            self._off.set()
        rollbacks = self._rollbacks
        async with self._turn:
            before = self._memory.last
            old = None if before is None else before.split
            if not brake and rollbacks != self._rollbacks:
                return Applied(ok=False, in_force=old, detail="called off by a rollback that was ordered after it")
            self._off = threading.Event()
            return await (self._roll_back(split, old, note) if brake else self._step(split, before, note))

    async def _roll_back(self, split: Split, old: Split | None, note: str) -> Applied:
        values = scripts.values(self._service, split, split.stable, 0.0)
        warnings: list[str] = []
        braked_at = None
        if self._commands.brake is not None:
            try:
                await self._commands.brake.run({**values, "colour": split.candidate}, self._off)
                braked_at = self._wall()
            except (RouterError, TimeoutError) as error:
                warnings.append(f"brake: {error}")
        try:
            await self._commands.rollback.run(values, self._off)
        except (RouterError, TimeoutError) as error:
            if braked_at is None:
                return Applied(ok=False, in_force=old, warnings=tuple(warnings), detail=f"rollback: {error}")
            warnings.append(f"the brake alone keeps users from {split.candidate}: rollback: {error}")
        at = self._wall() if braked_at is None else braked_at
        kept = await self._memory.keep(Remembered(split=split, brake=BrakeKind.ROLLBACK, note=note))
        problem = await self._eyes.differs(split) if not warnings else ""
        warnings += [kept] if kept else []
        return Applied(
            ok=not problem,
            in_force=split if not problem else old,
            braked_at=None if problem else at,
            warnings=tuple(warnings),
            detail=problem or self._eyes.believed,
        )

    async def _step(self, split: Split, before: Remembered | None, note: str) -> Applied:
        old = None if before is None else before.split
        kept = before.brake if before is not None and before.split.candidate is split.candidate else None
        order = Remembered(split=split, brake=kept, note=note)
        problem = await self._memory.keep(order)  # before it moves anybody: a crash must not make it a stranger's doing
        if problem:
            return Applied(ok=False, in_force=old, detail=problem)
        try:
            await self._move(split, old)
            problem = await self._eyes.differs(split)
        except (RouterError, TimeoutError) as error:
            problem = str(error) or "no end in time"
        if problem and before is not None:
            await self._memory.keep(before)
        return Applied(ok=not problem, in_force=old if problem else split, detail=problem or self._eyes.believed)

    async def _move(self, split: Split, old: Split | None) -> None:
        if old is not None and replace(old, promoted=split.promoted, salt=split.salt) == split:
            return  # promotion moves nobody who is not there already
        if split.weight == 0.0:
            script, colour = self._commands.rollback, split.stable
        elif split.weight == 1.0 and self._commands.promote is not None:
            script, colour = self._commands.promote, split.candidate
        elif self._commands.set is not None:
            script, colour = self._commands.set, split.candidate
        else:
            raise RouterError(f"there is no `set` command to give {split.candidate} {100 * split.weight:g} %")
        await script.run(scripts.values(self._service, split, colour, split.weight), self._off)

    async def pull_brake(self, colour: Colour, kind: BrakeKind, note: str) -> float:
        """See `Router.pull_brake`. RouterError without a `brake` command."""
        async with self._turn:
            before = self._memory.last
            split = self._first if before is None else before.split
            if self._commands.brake is None:
                raise RouterError("there is no `brake` command; a rollback does it all")
            self._off = threading.Event()
            await self._commands.brake.run(scripts.values(self._service, split, colour, 0.0), self._off)
            at = self._wall()
            held = before.brake if before is not None else None
            await self._memory.keep(
                Remembered(split=split, brake=kind if held is not BrakeKind.ROLLBACK else held, note=note)
            )
            return at

    async def release_brake(self, colour: Colour) -> float:
        """See `Router.release_brake`. RouterError for a rollback's brake, or without a `release` command."""
        async with self._turn:
            before = self._memory.last
            if before is None or before.brake is None:
                return self._wall()
            if before.brake is not BrakeKind.DIVERT:
                raise RouterError(f"{colour} is cut off by a rollback: the next deployment's preparation takes it over")
            if self._commands.release is None:
                raise RouterError("there is no `release` command")
            self._off = threading.Event()
            split = before.split
            await self._commands.release.run(scripts.values(self._service, split, colour, split.weight), self._off)
            at = self._wall()
            await self._memory.keep(replace(before, brake=None))
            return at

    async def cut_route(self, colour: Colour, route: str, *, cut: bool, note: str) -> float:  # noqa: ARG002 - the port's
        """See `Router.cut_route`: no command does this."""
        raise RouterError(f"the command router cannot keep single routes from {colour}")

    async def drain(self, colour: Colour, within: float) -> Drained:  # noqa: ARG002 - the port's
        """See `Router.drain`: who is on what is not known here."""
        return Drained(open=None, detail=f"the command router cannot see what is open on {colour}")

    async def observe(self) -> InForce:
        """See `Router.observe`."""
        return await self._eyes.in_force(self._memory.last or Remembered(split=self._first))

    async def prove(self, stable: Colour, since: float) -> Proof:
        """See `Router.prove`: by the access log, else by the `prove` command, else by what `observe` says."""
        if self._prover is not None:
            return await self._prover.prove(stable, since)
        last = self._memory.last
        split = Split(stable=stable, candidate=stable.other, weight=0.0, salt="" if last is None else last.split.salt)
        return await self._eyes.prove(split, lambda: self._probes.directly(self._addresses[stable]))

    async def close(self) -> None:
        """Let go of connections, and end what is running."""
        self._off.set()
        await self._probes.close()

    async def _at_home(self, rest: Split) -> Check:
        seen = await self.observe()
        share = None if seen.split is None else _share(seen.split, rest.candidate)
        detail = seen.detail if share is None else f"{rest.candidate} has {100 * share:g} %; {seen.detail}".rstrip("; ")
        return Check(name="stable has all users", ok=share == 0.0, detail=detail)

    def _steps(self, splits: Sequence[Split]) -> Check:
        """Every step has a command."""
        lacking = [
            f"{100 * split.weight:g} %"
            for split in dict.fromkeys(splits)
            if split.weight > 0.0
            and self._commands.set is None
            and (split.weight < 1.0 or self._commands.promote is None)
        ]
        detail = f"there is no `set` command for {', '.join(lacking)}" if lacking else "every step has its command"
        return Check(name="commands for the plan", ok=not lacking, detail=detail)

    async def _brake_off(self, rest: Split) -> Check:
        """An earlier rollback's brake goes, now that stable has all users."""
        name, last = "brakes off", self._memory.last
        if last is None or last.brake is None or self._commands.brake is None or self._commands.release is None:
            return Check(name=name, ok=True, detail="none was set")
        values = scripts.values(self._service, rest, last.split.candidate, 0.0)
        try:
            async with self._turn:
                self._off = threading.Event()
                await self._commands.release.run(values, self._off)
        except (RouterError, TimeoutError) as error:
            return Check(name=name, ok=False, detail=f"release: {str(error) or 'no end in time'}")
        return Check(name=name, ok=True, detail=f"{last.brake} brake of {last.split.candidate} released")

    def _ready(self, rest: Split) -> Check:
        name = "rollback's note staged"
        try:
            self._memory.write(Remembered(split=rest, note=rest.salt))
            self._memory.stage(Remembered(split=rest, brake=BrakeKind.ROLLBACK, note="rollback"))
        except OSError as error:
            return Check(name=name, ok=False, detail=str(error))
        return Check(name=name, ok=True, detail=f"beside {self._memory.path}")


def _share(split: Split, colour: Colour) -> float:
    return split.weight if split.candidate is colour else 1.0 - split.weight


def _words(split: Split | None) -> str:
    return "" if split is None else f"{split.candidate} has {100 * split.weight:g} %"


def _not_runnable(program: str) -> str:
    if not Path(program).is_file():
        return f"{program} is not there"
    return "" if os.access(program, os.X_OK) else f"{program} may not be run by this user; wanted mode 0755"

"""The nginx router: one service's orders of traffic, carried out by file, flag and reload.

What lives here: the composition, and the order of an order. What must not: how files, commands and probes work.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from watchdog.core.model import BrakeKind, Check, Colour, Split
from watchdog.traffic.base import Applied, Drained, EdgeLog, InForce, Proof, RouterError
from watchdog.traffic.nginx import render, workers
from watchdog.traffic.nginx.ahead import Ahead
from watchdog.traffic.nginx.brake import Brake
from watchdog.traffic.nginx.cuts import RouteCuts
from watchdog.traffic.nginx.draining import Draining
from watchdog.traffic.nginx.drill import Drill
from watchdog.traffic.nginx.observe import Observer, in_force
from watchdog.traffic.nginx.prepare import Checklist
from watchdog.traffic.nginx.recheck import recheck
from watchdog.traffic.nginx.scratch import Scratch
from watchdog.traffic.nginx.switch import Commands, Switch, Switched
from watchdog.traffic.probes import Entry, Probes, Sent
from watchdog.traffic.proof import Prover
from watchdog.traffic.waiting import aside

PROBE_SECONDS = 2.0
"""How long one probe may take."""
_READY_SECONDS = 2.0
_CALLED_OFF = Switched(loaded=False, kept=False, detail="called off by a rollback that was ordered after it")


class NginxRouter:
    """Implements `watchdog.traffic.base.Router`.

    `turn` is shared by the routers of one nginx, so that one tests and reloads at a time; the brake never waits for it.
    """

    def __init__(
        self,
        *,
        service: str,
        servers: Mapping[Colour, tuple[str, ...]],
        directory: Path,
        state: Path,
        main: Path,
        test: Sequence[str],
        reload: Sequence[str],
        dump: Sequence[str],
        entry: Entry,
        token: str,
        edge: EdgeLog,
        wall: Callable[[], float],
        drain: float = 60.0,
        proof_deadline: float = 10.0,
        settle: float = 2.0,
        command_deadline: float = 10.0,
        pool: tuple[str, ...] = (),
        shield: bool | None = None,
        sessions_in_memory: bool = False,
        pid: Path | None = None,
        turn: asyncio.Lock | None = None,
    ) -> None:
        self._setup = render.ServiceNginx(
            service=service,
            servers=servers,
            token=token,
            pool=pool,
            shield=shield,
            sessions_in_memory=sessions_in_memory,
        )
        self._turn = turn or asyncio.Lock()
        self._off = asyncio.Event()  # set to call off the order that is being carried out
        self._orders = 0
        self._rollback = 0  # the number of the last order with a brake: what was ordered before it is void
        self._brake = Brake(service, state / "brake", wall)
        pid = pid or workers.pid_file(main)
        self._observer = Observer(service, directory / f"{service}.http.conf", pid, wall)
        commands = Commands(test=tuple(test), reload=tuple(reload), dump=tuple(dump), deadline=command_deadline)
        self._switch = Switch(service, directory, pid, commands, self._observer)
        self._probes = Probes(entry, token, wall, PROBE_SECONDS)
        self._prover = Prover(
            service, edge, wall, lambda: self._probes.through(user=True), deadline=proof_deadline, settle=settle
        )
        self._cuts = RouteCuts(self._setup, directory, self._brake.folder, self._observer, wall)
        scratch = Scratch(service, self._brake.scratch, self._probes, edge, wall)
        self._draining = Draining(servers, pid, scratch)
        self._drill = Drill(scratch=scratch, probes=self._probes, prover=self._prover, rewrite=self._rewrite, wall=wall)
        ahead = Ahead(self._switch.live, dump, command_deadline)
        self._checklist = self._checks(directory, main, pid, drain=drain, ahead=ahead, scratch=scratch)

    def _checks(
        self, directory: Path, main: Path, pid: Path, *, drain: float, ahead: Ahead, scratch: Scratch
    ) -> Checklist:
        return Checklist(
            setup=self._setup,
            main=main,
            directory=directory,
            pid=pid,
            drain=drain,
            brake=self._brake,
            cuts=self._cuts,
            observer=self._observer,
            switch=self._switch,
            ahead=ahead,
            probes=self._probes,
            scratch=scratch,
            turn=self._turn,
        )

    async def prepare(self, splits: Sequence[Split]) -> tuple[Check, ...]:
        """See `Router.prepare`. Puts the deployment's roles in force at 0 %, which moves no user."""
        self._draining.forget()
        return await self._checklist.run(splits)

    async def recheck(self, stable: Colour) -> tuple[Check, ...]:
        """See `Router.recheck`."""
        return await recheck(self._checklist, stable)

    async def rehearse(self, splits: Sequence[Split], *, drill: bool) -> tuple[Check, ...]:
        """See `Router.rehearse`."""
        checks = await self._checklist.rehearse(splits)
        split = self._observer.seen().split
        if not drill:
            return checks
        if split is None or not all(check.ok for check in checks):
            return (*checks, Check(name="drill", ok=False, detail="not begun: what comes before it has to hold"))
        return (*checks, *await self._drill.run(split))

    async def _rewrite(self) -> Switched:
        """The drill's order: given up for every rollback of this service, also for one ordered while it waits."""
        self._orders += 1
        order = self._orders
        async with self._turn:
            off = self._off = asyncio.Event()
            return await self._switch.rehearse(off) if order >= self._rollback else _CALLED_OFF

    async def apply(self, split: Split, *, brake: bool, note: str) -> Applied:
        """See `Router.apply`. With `brake` an unfinished order of this service is called off first."""
        warnings: list[str] = []
        braked_at = None
        self._orders += 1
        order = self._orders
        if brake:
            self._rollback = order
            self._off.set()
            try:
                braked_at = await self._brake.pull(split.candidate, BrakeKind.ROLLBACK, note)
            except RouterError as error:
                warnings.append(str(error))
            self._draining.remember(split.candidate)
        async with self._turn:
            off = self._off = asyncio.Event()
            old = in_force(self._observer.seen(), self._brake).split
            done = await self._carry_out(split, off) if order >= self._rollback else _CALLED_OFF
            if done.loaded and brake:
                await self._lay_ready(split)
        if done.loaded:
            return Applied(
                ok=True, in_force=split, braked_at=braked_at, warnings=(*warnings, *done.warnings), detail=done.detail
            )
        if braked_at is not None:  # no new request reaches the candidate: the split is in force, by the brake alone
            behind = f"the brake alone keeps users from {split.candidate}: {done.detail}"
            return Applied(ok=True, in_force=split, braked_at=braked_at, warnings=(*warnings, behind))
        return Applied(ok=False, in_force=old, warnings=tuple(warnings), detail=done.detail)

    async def _carry_out(self, split: Split, off: asyncio.Event) -> Switched:
        try:
            text = render.service_http(self._setup, split)
        except render.RenderError as error:
            return Switched(loaded=False, kept=False, detail=str(error))
        return await self._switch.to(text, towards_stable=split.weight == 0.0, off=off)

    async def _lay_ready(self, split: Split) -> None:
        """What this rollback used up lies ready for the next one; without it that one has more to write."""
        with contextlib.suppress(OSError, ValueError, TimeoutError):
            await self._switch.stage_stable(render.service_http(self._setup, split))
            await aside(self._brake.make_ready, _READY_SECONDS)

    async def pull_brake(self, colour: Colour, kind: BrakeKind, note: str) -> float:
        """See `Router.pull_brake`."""
        return await self._brake.pull(colour, kind, note)

    async def release_brake(self, colour: Colour) -> float:
        """See `Router.release_brake`. A human's or a rollback's brake is not ours to release: RouterError."""
        return await self._brake.release(colour)

    async def cut_route(self, colour: Colour, route: str, *, cut: bool, note: str) -> float:
        """See `Router.cut_route`. A human's flag is not ours to remove: RouterError."""
        if cut:
            return await aside(lambda: self._cuts.cut(colour, route, note), _READY_SECONDS)
        return self._cuts.release(colour, route)

    async def drain(self, colour: Colour, within: float) -> Drained:
        """See `Router.drain`. nginx cannot end connections: what is left then is told."""
        return await self._draining.wait(colour, within)

    async def observe(self) -> InForce:
        """See `Router.observe`."""
        return in_force(self._observer.seen(), self._brake)

    async def prove(self, stable: Colour, since: float) -> Proof:
        """See `Router.prove`."""
        proof = await self._prover.prove(stable, since)
        return replace(proof, open=await self._draining.still_open(stable.other))

    async def send_probe(self, *, user: bool) -> Sent:
        """One probe through the balancer: to the candidate, or as a `user` drawn and braked like one."""
        return await self._probes.through(user=user)

    async def close(self) -> None:
        """Let go of connections."""
        await self._probes.close()

"""The HAProxy router: one service's orders of traffic as weights and states of servers.

What lives here: the composition, and the order of an order. What must not: how commands and answers read, judgements. A
colour without users is cut off as well (state `maint`): those who persist on one of its servers would keep coming. Only
what leads towards stable is ever put right without an order.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from watchdog.core.model import BrakeKind, Check, Colour, Split
from watchdog.traffic.base import Applied, Drained, InForce, Proof, RouterError
from watchdog.traffic.haproxy import judge
from watchdog.traffic.haproxy.checklist import Checklist, all_ok, timed
from watchdog.traffic.haproxy.proof import Prover, drained
from watchdog.traffic.haproxy.states import Known
from watchdog.traffic.haproxy.talk import Talk
from watchdog.traffic.memory import Memory, Remembered
from watchdog.traffic.probes import Entry, Probes

PROBE_SECONDS = 2.0
"""How long one probe may take."""


class HaproxyRouter:
    """Implements `watchdog.traffic.base.Router`."""

    def __init__(
        self,
        *,
        service: str,
        socket: str,
        backend: str,
        servers: Mapping[Colour, Sequence[str]],
        addresses: Mapping[Colour, tuple[str, ...]],
        state: Path,
        entry: Entry,
        token: str,
        wall: Callable[[], float],
        state_file: Path | None = None,
        timeout: float = 1.0,
        shutdown_sessions: bool = False,
        proof_deadline: float = 10.0,
        settle: float = 2.0,
    ) -> None:
        """`servers`: their names in HAProxy's configuration; `addresses`: where they listen; `state`: our folder."""
        self._wall = wall
        self._shutdown = shutdown_sessions
        self._talk = Talk(address=socket, timeout=timeout, backend=backend, servers=servers, state_file=state_file)
        self._memory = Memory(state / "haproxy" / f"{service}.json")
        self._probes = Probes(entry, token, wall, PROBE_SECONDS)
        self._prover = Prover(self._talk, self._probes, wall, deadline=proof_deadline, settle=settle)
        self._checks = Checklist(
            talk=self._talk, probes=self._probes, addresses=addresses, folder=self._memory.path.parent
        )
        self._turn = asyncio.Lock()  # every question within it ends by the socket's timeout, so a brake waits briefly
        self._rollbacks = 0

    async def prepare(self, splits: Sequence[Split]) -> tuple[Check, ...]:
        """See `Router.prepare`. The candidate is cut off and without a share afterwards, which moves no user."""
        rest = replace(splits[0], weight=0.0, promoted=False)
        checks = await self._checks.cheap(rest.stable)
        if all_ok(checks):
            known = await self._talk.look()
            checks += [self._checks.balancing(known), self._at_home(known, rest), self._checks.shares(known, splits)]
            checks += [await self._checks.answers(rest.candidate)]
        if all_ok(checks):
            checks += [await self._at_rest(rest)]
        if all_ok(checks):
            checks += [await self._checks.through(rest.stable), self._staged(rest)]
        return tuple(checks)

    async def recheck(self, stable: Colour) -> tuple[Check, ...]:
        """See `Router.recheck`."""
        return tuple(await self._checks.cheap(stable))

    async def rehearse(self, splits: Sequence[Split], *, drill: bool) -> tuple[Check, ...]:
        """See `Router.rehearse`. A brake is really pulled only where it is pulled already: elsewhere it moves users."""
        stable = splits[0].stable
        checks = await self._checks.cheap(stable)
        if not all_ok(checks):
            return tuple(checks)
        known = await self._talk.look()
        checks += [self._checks.balancing(known), self._checks.shares(known, splits)]
        if drill:
            checks += [await timed(lambda: self._rebrake(stable.other)), await timed(self._saved)]
            if known.cut(stable.other):
                checks += [await timed(lambda: self._checks.through(stable))]
        return tuple(checks)

    async def apply(self, split: Split, *, brake: bool, note: str) -> Applied:
        """See `Router.apply`. A brake that is pulled stays pulled; a step changes the weights behind it."""
        self._rollbacks += brake
        rollbacks = self._rollbacks
        async with self._turn:
            before = self._memory.last
            old = None if before is None else before.split
            if not brake and rollbacks != self._rollbacks:
                return Applied(ok=False, in_force=old, detail="called off by a rollback that was ordered after it")
            same = before is not None and before.split.candidate is split.candidate
            kept = before.brake if before is not None and same else None
            order = Remembered(split=split, brake=BrakeKind.ROLLBACK if brake else kept, note=note)
            if not brake:  # before it moves anybody: a crash must not make it a stranger's doing
                problem = await self._memory.keep(self._of(order, before))
                if problem:
                    return Applied(ok=False, in_force=old, detail=problem)
            try:
                known = await self._put(order, before)
            except RouterError as error:
                if not brake and before is not None:
                    await self._memory.keep(before)
                return Applied(ok=False, in_force=old, detail=str(error))
            return await self._applied(order, known, brake=brake)

    async def _applied(self, order: Remembered, known: Known, *, brake: bool) -> Applied:
        at, split = self._wall(), order.split
        if brake:
            self._prover.braked(split.candidate, known)
        problem = judge.not_in_force(order, known)
        return Applied(
            ok=not problem,
            in_force=judge.seen_split(split, known) if problem else split,
            braked_at=at if brake and known.cut(split.candidate) else None,
            warnings=await self._keep(order, known),
            detail=problem or judge.said(split, known),
        )

    async def pull_brake(self, colour: Colour, kind: BrakeKind, note: str) -> float:
        """See `Router.pull_brake`. A rollback's brake outlasts all others, a human's outlasts a divert's."""
        async with self._turn:
            before = self._memory.last
            hand = judge.by_hand(before, await self._talk.look(), colour)
            known = await self._talk.order(self._talk.cut(colour))
            at = self._wall()
            if not known.cut(colour):
                by_hand = "; ".join(
                    f"set server {self._talk.backend}/{each} state maint" for each in self._names(colour)
                )
                raise RouterError(f"HAProxy does not keep every server of {colour} from requests; by hand: {by_hand}")
            self._prover.braked(colour, known)
            held = before.brake if before is not None and before.split.candidate is colour else None
            held = BrakeKind.HAND if hand else held or kind
            if kind is BrakeKind.ROLLBACK:
                held = kind
            rest = Split(stable=colour.other, candidate=colour, weight=0.0, salt="")
            split = rest if before is None else before.split
            await self._keep(Remembered(split=split, brake=held, note=note), known)
            return at

    async def release_brake(self, colour: Colour) -> float:
        """See `Router.release_brake`. A human's or a rollback's brake is not ours to release: RouterError."""
        async with self._turn:
            before = self._memory.last
            ours = before if before is not None and before.split.candidate is colour else None
            hand = judge.by_hand(before, await self._talk.look(), colour)
            if hand or (ours is not None and ours.brake is BrakeKind.HAND):
                ready = "; ".join(self._talk.ready(colour))
                raise RouterError(f"{colour} was cut off by hand, so it is readied by hand: {ready}")
            if ours is None or ours.brake is None:
                return self._wall()
            if ours.brake is BrakeKind.ROLLBACK:
                raise RouterError(f"{colour} is cut off by a rollback: the next deployment's preparation takes it over")
            after = replace(ours, brake=None)
            known = await self._talk.order(() if judge.rests(after.split, colour) else self._talk.ready(colour))
            at = self._wall()
            await self._keep(after, known)
            return at

    async def cut_route(self, colour: Colour, route: str, *, cut: bool, note: str) -> float:  # noqa: ARG002 - the port's
        """See `Router.cut_route`: HAProxy's runtime socket knows no routes."""
        raise RouterError(f"the haproxy router cannot keep single routes from {colour}: wanted the brake for all of it")

    async def drain(self, colour: Colour, within: float) -> Drained:
        """See `Router.drain`."""
        return await drained(self._talk, colour, within, end_sessions=self._shutdown)

    async def observe(self) -> InForce:
        """See `Router.observe`. What a restart lost, and a rollback's cut, are put back where it is towards stable."""
        async with self._turn:
            try:
                known = await self._talk.look()
            except RouterError as error:
                return InForce(split=None, detail=str(error))
            last = self._memory.last
            lost = "" if last is None else judge.lost(last, known)
            if last is None or not lost:
                return judge.in_force(last, known)
            try:
                known = await self._put(last, last)
            except RouterError as error:
                return judge.in_force(last, known, f"{lost}, and it could not be put back: {error}")
            warnings = await self._keep(last, known)
            seen = judge.in_force(last, known, "; ".join((f"{lost}: it was put back", *warnings)))
            return replace(seen, put_back=lost)

    async def prove(self, stable: Colour, since: float) -> Proof:
        """See `Router.prove`."""
        return await self._prover.prove(stable, since)

    async def close(self) -> None:
        """Let go of connections."""
        self._talk.close()
        await self._probes.close()

    def _names(self, colour: Colour) -> Sequence[str]:
        return self._talk.servers[colour]

    async def _put(self, order: Remembered, before: Remembered | None) -> Known:
        """Carry an order out: who gets users is readied before who gets none is cut off. RouterError."""
        known = await self._talk.look()
        weights = judge.weights(order.split, known)
        commands: list[str] = []
        for colour in (order.split.stable, order.split.candidate):
            commands += self._talk.weights(weights.of, colour)
            if not judge.cut_off(order, colour) and not self._held_by_hand(order, before, known, colour):
                commands += self._talk.ready(colour)
        for colour in (order.split.candidate, order.split.stable):
            if judge.cut_off(order, colour):
                commands += self._talk.cut(colour)
        return await self._talk.order(commands)

    @staticmethod
    def _held_by_hand(order: Remembered, before: Remembered | None, known: Known, colour: Colour) -> bool:
        """A hand keeps users from the candidate, and a step does not undo that."""
        return colour is order.split.candidate and before is not None and judge.by_hand(before, known, colour)

    async def _keep(self, order: Remembered, known: Known) -> tuple[str, ...]:
        """Remember what was carried out, and have HAProxy's state saved; what of that did not work."""
        weights = {server.name: server.weight for colour in Colour for server in known.servers[colour]}
        problem = await self._memory.keep(replace(order, process=known.process, weights=weights))
        return tuple(said for said in (problem, await self._talk.save()) if said)

    @staticmethod
    def _of(order: Remembered, before: Remembered | None) -> Remembered:
        return order if before is None else replace(order, process=before.process)

    def _at_home(self, known: Known, rest: Split) -> Check:
        """Nothing is under way: stable has all users."""
        share = known.share(rest.candidate)
        detail = "no server takes users" if share is None else f"{rest.candidate} has {100 * share:.2f} % by weight"
        return Check(name="stable has all users", ok=share == 0.0, detail=detail)

    async def _at_rest(self, rest: Split) -> Check:
        """The brake is really pulled: the candidate has no users, so nobody notices."""
        order = Remembered(split=rest, note=rest.salt)
        async with self._turn:
            try:
                known = await self._put(order, None)
            except RouterError as error:
                return Check(name="brake works", ok=False, detail=str(error))
            warnings = await self._keep(order, known)
        problem = judge.not_in_force(order, known) or "; ".join(warnings)
        detail = f"{', '.join(self._names(rest.candidate))} in maintenance, read back from HAProxy"
        return Check(name="brake works", ok=not problem, detail=problem or detail)

    def _staged(self, rest: Split) -> Check:
        name = "rollback's note staged"
        try:
            self._memory.stage(Remembered(split=rest, brake=BrakeKind.ROLLBACK, note="rollback"))
        except OSError as error:
            return Check(name=name, ok=False, detail=str(error))
        return Check(name=name, ok=True, detail=f"beside {self._memory.path}")

    async def _rebrake(self, colour: Colour) -> Check:
        async with self._turn:
            if not (await self._talk.look()).cut(colour):
                detail = f"not pulled: {colour} has users, and it would move them"
                return Check(name="brake", ok=True, detail=detail)
            try:
                known = await self._talk.order(self._talk.cut(colour))
            except RouterError as error:
                return Check(name="brake", ok=False, detail=str(error))
        detail = f"{colour}, which has no users, was put into maintenance again and read back"
        return Check(name="brake", ok=known.cut(colour), detail=detail)

    async def _saved(self) -> Check:
        problem = await self._talk.save()
        kept = str(self._talk.state_file) if self._talk.state_file else "no state_file is configured"
        return Check(name="HAProxy's state is saved", ok=not problem, detail=problem or kept)

"""A router with another one for bad days: when the first cannot bring traffic back to stable, the second is told to.

What lives here: when the second is asked. What must not: how either of them works. Only what leads towards stable has a
second way; a step forward that the first cannot take is not taken.
"""

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Final

from watchdog.core.model import BrakeKind, Check, Colour, Split
from watchdog.traffic.base import Applied, Drained, InForce, OpenRouter, Proof, RouterError

_FIRST_SECONDS: Final = 20.0
"""So long the first may take over a rollback; an order of traffic has 45 s in all."""


class FallbackRouter:
    """Implements `watchdog.traffic.base.Router` by two others."""

    def __init__(self, first: OpenRouter, second: OpenRouter, *, first_within: float = _FIRST_SECONDS) -> None:
        self.first = first
        self.second = second
        self._first_within = first_within
        self._took_over = False

    async def prepare(self, splits: Sequence[Split]) -> tuple[Check, ...]:
        """See `Router.prepare`: the first's, and the second's cheap checks."""
        checks = (*await self.first.prepare(splits), *_named(await self.second.recheck(splits[0].stable)))
        if all(check.ok for check in checks):
            self._took_over = False
        return checks

    async def recheck(self, stable: Colour) -> tuple[Check, ...]:
        """See `Router.recheck`."""
        return (*await self.first.recheck(stable), *_named(await self.second.recheck(stable)))

    async def rehearse(self, splits: Sequence[Split], *, drill: bool) -> tuple[Check, ...]:
        """See `Router.rehearse`."""
        first = await self.first.rehearse(splits, drill=drill)
        return (*first, *_named(await self.second.rehearse(splits, drill=False)))

    async def apply(self, split: Split, *, brake: bool, note: str) -> Applied:
        """See `Router.apply`. A rollback that the first cannot do is done by the second, and it is said so."""
        if not brake:
            return await self.first.apply(split, brake=False, note=note)
        try:
            async with asyncio.timeout(self._first_within):
                applied = await self.first.apply(split, brake=True, note=note)
            why = applied.detail or "it says no more"
        except TimeoutError:
            applied, why = None, f"no end within {self._first_within:g} s"
        except Exception as error:  # noqa: BLE001 - whatever it was, users wait
            applied, why = None, str(error) or type(error).__name__
        if applied is not None and applied.ok:
            self._took_over = False
            return applied
        warning = f"the router could not roll back ({why}); the fallback was told to"
        return await self._by_second(split, note, (*(() if applied is None else applied.warnings), warning), why)

    async def _by_second(self, split: Split, note: str, warnings: tuple[str, ...], why: str) -> Applied:
        try:
            second = await self.second.apply(split, brake=True, note=note)
        except RouterError as error:
            detail = f"{why}; the fallback: {error}"
            return Applied(ok=False, in_force=None, warnings=warnings, detail=detail)
        self._took_over = second.ok
        return Applied(
            ok=second.ok,
            in_force=second.in_force,
            braked_at=second.braked_at,
            warnings=(*warnings, *second.warnings),
            detail=second.detail if second.ok else f"{why}; the fallback: {second.detail}",
        )

    async def pull_brake(self, colour: Colour, kind: BrakeKind, note: str) -> float:
        """See `Router.pull_brake`. The first's alone: a divert that cannot be is none."""
        return await self.first.pull_brake(colour, kind, note)

    async def release_brake(self, colour: Colour) -> float:
        """See `Router.release_brake`."""
        return await self.first.release_brake(colour)

    async def cut_route(self, colour: Colour, route: str, *, cut: bool, note: str) -> float:
        """See `Router.cut_route`."""
        return await self.first.cut_route(colour, route, cut=cut, note=note)

    async def drain(self, colour: Colour, within: float) -> Drained:
        """See `Router.drain`."""
        return await (self.second if self._took_over else self.first).drain(colour, within)

    async def observe(self) -> InForce:
        """See `Router.observe`. After the fallback's rollback, or when the first says nothing, the second is asked."""
        seen = await self.first.observe()
        other = await self.second.observe() if self._took_over or seen.split is None else None
        if other is None or other.split is None or other.braked is not BrakeKind.ROLLBACK:
            return seen
        detail = f"the fallback rolled back; the router itself says: {seen.detail or 'otherwise'}"
        return dataclasses.replace(other, detail=detail, put_back=seen.put_back or other.put_back)

    async def prove(self, stable: Colour, since: float) -> Proof:
        """See `Router.prove`: by the one that switched."""
        return await (self.second if self._took_over else self.first).prove(stable, since)

    async def close(self) -> None:
        """Let go of both."""
        await self.first.close()
        await self.second.close()


def _named(checks: Sequence[Check]) -> tuple[Check, ...]:
    return tuple(
        Check(name=f"fallback: {check.name}", ok=check.ok, detail=check.detail, took=check.took) for check in checks
    )

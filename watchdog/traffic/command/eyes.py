"""What can be known of the commands' work: by `observe`, by `prove`, or by nothing but their exit status.

What lives here: asking, and saying how far the answer can be believed. What must not: moving traffic.
"""

import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from watchdog.core.model import BrakeKind, Split
from watchdog.traffic.base import InForce, Proof, RouterError
from watchdog.traffic.command import scripts
from watchdog.traffic.command.scripts import Script
from watchdog.traffic.memory import Remembered

_SAME_SHARE: Final = 0.006
"""A command may round to whole percents."""


class Eyes:
    """One service's `observe` and `prove` commands, as far as there are any."""

    def __init__(self, service: str, observe: Script | None, prove: Script | None) -> None:
        self._service = service
        self._observe = observe
        self._prove = prove

    @property
    def believed(self) -> str:
        """Why an order that was carried out is only believed to be in force; empty when it is seen."""
        return "" if self._observe is not None else "believed: there is no `observe` command"

    async def in_force(self, last: Remembered) -> InForce:
        """What `observe` says; without one, what was ordered last."""
        if self._observe is None:
            return _seen(last, last.split.weight, "nobody looks: there is no `observe` command")
        try:
            return _seen(last, await self._share(self._observe, last.split), "")
        except (RouterError, ValueError, TimeoutError) as error:
            return InForce(split=None, detail=f"observe: {_words(error)}")

    async def differs(self, split: Split) -> str:
        """What `observe` says otherwise; empty when it agrees, or there is none."""
        if self._observe is None:
            return ""
        try:
            share = await self._share(self._observe, split)
        except (RouterError, ValueError, TimeoutError) as error:
            return f"observe: {_words(error)}"
        if abs(share - split.weight) <= _SAME_SHARE:
            return ""
        return f"observe says that {split.candidate} has {100 * share:g} %, not {100 * split.weight:g} %"

    async def prove(self, split: Split, answers: Callable[[], Awaitable[Sequence[str]]]) -> Proof:
        """By the `prove` command, else by `observe` and a stable that answers. No request is counted here."""
        if self._prove is not None:
            values = scripts.values(self._service, split, split.stable, 0.0)
            try:
                said = (await self._prove.run(values, threading.Event())).partition("\n")[0]
            except (RouterError, TimeoutError) as error:
                return _proof(ok=False, detail=f"prove: {_words(error)}")
            words = f": {said}" if said else ""
            return _proof(ok=True, detail=f"by the `prove` command{words}; no request was counted")
        problem = await self.differs(split)
        problems = [each for each in (problem, *await answers()) if each]
        if problems:
            return _proof(ok=False, detail="; ".join(problems))
        seen = "the rollback command exited with 0" if self._observe is None else "`observe` says so"
        detail = f"not by traffic: {seen}, and {split.stable} answers; no request was counted"
        return _proof(ok=True, detail=detail)

    async def _share(self, observe: Script, split: Split) -> float:
        values = scripts.values(self._service, split, split.candidate, split.weight)
        return scripts.share(await observe.run(values, threading.Event()), split.candidate)


def _seen(last: Remembered, share: float, detail: str) -> InForce:
    """A brake shows in no share but zero; what is told of it is what was ordered."""
    split, brake = last.split, last.brake
    agrees = abs(share - split.weight) <= _SAME_SHARE
    cut = brake is not None and (share == 0.0 or (agrees and brake is BrakeKind.DIVERT))
    if not agrees and not cut:
        split = replace(split, weight=share, promoted=False)
    return InForce(
        split=split, braked=brake if cut else None, braked_colour=split.candidate if cut else None, detail=detail
    )


def _words(error: Exception) -> str:
    return str(error) or "no end in time"


def _proof(*, ok: bool, detail: str) -> Proof:
    return Proof(ok=ok, to_stable=0, to_candidate=0, stragglers=0, probes=0, detail=detail)

"""Runs a command of the operator's for each colour, or one for both: does it pass, or which number does it say?

What lives here: what a run is worth as a reading. What must not: the process itself (`watchdog.outside`), rules. This
is a probing source: a command that fails, hangs or is killed is the value 0 with its class; Missing only if it could
not run. A command that is to say a number and says none is Missing.
"""

import asyncio
import math
import re
import signal
import stat
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from watchdog.core.deltas import Counters, Raw, advance
from watchdog.core.model import Colour, Missing, Reading, Seconds, Value
from watchdog.outside.blocking import BlockingCalls, BusyError
from watchdog.outside.command_run import GRACE_S, LARGEST_OUTPUT_BYTES, Command, Ran, Runner
from watchdog.sources.base import Finding, Now

Returns: TypeAlias = Literal["status", "number", "counter"]

SIGNALS: Mapping[Returns, str] = {"status": "ok", "number": "value", "counter": "count"}
"""The one signal of a source, by what its command returns."""

DETAIL_CHARACTERS = 160
SLACK_S: Seconds = 1.0
"""Beyond the time that a run may take: for the thread's way back."""

ENDS_WITHIN_S: Seconds = 0.8
"""A run that is called off is killed before that (`STOP_GRACE_S`)."""

_LOOK_EVERY_S = 0.02
_NUMBER = re.compile(rb"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(rb"[-+]?(?:nan|inf|infinity)", re.IGNORECASE)
_COULD_NOT_RUN = (126, 127)
"""What a shell or `env` exits with when it may not run, or does not find, what it was to run."""
_HIDE_FROM_CHARACTERS = 4  # a shorter secret would blank out half the text


@dataclass(frozen=True, slots=True)
class _Judged:
    """What a run is worth."""

    value: Value
    detail: str = ""


@dataclass(slots=True)
class _Seat:
    """One command, its thread, and what a counter said before."""

    runner: Runner
    calls: BlockingCalls[Ran]
    counters: Counters = field(default_factory=Counters)
    off: threading.Event = field(default_factory=threading.Event)
    """Ends the run that is under way."""


class CommandSource:
    """One command per colour, run side by side; under None the one of a source that does not tell them apart."""

    def __init__(
        self,
        *,
        name: str,
        interval: Seconds,
        returns: Returns,
        commands: Mapping[Colour | None, Command],
        now: Now,
        secrets: Sequence[str] = (),
    ) -> None:
        """`secrets`: texts that are never repeated from what a command says."""
        self.name = name
        self.interval = interval
        self.deadline: Seconds = max(each.timeout for each in commands.values()) + 2 * GRACE_S + SLACK_S
        self._now = now
        self._returns = returns
        self._signal = SIGNALS[returns]
        self._secrets = tuple(each for each in secrets if len(each) >= _HIDE_FROM_CHARACTERS)
        self._seats = {
            colour: _Seat(Runner(command), BlockingCalls(f"{name} {colour or 'both'}"))
            for colour, command in commands.items()
        }

    async def poll(self) -> tuple[Reading, ...]:
        """The one signal of every colour."""
        return tuple(await asyncio.gather(*(self._read(colour) for colour in self._seats)))

    def missing(self) -> tuple[Reading, ...]:
        """What is said when a poll did not end though each run has a deadline: the prober could not run."""
        detail = "the command's runner did not come back"
        return tuple(
            Reading(signal=self._signal, colour=colour, value=Missing.TIMEOUT, detail=detail) for colour in self._seats
        )

    async def close(self) -> None:
        """End what is running, and let the threads go. Waits a moment for what is being ended."""
        for seat in self._seats.values():
            seat.off.set()
            seat.calls.close()
        for _ in range(round(ENDS_WITHIN_S / _LOOK_EVERY_S)):
            if not any(seat.calls.busy for seat in self._seats.values()):
                break
            await asyncio.sleep(_LOOK_EVERY_S)

    async def examine(self) -> tuple[Finding, ...]:
        """Run each command once."""
        return tuple([found for colour in self._seats for found in await self._examine(colour)])

    async def _read(self, colour: Colour | None) -> Reading:
        seat = self._seats[colour]
        at = self._now()
        judged = await self._ran(seat)
        value, detail, over = judged.value, judged.detail, None
        if self._returns == "counter" and isinstance(value, float):
            since = seat.counters.at
            seat.counters, value = advance(seat.counters, at, [Raw(series="", value=value)])
            over = None if isinstance(value, Missing) or since is None else (since, at)
            detail = "the first run: nothing to compare with yet" if value is Missing.EMPTY else detail
        return Reading(signal=self._signal, colour=colour, value=value, detail=detail, over=over)

    async def _ran(self, seat: _Seat) -> _Judged:
        off = threading.Event()
        try:
            if not seat.calls.busy:
                seat.off = off
            ran = await seat.calls.call(lambda: seat.runner.run(off), self.deadline - SLACK_S / 2)
        except BusyError:
            return _Judged(Missing.ERROR, "the last run has not come back: it hangs in the kernel")
        except TimeoutError:
            return _Judged(Missing.TIMEOUT, "the run did not come back: its start hangs in the kernel")
        except asyncio.CancelledError:
            off.set()
            raise
        timeout = seat.runner.command.timeout
        judged = _status(ran, timeout) if self._returns == "status" else _number(ran, timeout)
        return _Judged(judged.value, self._without_secrets(judged.detail))

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    async def _examine(self, colour: Colour | None) -> list[Finding]:
        seat = self._seats[colour]
        command = seat.runner.command
        what = f"{command.argv[0]}{f' for {colour}' if colour else ''}"
        began = self._now()
        judged = await self._ran(seat)
        took = self._now() - began
        if isinstance(judged.value, Missing):
            found = Finding(ok=False, what=f"{what} gives no reading ({judged.value}): {judged.detail}")
        elif self._returns == "status" and not judged.value:
            found = Finding(ok=None, what=f"{what} fails: {judged.detail}")
        else:
            said = "passes" if self._returns == "status" else f"says {judged.value:g}"
            found = Finding(ok=True, what=f"{what} {said} after {took:.2f} s")
        slow = Finding(
            ok=None,
            what=f"{what} took {took:.1f} s of its {command.timeout:g} s",
            remedy="a busier moment would be a failure; wanted a longer timeout",
        )
        return [found, *([slow] if found.ok and took > command.timeout / 2 else []), *_writable(command.argv[0])]


def _writable(program: str) -> list[Finding]:
    """A file that others may change is run with the daemon's rights."""
    try:
        mode = Path(program).stat().st_mode
    except OSError:
        return []
    if not mode & (stat.S_IWGRP | stat.S_IWOTH):
        return []
    what = f"{program} can be changed by others (mode {stat.S_IMODE(mode):04o}), and runs with the daemon's rights"
    return [Finding(ok=False, what=what, remedy=f"chmod go-w {program}")]


def _status(ran: Ran, timeout: Seconds) -> _Judged:
    """A run as a probe's result."""
    match ran.end:
        case "exited" if ran.status == 0:
            return _Judged(1.0)
        case "exited" if ran.status in _COULD_NOT_RUN:
            return _Judged(Missing.ERROR, f"{_failure(ran, timeout)}; the command itself could not run something")
        case "not_run" | "called_off" | "stood_still":
            return _Judged(Missing.ERROR, _failure(ran, timeout))
        case _:
            return _Judged(0.0, _failure(ran, timeout))


def _number(ran: Ran, timeout: Seconds) -> _Judged:
    """A run as a number."""
    if ran.end == "timeout":
        return _Judged(Missing.TIMEOUT, _failure(ran, timeout))
    if ran.end != "exited" or ran.status != 0:
        return _Judged(Missing.ERROR, _failure(ran, timeout))
    said = ran.output.strip()
    if not said:
        return _Judged(Missing.EMPTY, "it said nothing, wanted one number")
    if _NO_NUMBER.fullmatch(said):
        return _Judged(Missing.NAN, f"it said {said.decode()}")
    if not _NUMBER.fullmatch(said):
        return _Judged(Missing.ERROR, f'it said "{first_line(said)}", wanted one number and nothing else')
    value = float(said)
    return _Judged(value) if math.isfinite(value) else _Judged(Missing.NAN, f"it said {first_line(said)}")


def _failure(ran: Ran, timeout: Seconds) -> str:
    """The class of a failure and the command's own first words about it."""
    what = {
        "exited": f"exit {ran.status}",
        "killed": f"killed: {_signal_name(ran.status or 0)}",
        "timeout": f"timeout: no end within {timeout:g} s",
        "too_much": f"too_large: it said more than {LARGEST_OUTPUT_BYTES} bytes",
        "called_off": "called off: the daemon stops watching",
        "stood_still": "the daemon stood still while it ran",
        "not_run": ran.words,
    }[ran.end]
    if ran.end in ("too_much", "called_off", "stood_still", "not_run"):
        return what
    said = first_line(ran.errors)
    return f"{what}: {said}" if said else what


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def first_line(said: bytes) -> str:
    """The first line with something on it, as one short line that is safe on a terminal."""
    text = said.decode(errors="replace")
    line = next((each for each in text.splitlines() if each.strip()), "")
    shown = "".join(each if each.isprintable() else " " for each in line).strip()
    return shown if len(shown) <= DETAIL_CHARACTERS else f"{shown[: DETAIL_CHARACTERS - 3]}..."

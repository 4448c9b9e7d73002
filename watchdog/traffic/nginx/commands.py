"""Commands of the operator (test, reload, dump) with a deadline, bounded output and a way to call them off.

What lives here: starting, ending and reading one process group. What must not: what the commands mean.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

OUTPUT_BYTES: Final = 256 * 1024
DUMP_BYTES: Final = 32 * 1024 * 1024
_CHUNK = 64 * 1024
_DIES_WITHIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended."""

    argv: tuple[str, ...]
    status: int | None
    """Exit status, negative for a signal; None when it was killed at its deadline, called off or never started."""
    output: str
    problem: str = ""
    """Why there is no status."""

    @property
    def ok(self) -> bool:
        """Whether it ended by itself, with status 0."""
        return self.status == 0

    @property
    def line(self) -> str:
        """The line of its output that says what was wrong: nginx's own error, else the last one."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        for mark in ("[emerg]", "[alert]", "[crit]", "[error]"):
            for line in lines:
                if mark in line:
                    return line
        return lines[-1] if lines else "no output"

    def __str__(self) -> str:
        """One sentence for a check or a message."""
        what = " ".join(self.argv)
        if self.ok:
            return f"{what}: ok"
        return f"{what}: {self.problem or f'exit status {self.status}'}: {self.line}"


class _Output:
    """The first bytes that a command writes; the rest is read and dropped, so that it never blocks on a full pipe."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._data = bytearray()
        self._loop = asyncio.get_running_loop()
        self._read, self.write = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._read, False)
        self._loop.add_reader(self._read, self._take)

    def _take(self) -> bool:
        """Read once; whether there may be more."""
        try:
            chunk = os.read(self._read, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            self._loop.remove_reader(self._read)
            return False
        self._data += chunk[: max(0, self._limit - len(self._data))]
        return True

    def started(self) -> None:
        """The child has its copy of the writing end."""
        os.close(self.write)
        self.write = -1

    def close(self) -> str:
        """Read what is there, wait for nothing, and let go."""
        if self.write >= 0:
            self.started()
        for _ in range(self._limit // _CHUNK + 2):
            if not self._take():
                break
        self._loop.remove_reader(self._read)
        os.close(self._read)
        return self._data.decode(errors="replace")


async def run(
    argv: Sequence[str], deadline: float, *, limit: int = OUTPUT_BYTES, off: asyncio.Event | None = None
) -> Ran:
    """Run a command for at most `deadline` seconds; when `off` is set it is killed at once. Never raises for it."""
    try:
        output = _Output(limit)
    except OSError as error:  # no descriptor is left
        return Ran(argv=tuple(argv), status=None, output="", problem=f"cannot be started ({error.strerror})")
    process: asyncio.subprocess.Process | None = None
    problem = ""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output.write,
            stderr=output.write,
            start_new_session=True,
        )
        output.started()
        problem = await _ended(process, deadline, off)
    except OSError as error:
        problem = f"cannot be started ({error.strerror})"
    finally:
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            # Bounded: a process that hangs in the kernel does not even die.
            await asyncio.wait({asyncio.ensure_future(process.wait())}, timeout=_DIES_WITHIN_SECONDS)
        text = output.close()
    status = process.returncode if process is not None and not problem else None
    return Ran(argv=tuple(argv), status=status, output=text, problem=problem)


async def _ended(process: asyncio.subprocess.Process, deadline: float, off: asyncio.Event | None) -> str:
    """Wait for the end; why it did not come."""
    end = asyncio.ensure_future(process.wait())
    called_off = asyncio.ensure_future((off or asyncio.Event()).wait())
    try:
        await asyncio.wait({end, called_off}, timeout=deadline, return_when=asyncio.FIRST_COMPLETED)
        if end.done():
            return ""
        return "called off" if called_off.done() else f"did not end within {deadline:g} s and was killed"
    finally:
        for each in (end, called_off):
            each.cancel()

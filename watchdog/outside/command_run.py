"""One run of a command: started, bounded in time and output, and ended with everything that it started.

What lives here: the process. What must not: what its answer is worth, when it is due. Everything here
blocks and belongs into a thread of its own (`blocking`). There is no shell; the command sees only the environment that
it is given, reads nothing, and stands in `/`.

The end is seen by the process itself, never by its output: what it has started may keep that open for ever. Whatever is
left of its process group when it ends is killed; only what made a session of its own gets away.
"""

import contextlib
import errno
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal, TypeAlias

from watchdog.core.model import Seconds

LARGEST_OUTPUT_BYTES = 64 * 1024
"""Of both outputs together. An answer is a number or a line; more is a mistake, and nobody must keep it."""

GRACE_S: Seconds = 1.0
"""From SIGTERM to SIGKILL, and from there until the process counts as stuck in the kernel."""

STOP_GRACE_S: Seconds = 0.4
"""The same when the run is called off: the daemon's own end does not wait for longer."""

_LOOK_EVERY_S = 0.1  # whether the run was called off
_CHUNK_BYTES = 16 * 1024
_LARGEST_PIPE_BYTES = 1024 * 1024  # /proc/sys/fs/pipe-max-size, as Linux has it unless root changed it

STOOD_STILL: Seconds = 1.0
"""A run that is looked at so long after its deadline was watched by a process that did not run."""

End: TypeAlias = Literal["exited", "killed", "timeout", "stood_still", "too_much", "called_off", "not_run"]
"""How a run ended: by itself, by a signal, by us (four reasons), or before it began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is run, and its bounds."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """All of it."""
    timeout: Seconds = 2.0
    largest_output: int = LARGEST_OUTPUT_BYTES
    keeps_the_end: bool = False
    """It may say more: of each output the end is kept. False: saying more ends the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a run ended."""

    end: End
    status: int | None = None
    """Of `exited`: the exit status. Of `killed`: the signal's number."""
    output: bytes = b""
    errors: bytes = b""
    words: str = ""
    """Of `not_run`: why, and what would be right."""


def base_environment() -> dict[str, str]:
    """What every command gets of ours: where programs are, and how to speak. No credentials, no sockets."""
    kept = {name: os.environ[name] for name in ("LANG", "TZ") if name in os.environ}
    return {"PATH": os.environ.get("PATH", os.defpath), **kept}


class Runner:
    """Runs one command again and again, never twice at once."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self._stuck: subprocess.Popen[bytes] | None = None

    def run(self, off: threading.Event) -> Ran:
        """Run it to its end, or until another thread sets `off`.

        Blocks for `timeout` and twice `GRACE_S` at most, unless the start itself hangs.
        """
        if self._stuck is not None and self._stuck.poll() is None:
            return Ran(end="not_run", words=f"the last run (process {self._stuck.pid}) hangs in the kernel")
        self._stuck = None
        if off.is_set():
            return Ran(end="called_off")
        try:
            process = subprocess.Popen(
                self.command.argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd="/",
                env=dict(self.command.environment),
                start_new_session=True,  # a process group of its own, so that it can be killed as a whole
            )
        except (OSError, ValueError) as error:
            return Ran(end="not_run", words=_why_not(error, self.command.argv[0]))
        streams = _Streams(process, self.command.largest_output, keeps_the_end=self.command.keeps_the_end)
        try:
            return self._watch(process, streams, off)
        finally:
            streams.close()

    def _watch(self, process: "subprocess.Popen[bytes]", streams: "_Streams", off: threading.Event) -> Ran:
        try:
            gone = os.pidfd_open(process.pid)
        except OSError as error:  # out of descriptors: what cannot be watched must not run
            _signal(process, signal.SIGKILL)
            process.wait()
            return Ran(end="not_run", words=f"{self.command.argv[0]} could not be watched: {error.strerror}")
        try:
            end = self._wait(gone, streams, off)
            if end != "exited":
                _signal(process, signal.SIGTERM)
                _readable(gone, STOP_GRACE_S if end == "called_off" else GRACE_S)
            _signal(process, signal.SIGKILL)  # before it is reaped: its number is still its own
            if not _readable(gone, GRACE_S):
                self._stuck = process
                return Ran(end=end)
        finally:
            os.close(gone)
        status = process.wait()
        if end == "exited" and status < 0:
            end, status = "killed", -status
        return Ran(end=end, status=status, output=streams.output, errors=streams.errors)

    def _wait(self, gone: int, streams: "_Streams", off: threading.Event) -> End:
        """Until the process is gone, or must go."""
        deadline = time.monotonic() + self.command.timeout
        streams.selector.register(gone, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if off.is_set():
                return "called_off"
            ready = [key.fd for key, _ in streams.selector.select(min(left, _LOOK_EVERY_S))]
            streams.take(ready)
            if gone in ready:
                streams.take_rest()
            if streams.too_much:
                return "too_much"
            if gone in ready:
                return "exited"
        if _readable(gone, 0.0):  # it ended while nobody looked
            streams.take_rest()
            return "too_much" if streams.too_much else "exited"
        return "stood_still" if time.monotonic() - deadline > STOOD_STILL else "timeout"


class _Streams:
    """Both outputs of a process, read without waiting and up to a bound."""

    def __init__(self, process: "subprocess.Popen[bytes]", largest: int, *, keeps_the_end: bool) -> None:
        assert process.stdout is not None  # both are pipes
        assert process.stderr is not None
        self.selector = selectors.PollSelector()  # needs no descriptor, so there is always one
        self._pipes: tuple[IO[bytes], IO[bytes]] = (process.stdout, process.stderr)
        self._left = self._largest = largest
        self._keeps_the_end = keeps_the_end
        self._data = {pipe.fileno(): bytearray() for pipe in self._pipes}
        for fd in self._data:
            os.set_blocking(fd, False)
            self.selector.register(fd, selectors.EVENT_READ)

    @property
    def too_much(self) -> bool:
        """More was said than anybody wants to read."""
        return self._left < 0 and not self._keeps_the_end

    @property
    def output(self) -> bytes:
        """What was said."""
        return bytes(self._data[self._pipes[0].fileno()])

    @property
    def errors(self) -> bytes:
        """What was said of what went wrong."""
        return bytes(self._data[self._pipes[1].fileno()])

    def take(self, ready: list[int]) -> None:
        """One piece of each output that has something."""
        for fd in ready:
            if fd in self._data and self._read(fd) == 0:
                self.selector.unregister(fd)

    def take_rest(self) -> None:
        """What the process has left behind. Who else holds the pipe is not waited for."""
        for fd in self._data:
            for _ in range(_LARGEST_PIPE_BYTES // _CHUNK_BYTES):  # whoever else writes to it may never end
                if self.too_much or not self._read(fd):
                    break

    def close(self) -> None:
        """Let go of both pipes."""
        self.selector.close()
        for pipe in self._pipes:
            pipe.close()

    def _read(self, fd: int) -> int | None:
        """How much was there: 0 at the end, None when there is nothing now."""
        try:
            piece = os.read(fd, _CHUNK_BYTES)
        except BlockingIOError:
            return None
        self._left -= len(piece)
        if not self.too_much:
            self._data[fd].extend(piece)
        if self._keeps_the_end:
            del self._data[fd][: -self._largest]
        return len(piece)


def _readable(fd: int, within: Seconds) -> bool:
    with selectors.PollSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        return bool(selector.select(within))


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """To the whole group. Gone, or no longer ours (it has become another user), is as good as done."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _why_not(error: OSError | ValueError, program: str) -> str:
    """Why a command could not be started, and what would be right."""
    if isinstance(error, ValueError):
        return "the environment holds a zero byte, which no command can be given"
    match error.errno:
        case errno.ENOENT if Path(program).exists():
            return f"{program}: the interpreter that its first line names is not there"
        case errno.ENOENT | errno.ENOTDIR:
            return f"{program} is not there"
        case errno.EACCES | errno.EPERM:
            return f"{program} may not be run by this user; wanted a file with mode 0755, not on a noexec file system"
        case errno.ENOEXEC:
            return f"{program} is no program; a script begins with #! and its interpreter"
        case _:
            return f"{program} could not be started: {error.strerror or error}"

"""A daemon that says what a test wants, and both programs run against it: in this process, or at a pseudo-terminal."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import pytest

from tests.control.harness import FakeApi, running
from tests.text import views
from watchdog.control.app import Answer, RefusedError
from watchdog.control.peer import Peer

WAIT_S = 20.0

OPERATOR = "watchdog.cli.main"
DRIVER = "watchdog.cli.deploy"


class CliApi(FakeApi):
    """Shows one view, keeps the commands, and refuses them when told to."""

    def __init__(self, view: views.Data | None = None) -> None:
        super().__init__()
        self.shown = view or views.view()
        self.refuses: tuple[str, str] | None = None
        """Reason and detail."""
        self.story: views.Data = {}
        self.history: list[Answer] = []

    @property
    def commands(self) -> list[tuple[str, Answer]]:
        """What was ordered, in order."""
        return [(each[0], each[1]) for each in self.asked if each[0] not in ("events", "records")]

    def plays(self, *shown: views.Data, first: int = 1) -> None:
        """The stream: one view after the other."""
        self.script = [{"seq": seq, "type": "view", "view": view} for seq, view in enumerate(shown, start=first)]

    async def view(self) -> Answer:
        return self.shown

    async def explain(self, service: str) -> Answer:
        return self.story | {"service": service}

    async def records(
        self, *, since: int | None, service: str | None, types: tuple[str, ...] | None, limit: int
    ) -> list[Answer]:
        return self.history

    async def command(self, kind: str, body: Answer, peer: Peer) -> Answer:
        self.asked.append((kind, body))
        if self.refuses is not None:
            reason, detail = self.refuses
            raise RefusedError(detail or reason, reason=reason)
        answer: Answer = {"accepted": True, "deployment": "osun-his-1"}
        return answer | {"rehearsal": "osun-his/7"} if kind == "rehearse" else answer


@contextlib.contextmanager
def daemon(api: CliApi, folder: Path) -> Iterator[Path]:
    """The API on a socket."""
    path = folder / "control.sock"
    with running(api, path):
        yield path


def call(main: Callable[[Sequence[str]], None], *arguments: str) -> int:
    """Run a program in this process; its exit status."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    code = ended.value.code
    return code if isinstance(code, int) else 0 if code is None else 1


# A run in the background (`&`, nohup) has Ctrl-C ignored, and its children inherit that; a terminal's program has not.
AT_A_TERMINAL = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"


class Terminal:
    """A program at a pseudo-terminal of 60 columns (or as many as wanted)."""

    def __init__(self, module: str, *arguments: str, columns: int = 60, **environment: str) -> None:
        self._master, slave = pty.openpty()
        self.text = ""
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"{AT_A_TERMINAL}; from {module} import main; main()", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm", "COLUMNS": str(columns), **environment},
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(WAIT_S)
        os.close(self._master)

    def wait_for(self, text: str) -> None:
        """Read until it is on the screen."""
        self._read(lambda: text in self.text)
        assert text in self.text

    def type(self, text: str) -> None:
        """As a person would."""
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def interrupt_until_it_ends(self) -> int:
        """Ctrl-C, again while nothing happens; the exit status. One that comes between a prompt and the reading of its
        answer is seen by Python only when something else arrives.
        """
        until = time.monotonic() + WAIT_S
        while self._process.poll() is None and time.monotonic() < until:
            self.interrupt()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.5)
        return self.end()

    def end(self) -> int:
        """Read to the end; the exit status."""
        self._read(lambda: False)
        return self._process.wait(WAIT_S)

    def _read(self, enough: Callable[[], bool]) -> None:
        until = time.monotonic() + WAIT_S
        while not enough() and time.monotonic() < until:
            if not select.select([self._master], [], [], 0.2)[0]:
                continue
            try:
                data = os.read(self._master, 65_536)
            except OSError:  # Linux says so when the last holder of the other side has gone
                return
            if not data:
                return
            self.text += data.decode().replace("\r\n", "\n")


def arguments_of(commands: list[tuple[str, Answer]]) -> list[tuple[str, dict[str, Any]]]:
    """Commands without the service that each path names."""
    return [(kind, {key: value for key, value in body.items() if key != "service"}) for kind, body in commands]

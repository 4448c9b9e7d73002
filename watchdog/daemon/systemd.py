"""What the daemon tells systemd, and the sockets that systemd hands to it.

What lives here: readiness, status, watchdog pings, inherited sockets. What must not: deciding when the daemon is ready
or alive; the loop says so. Without systemd everything here does nothing and answers the same.
"""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Final

from systemd.daemon import listen_fds_with_names, notify

PINGS_PER_PERIOD: Final = 3.0
"""Two pings may be lost or late before systemd restarts the daemon."""


class Manager:
    """The service manager. Made by `connect`; a manager that is not there, or not listening, is never an error."""

    def __init__(
        self, send: Callable[[str], object], *, watchdog: float | None = None, monotonic: Callable[[], float]
    ) -> None:
        self._send = send
        self._monotonic = monotonic
        self._pinged: float | None = None
        self.ping_every = None if watchdog is None else watchdog / PINGS_PER_PERIOD
        """Seconds between two calls of `ping` that systemd needs at most; None when it does not watch."""

    def ready(self, status: str) -> None:
        """The daemon works (again, after `reloading`)."""
        self._tell("READY=1", f"STATUS={_line(status)}")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._tell(f"STATUS={_line(text)}")

    def reloading(self) -> None:
        """The configuration is read again; ends with `ready`."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={int(self._monotonic() * 1e6)}")

    def stopping(self) -> None:
        """The daemon is on its way out."""
        self._tell("STOPPING=1")

    def ping(self) -> None:
        """The loop has made a turn. Call it once per turn and nowhere else: a loop that hangs must not look alive."""
        if self.ping_every is None:
            return
        now = self._monotonic()
        if self._pinged is None or now - self._pinged >= self.ping_every:
            self._pinged = now
            self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        with contextlib.suppress(OSError):  # systemd may be restarting itself; the next message finds it again
            self._send("\n".join(lines))


def connect(environment: Mapping[str, str] = os.environ, *, monotonic: Callable[[], float] = time.monotonic) -> Manager:
    """The manager that started this process, as its environment says; one that does nothing when there is none."""
    if not environment.get("NOTIFY_SOCKET"):
        return Manager(_nobody, monotonic=monotonic)
    return Manager(notify, watchdog=_watchdog(environment), monotonic=monotonic)


def inherited_sockets() -> dict[str, list[socket.socket]]:
    """The sockets of the socket units, by their FileDescriptorName; empty without socket activation.

    Call it once: the environment that announces them is taken away, so that no child process takes them for its own.
    """
    found: dict[str, list[socket.socket]] = {}
    for descriptor, name in sorted(listen_fds_with_names(unset_environment=True).items()):
        found.setdefault(name, []).append(socket.socket(fileno=descriptor))
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)  # systemd's library has unset them for C, which Python's copy does not notice
    return found


def _watchdog(environment: Mapping[str, str]) -> float | None:
    """The watchdog's period in seconds, if it is meant for this process."""
    period, process = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not period.isdecimal() or int(period) == 0 or process not in {"", str(os.getpid())}:
        return None
    return int(period) / 1e6


def _line(text: str) -> str:
    """A line break would begin another message to systemd."""
    return " ".join(text.split())


def _nobody(_message: str) -> None:
    return

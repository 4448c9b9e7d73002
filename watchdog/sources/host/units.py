"""What systemd says of a unit.

What lives here: asking `systemctl`, which any user may. What must not: processes.
"""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from watchdog.core.model import Seconds
from watchdog.sources.host.values import GoneError

WITHIN: Final[Seconds] = 1.5
"""systemd answers in milliseconds, or it has other troubles."""

_ASKED: Final = "LoadState,ActiveState,ControlGroup,NRestarts"
_PATH: Final = "/usr/bin:/bin:/usr/sbin:/sbin"


class SystemdError(Exception):
    """systemd did not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitState:
    """A unit now."""

    active: str
    """active, activating, failed and so on."""
    cgroup: str
    """Empty while it has no processes."""
    restarts: int
    """By systemd itself, since somebody started it."""


def state(unit: str, systemctl: Sequence[str] = ("systemctl",)) -> UnitState:
    """Ask. GoneError for a unit that is not there; SystemdError."""
    argv = [*systemctl, "show", f"--property={_ASKED}", "--", unit]
    try:
        done = subprocess.run(
            argv,
            capture_output=True,
            check=False,
            env={"PATH": _PATH, "LC_ALL": "C", "SYSTEMD_PAGER": "", "DBUS_SYSTEM_BUS_ADDRESS": _bus()},
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=WITHIN,
        )
    except subprocess.TimeoutExpired:
        raise SystemdError(f"systemctl gave no answer within {WITHIN:g} s") from None
    except OSError as error:
        raise SystemdError(f"{argv[0]}: {error.strerror}") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise SystemdError(lines[0] if lines else f"systemctl ended with {done.returncode}")
    said = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    if said.get("LoadState") != "loaded":
        raise GoneError(f"{unit} is {said.get('LoadState', 'not known')}")
    restarts = said.get("NRestarts", "")
    return UnitState(
        active=said.get("ActiveState", ""),
        cgroup=said.get("ControlGroup", ""),
        restarts=int(restarts) if restarts.isdigit() else 0,
    )


def _bus() -> str:
    return os.environ.get("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/run/dbus/system_bus_socket")

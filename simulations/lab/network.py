"""A network of one's own: loopback only, every port free, and the kernel setting that the access log needs.

What lives here: moving this process into a network namespace. What must not: servers. `net.unix.max_dgram_qlen` is kept
per namespace and read when a socket is made; at the kernel's 10 nginx drops lines, so the documentation asks for 512.
Changed here, the machine's own setting stays as it is.
"""

import ctypes
import os
import subprocess
from pathlib import Path

from simulations.lab.processes import LabError

QUEUE_SETTING = Path("/proc/sys/net/unix/max_dgram_qlen")
QUEUE_LINES = 512

_CLONE_NEWNET = 0x40000000


def queue_lines() -> int:
    """How many datagrams a Unix socket queues that is made now."""
    return int(QUEUE_SETTING.read_text())


def may_enter() -> bool:
    """Whether `enter_private_network` can work: it wants root."""
    return os.geteuid() == 0


def enter_private_network() -> None:
    """Move the calling thread, and all that it starts from now on, to a namespace with loopback and nothing else.

    There is no way back: servers outside cannot be reached any more. LabError without the right to.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        raise LabError(f"cannot make a network namespace: {os.strerror(ctypes.get_errno())}; run as root")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    QUEUE_SETTING.write_text(str(QUEUE_LINES))

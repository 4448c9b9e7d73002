"""A real HAProxy between nginx and the applications: one frontend and one backend for each colour of each service.

What lives here: its configuration, start and end. What must not: what anybody reads from it.
"""

import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from simulations.lab.processes import Child, accepts, free_ports, wait_until

HAPROXY = "haproxy"

_HEAD = """\
global
  stats socket {socket} mode 600 level user
defaults
  mode http
  timeout connect 1s
  timeout client 70s
  timeout server 60s
  option httpchk GET /health
"""
_EACH = """\
frontend {name}-users
  bind 127.0.0.1:{port}
  default_backend {name}
backend {name}
  server app {server} check inter 250ms rise 1 fall 2
"""


def available() -> bool:
    return shutil.which(HAPROXY) is not None


class Haproxy:
    """One instance. `servers` is where the users of each service and colour go in; `socket` is its runtime socket.

    The backend of a colour is SERVICE-COLOUR, with one server, which HAProxy asks for /health.
    """

    def __init__(self, child: Child, runtime: Path, servers: Mapping[tuple[str, str], str]) -> None:
        self.child = child
        self.socket = runtime
        self.servers = servers

    @classmethod
    def start(cls, run_dir: Path, applications: Mapping[tuple[str, str], str]) -> Self:
        """`applications`: `host:port` by service and colour. Returns when every frontend and the socket answer."""
        ports = dict(zip(applications, free_ports(len(applications)), strict=True))
        runtime = run_dir / "haproxy.sock"
        text = _HEAD.format(socket=runtime) + "".join(
            _EACH.format(name="-".join(key), port=ports[key], server=server) for key, server in applications.items()
        )
        conf = run_dir / "haproxy.cfg"
        conf.write_text(text)
        child = Child.start((HAPROXY, "-db", "-f", str(conf)), name=HAPROXY, run_dir=run_dir)
        try:
            wait_until(
                lambda: runtime.exists() and _listens(runtime) and all(accepts(port) for port in ports.values()),
                what=HAPROXY,
                children=[child],
            )
        except BaseException:
            child.stop()
            raise
        return cls(child, runtime, {key: f"127.0.0.1:{port}" for key, port in ports.items()})

    def stop(self) -> None:
        """At once: its clients need no farewell."""
        self.child.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        return client.connect_ex(str(path)) == 0

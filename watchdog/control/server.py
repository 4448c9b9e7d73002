"""The control API's socket and its HTTP server.

What lives here: binding, permissions, start and stop. What must not: routes (`app`), signals (the daemon's), logging
of requests. uvicorn's own `uds` option makes the socket 0666 and knows no peer, so the socket is made here.
"""

import asyncio
import contextlib
import os
import socket
from asyncio import Transport
from pathlib import Path
from typing import Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from watchdog.control.app import Api, make_app
from watchdog.control.peer import Access, peer_of

SOCKET_MODE: Final = 0o660
GRACE_S: Final = 2
"""How long answers under way may take when the server stops."""
BACKLOG: Final = 64


class ListenError(Exception):
    """The control socket cannot be made. The message says where, why, and what would help."""


def bind(path: Path, group: int | None = None) -> socket.socket:
    """A listening Unix socket that only its owner and `group` may use. ListenError.

    A socket that a dead daemon left behind is replaced; one that answers is not.
    """
    _make_way(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o777 & ~SOCKET_MODE)  # never open to others, not even for a moment
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        if group is not None:
            _give(path, group)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(f"{path}: {error.strerror or error}") from error
    except ListenError:
        listener.close()
        raise
    return listener


class ControlServer:
    """The API on its socket, from `start` to `stop`."""

    def __init__(self, api: Api, path: Path, access: Access) -> None:
        self.path = path
        self._access = access
        self._closing = asyncio.Event()
        config = uvicorn.Config(
            make_app(api, access, self._closing),
            http=_PeerProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
            backlog=BACKLOG,
        )
        self._server = uvicorn.Server(config)
        self._listener: socket.socket | None = None
        self._inode = 0

    async def start(self) -> None:
        """Listen and answer. ListenError."""
        self._listener = bind(self.path, self._access.socket_group)
        self._inode = self.path.stat().st_ino
        # Not `serve`: it takes the process' signals and wakes up ten times a second.
        config = self._server.config
        config.load()
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup(sockets=[self._listener])

    async def stop(self) -> None:
        """Take the socket away, end event streams, and give answers under way `GRACE_S` seconds."""
        if self._listener is None:
            return
        self._closing.set()
        with contextlib.suppress(OSError):
            if self.path.stat().st_ino == self._inode:
                self.path.unlink()
        await self._server.shutdown(sockets=[self._listener])
        self._listener = None


class _PeerProtocol(H11Protocol):
    """Puts the peer into each request's state."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as the base narrows it
        try:
            peer = peer_of(transport.get_extra_info("socket"))
        except OSError:  # gone already
            transport.abort()
            return
        self.app_state = {**self.app_state, "peer": peer}
        super().connection_made(transport)


def _give(path: Path, group: int) -> None:
    try:
        os.chown(path, -1, group)
    except PermissionError as error:
        told = f"{path}: cannot be given to group {group}; the daemon's user must be a member of it"
        raise ListenError(told) from error


def _make_way(path: Path) -> None:
    if not path.is_socket():
        return
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ListenError(f"{path}: {error.strerror or error}") from error
        else:
            raise ListenError(f"{path}: another daemon answers there")

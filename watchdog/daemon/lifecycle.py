"""From a configuration file to a running daemon, and its orderly end: start, reload, stop.

What lives here: the order in which parts begin and end, and the signals. What must not: making parts (`wiring`),
turning (`loop`).
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import structlog
from structlog.typing import FilteringBoundLogger

from watchdog.config.adapters import Compiled
from watchdog.config.compile import compile_
from watchdog.config.errors import ConfigError
from watchdog.config.load import load
from watchdog.control.app import ApiError
from watchdog.control.peer import Access
from watchdog.control.server import ControlServer, ListenError
from watchdog.control.view import Data, Moment
from watchdog.core.effects import Effect
from watchdog.core.events import Configured, Event, Started
from watchdog.core.records import Record, Refused
from watchdog.core.state import State
from watchdog.daemon import adapters, logs, systemd, wiring
from watchdog.daemon.api import DaemonApi
from watchdog.daemon.clock import Clock
from watchdog.daemon.keeper import Keeper, Stood, stood
from watchdog.daemon.loop import Loop
from watchdog.daemon.messenger import Messenger
from watchdog.daemon.performer import Performer
from watchdog.daemon.wiring import Plant
from watchdog.daemon.worklog import WorkLog
from watchdog.journal.database import JournalError
from watchdog.journal.recovery import recover
from watchdog.journal.store import Store
from watchdog.notify.send import Contact, Sender
from watchdog.sources.access_log import AccessLog
from watchdog.sources.edge_ring import EdgeRing
from watchdog.sources.edge_socket import EdgeSocketError, adopt_socket, bind_socket, queue_warning, remove_socket

EDGE_SOCKET_NAME: Final = "edge"
"""FileDescriptorName of the access log's socket unit."""

END_WITHIN_S: Final = 5.0
"""So long effects under way may take when the daemon ends; what is left is taken up at the next start."""


class CannotStartError(Exception):
    """The daemon cannot start. The message says what is in the way and what would help."""


def run(config: str, *, form: logs.Form = "json", level: str = "info") -> int:
    """Run the daemon until SIGTERM or SIGINT; the exit status."""
    secrets = logs.configure(form=form, level=level, journald="JOURNAL_STREAM" in os.environ)
    log: FilteringBoundLogger = structlog.get_logger()
    try:
        compiled = compile_(load(config))
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - for the person who starts it, in the same words as `check`
        return 1
    try:
        asyncio.run(Daemon(config, compiled, secrets, log).run())
    except (CannotStartError, JournalError, EdgeSocketError, ListenError, OSError) as error:
        log.error("cannot start", error=str(error))  # noqa: TRY400 - its message is meant for people
        return 1
    return 0


@dataclass(slots=True)
class _Edge:
    """The access log's socket, and how it is let go of."""

    sock: socket.socket
    path: Path | None

    def release(self) -> None:
        """Take our socket file away; one of systemd's stays."""
        if self.path is not None:
            remove_socket(self.path, self.sock)


class Daemon:
    """Every part, from start to end."""

    def __init__(self, config: str, compiled: Compiled, secrets: logs.Secrets, log: FilteringBoundLogger) -> None:
        self._config = config
        self._compiled = compiled
        self._secrets = secrets
        self._log = log
        self._manager = systemd.connect()
        self._following: asyncio.Task[None] | None = None
        self._dirty = asyncio.Event()

    async def run(self) -> None:
        """Start, turn until told to stop, end in order. CannotStartError and the parts' own errors."""
        self._clock, self._store, began = self._open()
        edge = self._edge_socket()
        try:
            self._assemble(began, edge)
            await self._plant.take(self._compiled)
            self._messenger.equip(self._contacts(self._compiled))
            self._performer.equip(self._plant.hands)
            self._access_log.start()
            self._begin(began)
            await self._control.start()
            self._signals()
            self._following = asyncio.create_task(self._follow(), name="follow")
            self._manager.ready(self._status())
            self._log.info(
                "ready", environment=self._compiled.environment.name, digest=self._compiled.environment.digest
            )
            await self._loop.run()
        finally:
            await self._end(edge)

    def _open(self) -> tuple[Clock, Store, Stood]:
        folder = Path(self._compiled.state)
        clock = Clock(None)
        store = Store.open(folder, wall=clock.wall())
        recovered = recover(store)
        began = stood(recovered)
        clock = Clock(began.mark, at_least=began.newest)
        for message in (*recovered.messages, *clock.messages):
            self._log.warning("journal", message=message)
        (folder / "brake").mkdir(mode=0o755, exist_ok=True)
        return clock, store, began

    def _edge_socket(self) -> _Edge:
        given = systemd.inherited_sockets().get(EDGE_SOCKET_NAME, [])
        warning = queue_warning()
        if warning is not None:
            self._log.warning("access log", message=warning)
        if given:
            return _Edge(sock=adopt_socket(given[0].detach()), path=None)
        path = Path(self._compiled.edge_socket)
        return _Edge(sock=bind_socket(path, group=wiring.workers_group()), path=path)

    def _assemble(self, began: Stood, edge: _Edge) -> None:
        clock = self._clock
        ring = EdgeRing()
        work = WorkLog(self._log)
        self._messenger = Messenger(sender=Sender(), view=self._snapshot, now=clock.now)
        self._performer = Performer(clock=clock, messenger=self._messenger, put=self._put, failed=work.effect_failed)
        self._loop = Loop(
            state=began.state,
            now=clock.now,
            journal=Keeper(self._store, clock),
            perform=self._perform(work),
            turned=self._turned(work),
            alive=self._manager.ping,
        )
        self._api = DaemonApi(
            loop=self._loop,
            moment=lambda: Moment(now=clock.now(), to_wall=clock.to_wall),
            journal=lambda: Path(self._compiled.state),
            reload=self.reload,
            about=self._about(clock.wall()),
        )
        self._control = ControlServer(self._api, Path(self._compiled.control_socket), self._access())
        self._access_log = AccessLog(
            sock=edge.sock,
            parser=adapters.parser(self._compiled),
            services=(),
            now=clock.now,
            wall=clock.wall,
            ring=ring,
        )
        self._plant = Plant(
            clock=clock,
            wall=clock.wall,
            put=self._loop.put,
            access_log=self._access_log,
            ring=ring,
            poll_failed=work.poll_failed,
        )

    def _snapshot(self) -> Data:
        return self._api.snapshot()

    def _put(self, event: Event) -> None:
        self._loop.put(event)

    def _access(self) -> Access:
        return Access()

    def _perform(self, work: WorkLog) -> Callable[[Effect], None]:
        def perform(effect: Effect) -> None:
            work.effect_started(effect)
            self._performer.start(effect)

        return perform

    def _turned(self, work: WorkLog) -> Callable[[State, tuple[Record, ...]], None]:
        def turned(_state: State, records: tuple[Record, ...]) -> None:
            work.decided(records)
            self._api.turned()
            self._dirty.set()

        return turned

    def _about(self, started: float) -> Callable[[], Data]:
        host = socket.gethostname()

        def about() -> Data:
            return {
                "host": host,
                "started": started,
                "state_folder": self._compiled.state,
                "config": self._config,
                "edge": asdict(self._access_log.stats),
                "journal_trouble": self._store.trouble,
            }

        return about

    def _begin(self, began: Stood) -> None:
        """The configuration in force and the start are events like all others."""
        known = began.state.environment
        if known is None or known != self._compiled.environment:
            self._loop.turn(Configured(environment=self._compiled.environment, text=self._compiled.text, forced=True))
        self._loop.turn(Started(rebooted=self._clock.rebooted))

    def _contacts(self, compiled: Compiled) -> dict[str, Contact]:
        found = wiring.contacts(compiled)
        for contact in found.values():
            self._secrets.hide(contact.url)
        return found

    def _signals(self) -> None:
        running = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            running.add_signal_handler(number, self._loop.stop)
        running.add_signal_handler(signal.SIGHUP, lambda: running.create_task(self._reload_quietly()))

    async def _follow(self) -> None:
        """Adjust the watching to the state, and the status line to what it says."""
        told = ""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            await self._plant.follow(self._loop.state)
            status = self._status()
            if status != told:
                self._manager.status(status)
                told = status

    def _status(self) -> str:
        words = []
        for name, service in self._loop.state.services.items():
            deployment = service.deployment
            live = deployment is not None and not deployment.ended
            words.append(f"{name}: {deployment.release} {deployment.phase}" if live and deployment else f"{name}: idle")
        return "; ".join(words)

    async def _reload_quietly(self) -> None:
        try:
            await self.reload()
        except ApiError as error:
            self._log.error("reload", error=str(error))

    async def reload(self) -> Data:
        """Validate the file anew, build everything, then swap. ApiError: the last good configuration stays."""
        self._manager.reloading()
        try:
            return await self._swap()
        finally:
            self._manager.ready(self._status())

    async def _swap(self) -> Data:
        try:
            compiled = compile_(load(self._config))
        except ConfigError as error:
            raise ApiError(str(error)) from error
        fixed = ("state", "control_socket", "edge_socket")
        changed = [key for key in fixed if getattr(compiled, key) != getattr(self._compiled, key)]
        if changed:
            raise ApiError(f"{', '.join(changed)} cannot change while the daemon runs; restart it")
        try:
            contacts = self._contacts(compiled)
            records = await self._loop.ask(Configured(environment=compiled.environment, text=compiled.text))
            refused = next((each.body for each in records if isinstance(each.body, Refused)), None)
            if refused is not None:
                raise ApiError(refused.detail or str(refused.reason))
            await self._plant.take(compiled)
        except OSError as error:
            raise ApiError(str(error)) from error
        self._compiled = compiled
        self._messenger.equip(contacts)
        self._performer.equip(self._plant.hands)
        self._log.info("reloaded", digest=compiled.environment.digest)
        return {"digest": compiled.environment.digest}

    async def _end(self, edge: _Edge) -> None:
        self._manager.stopping()
        if self._following is not None:
            self._following.cancel()
        if hasattr(self, "_control"):
            await self._control.stop()
            await self._plant.stop()
            await self._performer.finish(END_WITHIN_S)
            self._access_log.close()
        edge.release()
        kept = self._store.close()
        self._log.info("stopped", everything_kept=kept)

"""From a configuration file to a running daemon, and its orderly end.

What lives here: the order in which parts begin and end, and the signals. What must not: making parts (`wiring`),
turning (`loop`), another configuration (`reload`). A mistake of the program ends the daemon with a status that makes
the service manager start it anew at once: it folds the journal and goes on, and what it braked stays braked.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import structlog
from structlog.typing import FilteringBoundLogger

from watchdog.config.adapters import Compiled
from watchdog.config.compile import compile_
from watchdog.config.errors import ConfigError
from watchdog.config.load import load
from watchdog.config.words import Secret
from watchdog.control.app import ApiError
from watchdog.control.peer import Access
from watchdog.control.server import ControlServer, ListenError
from watchdog.control.view import Data, Moment
from watchdog.core.effects import Effect
from watchdog.core.engine import step
from watchdog.core.events import Configured, Event, Started
from watchdog.core.records import Record, Refused
from watchdog.core.state import Deployment, State
from watchdog.daemon import adapters, logs, systemd, wiring
from watchdog.daemon.api import DaemonApi
from watchdog.daemon.byhand import by_hand
from watchdog.daemon.clock import Clock
from watchdog.daemon.keeper import Keeper, Stood, stood
from watchdog.daemon.lastgood import LastGood, last_good
from watchdog.daemon.loop import Loop
from watchdog.daemon.messenger import Messenger
from watchdog.daemon.performer import Performer
from watchdog.daemon.reload import Reloading
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

TOLD_AGAIN_AFTER_S: Final = 60.0
"""What the event loop has to say is told once in this time for each of its messages."""

END_WITHIN_S: Final = 5.0
"""So long effects under way may take when the daemon ends; what is left is taken up at the next start."""

MISTAKE: Final = 70
"""The status after a mistake of the program (EX_SOFTWARE)."""


class CannotStartError(Exception):
    """The daemon cannot start. The message says what is in the way and what would help."""


class ConfigurationRefusedError(CannotStartError):
    """The file is right by itself and takes away what is under way."""


def run(config: str, *, form: logs.Form = "json", level: str = "info") -> int:
    """Run the daemon until SIGTERM or SIGINT; the exit status."""
    secrets = logs.configure(form=form, level=level, journald="JOURNAL_STREAM" in os.environ)
    log: FilteringBoundLogger = structlog.get_logger()
    good: LastGood | None = None
    try:
        compiled = compile_(load(config))
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - for the person who starts it, in the same words as `check`
        good = last_good(config, "\n".join(str(problem) for problem in error.errors))
        if good is None:
            return 1
        compiled = good.compiled
    try:
        try:
            asyncio.run(Daemon(config, compiled, secrets, log, good).run())
        except ConfigurationRefusedError as error:
            good = last_good(config, str(error))
            if good is None:
                raise
            asyncio.run(Daemon(config, good.compiled, secrets, log, good).run())
    except (CannotStartError, JournalError, EdgeSocketError, ListenError, OSError) as error:
        log.error("cannot run", error=str(error))  # noqa: TRY400 - its message is meant for people
        return 1
    except Exception:
        log.exception("a mistake of the program ended the daemon; it goes on where the journal ends when it is started")
        return MISTAKE
    return 0


@dataclass(slots=True)
class _Edge:
    """The access log's socket, and how it is let go of."""

    sock: socket.socket
    path: Path | None

    def release(self) -> None:
        """Close it and take our socket file away; one of systemd's stays."""
        if self.path is not None:
            remove_socket(self.path, self.sock)
        self.sock.close()


class Daemon:
    """Every part, from start to end."""

    def __init__(
        self,
        config: str,
        compiled: Compiled,
        secrets: logs.Secrets,
        log: FilteringBoundLogger,
        good: LastGood | None = None,
    ) -> None:
        """`good`: where `compiled` comes from when the file at `config` cannot be used."""
        self._config = config
        self._good = good
        self._compiled = compiled
        self._secrets = secrets
        self._log = log
        self._manager = systemd.connect()
        self._dirty = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: dict[str, float] = {}

    async def run(self) -> None:
        """Start, turn until told to stop, end in order. CannotStartError, and what parts raise that cannot begin."""
        asyncio.get_running_loop().set_exception_handler(self._unhandled)
        async with AsyncExitStack() as stack:
            began = self._open(stack)
            self._assemble(began, self._edge_socket(stack))
            self._signals()
            stack.push_async_callback(self._end)
            built = await self._plant.build(self._compiled)
            self._messenger.equip(self._contacts(self._compiled))
            self._performer.equip(built.hands)
            self._access_log.start()
            await self._plant.swap(built)
            self._begin(began)
            await self._control.start()
            self._watch_over(asyncio.create_task(self._follow(), name="follow"))
            self._manager.ready(self._status())
            environment = self._compiled.environment
            self._log.info("ready", environment=environment.name, digest=environment.digest)
            if self._good is not None:
                self._watch_over(asyncio.create_task(self._tell_of(self._good), name="broken file"))
            await self._loop.run()

    async def _tell_of(self, good: LastGood) -> None:
        """The file cannot be used: into the log, and once to whoever is on call."""
        self._log.error(
            "the environment file cannot be used; the last good configuration is in force", error=good.trouble
        )
        if good.lacks:
            self._log.error("what a secret in the file itself was for is left out", lacks=good.lacks)
        key = f"broken-file/{round(good.since)}"
        ok, detail = await self._messenger.tell(key, good.readers, good.message)
        (self._log.info if ok else self._log.error)("told of the environment file", detail=detail)

    def _open(self, stack: AsyncExitStack) -> Stood:
        folder = Path(self._compiled.state)
        self._store = Store.open(folder, wall=Clock(None).wall())
        stack.callback(self._close_store)
        recovered = recover(self._store)
        began = stood(recovered)
        self._ask_ahead(began)
        self._clock = Clock(began.mark, at_least=began.newest)
        for message in (*recovered.messages, *self._clock.messages):
            self._log.warning("journal", message=message)
        (folder / "brake").mkdir(mode=0o755, exist_ok=True)
        return began

    def _close_store(self) -> None:
        self._log.info("stopped", everything_kept=self._store.close())

    def _edge_socket(self, stack: AsyncExitStack) -> socket.socket:
        given = systemd.inherited_sockets().get(EDGE_SOCKET_NAME, [])
        warning = queue_warning()
        if warning is not None:
            self._log.warning("access log", message=warning)
        if given:
            edge = _Edge(sock=adopt_socket(given[0].detach()), path=None)
        else:
            path = Path(self._compiled.edge_socket)
            group = self._compiled.edge_group or wiring.workers_group()
            edge = _Edge(sock=bind_socket(path, group=group), path=path)
        stack.callback(edge.release)
        return edge.sock

    def _assemble(self, began: Stood, edge: socket.socket) -> None:
        clock, work, ring = self._clock, WorkLog(self._log), EdgeRing()
        self._messenger = Messenger(sender=Sender(), view=self._snapshot, now=clock.now, unworded=work.effect_failed)
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
            sock=edge,
            parser=adapters.parser(self._compiled, {}),
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
            reveal=self._reveal,
            clean=self._secrets.clean,
            deployment=self._deployment,
        )
        self._reloading = Reloading(
            compiled=self._compiled,
            read=lambda: compile_(load(self._config)),
            contacts=self._contacts,
            loop=self._loop,
            plant=self._plant,
            performer=self._performer,
            equip=self._messenger.equip,
        )

    def _snapshot(self) -> Data:
        return self._api.snapshot()

    def _deployment(self, service: str) -> Deployment | None:
        known = self._loop.state.services.get(service)
        return None if known is None else known.deployment

    def _put(self, event: Event) -> None:
        self._loop.put(event)

    def _access(self) -> Access:
        try:
            return Access(operators=self._compiled.operators, viewers=self._compiled.viewers)
        except LookupError as error:
            raise CannotStartError(f"control: {error}") from error

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
                "by_hand": by_hand(self._compiled),
                "config": self._config,
                "edge": asdict(self._access_log.stats),
                "journal_trouble": self._store.trouble,
                "config_trouble": "" if self._good is None else self._good.trouble,
                "config_lacks": [] if self._good is None else list(self._good.lacks),
            }

        return about

    @property
    def _configured(self) -> Configured:
        return Configured(environment=self._compiled.environment, text=self._compiled.text, forced=True)

    def _ask_ahead(self, began: Stood) -> None:
        """Whether the core takes the configuration, before anything is begun that another one would have to end."""
        if began.state.environment == self._compiled.environment:
            return
        for record in step(began.state, self._configured, began.newest).records:
            if isinstance(record.body, Refused):
                refused = f"{self._config}: {record.body.detail}"
                raise ConfigurationRefusedError(f"{refused}; put it back into the file until the deployment has ended")

    def _begin(self, began: Stood) -> None:
        """The configuration in force and the start are events like all others."""
        if began.state.environment != self._compiled.environment:
            self._loop.turn(self._configured)
        self._loop.turn(Started(rebooted=self._clock.rebooted))

    def _reveal(self, secret: Secret) -> str:
        """As `wiring.reveal`; what is kept outside the file is from then on in no log line and in no reading."""
        text = wiring.reveal(secret)
        if secret.literal is None:
            self._secrets.hide(text)
        return text

    def _contacts(self, compiled: Compiled) -> dict[str, Contact]:
        found = wiring.contacts(compiled)
        for contact in found.values():
            self._secrets.hide(contact.url)
        return found

    def _signals(self) -> None:
        running = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            running.add_signal_handler(number, self._loop.stop)
        running.add_signal_handler(
            signal.SIGHUP, lambda: self._watch_over(running.create_task(self._reload_quietly(), name="reload"))
        )

    def _watch_over(self, task: "asyncio.Task[None]") -> None:
        """A task that the daemon cannot be without: what it raises ends the daemon."""
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        mistake = None if task.cancelled() else task.exception()
        if mistake is not None:
            self._loop.fail(mistake)

    def _unhandled(self, running: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Once in a while for each message: a process without descriptors would say thousands a second."""
        message, now = context["message"], running.time()
        if now < self._told.get(message, float("-inf")) + TOLD_AGAIN_AFTER_S:
            return
        self._told[message] = now
        self._log.error("unhandled", message=message, error=repr(context.get("exception")))

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
        words = [] if self._good is None else ["the environment file cannot be used, the last good one is in force"]
        for name, service in self._loop.state.services.items():
            deployment = service.deployment
            live = deployment is not None and not deployment.ended
            words.append(f"{name}: {deployment.release} {deployment.phase}" if live and deployment else f"{name}: idle")
        return "; ".join(words)

    async def _reload_quietly(self) -> None:
        try:
            await self.reload(force=False)
        except ApiError as error:
            self._log.error("reload", error=str(error))

    async def reload(self, force: bool) -> Data:  # noqa: FBT001 - as `DaemonApi` calls it
        """Validate the file anew, build everything, then swap. ApiError: the last good configuration stays."""
        self._manager.reloading()
        try:
            self._compiled = await self._reloading(force=force)
            self._good = None
        finally:
            self._manager.ready(self._status())
        digest = self._compiled.environment.digest
        self._log.info("reloaded", digest=digest)
        return {"digest": digest}

    async def _end(self) -> None:
        self._manager.stopping()
        for task in tuple(self._tasks):
            task.cancel()
        await self._control.stop()
        await self._performer.finish(END_WITHIN_S)
        await self._plant.stop()
        self._access_log.close()

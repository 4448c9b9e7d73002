"""The one composition root: every adapter is made, connected, started and let go of here.

What lives here: which part holds which. What must not: anything a part could do itself. A reload builds everything
new first (`build`) and swaps then (`swap`), so that a configuration that cannot be built changes nothing.
"""

import asyncio
import grp
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from watchdog.config.adapters import Compiled, ServiceSettings
from watchdog.config.sources.alertmanager import AlertmanagerSettings
from watchdog.config.sources.command import CommandSettings
from watchdog.config.sources.health import HealthSettings
from watchdog.config.sources.postgres import PostgresSettings
from watchdog.config.sources.translate import SourceSettings
from watchdog.config.words import Secret
from watchdog.core import verdict
from watchdog.core.events import Event, Observed
from watchdog.core.model import Colour, Reading, Seconds
from watchdog.core.phases import Phase
from watchdog.core.state import Deployment, State
from watchdog.daemon import adapters
from watchdog.daemon.hands import Clock, DirectAnswer, Hands, ProbeUnknownError
from watchdog.daemon.hooks import HookRunner
from watchdog.daemon.reserve import Reserve
from watchdog.daemon.sources import build
from watchdog.notify.send import Contact
from watchdog.sources.access_log import AccessLog
from watchdog.sources.base import Emit, PollSource
from watchdog.sources.edge_line import LineParser
from watchdog.sources.edge_ring import EdgeRing
from watchdog.sources.health import HealthSource
from watchdog.sources.line_probe import LineProbe
from watchdog.sources.poller import Poller
from watchdog.traffic.base import OpenRouter


def reveal(secret: Secret) -> str:
    """A secret's text, read where it is kept. OSError when it is not there, or nothing that could be one."""
    if secret.literal is not None:
        return secret.literal
    if secret.file is not None:
        return _kept(Path(secret.file), secret.file)
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder is None:
        raise FileNotFoundError(
            f"credential {secret.credential}: CREDENTIALS_DIRECTORY is not set; the unit sets it by LoadCredential=, "
            "in a shell set it to the folder with the files"
        )
    try:
        return _kept(Path(folder) / str(secret.credential), f"credential {secret.credential}")
    except FileNotFoundError:
        raise FileNotFoundError(
            f"credential {secret.credential}: the unit has none of this name; add LoadCredential= and restart"
        ) from None


def _kept(file: Path, what: str) -> str:
    try:
        text = file.read_text().strip()
    except UnicodeDecodeError:
        raise OSError(f"{what} holds no text in UTF-8") from None
    if not text:
        raise OSError(f"{what} is empty; wanted the secret itself in it")
    return text


@dataclass(slots=True)
class Kit:
    """One service's live adapters."""

    settings: ServiceSettings
    router: OpenRouter
    sources: dict[str, PollSource]
    pollers: dict[str, Poller]
    line_probe: LineProbe | None
    """None where the balancer keeps no log for us."""
    idle_intervals: Mapping[str, Seconds]
    hooks: HookRunner
    reserve: Reserve
    live: bool = False

    @property
    def hands(self) -> Hands:
        """What the performer needs."""
        source = self.sources.get(self.settings.direct)
        assert source is None or isinstance(source, HealthSource)  # the configuration refuses any other kind

        async def probe(colour: Colour) -> DirectAnswer:
            if source is None:
                raise ProbeUnknownError(f"{self.settings.direct} cannot be asked: its secret is not known")
            answer = await source.probe(colour)
            if answer.missing is not None and self.reserve.needed():
                with self.reserve.lent():
                    answer = await source.probe(colour)
            if answer.missing is not None:
                raise ProbeUnknownError(answer.detail)
            return DirectAnswer(ok=answer.ok, refused=answer.refused, detail=answer.detail)

        return Hands(router=self.router, probe=probe, hook=self.hooks.run, maintenance=self._in_maintenance)

    def _in_maintenance(self) -> bool:
        """Whether the operator's flag is there. One that cannot be looked at is not."""
        flag = self.settings.maintenance
        if flag is None:
            return False
        with suppress(OSError):
            return Path(flag).exists()
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """Everything for one configuration, made and not yet at work."""

    compiled: Compiled
    kits: Mapping[str, Kit]
    parser: LineParser

    @property
    def hands(self) -> dict[str, Hands]:
        """Per service, what the performer needs."""
        return {name: kit.hands for name, kit in self.kits.items()}


class Plant:
    """Everything that sees and moves traffic, for one configuration at a time."""

    def __init__(
        self,
        *,
        clock: Clock,
        wall: Callable[[], float],
        put: Callable[[Event], None],
        access_log: AccessLog,
        ring: EdgeRing,
        poll_failed: Callable[[str, str], None],
        reveal: build.Reveal = reveal,
        clean: Callable[[str], str] = str,
        deployment: Callable[[str], Deployment | None] = lambda _service: None,
    ) -> None:
        """`clean` takes out of a reading's words what nobody may read: a server may repeat what it was sent.

        `deployment`: a service's newest, of which its commands are told.
        """
        self._clock = clock
        self._reveal = reveal
        self._clean = clean
        self._deployment = deployment
        self._wall = wall
        self._put = put
        self._access_log = access_log
        self._ring = ring
        self._poll_failed = poll_failed
        self._kits: Mapping[str, Kit] = {}
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # one per nginx, whatever the configuration
        self._changing = asyncio.Lock()
        self._reserve = Reserve()

    @property
    def hands(self) -> dict[str, Hands]:
        """Per service, what the performer needs."""
        return {name: kit.hands for name, kit in self._kits.items()}

    async def build(self, compiled: Compiled) -> Built:
        """Make everything for a configuration; nothing is at work yet.

        A router whose settings are as they were is kept: it knows which orders a rollback has made void. OSError or
        ssl.SSLError when something that it needs cannot be read.
        """
        known = await adapters.addresses(compiled)
        for server, found in known.items():
            if not found:
                self._poll_failed("access log", f"{server} has no address: its lines will not be recognised")
        kits: dict[str, Kit] = {}
        built = Built(compiled=compiled, kits=kits, parser=adapters.parser(compiled, known))
        try:
            for service in compiled.services:
                kits[service.name] = self._kit(compiled, service)
        except BaseException:
            await self.discard(built)
            raise
        return built

    async def discard(self, built: Built) -> None:
        """Let go of what was built and is not wanted."""
        used = [kit.router for kit in self._kits.values()]
        for kit in built.kits.values():
            for source in kit.sources.values():
                await source.close()
            if kit.router not in used:
                await kit.router.close()

    async def swap(self, built: Built) -> list[OpenRouter]:
        """Put what was built to work in the place of what is. The routers that nobody needs from here on.

        Those may be carrying out an order still: close them when it has ended.
        """
        async with self._changing:
            old, self._kits = self._kits, built.kits
            services = [
                adapters.edge_service(each, self._emit(each.name))
                for each in built.compiled.services
                if each.edge is not None
            ]
            self._access_log.configure(built.parser, services)
            for name, kit in built.kits.items():
                _start_watching(kit, old.get(name))
            await asyncio.gather(*(_stop_watching(kit) for kit in old.values()))
            kept = [kit.router for kit in built.kits.values()]
            return [kit.router for kit in old.values() if kit.router not in kept]

    def _kit(self, compiled: Compiled, service: ServiceSettings) -> Kit:
        before = self._kits.get(service.name)
        if before is not None and adapters.same_router(before.settings, service):
            router = before.router
        else:
            router = adapters.router(compiled, service, self._ring, self._wall, self._turns)
        sources = {each.name: build.source(each, self._clock.now, self._reveal) for each in service.sources}
        emit = self._emit(service.name)
        pollers = {
            name: Poller(source, emit, self._clock.now, failed=self._poll_failed) for name, source in sources.items()
        }

        settings = compiled.environment.service(service.name)
        assert settings is not None  # both halves are compiled of one file
        idle = {each.name: each.interval * each.idle_factor for each in settings.sources}
        kit = Kit(
            settings=service,
            router=router,
            sources=sources,
            pollers=pollers,
            line_probe=self._line_probe(service, router),
            idle_intervals=idle,
            hooks=self._hooks(service),
            reserve=self._reserve,
        )
        _set_rhythm(kit, live=False)
        return kit

    def _line_probe(self, service: ServiceSettings, router: OpenRouter) -> LineProbe | None:
        send = adapters.log_probe(router)
        if send is None:
            return None
        return LineProbe(service=service.name, keeper=self._access_log, ask=send, wall=self._wall)

    def _hooks(self, service: ServiceSettings) -> HookRunner:
        return HookRunner(
            service.name, service.hooks, deployment=lambda: self._deployment(service.name), clean=self._clean
        )

    def _emit(self, service: str) -> Emit:
        def emit(source: str, start: Seconds, end: Seconds, readings: tuple[Reading, ...]) -> None:
            said = tuple(replace(each, detail=self._clean(each.detail)) if each.detail else each for each in readings)
            self._put(Observed(service=service, source=source, start=start, end=end, readings=said))

        return emit

    async def follow(self, state: State) -> None:
        """Watch closely while a deployment runs, and seldom when none does."""
        async with self._changing:
            for name, kit in self._kits.items():
                deployment = state.services[name].deployment if name in state.services else None
                await _follow(kit, deployment, closely=not verdict.idle(deployment, state.now))

    async def stop(self) -> None:
        """Let go of every source and router."""
        async with self._changing:
            kits, self._kits = self._kits, {}
            await asyncio.gather(*(_stop_watching(kit) for kit in kits.values()))
            for kit in kits.values():
                await kit.router.close()
            self._reserve.close()


async def _follow(kit: Kit, deployment: Deployment | None, *, closely: bool) -> None:
    live = deployment is not None and not deployment.ended
    probing = live and deployment is not None and deployment.phase not in (Phase.SUBMITTED, Phase.PREPARING)
    if closely is not kit.live:
        kit.live = closely
        _set_rhythm(kit, live=closely)
    if kit.line_probe is None:
        return
    if probing:
        kit.line_probe.start()
    else:
        await kit.line_probe.stop()


def _set_rhythm(kit: Kit, *, live: bool) -> None:
    for source, poller in kit.pollers.items():
        poller.set_interval(kit.sources[source].interval if live else kit.idle_intervals[source])


def _start_watching(kit: Kit, before: Kit | None) -> None:
    """Begin to poll. Probes that are as they were keep their rhythm: a row of failures must take its time.

    A source that counts begins at once, for what happens before its first look is not counted.
    """
    known = {} if before is None else {each.name: each for each in before.settings.sources}
    for settings in kit.settings.sources:
        goes_on = before is not None and settings == known.get(settings.name) and _probes(settings)
        kit.pollers[settings.name].start(before.pollers[settings.name].last if before and goes_on else None)


def _probes(settings: SourceSettings) -> bool:
    if isinstance(settings, CommandSettings):
        return settings.returns == "status"
    return isinstance(settings, HealthSettings | PostgresSettings | AlertmanagerSettings)


async def _stop_watching(kit: Kit) -> None:
    """Side by side: several that hang cost the time of one."""
    probes = () if kit.line_probe is None else (kit.line_probe,)
    await asyncio.gather(*(each.stop() for each in (*probes, *kit.pollers.values())))


WORKERS_GROUPS = ("www-data", "nginx")
"""The group of nginx's workers, as Debian's and as nginx's own packages name it."""


def workers_group() -> str | None:
    """The group that may write to the access log's socket, when this machine has one of the usual names."""
    known = {group.gr_name for group in grp.getgrall()}
    return next((name for name in WORKERS_GROUPS if name in known), None)


def contacts(compiled: Compiled) -> dict[str, Contact]:
    """Everybody who can be told. OSError when a credential is not there."""
    return {contact.name: Contact(name=contact.name, url=reveal(contact.url)) for contact in compiled.contacts}

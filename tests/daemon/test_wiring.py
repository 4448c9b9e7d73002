"""Parts are made, put to work together, kept or replaced by another configuration, and let go of."""

import asyncio
import grp
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.daemon.helpers import ENVIRONMENT, ClockFake, environment, home
from watchdog.config.adapters import Compiled
from watchdog.config.words import Secret, SenderUrl
from watchdog.core.engine import step
from watchdog.core.events import Configured, Event, Observed
from watchdog.core.model import Colour, Missing
from watchdog.core.phases import Phase
from watchdog.core.state import Deployment, State
from watchdog.daemon import wiring
from watchdog.daemon.adapters import parser
from watchdog.daemon.hands import ProbeUnknownError
from watchdog.daemon.wiring import Kit, Plant, reveal
from watchdog.notify.send import Contact
from watchdog.sources.access_log import AccessLog
from watchdog.sources.edge_ring import EdgeRing
from watchdog.sources.health import HealthSource
from watchdog.sources.http_probe import ProbeAnswer
from watchdog.traffic.nginx.router import NginxRouter


class Site:
    """A plant on a socket that nobody writes to."""

    def __init__(self, compiled: Compiled, clean: Callable[[str], str] = str) -> None:
        clock = ClockFake()
        self.events: list[Event] = []
        self.said: list[tuple[str, str]] = []
        ours, self.writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ours.settimeout(0.0)
        ring = EdgeRing()
        self.log = AccessLog(
            sock=ours, parser=parser(compiled, {}), services=(), now=clock.now, wall=clock.wall, ring=ring
        )
        self.plant = Plant(
            clock=clock,
            wall=clock.wall,
            put=self.events.append,
            access_log=self.log,
            ring=ring,
            poll_failed=lambda source, what: self.said.append((source, what)),
            clean=clean,
        )

    async def seen(self, source: str) -> Observed:
        """The next observation of a source."""
        async with asyncio.timeout(5.0):
            while True:
                for event in self.events:
                    if isinstance(event, Observed) and event.source == source:
                        return event
                await asyncio.sleep(0.005)

    def kit(self, service: str = "shop") -> Kit:
        return self.plant._kits[service]

    async def close(self) -> None:
        await self.plant.stop()
        self.log.close()
        self.writer.close()


def play(compiled: Compiled, story: Callable[[Site], Awaitable[None]], clean: Callable[[str], str] = str) -> None:
    async def main() -> None:
        site = Site(compiled, clean)
        try:
            await story(site)
        finally:
            await site.close()

    asyncio.run(main())


def text(*changes: tuple[str, str]) -> str:
    """The environment with something replaced."""
    result = ENVIRONMENT
    for old, new in changes:
        assert old in result
        result = result.replace(old, new)
    return result


def test_nothing_is_at_work_before_the_swap(tmp_path: Path) -> None:
    """What is built says nothing; after the swap the sources speak in the service's name."""
    compiled = environment(tmp_path)

    async def story(site: Site) -> None:
        built = await site.plant.build(compiled)
        await asyncio.sleep(0.05)
        assert ([], {}) == (site.events, site.plant.hands)

        assert [] == await site.plant.swap(built)
        seen = await site.seen("health")
        assert "shop" == seen.service
        assert {0.0} == {reading.value for reading in seen.readings if reading.signal == "up"}
        assert ["shop"] == list(site.plant.hands)

    play(compiled, story)


def test_a_router_whose_settings_are_as_they_were_is_kept(tmp_path: Path) -> None:
    """It knows which orders a rollback has made void; the sources are new."""
    compiled = environment(tmp_path)
    other = environment(tmp_path, text(("poll: 500ms", "poll: 400ms")))

    async def story(site: Site) -> None:
        await site.plant.swap(await site.plant.build(compiled))
        before = site.kit()
        retired = await site.plant.swap(await site.plant.build(other))

        assert (before.router, []) == (site.kit().router, retired)
        assert before.sources["health"] is not site.kit().sources["health"]
        assert before.pollers["health"]._task is None

    play(compiled, story)


def test_a_probe_keeps_its_rhythm_over_a_reload(tmp_path: Path) -> None:
    """A row of failures must take its time; one whose settings changed, and what counts, is asked at once."""
    own = "own: {{synthetic: {{requests: {{login: {{path: /login}}}}}}}}\nrules:"
    failing = "own: {{sequential_ratio: {{bad: own.failures, total: own.requests, limit: 5%}}, on_fire: rollback}}"
    changes = (
        ("rules:\n", f"  {own}\n  {failing}\n"),
        ("rules: [errors, health]", "rules: [errors, health, own]"),
        ("poll: 500ms", "poll: 10m"),
    )
    compiled = environment(tmp_path, text(*changes))
    other = environment(tmp_path, text(*changes, ("/health", "/ready")))

    async def story(site: Site) -> None:
        async def polls() -> list[int]:
            await site.seen("own")
            await asyncio.sleep(0.1)
            return [
                len([each for each in site.events if isinstance(each, Observed) and each.source == source])
                for source in ("health", "own")
            ]

        for configuration, wanted in ((compiled, [1, 1]), (compiled, [0, 1]), (other, [1, 1])):
            site.events.clear()
            await site.plant.swap(await site.plant.build(configuration))
            assert wanted == await polls()

    play(compiled, story)


def test_sources_that_hang_are_let_go_of_side_by_side(tmp_path: Path) -> None:
    """The end takes the time of one of them."""
    health = "health: {{health: {{path: /health, poll: 500ms}}}}"
    more = "".join(f"\n  hung{n}: {{{{command: {{{{argv: [/bin/true]}}}}}}}}" for n in range(4))
    rules = "".join(f"\n  hung{n}: {{{{probe: {{{{signal: hung{n}.ok}}}}, on_fire: freeze}}}}" for n in range(4))
    named = "rules: [errors, health, hung0, hung1, hung2, hung3]"
    changes = ((health, health + more), ("rules:\n", f"rules:{rules}\n"), ("rules: [errors, health]", named))
    compiled = environment(tmp_path, text(*changes))

    async def hang() -> None:
        await asyncio.Event().wait()

    async def story(site: Site) -> None:
        await site.plant.swap(await site.plant.build(compiled))
        for name in ("hung0", "hung1", "hung2", "hung3"):
            site.kit().sources[name].close = hang  # type: ignore[method-assign]
        began = asyncio.get_running_loop().time()
        await site.plant.stop()
        assert asyncio.get_running_loop().time() - began < 2.5

    play(compiled, story)


def test_a_router_that_changed_is_handed_back(tmp_path: Path) -> None:
    """It may be carrying out an order; the new one waits for the same turn at the same nginx."""
    compiled = environment(tmp_path)
    other = environment(tmp_path, text(("127.0.0.1:8082", "127.0.0.1:8083")))

    async def story(site: Site) -> None:
        await site.plant.swap(await site.plant.build(compiled))
        before = site.kit().router
        retired = await site.plant.swap(await site.plant.build(other))
        after = site.kit().router

        assert [before] == retired
        assert before is not after
        assert isinstance(before, NginxRouter)
        assert isinstance(after, NginxRouter)
        assert before._turn is after._turn
        await before.close()

    play(compiled, story)


def test_what_cannot_be_built_changes_nothing(tmp_path: Path) -> None:
    """A credential that is not there: the parts of before are at work still."""
    compiled = environment(tmp_path)
    broken = environment(tmp_path, text(("poll: 500ms", "poll: 500ms, headers: {{X-Key: {{file: /nowhere/at/all}}}}")))

    async def story(site: Site) -> None:
        await site.plant.swap(await site.plant.build(compiled))
        kit = site.kit()
        with pytest.raises(FileNotFoundError):
            await site.plant.build(broken)

        assert kit is site.kit()
        await site.seen("health")

    play(compiled, story)


def test_what_was_built_and_is_not_wanted_leaves_the_routers_in_use(tmp_path: Path) -> None:
    """A refused reload."""
    compiled = environment(tmp_path)

    async def story(site: Site) -> None:
        await site.plant.swap(await site.plant.build(compiled))
        closed = []
        router = site.kit().router
        router.close = lambda: closed.append(1)  # type: ignore[assignment,return-value,method-assign]  # to hear of it
        await site.plant.discard(await site.plant.build(compiled))
        del router.close  # the real one again

        assert [] == closed

    play(compiled, story)


def test_a_server_without_an_address_is_told(tmp_path: Path) -> None:
    """The daemon starts: the other colour may be well."""
    compiled = environment(tmp_path, text(("127.0.0.1:8082", "nowhere.invalid:8082")))

    async def story(site: Site) -> None:
        await site.plant.build(compiled)

        assert [("access log", "nowhere.invalid:8082 has no address: its lines will not be recognised")] == site.said

    play(compiled, story)


def state_with(compiled: Compiled, phase: Phase | None) -> State:
    """The state with a deployment in a phase, or with none."""
    state = step(State(), Configured(environment=compiled.environment), 1000.0).state
    if phase is None:
        return state
    deployment = Deployment(
        id="shop-1",
        release="2.0",
        plan=compiled.environment.plans[0],
        stable=Colour.BLUE,
        candidate=Colour.GREEN,
        schema="unchanged",  # type: ignore[arg-type]  # any will do
        watched_by="",
        alpha=0.001,
        by="ada",
        began=1000.0,
        phase=phase,
        declared=home(),
        in_force=home(),
        ended_at=1000.0,
    )
    return replace(state, services={"shop": replace(state.services["shop"], deployment=deployment)})


@pytest.mark.parametrize(
    ("phase", "factor", "probing"),
    [
        (None, 5.0, False),
        (Phase.PREPARING, 1.0, False),
        (Phase.SOAKING, 1.0, True),
        (Phase.ROLLED_BACK, 1.0, False),
        (Phase.ABORTED, 5.0, False),
    ],
)
def test_a_deployment_is_watched_closely(tmp_path: Path, phase: Phase | None, factor: float, probing: bool) -> None:  # noqa: FBT001 - a table's column
    """Health at its own rate, also for a while after a rollback; the log only while the candidate has users."""
    compiled = environment(tmp_path)

    async def story(site: Site) -> None:
        await site.plant.swap(await site.plant.build(compiled))
        await site.plant.follow(state_with(compiled, Phase.SOAKING))
        await site.plant.follow(state_with(compiled, phase))

        assert 0.5 * factor == site.kit().pollers["health"]._interval
        probe = site.kit().line_probe
        assert probing is (probe is not None and probe._task is not None)

    play(compiled, story)


def test_a_service_that_the_state_does_not_know_yet_is_idle(tmp_path: Path) -> None:
    """Between build and the core's acceptance."""
    compiled = environment(tmp_path)

    async def story(site: Site) -> None:
        await site.plant.swap(await site.plant.build(compiled))
        await site.plant.follow(State())

        assert not site.kit().live

    play(compiled, story)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ProbeAnswer(ok=True, refused=False, detail="", started=1.0, ended=2.0), (True, False)),
        (ProbeAnswer(ok=False, refused=True, detail="refused", started=1.0, ended=2.0), (False, True)),
        (ProbeAnswer(ok=False, refused=False, detail="?", started=1.0, ended=2.0, missing=Missing.ERROR), None),
    ],
)
def test_a_direct_probe_that_could_not_run_is_no_answer(
    tmp_path: Path, answer: ProbeAnswer, expected: tuple[bool, bool] | None
) -> None:
    """It is neither up nor down."""
    compiled = environment(tmp_path)

    async def story(site: Site) -> None:
        built = await site.plant.build(compiled)
        source = built.kits["shop"].sources["health"]

        async def probe(_colour: Colour) -> ProbeAnswer:
            return answer

        assert isinstance(source, HealthSource)
        source.probe = probe  # type: ignore[assignment,method-assign]  # the answer of this test
        hands = built.hands["shop"]
        if expected is None:
            with pytest.raises(ProbeUnknownError):
                await hands.probe(Colour.BLUE)
        else:
            found = await hands.probe(Colour.BLUE)
            assert expected == (found.ok, found.refused)
        await site.plant.discard(built)

    play(compiled, story)


def test_without_its_secret_stable_cannot_be_asked(tmp_path: Path) -> None:
    """The last good configuration may lack it: then nobody knows, and that is no answer either."""
    compiled = environment(tmp_path)
    left = tuple(replace(service, sources=()) for service in compiled.services)

    async def story(site: Site) -> None:
        await site.plant.swap(await site.plant.build(replace(compiled, services=left)))
        with pytest.raises(ProbeUnknownError, match="health cannot be asked: its secret is not known"):
            await site.plant.hands["shop"].probe(Colour.BLUE)

    play(compiled, story)


def test_commands_are_told_of_the_newest_deployment(tmp_path: Path) -> None:
    """As it is when they are run, and what they say is cleaned."""
    stop = "{{stop: {{argv: [/bin/sh, -c, 'echo secret of $$RWD_RELEASE']}}}}"
    keys = f"hooks: {stop}\n    candidate_after_rollback: stop\n    divert_for: 1s"
    compiled = environment(tmp_path, text(("divert_for: 1s", keys)))
    deployment = state_with(compiled, Phase.ROLLED_BACK).services["shop"].deployment

    async def story(site: Site) -> None:
        built = await site.plant.build(compiled)
        site.plant._deployment = lambda _service: deployment
        ran = await built.hands["shop"].hook("stop")
        assert (0, "hidden of 2.0") == (ran.status, ran.detail.partition(": ")[2])
        await site.plant.discard(built)

    play(compiled, story, lambda words: words.replace("secret", "hidden"))


def test_the_maintenance_page_is_up_while_its_flag_is_there(tmp_path: Path) -> None:
    """Looked at anew each time; a flag that cannot be looked at is none."""
    flag = tmp_path / "down"
    compiled = environment(tmp_path, text(("divert_for: 1s", f"maintenance: {flag}\n    divert_for: 1s")))

    async def story(site: Site) -> None:
        built = await site.plant.build(compiled)
        up = built.hands["shop"].maintenance
        assert not up()
        flag.touch()
        assert up()
        flag.unlink()
        flag.symlink_to(flag)
        assert not up()
        await site.plant.discard(built)

    play(compiled, story)


def test_what_a_reading_says_is_cleaned_before_anybody_keeps_it(tmp_path: Path) -> None:
    """A server may repeat what it was sent; the journal and the messages are no place for that."""
    compiled = environment(tmp_path)

    async def story(site: Site) -> None:
        await site.plant.swap(await site.plant.build(compiled))
        seen = await site.seen("health")
        assert {"hidden: Connection hidden"} == {reading.detail for reading in seen.readings}

    play(compiled, story, lambda words: words.replace("refused", "hidden"))


def test_a_secret_is_read_where_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the file itself, in another file, or where systemd puts credentials."""
    (tmp_path / "key").write_text("s3cret\n")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)

    assert ["plain", "s3cret"] == [reveal(Secret(literal="plain")), reveal(Secret(file=str(tmp_path / "key")))]
    with pytest.raises(FileNotFoundError, match="LoadCredential="):
        reveal(Secret(credential="key"))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert "s3cret" == reveal(Secret(credential="key"))
    with pytest.raises(FileNotFoundError, match=r"credential other: .* LoadCredential="):
        reveal(Secret(credential="other"))


@pytest.mark.parametrize(
    ("held", "words"),
    [(b"\n", "credential key is empty; wanted the secret itself in it"), (b"\xff", "credential key holds no text")],
)
def test_a_credential_that_holds_nothing_is_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: bytes, words: str
) -> None:
    """An empty password would be none, and an empty token a header that cannot be sent."""
    (tmp_path / "key").write_bytes(held)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(OSError, match=words):
        reveal(Secret(credential="key"))


def test_contacts_have_their_addresses(tmp_path: Path) -> None:
    """By name, revealed."""
    compiled = environment(tmp_path)

    assert {"on-call": Contact(name="on-call", url="json://127.0.0.1:1")} == wiring.contacts(compiled)
    assert SenderUrl(literal="json://127.0.0.1:1") == compiled.contacts[0].url


@pytest.mark.parametrize(
    ("known", "expected"), [(["root", "nginx"], "nginx"), (["www-data", "nginx"], "www-data"), ([], None)]
)
def test_the_workers_group_is_one_of_the_usual_names(
    monkeypatch: pytest.MonkeyPatch, known: list[str], expected: str | None
) -> None:
    """None when this machine has neither."""
    groups = [grp.struct_group((name, "x", 1, [])) for name in known]
    monkeypatch.setattr(grp, "getgrall", lambda: groups)

    assert expected == wiring.workers_group()

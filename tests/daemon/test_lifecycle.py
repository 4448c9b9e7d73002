"""Start, work, reload and end of a whole daemon in this process; nginx is not there, so its files are not either."""

import asyncio
import grp
import json
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.daemon.helpers import ENVIRONMENT
from watchdog.config.compile import compile_
from watchdog.config.load import load
from watchdog.core.engine import step
from watchdog.core.events import Configured
from watchdog.core.model import Colour, Schema
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import DeploymentBegun, PhaseChanged, Record
from watchdog.core.state import State
from watchdog.daemon import lifecycle, logs, systemd
from watchdog.daemon.clock import BOOT_ID
from watchdog.daemon.lastgood import LastGood
from watchdog.daemon.lifecycle import MISTAKE, CannotStartError, Daemon, run
from watchdog.daemon.logs import Secrets
from watchdog.journal.codec import Checkpoint, ClockMark
from watchdog.journal.database import JournalError
from watchdog.journal.recovery import read
from watchdog.journal.store import Store


def write(folder: Path, *changes: tuple[str, str]) -> str:
    """An environment file whose sockets are below `folder`."""
    text = ENVIRONMENT.replace("sources:", f"control: {{{{socket: {folder}/control}}}}\nsources:", 1)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "environment.yml"
    path.write_text(text.format(state=folder / "state"))
    return str(path)


@pytest.fixture(autouse=True)
def _fresh_log() -> Iterator[None]:
    """What other tests made of the process' log does not matter here."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


class Running:
    """A daemon at work, and what it said."""

    def __init__(self, folder: Path, path: str, good: LastGood | None = None) -> None:
        self.folder = folder
        self.lines: list[dict[str, Any]] = []
        self.told: list[str] = []
        everything = structlog.make_filtering_bound_logger(logging.DEBUG)
        log = structlog.wrap_logger(None, processors=[self._keep], wrapper_class=everything)
        compiled = compile_(load(path)) if good is None else good.compiled
        self.daemon = Daemon(path, compiled, Secrets(), log, good)
        self.daemon._manager = systemd.Manager(self.told.append, watchdog=3.0, monotonic=lambda: 0.0)
        self.task: asyncio.Task[None] = asyncio.get_running_loop().create_task(self.daemon.run())

    def _keep(self, _logger: Any, method: str, line: Any) -> Any:
        self.lines.append({"level": method, **line})
        raise structlog.DropEvent

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10.0):
            while not condition() and not self.task.done():  # noqa: ASYNC110 - a file, a line of the log or a task
                await asyncio.sleep(0.005)
        if self.task.done() and self.task.exception() is not None:
            raise self.task.exception() or AssertionError
        assert condition()

    async def ready(self) -> None:
        await self.until(lambda: any(line["event"] == "ready" for line in self.lines))

    async def get(self, path: str) -> Any:
        """What the control interface answers."""
        reader, writer = await asyncio.open_unix_connection(str(self.folder / "control"))
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return json.loads(answer.partition(b"\r\n\r\n")[2])

    async def end(self) -> None:
        self.daemon._loop.stop()
        async with asyncio.timeout(10.0):
            await self.task


def play(folder: Path, story: Callable[[Running], Awaitable[None]], path: str | None = None) -> Running:
    async def main() -> Running:
        running = Running(folder, path or write(folder))
        try:
            await story(running)
        finally:
            if not running.task.done():
                await running.end()
        return running

    return asyncio.run(main())


def test_from_start_to_end(tmp_path: Path) -> None:
    """It answers and says that it is ready; at the end nothing of it is left but its journal."""

    async def story(running: Running) -> None:
        await running.ready()
        view = await running.get("/v1/status")
        assert (["shop"], "test") == (list(view["services"]), view["environment"])
        assert (tmp_path / "state" / "edge.sock").is_socket()

    running = play(tmp_path, story)

    assert "READY=1\nSTATUS=shop: idle" in running.told
    assert "STOPPING=1" == running.told[-1]
    assert "WATCHDOG=1" in running.told
    assert [False, False] == [(tmp_path / "control").exists(), (tmp_path / "state" / "edge.sock").exists()]
    assert {"level": "info", "event": "stopped", "everything_kept": True} == running.lines[-1]
    assert ["Configured", "Started"] == [
        type(dated.record.body).__name__
        for dated in read(tmp_path / "state", types=("Configured", "Started"), since_seq=0)
    ]


def test_what_a_source_is_sent_is_hidden_from_then_on(tmp_path: Path) -> None:
    """What is kept outside the file; a text of the file itself may be any word, and hiding that would blind the log."""
    (tmp_path / "key").write_text("hunter22")
    headers = f"headers: {{{{X-Key: {{{{file: {tmp_path}/key}}}}, X-App: shop-green}}}}"

    async def story(running: Running) -> None:
        await running.ready()
        assert "[hidden] of shop-green" == running.daemon._secrets.clean("hunter22 of shop-green")

    play(tmp_path, story, write(tmp_path, ("poll: 500ms", f"poll: 500ms, {headers}")))


def test_a_second_start_goes_on_with_the_same_configuration(tmp_path: Path) -> None:
    """It is an event once; the start is one each time."""

    async def story(running: Running) -> None:
        await running.ready()

    play(tmp_path, story)
    play(tmp_path, story)

    kinds = [type(dated.record.body).__name__ for dated in read(tmp_path / "state", since_seq=0)]
    assert (1, 2) == (kinds.count("Configured"), kinds.count("Started"))


def test_the_signals_end_it_and_reload_it(tmp_path: Path) -> None:
    """SIGHUP with a broken file is a line in the log; with a good one the configuration is another; SIGTERM ends."""

    async def story(running: Running) -> None:
        await running.ready()
        digest = (await running.get("/v1/status"))["digest"]
        write(tmp_path, ("version: 1", "version: 7"))
        os.kill(os.getpid(), signal.SIGHUP)
        await running.until(lambda: any(line["event"] == "reload" for line in running.lines))
        assert "environment.yml:1: version" in running.lines[-1]["error"]
        assert digest == (await running.get("/v1/status"))["digest"]

        write(tmp_path, ("bake: 20s", "bake: 30s"))
        os.kill(os.getpid(), signal.SIGHUP)
        await running.until(lambda: any(line["event"] == "reloaded" for line in running.lines))
        assert digest != (await running.get("/v1/status"))["digest"]

        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(10.0):
            await running.task

    running = play(tmp_path, story)
    reloads = [message.partition("\n")[0] for message in running.told if message.startswith(("RELOADING", "READY"))]
    assert ["READY=1", "RELOADING=1", "READY=1", "RELOADING=1", "READY=1"] == reloads


def test_a_second_daemon_on_one_folder_cannot_start(tmp_path: Path) -> None:
    """It names the folder and the process that has it; the first one goes on."""

    async def story(running: Running) -> None:
        await running.ready()
        second = Running(tmp_path, str(tmp_path / "environment.yml"))
        with pytest.raises(JournalError, match=f"is in use by another daemon \\(pid {os.getpid()}\\)"):
            await second.task
        assert ["shop"] == list((await running.get("/v1/status"))["services"])

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("control: {{socket:", "control: {{operators: no-such-group, socket:", "there is no group 'no-such-group'"),
        ("control:", "edge: {{group: no-such-group}}\ncontrol:", "group 'no-such-group' does not exist"),
        ('apprise: "json://127.0.0.1:1"', "apprise: {{file: /nowhere/at/all}}", "/nowhere/at/all"),
    ],
)
def test_what_is_not_there_keeps_it_from_starting(tmp_path: Path, old: str, new: str, message: str) -> None:
    """It says what, and leaves nothing behind that another start would stumble over."""

    async def broken(running: Running) -> None:
        with pytest.raises(Exception, match=message):
            await running.task

    play(tmp_path, broken, write(tmp_path, (old, new)))
    assert not (tmp_path / "control").exists()

    async def whole(running: Running) -> None:
        await running.ready()

    play(tmp_path, whole)


def mid_deployment(folder: Path, path: str) -> None:
    """A journal in which the service's deployment is on its way."""
    compiled = compile_(load(path))
    state = step(State(), Configured(environment=compiled.environment, text=compiled.text), 1000.0).state
    begun = DeploymentBegun(
        service="shop",
        deployment="shop-1",
        release="2.0",
        plan=compiled.environment.plans[0],
        stable=Colour.BLUE,
        candidate=Colour.GREEN,
        schema=Schema.UNCHANGED,
        watched_by="",
        alpha=0.001,
        by="ada",
    )
    on_its_way = PhaseChanged(service="shop", to=Phase.PREPARING, reason=Reason.SUBMITTED)
    records = [Record(seq=state.seq + 1, at=1000.0, body=begun), Record(seq=state.seq + 2, at=1000.0, body=on_its_way)]
    mark = ClockMark(boot_id=BOOT_ID.read_text().strip(), boottime=1.0, wall=1.0, engine=1000.0)
    store = Store.open(folder / "state", wall=0.0)
    store.append((), Checkpoint(state=state, digest=compiled.environment.digest, clock=mark), wall=0.0)
    store.append(records, wall=0.0).result(5.0)
    store.close()


def test_a_file_without_a_service_in_mid_deployment_keeps_it_from_starting(tmp_path: Path) -> None:
    """Users may be on its candidate: the file must name it until the deployment has ended."""
    mid_deployment(tmp_path, write(tmp_path))
    path = write(tmp_path, ("  shop:\n", "  store:\n"))

    async def story(running: Running) -> None:
        with pytest.raises(CannotStartError, match=r"shop cannot go: 2\.0 is preparing; put it back into the file"):
            await running.task

    play(tmp_path, story, path)


def test_a_mistake_of_the_program_ends_it_in_order(tmp_path: Path) -> None:
    """A part that it cannot be without has failed: what it left is taken up by the next start."""

    async def story(running: Running) -> None:
        await running.ready()

        async def follow(_state: State) -> None:
            raise ZeroDivisionError

        running.daemon._plant.follow = follow  # type: ignore[assignment,method-assign]  # the mistake
        with pytest.raises(ZeroDivisionError):
            await running.task

    running = play(tmp_path, story)
    assert not (tmp_path / "control").exists()
    assert "STOPPING=1" == running.told[-1]
    assert {"level": "info", "event": "stopped", "everything_kept": True} == running.lines[-1]


@pytest.mark.parametrize(("error", "status"), [(CannotStartError("no"), 1), (ZeroDivisionError(), MISTAKE), (None, 0)])
def test_the_status_tells_the_service_manager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception | None, status: int
) -> None:
    """1: it cannot start as things are; 70: a mistake of the program; 0: it was told to end."""

    class Ends:
        def __init__(self, *_: object) -> None:
            """Takes what a daemon takes."""

        async def run(self) -> None:
            if error is not None:
                raise error

    monkeypatch.setattr(lifecycle, "Daemon", Ends)
    monkeypatch.setattr(logs, "configure", lambda **_: Secrets())

    assert status == run(write(tmp_path))


def test_a_file_with_mistakes_is_told_as_check_tells_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, with file and line."""
    monkeypatch.setattr(logs, "configure", lambda **_: Secrets())

    assert 1 == run(write(tmp_path, ("version: 1", "version: 7")))
    assert "environment.yml:1: version" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a socket to a group that it is not in")
def test_the_sockets_belong_to_the_groups_of_the_file(tmp_path: Path) -> None:
    """Who reads may connect, who operates may give orders, nginx's workers may write."""
    path = write(
        tmp_path,
        ("control: {{socket:", "edge: {{group: nogroup}}\ncontrol: {{operators: adm, viewers: users, socket:"),
    )

    async def story(running: Running) -> None:
        await running.ready()
        access = running.daemon._control._access
        numbers = [grp.getgrnam(name).gr_gid for name in ("adm", "users", "users", "nogroup")]

        assert numbers == [
            access.operator_group,
            access.viewer_group,
            (tmp_path / "control").stat().st_gid,
            (tmp_path / "state" / "edge.sock").stat().st_gid,
        ]

    play(tmp_path, story, path)

"""From a request's plain body to a command, and from its records to a plain answer."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.helpers import ClockFake, environment, pump
from watchdog.control.app import ApiError, RefusedError, UnavailableError, UnknownError
from watchdog.control.peer import Peer
from watchdog.control.view import Moment
from watchdog.core.events import Configured, Started, StopTheLine
from watchdog.core.state import State
from watchdog.daemon.api import Answer, DaemonApi, answer_to
from watchdog.daemon.keeper import Keeper
from watchdog.daemon.loop import Loop
from watchdog.journal.store import Store

ADA = Peer(uid=1000, gid=1000, pid=1, user="ada", groups=frozenset({1000}))
BASE: dict[str, Any] = {"service": "shop"}


def test_without_a_word_of_the_engine_a_command_is_not_accepted() -> None:
    """It says so."""
    assert Answer(accepted=False, reason="nothing_decided") == answer_to("c1", ())


class Desk:
    """The API over a loop and a journal on disk."""

    def __init__(self, folder: Path) -> None:
        self.clock = ClockFake()
        self.folder = folder
        self.store = Store.open(folder, wall=0.0)
        self.loop = Loop(
            state=State(),
            now=self.clock.now,
            journal=Keeper(self.store, self.clock),
            perform=lambda _effect: None,
            turned=lambda _state, _records: self.api.turned(),
            alive=lambda: None,
        )
        self.reloads: list[bool] = []
        self.api = DaemonApi(
            loop=self.loop,
            moment=lambda: Moment(now=self.clock.time, to_wall=self.clock.to_wall),
            journal=lambda: self.folder,
            reload=self._reload,
            about=lambda: {"host": "h"},
        )
        self.loop.turn(Configured(environment=environment(folder).environment))
        self.loop.turn(Started())

    async def _reload(self, force: bool) -> dict[str, Any]:  # noqa: FBT001 - as the API calls it
        self.reloads.append(force)
        return {"digest": "d"}

    async def answers(self, asked: Awaitable[Any]) -> Any:
        """What is answered while the loop turns."""
        task = asyncio.ensure_future(asked)
        await asyncio.sleep(0)
        await pump(self.loop)
        return await task


def play(folder: Path, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def main() -> None:
        desk = Desk(folder)
        try:
            await story(desk)
        finally:
            desk.store.close()

    asyncio.run(main())


def test_the_view_has_the_state_and_what_the_daemon_adds(tmp_path: Path) -> None:
    """The rules are a part of it, for one service or all."""

    async def story(desk: Desk) -> None:
        view = await desk.api.view()

        assert ("h", ["shop"]) == (view["host"], list(view["services"]))
        assert {"shop": view["services"]["shop"]["rules"]} == await desk.api.rules(None)
        assert await desk.api.rules(None) == await desk.api.rules("shop")
        with pytest.raises(UnknownError, match="'store' is not a service here; there is shop"):
            await desk.api.rules("store")

    play(tmp_path, story)


def test_a_command_is_answered_by_what_became_of_it(tmp_path: Path) -> None:
    """Accepted, refused with the engine's reason, or unknown."""

    async def story(desk: Desk) -> None:
        accepted = await desk.answers(desk.api.command("stop_the_line", {"because": "audit"}, ADA))
        assert {"accepted": True, "deployment": None} == accepted
        assert "ada" == desk.loop.state.stopped_by

        with pytest.raises(RefusedError) as refused:
            await desk.answers(desk.api.command("pause", BASE, ADA))
        assert "no_deployment" == refused.value.reason

        with pytest.raises(UnknownError):
            await desk.api.command("pause", {"service": "store"}, ADA)

    play(tmp_path, story)


def test_a_daemon_that_stops_says_so(tmp_path: Path) -> None:
    """The command was not taken; it can be given again."""

    async def story(desk: Desk) -> None:
        desk.loop.stop()

        with pytest.raises(UnavailableError, match="is stopping"):
            await desk.api.command("stop_the_line", {"because": "audit"}, ADA)

    play(tmp_path, story)


def test_a_reload_can_be_forced(tmp_path: Path) -> None:
    """With `force`, and only with a real yes."""

    async def story(desk: Desk) -> None:
        assert {"digest": "d"} == await desk.api.command("reload", {}, ADA)
        await desk.api.command("reload", {"force": True}, ADA)
        with pytest.raises(ApiError, match="force: wanted true or false"):
            await desk.api.command("reload", {"force": 1}, ADA)

        assert [False, True] == desk.reloads

    play(tmp_path, story)


def test_records_come_from_the_journal_with_both_clocks(tmp_path: Path) -> None:
    """Of the wanted types, oldest first."""

    async def story(desk: Desk) -> None:
        await pump(desk.loop)
        (found,) = await desk.api.records(since=None, service=None, types=("Started",), limit=10)

        assert ("Started", desk.clock.time, desk.clock.wall()) == (found["type"], found["at"], found["wall"])
        assert {"rebooted": False} == {key: found["body"][key] for key in ("rebooted",)}

    play(tmp_path, story)


def test_why_is_told_from_the_journal(tmp_path: Path) -> None:
    """Of a service that exists."""

    async def story(desk: Desk) -> None:
        await pump(desk.loop)
        assert isinstance(await desk.api.explain("shop"), dict)
        with pytest.raises(UnknownError):
            await desk.api.explain("store")

    play(tmp_path, story)


def test_a_journal_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """Not now, and why; the daemon goes on."""

    async def story(desk: Desk) -> None:
        desk.folder = tmp_path / "nowhere"
        with pytest.raises(UnavailableError, match="nowhere"):
            await desk.api.records(since=None, service=None, types=None, limit=10)
        with pytest.raises(UnavailableError, match="nowhere"):
            await desk.api.explain("shop")

    play(tmp_path, story)


def test_a_reader_of_events_has_the_view_now_and_after_every_change(tmp_path: Path) -> None:
    """As fast as it reads: many changes between two readings are one."""

    async def story(desk: Desk) -> None:
        reading = desk.api.events(None)
        first = await anext(reading)
        desk.loop.turn(StopTheLine(id="c1", by="ada", because="audit"))
        desk.loop.turn(StopTheLine(id="c2", by="bob", because="audit"))
        second = await anext(reading)
        waiting = asyncio.ensure_future(anext(reading))
        await asyncio.sleep(0)

        assert (None, "bob") == (first["view"]["stopped"], second["view"]["stopped"]["by"])
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert set() == desk.api._listeners

    play(tmp_path, story)

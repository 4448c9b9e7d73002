"""A daemon whose environment file cannot be used goes on with what its journal holds."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
import structlog

from tests.daemon.test_lifecycle import Running, write
from watchdog.core.model import Check
from watchdog.daemon import lifecycle, logs
from watchdog.daemon.lastgood import LastGood, last_good
from watchdog.daemon.lifecycle import run
from watchdog.daemon.logs import Secrets
from watchdog.notify.send import Contact, Sent

CONTACT = ('{{apprise: "json://127.0.0.1:1"}}', "{{apprise: {{file: %s}}}}")
WRONG = ("version: 1", "version: 7")


@pytest.fixture(autouse=True)
def _fresh_log() -> Iterator[None]:
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


class SenderFake:
    """Takes every message."""

    sent: ClassVar[list[tuple[str, str, str]]] = []

    async def send(self, contact: Contact, title: str, body: str) -> Sent:
        self.sent.append((contact.name, title, body))
        return Sent(ok=True, detail="")

    async def check(self, contacts: object) -> tuple[Check, ...]:
        return ()


@pytest.fixture(autouse=True)
def sender(monkeypatch: pytest.MonkeyPatch) -> type[SenderFake]:
    monkeypatch.setattr(lifecycle, "Sender", SenderFake)
    SenderFake.sent.clear()
    return SenderFake


def by_file(folder: Path, *changes: tuple[str, str]) -> str:
    """An environment file whose contact's address is in a file of its own."""
    address = folder / "address"
    address.write_text("json://127.0.0.1:1\n")
    return write(folder, (CONTACT[0], CONTACT[1] % address), *changes)


def lived(folder: Path, path: str) -> None:
    """A daemon was there, with the file that is right."""
    play(folder, path, None, Running.ready)


def play(folder: Path, path: str, good: LastGood | None, story: Callable[[Running], Awaitable[None]]) -> Running:
    async def main() -> Running:
        running = Running(folder, path, good)
        try:
            await story(running)
        finally:
            if not running.task.done():
                await running.end()
        return running

    return asyncio.run(main())


def broken(folder: Path, path: str) -> LastGood:
    good = last_good(path, f"{path}:1: version: wrong\none more\nand another")
    assert good is not None
    return good


def test_it_guards_and_tells_whoever_is_on_call_and_says_so_in_its_status(
    tmp_path: Path, sender: type[SenderFake]
) -> None:
    """The services are as they were; one message, one line in the log, one word to the service manager."""
    path = by_file(tmp_path)
    lived(tmp_path, path)
    by_file(tmp_path, WRONG)

    async def story(running: Running) -> None:
        await running.ready()
        await running.until(lambda: bool(sender.sent))
        view = await running.get("/v1/status")
        assert (["shop"], "test") == (list(view["services"]), view["environment"])
        assert f"{path}:1: version: wrong (and 2 more)" == view["config_trouble"]
        assert [] == view["config_lacks"]

    running = play(tmp_path, path, broken(tmp_path, path), story)
    ((contact, title, body),) = sender.sent
    assert "on-call" == contact
    assert "[CHECK TODAY] test: the environment file cannot be used; the last good one is in force." == title
    assert f"Why    {path}:1: version: wrong" in body
    assert any("last good" in line for line in running.told)
    assert 1 == sum("cannot be used" in line["event"] for line in running.lines)


def test_nothing_is_decided_anew_and_the_mended_file_comes_into_force(tmp_path: Path) -> None:
    """The configuration in force is the recorded one, byte for byte; a reload takes the file, and that is all."""
    path = by_file(tmp_path)
    lived(tmp_path, path)
    good = broken(tmp_path, path)

    async def story(running: Running) -> None:
        await running.ready()
        types = [each["type"] for each in (await running.get("/v1/records?since=0"))["records"]]
        assert 1 == types.count("Configured")
        by_file(tmp_path, ("bake: 20s", "bake: 40s"))
        await running.daemon.reload(force=False)
        view = await running.get("/v1/status")
        assert "" == view["config_trouble"]
        environment = running.daemon._loop.state.environment
        assert environment is not None
        assert 40.0 == environment.plans[0].bake.at_least
        assert "last good" not in running.told[-1]

    play(tmp_path, path, good, story)


def test_a_contact_whose_address_stood_in_the_file_is_missing_and_named(
    tmp_path: Path, sender: type[SenderFake]
) -> None:
    """The journal never had it. Everything else goes on."""
    path = write(tmp_path)
    lived(tmp_path, path)
    good = broken(tmp_path, path)

    async def story(running: Running) -> None:
        await running.ready()
        await running.until(lambda: any("told of" in line["event"] for line in running.lines))
        assert ["contacts.on-call"] == (await running.get("/v1/status"))["config_lacks"]

    running = play(tmp_path, path, good, story)
    assert ("contacts.on-call",) == good.lacks
    assert "Not told: on-call." in good.message.body
    assert [] == sender.sent
    assert "error" == next(line["level"] for line in running.lines if "told of" in line["event"])


def test_a_journal_of_another_place_is_not_taken(tmp_path: Path) -> None:
    """A copied state folder holds the configuration of the one that it was copied from."""
    path = write(tmp_path)
    lived(tmp_path, path)
    other = tmp_path / "other"
    shutil.copytree(tmp_path / "state", other, ignore=shutil.ignore_patterns("*.sock"))
    Path(path).write_text(f"version: 7\nstate: {other}\n")

    assert last_good(path, "wrong") is None


@pytest.mark.parametrize("journal", [None, b"", b"no database at all" * 100])
def test_without_a_journal_that_can_be_read_there_is_none(tmp_path: Path, journal: bytes | None) -> None:
    """It is then as without a file."""
    path = write(tmp_path, WRONG)
    if journal is not None:
        (tmp_path / "state").mkdir()
        (tmp_path / "state" / "journal.sqlite").write_bytes(journal)

    assert last_good(path, "wrong") is None


def ends(said: list[LastGood | None], refuses: int = 0) -> type:
    """A daemon that ends at once, after it refused its configuration so many times."""

    class Ends:
        def __init__(self, *given: object) -> None:
            said.append(given[4] if len(given) > 4 else None)  # type: ignore[arg-type]  # what a daemon takes

        async def run(self) -> None:
            if len(said) <= refuses:
                raise lifecycle.ConfigurationRefusedError("shop cannot go: 2.0 is soaking")

    return Ends


def test_a_start_with_a_broken_file_is_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mistakes are on standard error as `check` tells them; the status is that of the daemon."""
    lived(tmp_path, by_file(tmp_path))
    path = by_file(tmp_path, WRONG)
    said: list[LastGood | None] = []
    monkeypatch.setattr(lifecycle, "Daemon", ends(said))
    monkeypatch.setattr(logs, "configure", lambda **_: Secrets())

    assert 0 == run(path)
    assert "environment.yml:1: version" in capsys.readouterr().err
    assert [True] == [good is not None for good in said]


def test_a_file_that_takes_away_what_is_under_way_is_not_taken_at_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release is guarded by the last good one; before, the daemon could not start at all."""
    path = by_file(tmp_path)
    lived(tmp_path, path)
    said: list[LastGood | None] = []
    monkeypatch.setattr(lifecycle, "Daemon", ends(said, refuses=1))
    monkeypatch.setattr(logs, "configure", lambda **_: Secrets())

    assert 0 == run(path)
    assert [False, True] == [good is not None for good in said]
    assert said[1] is not None
    assert "shop cannot go: 2.0 is soaking" == said[1].trouble

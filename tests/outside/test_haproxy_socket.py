"""A runtime socket that answers, and those that hang, flood, refuse and are none."""

import asyncio
import socket
from pathlib import Path

import pytest

from tests.sources.servers import Conversation, free_port, served
from watchdog.core.model import Missing
from watchdog.outside import haproxy_socket as runtime
from watchdog.outside.haproxy_socket import NoAnswerError, Runtime


async def echoing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"you said " + await reader.readline())
    await writer.drain()


async def hanging(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"Name: HAProxy\n")
    await asyncio.sleep(3600)


async def flooding(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


def ask_port(conversation: Conversation, host: str = "127.0.0.1") -> str:
    async def main() -> str:
        async with served(conversation) as port:
            asked = Runtime(f"{host}:{port}", 1.0)
            try:
                return await asked.ask("show info;show stat")
            finally:
                asked.close()

    return asyncio.run(main())


def refusal(address: str) -> NoAnswerError:
    with pytest.raises(NoAnswerError) as raised:
        asyncio.run(Runtime(address, 0.5).ask("show info"))
    return raised.value


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_question_is_answered(host: str) -> None:
    """By host and port, the name looked up here."""
    assert "you said show info;show stat\n" == ask_port(echoing, host)


def test_a_question_is_answered_at_a_path(tmp_path: Path) -> None:
    """As HAProxy usually has it."""

    async def main() -> str:
        server = await asyncio.start_unix_server(_once, tmp_path / "s")
        try:
            return await Runtime(str(tmp_path / "s"), 1.0).ask("show info")
        finally:
            server.close()
            await asyncio.sleep(0)

    async def _once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await echoing(reader, writer)
        writer.close()

    assert "you said show info\n" == asyncio.run(main())


def test_a_socket_that_hangs_is_left() -> None:
    """Also in the middle of its answer."""
    with pytest.raises(NoAnswerError, match="gave no complete answer within 1 s") as raised:
        ask_port(hanging)
    assert Missing.TIMEOUT is raised.value.missing


def test_an_answer_that_does_not_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody must keep it."""
    monkeypatch.setattr(runtime, "LARGEST_ANSWER_BYTES", 100_000)
    with pytest.raises(NoAnswerError, match="too_large"):
        ask_port(flooding)


def test_why_there_is_no_answer(tmp_path: Path) -> None:
    """Each with what would be right."""
    assert "is HAProxy running, and is this its `stats socket`?" == refusal(str(tmp_path / "none")).remedy

    left = str(tmp_path / "left")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(left)
    assert f"refused: nothing listens at {left}; is HAProxy running?" == str(refusal(left))

    (tmp_path / "file").touch()
    assert Missing.ERROR is refusal(str(tmp_path / "file")).missing
    assert "refused: nothing listens at 127.0.0.1" in refusal(f"127.0.0.1:{free_port()}").what
    assert "nowhere.invalid" in refusal("nowhere.invalid:9999").what


def test_a_socket_that_may_not_be_used_says_how_it_could(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The group of the socket is what is usually missing."""

    async def refused(_path: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(asyncio, "open_unix_connection", refused)
    assert "group GROUP level user" in refusal(str(tmp_path / "s")).remedy

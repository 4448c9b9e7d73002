"""The client library with its traps shut, against servers on real sockets that do what servers do at night."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sources.servers import (
    Conversation,
    answering,
    babbling,
    certificate,
    cut_short,
    dripping,
    endless,
    free_port,
    hanging_up,
    resetting,
    served,
    silent,
)
from watchdog.core.model import Missing
from watchdog.sources.prometheus.client import LONGEST_GET, AskError, Client

GOOD = json.dumps(
    {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "1"]}]}}
)


def failing(status: str, error: str, kind: str = "bad_data") -> Conversation:
    body = json.dumps({"status": "error", "errorType": kind, "error": error}).encode()
    return answering(body, status=status)


async def dripping_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends a header's letter now and then: no body ever begins."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def redirecting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends everybody to where they came from."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 302 Found\r\nLocation: /api/v1/query\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


def ask(client: Client, query: str = "up") -> Any:
    client.begin()
    try:
        return client.ask(query)
    except AskError as error:
        return error.kind, str(error), error.refused
    finally:
        client.close()


async def asked(conversation: Conversation, *, within: float = 2.0) -> Any:
    async with served(conversation) as port:
        client = Client(url=f"http://127.0.0.1:{port}", timeout=within, headers={})
        return await asyncio.to_thread(ask, client)


def test_an_answer() -> None:
    """The result of the query."""
    assert [{"metric": {}, "value": [1, "1"]}] == asyncio.run(asked(answering(GOOD.encode())))


@pytest.mark.parametrize(
    ("conversation", "kind", "words"),
    [
        (failing("400 Bad Request", "parse error"), Missing.ERROR, "status 400: parse error"),
        (failing("422 Unprocessable", "many-to-many", "execution"), Missing.ERROR, "status 422: many-to-many"),
        (failing("503 Unavailable", "query timed out", "timeout"), Missing.TIMEOUT, "status 503: query timed out"),
        (answering(b"<html>bad gateway</html>", status="502 Bad Gateway"), Missing.ERROR, "status 502"),
        (answering(b"", status="503 Unavailable"), Missing.ERROR, "status 503"),
        (answering(b"<html>hello</html>"), Missing.ERROR, "its answer is no JSON"),
        (answering(b'{"status":"success"}'), Missing.ERROR, "its answer is not the one that Prometheus' API promises"),
        (answering(b"[1]"), Missing.ERROR, "its answer is not the one that Prometheus' API promises"),
        (
            answering(b'{"data":{"result":"x"}}'),
            Missing.ERROR,
            "its answer is not the one that Prometheus' API promises",
        ),
        (answering(b"null"), Missing.ERROR, "its answer is not the one that Prometheus' API promises"),
        (redirecting, Missing.ERROR, "status 302 to another address, which is not followed"),
        (endless, Missing.ERROR, "its answer has over 8 MiB"),
    ],
)
def test_an_answer_that_is_none(conversation: Conversation, kind: Missing, words: str) -> None:
    """What the server says is in the words; only its dislike of the query counts as a refusal of it."""
    refused = "status 400:" in words or "status 422:" in words
    assert (kind, words, refused) == asyncio.run(asked(conversation))


def test_a_long_complaint_is_not_read_to_its_end() -> None:
    """A proxy's page of megabytes would hold everything up while it is taken apart; the next question is answered."""
    sent: list[int] = []

    async def complaining(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if sent:
            await answering(GOOD.encode())(replayed(), writer)
            return
        sent.append(0)
        writer.write(b"HTTP/1.1 503 Unavailable\r\nContent-Length: 8000000\r\n\r\n")
        for _ in range(80):
            writer.write(b"x" * 100_000)
            await writer.drain()
            sent[0] += 100_000

    async def play() -> list[Any]:
        async with served(complaining) as port:
            client = Client(url=f"http://127.0.0.1:{port}", timeout=5.0, headers={})
            return [await asyncio.to_thread(ask, client), await asyncio.to_thread(ask, client)]

    assert [(Missing.ERROR, "status 503", False), [{"metric": {}, "value": [1, "1"]}]] == asyncio.run(play())
    assert sent[0] < 8_000_000


def replayed() -> asyncio.StreamReader:
    """A reader that gives an end of a head."""
    reader = asyncio.StreamReader()
    reader.feed_data(b"\r\n\r\n")
    return reader


@pytest.mark.parametrize("conversation", [hanging_up, resetting, babbling, cut_short])
def test_a_connection_that_ends_badly(conversation: Conversation) -> None:
    """However it does."""
    kind, words, refused = asyncio.run(asked(conversation))
    assert (Missing.ERROR, True, False) == (kind, bool(words), refused)


@pytest.mark.parametrize("conversation", [silent, dripping, answering(GOOD.encode(), hold=60.0)])
def test_the_timeout_is_for_the_whole_answer(conversation: Conversation) -> None:
    """Every read of a dripping server is in time; the answer never is."""
    began = time.monotonic()
    answer = asyncio.run(asked(conversation, within=0.3))
    assert (Missing.TIMEOUT, "no complete answer within 0.3 s", False) == answer
    assert 0.25 < time.monotonic() - began < 2.0


def test_what_cannot_time_out_is_cut_off_from_outside() -> None:
    """A dripping head is read by the standard library, line by line; the connection's end ends it."""

    async def play() -> Any:
        async with served(dripping_head) as port:
            client = Client(url=f"http://127.0.0.1:{port}", timeout=0.2, headers={})
            call = asyncio.create_task(asyncio.to_thread(ask, client))
            await asyncio.sleep(0.4)
            assert not call.done()
            client.interrupt()
            async with asyncio.timeout(2):
                return await call

    kind, _, _ = asyncio.run(play())
    assert kind in (Missing.ERROR, Missing.TIMEOUT)


def test_nobody_listens() -> None:
    """At once, without a retry, in the system's words."""
    began = time.monotonic()
    client = Client(url=f"http://127.0.0.1:{free_port()}", timeout=2.0, headers={})
    assert (Missing.ERROR, "Connection refused", False) == ask(client)
    assert time.monotonic() - began < 1.0


def test_a_name_that_leads_nowhere() -> None:
    """In the resolver's words."""
    kind, words, _ = ask(Client(url="http://nowhere.invalid", timeout=2.0, headers={}))
    assert (Missing.ERROR, True) == (kind, "not known" in words or "name resolution" in words)


def test_the_deadline_is_for_all_requests_of_a_poll() -> None:
    """A second request has what the first has left."""

    async def play() -> Any:
        async with served(answering(GOOD.encode(), hold=0.2)) as port:
            client = Client(url=f"http://127.0.0.1:{port}", timeout=0.3, headers={})
            return await asyncio.to_thread(twice, client)

    def twice(client: Client) -> Any:
        client.begin()
        client.ask("up")
        try:
            return client.ask("up")
        except AskError as error:
            return error.kind
        finally:
            client.close()

    assert Missing.TIMEOUT is asyncio.run(play())


def recording(seen: list[bytes]) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def conversation(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), b":0")
            seen.append(head + await reader.readexactly(int(length.split(b":")[1])))
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(GOOD)}\r\n\r\n{GOOD}".encode())
            await writer.drain()

    return conversation


def test_what_is_sent() -> None:
    """The operator's headers, the time that is left, the wanted moment; on one connection."""

    async def play(seen: list[bytes]) -> None:
        async with served(recording(seen)) as port:
            client = Client(url=f"http://127.0.0.1:{port}/prom", timeout=2.0, headers={"Authorization": "Bearer t"})
            client.begin()
            await asyncio.to_thread(client.ask, "up", 12.3456)
            await asyncio.to_thread(client.ask, "x" * (LONGEST_GET + 1))
            client.close()

    seen: list[bytes] = []
    asyncio.run(play(seen))
    short, long = (each.decode() for each in seen)
    assert short.startswith("GET /prom/api/v1/query?query=up&timeout=")
    assert "&time=12.346 HTTP/1.1\r\n" in short
    assert all("\r\nAuthorization: Bearer t\r\n" in each for each in (short, long))
    assert "\r\nAccept-Encoding: identity\r\n" in short
    assert long.startswith("POST /prom/api/v1/query HTTP/1.1\r\n")
    assert f"query={'x' * (LONGEST_GET + 1)}&timeout=" in long


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon's environment is no configuration."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    assert [{"metric": {}, "value": [1, "1"]}] == asyncio.run(asked(answering(GOOD.encode())))


def test_a_certificate_is_checked_against_the_given_authority(tmp_path: Path) -> None:
    """And one that nobody vouches for is refused."""

    async def play() -> list[Any]:
        cert, context = certificate(tmp_path, "localhost")
        async with served(answering(GOOD.encode()), tls=context) as port:
            url = f"https://localhost:{port}"
            trusting = Client(url=url, timeout=2.0, headers={}, ca=str(cert))
            wary = Client(url=url, timeout=2.0, headers={})
            careless = Client(url=url, timeout=2.0, headers={}, verify=False)
            return [await asyncio.to_thread(ask, each) for each in (trusting, wary, careless)]

    trusted, refused, any_ = asyncio.run(play())
    assert trusted == any_ == [{"metric": {}, "value": [1, "1"]}]
    assert (Missing.ERROR, "tls: ") == (refused[0], refused[1][:5])

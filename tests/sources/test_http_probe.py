"""One request and the judgement of its answer. Failures of every class are in `test_health`, which sends the same."""

import asyncio
import contextlib
import gc
import time
from importlib import metadata
from typing import Any

import pytest

from tests.sources.servers import Conversation, answering, free_port, served, silent
from watchdog.core.model import Missing
from watchdog.sources import http_probe
from watchdog.sources.http_probe import HttpProber, HttpTarget, ProbeAnswer, Tls


def asked(conversation: Conversation, *targets: dict[str, Any]) -> list[ProbeAnswer]:
    """What one server that holds this conversation gets these requests answered."""

    async def main() -> list[ProbeAnswer]:
        async with served(conversation) as port:
            url = f"http://127.0.0.1:{port}"
            prober = HttpProber(url, Tls(), time.monotonic)
            given = [HttpTarget(**{"url": f"{url}/login", "timeout": 5.0, **target}) for target in targets]
            answers = [await prober.probe(target) for target in given]
            await prober.close()
            return answers

    return asyncio.run(main())


def heard(*targets: dict[str, Any], answer: str = "") -> list[str]:
    """The requests as a server gets them: heads, and bodies as far as their length is told."""
    seen: list[str] = []

    async def noting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(line.split(":")[1]) for line in head.splitlines() if line.startswith("Content-Length")), 0)
        seen.append(head + (await reader.readexactly(length)).decode())
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{answer}\r\n".encode())

    assert all(each.ok for each in asked(noting, *targets))
    return seen


def test_a_request_is_sent_as_told() -> None:
    """Its method, path with query, headers and body."""
    (seen,) = heard({"method": "POST", "content": b'{"user": "probe"}', "headers": {"X-Key": "k"}})

    lines = seen.splitlines()
    assert "POST /login HTTP/1.1" == lines[0]
    assert "X-Key: k" in lines
    assert '{"user": "probe"}' == lines[-1]


def test_our_requests_say_whose_they_are() -> None:
    """By name and version, so that they can be told from users' in the application's log; an own name wins."""
    ours, own = heard({}, {"headers": {"user-agent": "probe of shop"}})

    assert f"User-Agent: rollback-watchdog/{metadata.version('rollback-watchdog')}" in ours.splitlines()
    assert ["user-agent: probe of shop"] == [line for line in own.splitlines() if "agent" in line.lower()]


def test_our_name_needs_no_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run from its files the program has no version to tell."""

    def none(_name: str) -> str:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "version", none)

    assert "rollback-watchdog" == http_probe.agent.__wrapped__()


def test_every_request_is_a_new_user_s() -> None:
    """A cookie that an answer sets is not sent again: a login would find itself logged in."""
    assert not any("cookie" in each.lower() for each in heard({}, {}, answer="Set-Cookie: session=1; Path=/\r\n"))


@pytest.mark.parametrize(
    ("status", "wanted", "detail"),
    [
        ("201 Created", (200, 201), ""),
        ("401 No", (401,), ""),
        ("302 Found", (200, 302), ""),
        ("302 Found", (200,), "redirect: 302 to another page; the path must answer itself"),
        ("500 Oh", (200, 201), "status: 500, wanted 200 or 201"),
    ],
)
def test_several_statuses_can_be_good(status: str, wanted: tuple[int, ...], detail: str) -> None:
    """What was answered is told either way. A redirect is never followed."""
    headers = "Location: http://127.0.0.1:1/\r\n"
    (answer,) = asked(answering(b"", status=status, headers=headers), {"statuses": wanted})

    assert (not detail, detail, int(status[:3])) == (answer.ok, answer.detail, answer.status)


def test_keys_are_looked_for_in_an_answer_of_any_good_status() -> None:
    """Status and keys must both fit."""
    body = b'{"ok": true}'
    good, bad = asked(
        answering(body, status="201 Created"), {"statuses": (201,), "expect": {"ok": True}},
        {"statuses": (201,), "expect": {"ok": False}},
    )  # fmt: skip

    assert (True, "body: ok is true, wanted false") == (good.ok, bad.detail)


def test_a_head_is_answered_without_a_body() -> None:
    """The promised length does not come, and is not waited for."""

    async def conversation(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")

    (answer,) = asked(conversation, {"method": "HEAD"})
    assert (True, 200) == (answer.ok, answer.status)


def test_only_what_was_waited_for_in_vain_timed_out() -> None:
    """A refusal and a good answer did not."""
    (late,) = asked(silent, {"timeout": 0.1})
    (good,) = asked(answering(b""), {})

    async def refused() -> ProbeAnswer:
        url = f"http://127.0.0.1:{free_port()}/"
        prober = HttpProber(url, Tls(), time.monotonic)
        answer = await prober.probe(HttpTarget(url=url))
        await prober.close()
        return answer

    assert [True, False, False] == [late.timed_out, good.timed_out, asyncio.run(refused()).timed_out]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_request_that_is_given_up_keeps_no_connection(scheme: str) -> None:
    """Wherever it waits, in a handshake too: the server sees the end at once, not when memory is tidied."""
    ended = 0

    async def waiting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal ended
        with contextlib.suppress(ConnectionError):
            await reader.read()
        ended += 1

    async def main() -> None:
        async with served(waiting) as port:
            url = f"{scheme}://127.0.0.1:{port}/"
            prober = HttpProber(url, Tls(verify=False), time.monotonic)
            asked = [asyncio.create_task(prober.probe(HttpTarget(url=url, timeout=5.0))) for _ in range(10)]
            await asyncio.sleep(0.2)
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            await asyncio.sleep(0.1)
            assert 10 == ended
            await prober.close()

    gc.disable()
    try:
        asyncio.run(main())
    finally:
        gc.enable()


def test_requests_that_wait_do_not_hold_up_others() -> None:
    """However many hang, the next one is sent: its answer is not waited for in a queue of ours."""
    open_at_once = 0

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_at_once
        open_at_once += 1
        await asyncio.sleep(30)

    async def main() -> None:
        async with served(counting) as port:
            url = f"http://127.0.0.1:{port}/"
            prober = HttpProber(url, Tls(), time.monotonic)
            target = HttpTarget(url=url, timeout=1.0)
            first = [asyncio.create_task(prober.probe(target)) for _ in range(60)]
            await asyncio.sleep(0.2)  # the server's own queue of new connections is short
            answers = await asyncio.gather(*first, *(prober.probe(target) for _ in range(60)))
            await prober.close()
            assert {True} == {answer.timed_out for answer in answers}

    asyncio.run(main())
    assert 120 == open_at_once


def test_a_prober_that_is_let_go_of_says_nothing_of_its_target() -> None:
    """A reload closes it in the midst of a request, or before one: neither is a failure of the target."""

    async def main() -> list[ProbeAnswer]:
        async with served(silent) as port:
            prober = HttpProber(f"http://127.0.0.1:{port}", Tls(), time.monotonic)
            target = HttpTarget(url=f"http://127.0.0.1:{port}/health", timeout=5.0)
            under_way = asyncio.create_task(prober.probe(target))
            await asyncio.sleep(0.1)
            await prober.close()
            return [await under_way, await prober.probe(target)]

    answers = asyncio.run(main())
    assert [(Missing.ERROR, False, False)] * 2 == [(each.missing, each.ok, each.refused) for each in answers]
    assert [
        "the daemon let go of the connection",
        "the daemon watches with another configuration by now",
    ] == [each.detail for each in answers]

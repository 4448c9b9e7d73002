"""Questions to a server on a real socket: kept connections, bounds, and what there is instead of an answer."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from tests.sources.actuator_server import Application, running
from tests.sources.servers import (
    Conversation,
    answering,
    babbling,
    certificate,
    dripping,
    endless,
    free_port,
    hanging_up,
    served,
    silent,
)
from watchdog.core.model import Missing
from watchdog.outside.resolve import Resolver
from watchdog.sources.actuator.client import QUESTIONS_AT_ONCE, Answer, Client, Target
from watchdog.sources.http_probe import Tls

Paths = Sequence[tuple[str, Sequence[tuple[str, str]]]]


async def asked(target: Target, paths: Paths, within: float = 2.0) -> list[Answer]:
    client = Client(target)
    try:
        return await client.ask(paths, within)
    finally:
        await client.close()


def ask(application: Application, *paths: str, within: float = 2.0, token: str = "") -> list[Answer]:
    async def main() -> list[Answer]:
        async with running(application) as url:
            return await asked(Target(url=url, token=token), [(path, ()) for path in paths], within)

    return asyncio.run(main())


def ask_one(conversation: Conversation, within: float = 0.5) -> Answer:
    async def main() -> Answer:
        async with served(conversation) as port:
            (answer,) = await asked(Target(url=f"http://127.0.0.1:{port}/"), [("/health", ())], within)
            return answer

    return asyncio.run(main())


def test_answers_come_in_the_order_of_the_questions() -> None:
    """With status and JSON; a tag is spelled as the application wants it."""
    application = Application()
    application.register("pool", {"name": "a b"}, VALUE=3.0)

    async def main() -> list[Answer]:
        async with running(application) as url:
            return await asked(Target(url=url), [("/metrics/pool", [("tag", "name:a b")]), ("/health", ())])

    meter, health = asyncio.run(main())
    assert (200, [{"statistic": "VALUE", "value": 3.0}]) == (meter.status, meter.body["measurements"])
    assert "UP" == health.body["status"]
    assert "/actuator/metrics/pool?tag=name%3Aa%20b" in [each.replace("+", "%20") for each in application.asked]


def test_the_token_and_our_name_are_sent() -> None:
    """And the format that is wanted; the token is in no text."""
    application = Application(token="t0ken")
    (right,) = ask(application, "/health", token="t0ken")
    (wrong,) = ask(application, "/health", token="other")

    assert (200, 401) == (right.status, wrong.status)
    assert b"Authorization: Bearer t0ken\r\n" in application.headers[0]
    assert b"User-Agent: rollback-watchdog" in application.headers[0]
    assert b"application/vnd.spring-boot.actuator.v3+json" in application.headers[0]
    assert "t0ken" not in repr(Target(url="http://a/", token="t0ken"))


def test_connections_are_kept_and_few() -> None:
    """Fifty questions twice use a handful, and no more are open at once."""
    application = Application(takes=0.005)

    async def main() -> None:
        async with running(application) as url:
            client = Client(Target(url=url))
            for _ in range(2):
                answers = await client.ask([("/health", ())] * 50, 5.0)
                assert {200} == {each.status for each in answers}
            await client.close()

    asyncio.run(main())
    assert QUESTIONS_AT_ONCE == application.most_at_once
    assert application.connections <= QUESTIONS_AT_ONCE


def test_one_deadline_holds_for_all_questions() -> None:
    """What was answered by then counts; what hangs costs itself only."""
    application = Application(hangs={"/actuator/metrics/slow"})
    began = time.monotonic()
    slow, health = ask(application, "/metrics/slow", "/health", within=0.3)

    assert (Missing.TIMEOUT, "timeout: no complete answer within 0.3 s") == (slow.missing, slow.detail)
    assert 200 == health.status
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize(
    ("conversation", "missing", "kind"),
    [
        pytest.param(silent, Missing.TIMEOUT, "timeout", id="hangs"),
        pytest.param(dripping, Missing.TIMEOUT, "timeout", id="drips"),
        pytest.param(endless, Missing.ERROR, "too_large", id="never ends"),
        pytest.param(hanging_up, Missing.ERROR, "reset", id="hangs up"),
        pytest.param(babbling, Missing.ERROR, "protocol", id="no HTTP"),
    ],
)
def test_why_there_is_no_answer(conversation: Conversation, missing: Missing, kind: str) -> None:
    """Each has its class."""
    answer = ask_one(conversation)

    assert (missing, kind) == (answer.missing, answer.detail.split(":")[0])


def test_nothing_listening_is_refused() -> None:
    """Of all questions."""
    answers = asyncio.run(asked(Target(url=f"http://127.0.0.1:{free_port()}/a"), [("/x", ()), ("/y", ())]))

    assert [(Missing.ERROR, "refused: Connection refused")] * 2 == [(each.missing, each.detail) for each in answers]


def test_a_name_that_leads_nowhere_is_dns() -> None:
    """Of all questions."""
    (answer,) = asyncio.run(asked(Target(url="http://nowhere.invalid/a"), [("/x", ())], 10.0))

    assert (Missing.ERROR, "dns") == (answer.missing, answer.detail.split(":")[0])


def test_a_name_is_asked_at_the_address_that_answers() -> None:
    """Under its own name."""

    class Known(Resolver):
        async def addresses(self, deadline: float) -> list[str]:
            return ["127.0.0.2", "127.0.0.1"]

    application = Application()

    async def main() -> list[Answer]:
        async with running(application) as url:
            port = url.split(":")[2].split("/")[0]
            client = Client(Target(url=f"http://app.internal:{port}/actuator"))
            client._resolver = Known("app.internal", int(port))
            try:
                return await client.ask([("/health", ())], 2.0)
            finally:
                await client.close()

    (answer,) = asyncio.run(main())
    assert 200 == answer.status
    assert b"Host: app.internal:" in application.headers[0]


def test_the_address_that_answered_is_asked_again() -> None:
    """A name's addresses come in another order each time; each leads to a process with counters of its own."""
    orders = iter([["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "127.0.0.1"], ["127.0.0.2"], ["127.0.0.1", "127.0.0.2"]])

    class Turning(Resolver):
        async def addresses(self, deadline: float) -> list[str]:
            return next(orders)

    async def main() -> list[object]:
        async with (
            served(answering(b"1")) as port,
            served(answering(b"2"), host="127.0.0.2", at=port),
        ):
            client = Client(Target(url=f"http://app.internal:{port}/actuator"))
            client._resolver = Turning("app.internal", port)
            try:
                return [(await client.ask([("/health", ())], 2.0))[0].body for _ in range(4)]
            finally:
                await client.close()

    assert [1, 1, 2, 2] == asyncio.run(main())


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000])
def test_a_body_that_is_no_json_is_none(body: bytes) -> None:
    """The status stays."""
    answer = ask_one(answering(body, status="404 Not Found"))

    assert Answer(status=404) == answer


def test_a_certificate_is_judged_as_told(tmp_path: Path) -> None:
    """As a health check's."""
    path, context = certificate(tmp_path, "app.internal")

    async def main(tls: Tls) -> Answer:
        async with served(answering(b"{}"), tls=context) as port:
            (answer,) = await asked(Target(url=f"https://127.0.0.1:{port}/a", tls=tls), [("/x", ())])
            return answer

    assert "tls" == asyncio.run(main(Tls())).detail.split(":")[0]
    assert 200 == asyncio.run(main(Tls(ca=path, server_name="app.internal"))).status
    with pytest.raises(FileNotFoundError):
        Client(Target(url="https://a/", tls=Tls(ca=tmp_path / "none.pem")))


@pytest.mark.parametrize("url", ["127.0.0.1:8081/actuator", "ftp://127.0.0.1/", "http:///actuator"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    """When the client is made."""
    with pytest.raises(httpx.InvalidURL, match="wanted something like"):
        Client(Target(url=url))

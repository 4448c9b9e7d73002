"""Health pages on real sockets: those that answer, and those that hang, lie, drip, reset and vanish."""

import asyncio
import contextlib
import os
import re
import resource
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
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
from watchdog.core.model import Colour, Missing, Reading
from watchdog.outside.resolve import Resolver
from watchdog.sources.base import Finding
from watchdog.sources.health import HealthSource, _together
from watchdog.sources.health_errors import ProberError
from watchdog.sources.http_probe import HttpTarget, ProbeAnswer, Tls

UP = b'{"status": "UP", "components": {"db": {"status": "UP", "n": 1}}}'


def source(target: HttpTarget, other: HttpTarget | None = None) -> HealthSource:
    targets = {Colour.GREEN: [target]} if other is None else {Colour.BLUE: [other], Colour.GREEN: [target]}
    return HealthSource(name="health", interval=2.0, targets=targets, now=time.monotonic)


async def asked(target: HttpTarget) -> ProbeAnswer:
    """One probe of one target."""
    health = source(target)
    try:
        return await health.probe(Colour.GREEN)
    finally:
        await health.close()


def probe(conversation: Conversation, **target: Any) -> ProbeAnswer:
    """One probe of a server that holds this conversation."""

    async def main() -> ProbeAnswer:
        async with served(conversation) as port:
            return await asked(HttpTarget(url=f"http://127.0.0.1:{port}/health", **{"timeout": 5.0, **target}))

    return asyncio.run(main())


@pytest.mark.parametrize(
    "expect",
    [{}, {"status": "UP"}, {"components": {"db": {"status": "UP"}}}, {"components": {"db": {"n": 1}}, "status": "UP"}],
)
def test_a_page_that_says_what_it_should_is_up(expect: Mapping[str, Any]) -> None:
    """The expected keys are looked for at any depth; others do not matter."""
    answer = probe(answering(UP), expect=expect)

    assert (True, False, "", None) == (answer.ok, answer.refused, answer.detail, answer.missing)
    assert answer.started <= answer.ended


@pytest.mark.parametrize(
    ("body", "expect", "words"),
    [
        (b'{"status": "DOWN"}', {"status": "UP"}, 'body: status is "DOWN", wanted "UP"'),
        (b"{}", {"status": "UP"}, 'body: status is not there, wanted "UP"'),
        (UP, {"components": {"db": {"status": "DOWN"}}}, 'body: components.db.status is "UP", wanted "DOWN"'),
        (b'{"db": true}', {"db": 1}, "body: db is true, wanted 1"),
        (b'{"db": "UP"}', {"db": {"status": "UP"}}, 'body: db is "UP", wanted an object'),
        (b"[]", {"status": "UP"}, "body: the body is [], wanted an object"),
        (b"<html>it works</html>", {"status": "UP"}, "body: no JSON: '<html>it works</html>'"),
        (b"[" * 100_000, {"status": "UP"}, f"body: no JSON: '{'[' * 40}'"),
        (b"", {"status": "UP"}, "body: no JSON: ''"),
    ],
)
def test_a_page_that_says_something_else_is_down(body: bytes, expect: Mapping[str, Any], words: str) -> None:
    """The first key that is absent or other is named, with what was found and what was wanted."""
    answer = probe(answering(body), expect=expect)

    assert (False, False, words) == (answer.ok, answer.refused, answer.detail)


@pytest.mark.parametrize(
    ("conversation", "target", "kind"),
    [
        pytest.param(silent, {"timeout": 0.2}, "timeout", id="hangs before the head"),
        pytest.param(answering(UP, hold=30.0), {"timeout": 0.2}, "timeout", id="hangs before the body"),
        pytest.param(dripping, {"timeout": 0.3}, "timeout", id="drips"),
        pytest.param(endless, {}, "too_large", id="never ends"),
        pytest.param(answering(UP), {"largest_body": 10}, "too_large", id="over its bound"),
        pytest.param(hanging_up, {}, "reset", id="hangs up"),
        pytest.param(resetting, {}, "reset", id="resets"),
        pytest.param(cut_short, {}, "reset", id="cut short"),
        pytest.param(babbling, {}, "protocol", id="no HTTP"),
        pytest.param(answering(UP, status="503 Busy"), {}, "status", id="503"),
        pytest.param(answering(b"", status="302 Found", headers="Location: /login\r\n"), {}, "redirect", id="redirect"),
    ],
)
def test_a_target_that_fails_has_a_class(conversation: Conversation, target: Mapping[str, Any], kind: str) -> None:
    """Whatever the target does, the probe ends, is a failure, and names its class; none of these is a refusal."""
    began = time.monotonic()
    answer = probe(conversation, **target)

    assert (False, False, None) == (answer.ok, answer.refused, answer.missing)
    assert kind == answer.detail.split(":")[0]
    assert time.monotonic() - began < 4.0


def test_another_status_can_be_expected() -> None:
    """A health page may be told to answer 204, or a redirect."""
    assert probe(answering(b"", status="204 None"), statuses=(204,)).ok
    assert probe(answering(b"", status="302 Found", headers="Location: /\r\n"), statuses=(302,)).ok


def test_nothing_listening_is_refused() -> None:
    """A target where nothing listens refuses: it serves nobody."""
    answer = asyncio.run(asked(HttpTarget(url=f"http://127.0.0.1:{free_port()}/")))

    assert (False, True, "refused: Connection refused") == (answer.ok, answer.refused, answer.detail)


def test_a_name_that_leads_nowhere_is_dns() -> None:
    """An unknown name is the target's failure, and no refusal."""
    answer = asyncio.run(asked(HttpTarget(url="http://nowhere.invalid/", timeout=10.0)))

    assert (False, False, "dns") == (answer.ok, answer.refused, answer.detail.split(":")[0])


def test_a_name_is_asked_by_its_name() -> None:
    """The name is looked up here, and the target still sees it in its Host header; each address is tried."""
    seen: list[bytes] = []

    async def noting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def main() -> tuple[bool, int]:
        async with served(noting) as port:
            answer = await asked(HttpTarget(url=f"http://localhost:{port}/health?deep=1"))
            return answer.ok, port

    ok, port = asyncio.run(main())
    lines = seen[0].decode().splitlines()
    assert ok
    assert "GET /health?deep=1 HTTP/1.1" == lines[0]
    assert [f"Host: localhost:{port}"] == [line for line in lines if line.lower().startswith("host")]
    assert "Connection: close" in lines
    assert "Accept-Encoding: identity" in lines


@pytest.mark.parametrize("addresses", [["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"]])
def test_a_name_with_a_refusing_address_is_asked_at_the_next(addresses: list[str]) -> None:
    """A target that listens at one of its name's addresses is there."""

    class Known(Resolver):
        async def addresses(self, deadline: float) -> list[str]:
            return addresses

    async def main() -> ProbeAnswer:
        async with served(answering(UP)) as port:
            health = source(HttpTarget(url=f"http://app.internal:{port}/"))
            health._pages[Colour.GREEN][0].prober._resolver = Known("app.internal", port)
            answer = await health.probe(Colour.GREEN)
            await health.close()
            return answer

    assert asyncio.run(main()).ok


def test_an_address_of_version_6_is_asked() -> None:
    """A URL with a bracketed address works."""

    async def main() -> bool:
        async with served(answering(UP), host="::1") as port:
            return (await asked(HttpTarget(url=f"http://[::1]:{port}/"))).ok

    assert asyncio.run(main())


def test_own_headers_are_sent() -> None:
    """A token for the health page is sent, and a Host of one's own wins."""
    seen: list[bytes] = []

    async def noting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))

    probe(noting, headers={"Authorization": "Bearer t", "Host": "app.internal"})

    assert b"Authorization: Bearer t\r\n" in seen[0]
    assert b"Host: app.internal\r\n" in seen[0]


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The target itself is asked, whatever HTTP_PROXY says."""
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")

    assert probe(answering(UP)).ok


def test_every_poll_makes_a_new_connection() -> None:
    """A target that accepts no new connection is down, though it would answer on an old one."""
    connections = 0

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def main() -> None:
        async with served(counting) as port:
            health = source(HttpTarget(url=f"http://127.0.0.1:{port}/"))
            for _ in range(3):
                assert (await health.probe(Colour.GREEN)).ok
            await health.close()

    asyncio.run(main())
    assert 3 == connections


@pytest.mark.parametrize(
    ("tls", "outcome"),
    [
        pytest.param({}, "tls", id="unknown issuer"),
        pytest.param({"ca": "app.internal", "server_name": "app.internal"}, "", id="known issuer, named"),
        pytest.param({"ca": "app.internal"}, "tls", id="another name"),
        pytest.param({"ca": "other.internal", "server_name": "app.internal"}, "tls", id="another issuer"),
        pytest.param({"verify": False}, "", id="not verified"),
    ],
)
def test_a_certificate_is_judged_as_told(tmp_path: Path, tls: dict[str, Any], outcome: str) -> None:
    """Issuer and name must fit, unless verification is off."""
    _, context = certificate(tmp_path, "app.internal")
    certificate(tmp_path, "other.internal")
    if "ca" in tls:
        tls = {**tls, "ca": tmp_path / f"{tls['ca']}.pem"}

    async def main() -> ProbeAnswer:
        async with served(answering(UP), tls=context) as port:
            return await asked(HttpTarget(url=f"https://127.0.0.1:{port}/", tls=Tls(**tls), timeout=10.0))

    answer = asyncio.run(main())
    assert (outcome, not outcome) == (answer.detail.split(":")[0], answer.ok)


def test_plain_http_where_tls_is_wanted_is_tls() -> None:
    """A target that speaks no TLS is a TLS failure; one that never answers the handshake is a timeout."""

    async def main(conversation: Conversation, limit: float) -> str:
        async with served(conversation) as port:
            answer = await asked(HttpTarget(url=f"https://127.0.0.1:{port}/", tls=Tls(verify=False), timeout=limit))
            return answer.detail.split(":")[0]

    async def mail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await writer.drain()

    assert "tls" == asyncio.run(main(mail, 10.0))
    assert "timeout" == asyncio.run(main(silent, 0.2))


def test_both_colours_are_asked_together() -> None:
    """One poll gives `up` and `seconds` of both; a colour that hangs does not delay the other's question."""

    async def main() -> dict[tuple[str, str], Any]:
        async with served(silent) as hung, served(answering(UP)) as fine:
            health = source(
                HttpTarget(url=f"http://127.0.0.1:{fine}/", timeout=0.4),
                HttpTarget(url=f"http://127.0.0.1:{hung}/", timeout=0.4),
            )
            began = time.monotonic()
            readings = await health.poll()
            assert time.monotonic() - began < 0.75
            await health.close()
            return {(r.signal, str(r.colour)): r.value for r in readings}

    found = asyncio.run(main())
    assert (1.0, 0.0) == (found["up", "green"], found["up", "blue"])
    assert 0.0 < found["seconds", "green"] < 0.4
    assert Missing.TIMEOUT is found["seconds", "blue"]


def test_a_failure_carries_its_class_into_the_reading() -> None:
    """A failed reading is 0 with the class in its detail; the time to no answer is missing."""

    async def main() -> list[tuple[str, Any, str]]:
        health = source(HttpTarget(url=f"http://127.0.0.1:{free_port()}/"))
        readings = await health.poll()
        await health.close()
        return [(r.signal, r.value, r.detail) for r in readings]

    words = "refused: Connection refused"
    assert [("up", 0.0, words), ("seconds", Missing.ERROR, words)] == asyncio.run(main())


def test_a_prober_out_of_descriptors_knows_nothing() -> None:
    """When the prober itself cannot open a connection the reading is missing, not a failure of the target."""

    async def main() -> ProbeAnswer:
        health = source(HttpTarget(url=f"http://127.0.0.1:{free_port()}/"))
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        held: list[int] = []
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(200, soft), hard))
        try:
            with contextlib.suppress(OSError):
                while True:
                    held.append(os.open(os.devnull, os.O_RDONLY))
            return await health.probe(Colour.GREEN)
        finally:
            for descriptor in held:
                os.close(descriptor)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            await health.close()

    answer = asyncio.run(main())
    assert (False, False, Missing.ERROR) == (answer.ok, answer.refused, answer.missing)
    assert "Too many open files" == answer.detail


def test_a_probe_across_a_stop_is_no_failure() -> None:
    """A timeout that came because the process stood still is missing, not the target's failure."""
    times = iter([100.0, 163.0])

    async def main() -> ProbeAnswer:
        async with served(silent) as port:
            target = HttpTarget(url=f"http://127.0.0.1:{port}/", timeout=0.1)
            health = HealthSource(name="h", interval=2.0, targets={Colour.GREEN: [target]}, now=lambda: next(times))
            answer = await health.probe(Colour.GREEN)
            await health.close()
            return answer

    answer = asyncio.run(main())
    assert (False, Missing.STALE) == (answer.ok, answer.missing)
    assert "the daemon stood still for 63.0 s during a probe" == answer.detail


def test_the_answer_to_no_poll_names_every_signal() -> None:
    """`missing()` has both signals of every colour, and the deadline leaves the probes time to end by themselves."""
    health = source(HttpTarget(url="http://127.0.0.1:1/", timeout=2.0), HttpTarget(url="http://127.0.0.1:2/"))

    assert {(colour, signal, Missing.TIMEOUT) for colour in Colour for signal in ("up", "seconds")} == {
        (r.colour, r.signal, r.value) for r in health.missing()
    }
    assert health.deadline > 2.0
    asyncio.run(health.close())


@pytest.mark.parametrize("url", ["127.0.0.1:8081/health", "ftp://127.0.0.1/", "http:///health"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    """What is found and what would be right is said when the source is made."""
    with pytest.raises(httpx.InvalidURL, match="wanted something like"):
        source(HttpTarget(url=url))


def test_a_ca_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A missing or broken CA file is told when the source is made, not at the first poll."""
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate")
    with pytest.raises(ssl.SSLError):
        source(HttpTarget(url="https://127.0.0.1/", tls=Tls(ca=broken)))
    with pytest.raises(FileNotFoundError):
        source(HttpTarget(url="https://127.0.0.1/", tls=Tls(ca=tmp_path / "none.pem")))


def together(*conversations: Conversation | None) -> tuple[ProbeAnswer, tuple[Reading, ...], list[str]]:
    """A probe and a poll of a colour with these servers (None: nothing listens), and their addresses."""

    async def main() -> tuple[ProbeAnswer, tuple[Reading, ...], list[str]]:
        async with contextlib.AsyncExitStack() as stack:
            ports = [
                free_port() if each is None else await stack.enter_async_context(served(each)) for each in conversations
            ]
            targets = [HttpTarget(url=f"http://127.0.0.1:{port}/", timeout=0.3) for port in ports]
            health = HealthSource(name="health", interval=2.0, targets={Colour.GREEN: targets}, now=time.monotonic)
            answer, readings = await health.probe(Colour.GREEN), await health.poll()
            await health.close()
            return answer, readings, [f"127.0.0.1:{port}" for port in ports]

    return asyncio.run(main())


def test_a_colour_is_up_only_if_all_its_servers_are() -> None:
    """One of them that fails is named by its address; a colour refuses only when all of them do."""
    up, readings, _ = together(answering(UP), answering(UP))
    assert (True, False, "") == (up.ok, up.refused, up.detail)
    assert [("up", 1.0)] == [(each.signal, each.value) for each in readings if each.signal == "up"]

    half, readings, addresses = together(answering(UP), None)
    assert (False, False, f"{addresses[1]}: refused: Connection refused") == (half.ok, half.refused, half.detail)
    assert [("up", 0.0)] == [(each.signal, each.value) for each in readings if each.signal == "up"]

    down, _, addresses = together(None, None)
    assert (False, True, 2) == (down.ok, down.refused, down.detail.count("refused: "))


def test_the_time_of_a_colour_is_that_of_its_slowest_server() -> None:
    """And missing when one of them gave none."""
    answer, readings, addresses = together(answering(UP), silent)

    assert (False, f"{addresses[1]}: timeout: no complete answer within 0.3 s") == (answer.ok, answer.detail)
    assert answer.ended - answer.started >= 0.3
    assert [Missing.TIMEOUT] == [each.value for each in readings if each.signal == "seconds"]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([True, None], (False, False, Missing.ERROR, "b: ?")),
        ([None, None], (False, False, Missing.ERROR, "a: ?; b: ?")),
        ([False, None], (False, False, None, "a: down")),
    ],
)
def test_a_server_that_is_down_says_more_than_one_that_is_not_known(
    answers: list[bool | None], expected: tuple[bool, bool, Missing | None, str]
) -> None:
    """When the prober could not run for one of them and none is down, nothing is known of the colour."""
    parts = {
        name: ProbeAnswer(
            ok=bool(ok),
            refused=ok is False,
            detail={True: "", False: "down", None: "?"}[ok],
            started=1.0,
            ended=2.0,
            missing=Missing.ERROR if ok is None else None,
        )
        for name, ok in zip("ab", answers, strict=True)
    }
    answer = _together(parts)

    assert expected == (answer.ok, answer.refused, answer.missing, answer.detail)


def looked(conversation: Conversation | None, *, other: Conversation | None = None, **target: Any) -> list[Finding]:
    """What `examine` finds of a server that holds this conversation, green, and perhaps of blue's; None: no server."""

    async def main() -> list[Finding]:
        async with served(conversation or silent) as port, served(other or silent) as stable:
            ports = [port if conversation else free_port(), stable if other else free_port()]
            green, blue = (
                HttpTarget(url=f"http://127.0.0.1:{each}/health", **{"timeout": 5.0, **target}) for each in ports
            )
            health = source(green, blue)
            try:
                return list(await health.examine())
            finally:
                await health.close()

    return asyncio.run(main())


def test_what_a_person_should_know_of_each_server() -> None:
    """A healthy one, and one that is not, with what would be right."""
    blue, green = looked(answering(b"", status="404 Not Found"), other=answering(b"{}"))

    assert blue.ok is True
    assert re.fullmatch(r"blue at 127.0.0.1:\d+ is healthy: 200 after 0.\d\d s", blue.what)
    assert green.ok is False
    assert green.what.endswith("is not healthy: status: 404, wanted 200")
    assert "wanted a path that answers so, or expect: STATUS" == green.remedy


def test_a_server_that_does_not_run_yet_is_worth_a_word() -> None:
    """It waits for a release while the other colour serves; when neither runs that is wrong."""
    assert [True, None] == [finding.ok for finding in looked(None, other=answering(b"{}"))]
    assert [False, False] == [finding.ok for finding in looked(None)]


def test_a_slow_page_is_worth_a_word() -> None:
    """A busier moment would be a failure."""
    blue, _ = looked(None, other=answering(b"{}", hold=0.3), timeout=0.5)

    assert (None, "timeout: 0.5s leaves it little; a longer one") == (blue.ok, blue.remedy)


def test_a_prober_that_cannot_run_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of this host, and not of the application."""
    monkeypatch.setattr("watchdog.sources.http_probe.HttpProber._within_deadline", _out_of_descriptors)
    found = looked(answering(b"{}"))

    assert [(False, "see this host's limits")] * 2 == [(finding.ok, finding.remedy) for finding in found]


async def _out_of_descriptors(*_: object) -> None:
    raise ProberError("Too many open files")

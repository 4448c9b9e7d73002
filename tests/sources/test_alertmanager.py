"""What an Alertmanager's answer means, and a server that gives none."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest

from tests.sources.servers import (
    Conversation,
    answering,
    babbling,
    cut_short,
    dripping,
    endless,
    free_port,
    served,
    silent,
)
from watchdog.core.model import Colour, Missing, Reading
from watchdog.sources.alertmanager import AlertmanagerSource, AlertmanagerTarget, client
from watchdog.sources.base import Finding

FILTERS: Mapping[Colour | None, Sequence[str]] = {
    Colour.BLUE: ('color="blue"',),
    Colour.GREEN: ('color="green"',),
}


def alert(name: str, state: str = "active") -> dict[str, Any]:
    return {"labels": {"alertname": name}, "status": {"state": state}}


def source(port: int, *, heartbeat: Sequence[str] = (), timeout: float = 2.0) -> AlertmanagerSource:
    target = AlertmanagerTarget(
        url=f"http://127.0.0.1:{port}",
        timeout=timeout,
        filters=FILTERS,
        heartbeat=heartbeat,
        headers={"Authorization": "Bearer t"},
    )
    return AlertmanagerSource(name="alerts", interval=5.0, target=target, client=client(verify=False, timeout=timeout))


async def polled(conversation: Conversation, *, within: float = 2.0) -> tuple[Reading, ...]:
    async with served(conversation) as port:
        alerts = source(port, timeout=within)
        try:
            return await alerts.poll()
        finally:
            await alerts.close()


def answers(by_filter: Mapping[str, list[dict[str, Any]]], seen: list[httpx.Request]) -> AlertmanagerSource:
    """A source whose server answers by the last condition of the question."""

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        body = json.dumps(by_filter[request.url.params.get_list("filter")[-1]]).encode()
        return httpx.Response(200, stream=httpx.ByteStream(body))

    target = AlertmanagerTarget(
        url="http://127.0.0.1", timeout=1.0, filters=FILTERS, heartbeat=['alertname="Watchdog"'], headers={"X-Key": "k"}
    )
    transport = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return AlertmanagerSource(name="alerts", interval=5.0, target=target, client=transport)


def test_the_alerts_of_each_colour_that_fire() -> None:
    """Their number, their names, and whether there is none."""
    seen: list[httpx.Request] = []
    alerts = answers(
        {
            'color="blue"': [],
            'color="green"': [alert("Slow"), alert("Errors"), alert("Errors"), alert("Quiet", "suppressed")],
            'alertname="Watchdog"': [alert("Watchdog")],
        },
        seen,
    )
    readings = asyncio.run(alerts.poll())

    assert (
        Reading(signal="firing", colour=Colour.BLUE, value=0.0),
        Reading(signal="clear", colour=Colour.BLUE, value=1.0),
        Reading(signal="firing", colour=Colour.GREEN, value=3.0, detail="Errors, Slow"),
        Reading(signal="clear", colour=Colour.GREEN, value=0.0, detail="Errors, Slow"),
    ) == readings
    assert {"/api/v2/alerts"} == {request.url.path for request in seen}
    asked = [("active", "true"), ("silenced", "false"), ("inhibited", "false"), ("unprocessed", "false")]
    assert [*asked, ("filter", 'color="blue"')] == seen[0].url.params.multi_items()
    assert ("k", "identity") == (seen[0].headers["x-key"], seen[0].headers["accept-encoding"])


def test_without_its_heartbeat_silence_is_no_news() -> None:
    """A dead Prometheus fires nothing either."""
    alerts = answers({'color="blue"': [], 'color="green"': [], 'alertname="Watchdog"': []}, [])
    readings = asyncio.run(alerts.poll())
    assert {Missing.STALE} == {reading.value for reading in readings}
    assert 'the heartbeat {alertname="Watchdog"} does not fire: nobody evaluates alerts' == readings[0].detail


@pytest.mark.parametrize(
    ("conversation", "kind", "words"),
    [
        (answering(b"[]", status="503 Unavailable"), Missing.ERROR, "status 503"),
        (answering(json.dumps("bad matcher").encode(), status="400 Bad"), Missing.ERROR, "status 400: bad matcher"),
        (answering(b"", status="302 Found"), Missing.ERROR, "status 302 to another address, which is not followed"),
        (answering(b"<html>"), Missing.ERROR, "its answer is not a list of alerts"),
        (answering(b'{"alerts": []}'), Missing.ERROR, "its answer is not a list of alerts"),
        (answering(b"[{}]"), Missing.ERROR, "its answer is not a list of alerts"),
        (answering(b"7"), Missing.ERROR, "its answer is not a list of alerts"),
        (endless, Missing.ERROR, "its answer has over 4 MiB"),
    ],
)
def test_an_answer_that_is_none(conversation: Conversation, kind: Missing, words: str) -> None:
    """Every reading is missing, in the same words."""
    readings = asyncio.run(polled(conversation))
    assert [(kind, words)] * 4 == [(reading.value, reading.detail) for reading in readings]


@pytest.mark.parametrize("conversation", [babbling, cut_short])
def test_a_connection_that_ends_badly(conversation: Conversation) -> None:
    """However it does."""
    assert {Missing.ERROR} == {reading.value for reading in asyncio.run(polled(conversation))}


@pytest.mark.parametrize("conversation", [silent, dripping])
def test_the_timeout_is_for_the_whole_answer(conversation: Conversation) -> None:
    """Also of a server whose every byte is in time."""
    readings = asyncio.run(polled(conversation, within=0.2))
    assert [(Missing.TIMEOUT, "no complete answer within 0.2 s")] * 4 == [(r.value, r.detail) for r in readings]


def test_a_name_whose_lookup_hangs_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it runs in the loop's own threads, which are few, and joined at exit."""
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(10.0) or [])
    target = AlertmanagerTarget(url="http://alerts.invalid:9093", timeout=0.2, filters=FILTERS)

    async def play() -> list[tuple[Reading, ...]]:
        own = client(verify=False, timeout=0.2)
        alerts = AlertmanagerSource(name="alerts", interval=5.0, target=target, client=own)
        polls = [await alerts.poll() for _ in range(3)]
        await alerts.close()
        return polls

    began = time.monotonic()
    first, *later = asyncio.run(play())
    took = time.monotonic() - began
    released.set()

    assert took < 5.0
    assert {(Missing.TIMEOUT, "dns: no answer about alerts.invalid in time")} == {(r.value, r.detail) for r in first}
    again = (Missing.ERROR, "dns: the last lookup of alerts.invalid still hangs")
    assert [{again}] * 2 == [{(reading.value, reading.detail) for reading in readings} for readings in later]


def test_one_question_that_fails_ends_the_others() -> None:
    """A server that refuses one and drips at the other would otherwise hold a connection more after every poll."""
    ended = 0

    async def fickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal ended
        head = await reader.readuntil(b"\r\n\r\n")
        if b"blue" in head:
            await answering(b"", status="400 Bad")(replayed(head), writer)
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(b" ")
                await writer.drain()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(1), 0.02)
        ended += 1

    async def play() -> int:
        async with served(fickle) as port:
            alerts = source(port)
            for _ in range(3):
                await alerts.poll()
            for _ in range(100):
                if ended == 3:
                    break
                await asyncio.sleep(0.02)
            found = ended
            await alerts.close()
            return found

    assert 3 == asyncio.run(play())


def replayed(head: bytes) -> asyncio.StreamReader:
    """A reader that gives what was read already."""
    reader = asyncio.StreamReader()
    reader.feed_data(head)
    return reader


def test_nobody_listens() -> None:
    """Missing, and no alert."""

    async def play() -> tuple[tuple[Reading, ...], tuple[Finding, ...], tuple[Reading, ...]]:
        alerts = source(free_port())
        try:
            return await alerts.poll(), await alerts.examine(), alerts.missing()
        finally:
            await alerts.close()

    readings, findings, missing = asyncio.run(play())
    assert [(Missing.ERROR, "refused: Connection refused")] * 4 == [(r.value, r.detail) for r in readings]
    assert ["cannot be asked: refused: Connection refused"] == [finding.what for finding in findings]
    assert [(Missing.TIMEOUT, "no complete answer within 2 s")] * 4 == [(r.value, r.detail) for r in missing]


def test_an_examination_tells_what_fires_and_whether_silence_would_be_noticed() -> None:
    """Once with a heartbeat that beats, once with one that does not, once without one."""
    calm: dict[str, list[dict[str, Any]]] = {'color="blue"': [], 'color="green"': [alert("Slow")]}
    both = [(True, "no alert of blue fires"), (None, "1 alert of green fires now: Slow")]

    def look(alerts: AlertmanagerSource) -> list[tuple[bool | None, str]]:
        return [(finding.ok, finding.what) for finding in asyncio.run(alerts.examine())]

    assert both == look(answers({**calm, 'alertname="Watchdog"': [alert("Watchdog")]}, []))
    silent_one = (False, 'the heartbeat {alertname="Watchdog"} does not fire: nobody evaluates alerts')
    assert [*both, silent_one] == look(answers({**calm, 'alertname="Watchdog"': []}, []))
    beating = {'color="blue"': [], 'color="green"': [alert("Watchdog")], 'alertname="Watchdog"': [alert("Watchdog")]}
    itself = "the heartbeat Watchdog is one of the alerts of green that are meant, so clear is never 1"
    assert [(True, "no alert of blue fires"), (False, itself)] == look(answers(beating, []))

    async def without() -> list[tuple[bool | None, str]]:
        async with served(answering(b"[]")) as port:
            alerts = source(port)
            found = await alerts.examine()
            await alerts.close()
            return [(finding.ok, finding.what) for finding in found]

    assert (None, "without a heartbeat a dead Prometheus looks like no alert") == asyncio.run(without())[-1]

"""Each route asks the daemon one thing, and each error is a sentence for people."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.control.harness import FakeApi, running
from watchdog.control import app as module
from watchdog.control.app import ApiError, RefusedError, UnavailableError, UnknownError, _stream
from watchdog.control.peer import Access, Peer, Role


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def http(api: FakeApi, tmp_path: Path) -> Iterator[httpx.Client]:
    with running(api, tmp_path / "s"), client(tmp_path / "s") as found:
        yield found


def client(path: Path) -> httpx.Client:
    return httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://x")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/status", ("view",)),
        ("/v1/rules", ("rules", None)),
        ("/v1/rules?service=shop", ("rules", "shop")),
        ("/v1/services/shop/explain", ("explain", "shop")),
        ("/v1/records", ("records", None, None, None, 1000)),
        ("/v1/records?since=7&service=shop&types=Tick,HoldSet&limit=5", ("records", 7, "shop", ("Tick", "HoldSet"), 5)),
    ],
)
def test_reading(api: FakeApi, http: httpx.Client, path: str, expected: tuple[Any, ...]) -> None:
    """A reading route passes its parameters on and gives the answer back."""
    answer = http.get(path)

    assert 200 == answer.status_code
    assert [expected] == api.asked
    body = answer.json()
    assert {"asked": expected[0]} == (body["records"][0] if "records" in body else body)


@pytest.mark.parametrize(
    ("path", "kind", "extra"),
    [
        *((f"/v1/services/shop/{name}", name, {"service": "shop"}) for name in module.SERVICE_COMMANDS),
        ("/v1/services/shop/deployments", "submit", {"service": "shop"}),
        ("/v1/stop-the-line", "stop_the_line", {}),
        ("/v1/reload", "reload", {}),
    ],
)
def test_commands(api: FakeApi, http: httpx.Client, path: str, kind: str, extra: dict[str, str]) -> None:
    """A command arrives with its body, the service of its path, and the person who gave it."""
    answer = http.post(path, json={"because": "x", **({"service": "other"} if extra else {})})

    assert (200, {"asked": kind}) == (answer.status_code, answer.json())
    assert [(kind, {"because": "x", **extra})] == api.asked
    assert [(os.geteuid(), os.getpid())] == [(peer.uid, peer.pid) for peer in api.peers]


def test_a_command_needs_no_body(api: FakeApi, http: httpx.Client) -> None:
    """An empty body is an empty object."""
    assert 200 == http.post("/v1/services/shop/pause").status_code
    assert [("pause", {"service": "shop"})] == api.asked


@pytest.mark.parametrize(
    ("request_line", "content", "status", "message"),
    [
        ("GET /v1/nothing", "", 404, "there is no /v1/nothing"),
        ("POST /v1/services/shop/explode", "", 404, "there is no /v1/services/shop/explode"),
        ("POST /v1/status", "", 405, "/v1/status does not take POST"),
        ("GET /v1/reload", "", 405, "/v1/reload does not take GET"),
        ("GET /v1/records?since=-1", "", 400, "since: found '-1', wanted a number from 0 up"),
        ("GET /v1/records?limit=0", "", 400, "limit: found '0', wanted a number from 1 to 10000"),
        ("GET /v1/records?limit=10001", "", 400, "limit: found '10001', wanted a number from 1 to 10000"),
        ("GET /v1/events?after=soon", "", 400, "after: found 'soon', wanted a number from 0 up"),
        ("POST /v1/reload", "{", 400, "the body is not JSON: Expecting property name"),
        ("POST /v1/reload", "[]", 400, "the body is a JSON list, wanted an object"),
    ],
)
def test_bad_requests(
    api: FakeApi, http: httpx.Client, *, request_line: str, content: str, status: int, message: str
) -> None:
    """What was wrong, where, and what would be right; nothing reaches the daemon."""
    method, path = request_line.split()
    answer = http.request(method, path, content=content)

    assert status == answer.status_code
    assert answer.json()["message"].startswith(message)
    assert [] == api.asked


def test_a_body_that_is_too_large(api: FakeApi, http: httpx.Client) -> None:
    """A flood is not read into memory."""
    assert 413 == http.post("/v1/reload", content="x" * 70_000).status_code
    assert [] == api.asked


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (ApiError("because is wanted"), 400, {"message": "because is wanted", "reason": ""}),
        (UnknownError("no service shop"), 404, {"message": "no service shop", "reason": ""}),
        (RefusedError("it runs", reason="already"), 409, {"message": "it runs", "reason": "already"}),
        (UnavailableError("stopping"), 503, {"message": "stopping", "reason": ""}),
        (KeyError("x"), 500, {"message": "the daemon made a mistake (KeyError); its log says more"}),
    ],
)
def test_errors_of_the_daemon(
    api: FakeApi, http: httpx.Client, error: Exception, status: int, body: dict[str, str]
) -> None:
    """A refusal arrives in the daemon's words; a mistake of the daemon's does not tell its insides."""
    api.error = error
    answer = http.post("/v1/services/shop/pause")

    assert (status, body) == (answer.status_code, answer.json())


class FixedAccess(Access):
    """Everybody has one role."""

    def __init__(self, role: Role) -> None:
        super().__init__()
        self.fixed = role

    def role(self, peer: Peer) -> Role:
        return self.fixed


@pytest.mark.parametrize(
    ("role", "read", "ordered"), [(Role.NONE, 403, 403), (Role.VIEWER, 200, 403), (Role.OPERATOR, 200, 200)]
)
def test_roles(api: FakeApi, tmp_path: Path, role: Role, read: int, ordered: int) -> None:
    """Viewers read, operators give orders too, others do neither."""
    with running(api, tmp_path / "s", FixedAccess(role)), client(tmp_path / "s") as http:
        answers = [http.get("/v1/status"), http.post("/v1/reload")]

    assert [read, ordered] == [answer.status_code for answer in answers]
    assert [code for code in (read, ordered) if code == 200] == [200 for _ in api.asked]
    user = "root" if os.geteuid() == 0 else ""
    if ordered == 403:
        assert f"{user} may not give orders; members of the operator group may" in answers[1].json()["message"]


def test_events(api: FakeApi, http: httpx.Client) -> None:
    """Each event has its number, its type and its whole value, and the connection says at once that it stands."""
    api.script = [{"seq": 4, "type": "HoldSet", "text": "a\nb"}]
    api.ends = True

    answer = http.get("/v1/events", params={"after": "3"})

    expected = ': hello\n\nid: 4\nevent: HoldSet\ndata: {"seq": 4, "type": "HoldSet", "text": "a\\nb"}\n\n'
    assert expected == answer.text
    assert "text/event-stream; charset=utf-8" == answer.headers["content-type"]
    assert [("events", 3)] == api.asked


def test_the_last_event_of_a_broken_stream_wins(api: FakeApi, http: httpx.Client) -> None:
    """A browser that comes back says in a header where it was."""
    api.ends = True
    http.get("/v1/events", params={"after": "3"}, headers={"last-event-id": "9"})

    assert [("events", 9)] == api.asked


def test_a_quiet_stream_says_that_it_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between events there are comments, and the close of the server ends the stream and its source."""
    monkeypatch.setattr(module, "ALIVE_S", 0.01)
    api = FakeApi()

    async def listen() -> list[str]:
        closing = asyncio.Event()
        heard: list[str] = []
        async for part in _stream(api.events(None), closing):
            heard.append(part)
            if len(heard) == 3:
                assert 1 == api.streams
                closing.set()
        return heard

    assert [": hello\n\n", ": alive\n\n", ": alive\n\n"] == asyncio.run(listen())
    assert 0 == api.streams

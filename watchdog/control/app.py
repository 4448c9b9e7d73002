"""The routes of the control API: a request becomes one call of `Api`, an error a sentence for people.

What lives here: paths, parameters, roles, JSON. What must not: sockets (`server`), and any meaning of what is asked.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from watchdog.control.peer import Access, Peer, Role

LARGEST_BODY_BYTES: Final = 65_536
ALIVE_S: Final = 15.0
"""An event stream says at least this often that it is alive."""
MOST_RECORDS: Final = 10_000

SERVICE_COMMANDS: Final = (
    "rollback", "abort", "pause", "resume", "promote", "acknowledge", "adopt", "forgive", "waive",
    "disarm", "hold", "divert", "rehearse", "did",
)  # fmt: skip

Answer: TypeAlias = dict[str, Any]
Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


class ApiError(Exception):
    """The request cannot be fulfilled; the message is for the person who asked. `status` is HTTP's."""

    status = 400


class UnknownError(ApiError):
    """What was named does not exist."""

    status = 404


class RefusedError(ApiError):
    """The command was understood and not carried out. `reason` is the closed name of why."""

    status = 409

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class UnavailableError(ApiError):
    """Not now: the daemon is starting or stopping."""

    status = 503


class Api(Protocol):
    """What the daemon answers. Every method may raise ApiError."""

    async def view(self) -> Answer:
        """Everything that `status` shows."""
        ...

    async def rules(self, service: str | None) -> Answer:
        """The rules in force and their states, of one service or of all."""
        ...

    async def records(
        self, *, since: int | None, service: str | None, types: tuple[str, ...] | None, limit: int
    ) -> list[Answer]:
        """Records of the journal, oldest first; without `since` the newest."""
        ...

    async def explain(self, service: str) -> Answer:
        """Why the service's last deployment went as it did."""
        ...

    async def command(self, kind: str, body: Answer, peer: Peer) -> Answer:
        """Carry out a command. `kind` has underscores; `body` holds `service` where the path names one."""
        ...

    def events(self, after: int | None) -> AsyncIterator[Answer]:
        """What happens from now on, or from record `after` on; every event has `seq` and `type`."""
        ...


def make_app(api: Api, access: Access, closing: asyncio.Event) -> Starlette:
    """The application. When `closing` is set, event streams end."""

    async def status(_request: Request) -> Response:
        return JSONResponse(await api.view())

    async def rules(request: Request) -> Response:
        return JSONResponse(await api.rules(request.query_params.get("service")))

    async def records(request: Request) -> Response:
        asked = request.query_params
        types = tuple(part for part in asked["types"].split(",") if part) if "types" in asked else None
        found = await api.records(
            since=_number(asked, "since", None, 0),
            service=asked.get("service"),
            types=types,
            limit=_number(asked, "limit", 1_000, 1, MOST_RECORDS) or 0,
        )
        return JSONResponse({"records": found})

    async def explain(request: Request) -> Response:
        return JSONResponse(await api.explain(request.path_params["service"]))

    async def events(request: Request) -> Response:
        told = request.headers.get("last-event-id")
        after = _number({"last-event-id": told} if told else request.query_params, "last-event-id" if told else "after")
        headers = {"cache-control": "no-store"}
        return StreamingResponse(_stream(api.events(after), closing), media_type="text/event-stream", headers=headers)

    def command(kind: str) -> Handler:
        async def handle(request: Request) -> Response:
            body = await _body(request) | dict(request.path_params)
            return JSONResponse(await api.command(kind, body, request.state.peer))

        return handle

    posts = {f"/v1/services/{{service}}/{name}": name for name in SERVICE_COMMANDS}
    posts |= {"/v1/services/{service}/deployments": "submit", "/v1/stop-the-line": "stop-the-line"}
    posts |= {"/v1/reload": "reload"}
    gets = {"/v1/status": status, "/v1/rules": rules, "/v1/records": records, "/v1/events": events}
    gets |= {"/v1/services/{service}/explain": explain}
    return Starlette(
        routes=[
            *(Route(path, _only(Role.VIEWER, access, handle), methods=["GET"]) for path, handle in gets.items()),
            *(
                Route(path, _only(Role.OPERATOR, access, command(name.replace("-", "_"))), methods=["POST"])
                for path, name in posts.items()
            ),
        ],
        exception_handlers={ApiError: _api_error, HTTPException: _http_error, Exception: _fault},
        max_body_size=LARGEST_BODY_BYTES,
    )


def _only(role: Role, access: Access, handle: Handler) -> Handler:
    """The handler for peers with that role; 403 for others, with what would help."""

    async def checked(request: Request) -> Response:
        peer: Peer = request.state.peer
        if access.role(peer) < role:
            may = "read this" if role is Role.VIEWER else "give orders"
            return _error(403, f"{peer.user} may not {may}; members of the {role.name.lower()} group may")
        return await handle(request)

    return checked


def _number(
    asked: Mapping[str, str], name: str, default: int | None = None, least: int = 0, most: int | None = None
) -> int | None:
    text = asked.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal()) or int(text) < least or (most is not None and int(text) > most):
        wanted = f"a number from {least}" + (f" to {most}" if most is not None else " up")
        raise ApiError(f"{name}: found {text!r}, wanted {wanted}")
    return int(text)


async def _body(request: Request) -> Answer:
    text = await request.body()
    try:
        body = json.loads(text) if text else {}
    except ValueError as error:
        raise ApiError(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ApiError(f"the body is a JSON {type(body).__name__}, wanted an object")
    return body


async def _stream(source: AsyncIterator[Answer], closing: asyncio.Event) -> AsyncIterator[str]:
    """Server-sent events until the source ends, the client goes or the server closes."""
    yield ": hello\n\n"  # the client knows at once that it is connected
    closed: asyncio.Future[Any] = asyncio.ensure_future(closing.wait())
    following: asyncio.Future[Any] | None = None
    try:
        while not closing.is_set():
            following = following or asyncio.ensure_future(anext(source))
            await asyncio.wait({following, closed}, timeout=ALIVE_S, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                event = following.result()
                following = None
                yield f"id: {event['seq']}\nevent: {event['type']}\ndata: {json.dumps(event)}\n\n"
            elif not closed.done():
                yield ": alive\n\n"
    except StopAsyncIteration:
        return
    finally:
        await _end(closed, following)
        if isinstance(source, AsyncGenerator):
            await source.aclose()  # now, not when the garbage collector comes by


async def _end(*tasks: "asyncio.Future[Any] | None") -> None:
    waiting = [task for task in tasks if task is not None]
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


def _error(status: int, message: str, **more: str) -> Response:
    return JSONResponse({"message": message, **more}, status_code=status)


async def _api_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return _error(error.status, str(error), reason=getattr(error, "reason", ""))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told = {404: f"there is no {request.url.path}", 405: f"{request.url.path} does not take {request.method}"}
    return _error(error.status_code, told.get(error.status_code, str(error.detail)))


async def _fault(_request: Request, error: Exception) -> Response:
    return _error(500, f"the daemon made a mistake ({type(error).__name__}); its log says more")

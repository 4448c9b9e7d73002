"""What the control interface can ask of the daemon: the view, commands, records, the stream of changes.

What lives here: from a question to the state or the journal, and from a command's records to a plain answer. What must
not: HTTP (`control.server`), a request's body (`orders`), the decision whether a command is carried out (the core's).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from watchdog.control import view
from watchdog.control.app import RefusedError, UnavailableError, UnknownError
from watchdog.control.peer import Peer
from watchdog.control.view import Data, Moment
from watchdog.core.records import Accepted, Record, Refused, RehearsalOrdered
from watchdog.daemon import explain as explaining
from watchdog.daemon.loop import Loop, StoppedError
from watchdog.daemon.orders import flag, make_command
from watchdog.journal.codec import encode
from watchdog.journal.database import JournalError
from watchdog.journal.recovery import read


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a command."""

    accepted: bool
    reason: str = ""
    detail: str = ""


class DaemonApi:
    """The running daemon, as the control interface sees it: implements `control.app.Api`."""

    def __init__(
        self,
        *,
        loop: Loop,
        moment: Callable[[], Moment],
        journal: Callable[[], Path],
        reload: Callable[[bool], Awaitable[Data]],
        about: Callable[[], Data],
    ) -> None:
        """`about`: what is not in the state, such as the host's name and the start. `reload` validates and
        swaps; True: even if a rule that fires goes.
        """
        self._loop = loop
        self._moment = moment
        self._journal = journal
        self._reload = reload
        self._about = about
        self._listeners: set[asyncio.Queue[None]] = set()

    async def view(self) -> Data:
        """Everything that screens show."""
        return self.snapshot()

    def snapshot(self) -> Data:
        """The same, for those who need not wait."""
        return {**self._about(), **view.whole(self._loop.state, self._moment())}

    async def rules(self, service: str | None) -> Data:
        """The rules in force and their states, of one service or of all."""
        services = self.snapshot()["services"]
        if service is not None and service not in services:
            raise UnknownError(_no_such_service(service, services))
        return {name: each["rules"] for name, each in services.items() if service in (None, name)}

    async def records(
        self, *, since: int | None, service: str | None, types: tuple[str, ...] | None, limit: int
    ) -> list[Data]:
        """Records of the journal with their wall-clock times, oldest first."""
        try:
            dated = await asyncio.to_thread(
                read, self._journal(), since_seq=since, service=service, types=types, limit=limit
            )
        except JournalError as error:
            raise UnavailableError(str(error)) from error
        return [
            {
                "seq": each.record.seq,
                "at": each.record.at,
                "wall": each.wall,
                "type": type(each.record.body).__name__,
                "body": json.loads(encode(each.record).body),
            }
            for each in dated
        ]

    async def explain(self, service: str) -> Data:
        """Why the service's last deployment went as it did, from the journal."""
        services = self._loop.state.services
        if service not in services:
            raise UnknownError(_no_such_service(service, services))
        moment = self._moment()
        try:
            return await asyncio.to_thread(explaining.explain_journal, self._journal(), service, moment.to_wall)
        except JournalError as error:
            raise UnavailableError(str(error)) from error

    async def command(self, kind: str, body: Data, peer: Peer) -> Data:
        """Carry a command out, in the name of the peer's user."""
        if kind == "reload":
            return await self._reload(flag(body, "force"))
        command = make_command(kind, body, peer.user)
        name = getattr(command, "service", None)
        if name is not None and name not in self._loop.state.services:
            raise UnknownError(_no_such_service(name, self._loop.state.services))
        try:
            records = await self._loop.ask(command)
        except StoppedError as error:
            raise UnavailableError("the daemon is stopping; ask again when it runs") from error
        answer = answer_to(command.id, records)
        if not answer.accepted:
            raise RefusedError(answer.detail or answer.reason, reason=answer.reason)
        ordered = next((each.body.order.id for each in records if isinstance(each.body, RehearsalOrdered)), None)
        begun = getattr(command, "deployment", None)
        return {"accepted": True, "deployment": begun, **({"rehearsal": ordered} if ordered else {})}

    async def events(self, after: int | None) -> AsyncIterator[Data]:
        """The view, now and after every change, as fast as the reader takes it; `after` is of no use to a view."""
        del after
        queue: asyncio.Queue[None] = asyncio.Queue(maxsize=1)
        self._listeners.add(queue)
        try:
            while True:
                yield {"seq": self._loop.state.seq, "type": "view", "view": self.snapshot()}
                await queue.get()
        finally:
            self._listeners.discard(queue)

    def turned(self) -> None:
        """The state may have changed: wake the readers."""
        for queue in self._listeners:
            if queue.empty():
                queue.put_nowait(None)


def _no_such_service(name: str, known: Iterable[str]) -> str:
    return f"{name!r} is not a service here; there is {', '.join(sorted(known)) or 'none'}"


def answer_to(command: str, records: tuple[Record, ...]) -> Answer:
    """What the records say about a command."""
    for record in records:
        match record.body:
            case Accepted(command=named) if named == command:
                return Answer(accepted=True)
            case Refused(command=named, reason=reason, detail=detail) if named == command:
                return Answer(accepted=False, reason=str(reason), detail=detail)
            case _:
                pass
    return Answer(accepted=False, reason="nothing_decided")

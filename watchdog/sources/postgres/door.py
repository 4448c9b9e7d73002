"""One way to a PostgreSQL server, asked in a thread of its own.

What lives here: which connection is asked what. What must not: colours put together, findings.

Every poll makes a new connection: a server that answers on old ones and takes no new one is down for new users. The
newest one that came about is kept until the next, so that a full server can still be asked who fills it, and so that
after a failover the old server is not asked for ever.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

from watchdog.core.model import Colour, Missing, Seconds
from watchdog.outside.blocking import BlockingCalls, BusyError
from watchdog.sources.base import Now
from watchdog.sources.postgres import measures
from watchdog.sources.postgres.facts import Facts, gather
from watchdog.sources.postgres.measures import Measured, Query, Standing
from watchdog.sources.postgres.trouble import Trouble
from watchdog.sources.postgres.wire import STOOD_STILL, Session, connection_text

STATEMENT_SHARE: Final = 0.8  # of the timeout: the server ends a statement before we end the connection
SLACK: Seconds = 0.5  # for the thread, beyond the two timeouts that it keeps itself

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSetup:
    """Where a server is and what it is asked."""

    colour: Colour | None
    conninfo: Mapping[str, str]
    password: str = field(default="", repr=False)
    queries: Sequence[Query] = ()


Answer: TypeAlias = Mapping[tuple[str, Colour | None], Measured]
"""By signal and by the colour of its query, if that has one."""


class Door:
    """One server as one connection sees it."""

    def __init__(self, name: str, setup: DoorSetup, timeout: Seconds, now: Now) -> None:
        """OSError when the environment would change what is asked."""
        self.setup = setup
        self._timeout = timeout
        self._now = now
        secret = {"password": setup.password} if setup.password else {}
        self._text = connection_text({**setup.conninfo, **secret})
        self._kept: tuple[Session, Standing] | None = None
        self._closed = 0
        self._calls: BlockingCalls[Answer] = BlockingCalls(name)
        self._looks: BlockingCalls[Facts] = BlockingCalls(f"{name} once")

    async def ask(self) -> Answer:
        """Every signal of this door. A call that hangs (only a name's lookup can) is a server that does not answer."""
        return await self._within(self._calls, self._ask, self._unanswered)

    async def look(self) -> Facts:
        """What a human should know, on a connection of its own."""
        return await self._within(self._looks, self._look, lambda trouble: Facts(trouble=self._scrub(str(trouble))))

    def close(self) -> None:
        """Let go of the connection, unless it is being asked."""
        if not self._calls.busy and self._kept is not None:
            self._kept[0].close()
        self._calls.close()
        self._looks.close()

    async def _within(self, calls: BlockingCalls[T], function: Callable[[], T], otherwise: Callable[[Trouble], T]) -> T:
        within = 2 * self._timeout + SLACK
        by = self._now() + within
        try:
            return await calls.call(function, within)
        except TimeoutError:
            if self._now() - by > STOOD_STILL:
                return otherwise(Trouble("prober", "the daemon stood still"))
            return otherwise(Trouble("timeout", "no connection in time; perhaps the name is still looked up"))
        except BusyError:
            return otherwise(Trouble("timeout", "the last attempt to connect still hangs"))

    def _ask(self) -> Answer:
        """In the thread: first the new connection, then the measures, each within the timeout."""
        probes = self._probe()
        if self._kept is None:
            trouble = probes["connects"][1]
            gauge: Measured = (Missing.TIMEOUT if trouble.startswith("timeout") else Missing.ERROR, trouble)
            return {**self._gauges(gauge), **{(signal, None): said for signal, said in probes.items()}}
        return {**self._measure(*self._kept), **{(signal, None): said for signal, said in probes.items()}}

    def _probe(self) -> Mapping[str, Measured]:
        by = self._now() + self._timeout
        try:
            session, standing = self._connect(by)
        except Trouble as trouble:
            if self._kept is not None and not self._kept[0].usable:
                self._kept = None
            return dict.fromkeys(measures.PROBES, self._failed(trouble))
        if self._kept is not None:
            if self._kept[0].usable:
                self._closed = self._kept[0].process
            self._kept[0].close()
        self._kept = (session, standing)
        writable: Measured = (0.0, standing.trouble) if standing.trouble else (1.0, "")
        return {"connects": (1.0, ""), "writable": writable}

    def _connect(self, by: Seconds) -> tuple[Session, Standing]:
        """A connection that has answered once. Trouble."""
        session = Session(self._text, by, self._now)
        try:
            standing = measures.standing(session, by)
            measures.make_harmless(session, self._timeout * STATEMENT_SHARE, by)
        except Trouble:
            session.close()
            raise
        return session, standing

    def _measure(self, session: Session, standing: Standing) -> Answer:
        by = self._now() + self._timeout
        try:
            said: dict[str, Measured] = dict(measures.sessions(session, by, closed=self._closed))
        except Trouble as trouble:
            said = dict.fromkeys(measures.SESSIONS, measures.worth(trouble, self._scrub))
        said["lag"] = measures.guarded(lambda: measures.lag(session, standing, by), self._scrub)
        answer: dict[tuple[str, Colour | None], Measured] = {
            (signal, None): measured for signal, measured in said.items()
        }
        for query in self.setup.queries:
            answer[query.signal, query.colour] = measures.guarded(
                lambda sql=query.sql: measures.number(session, sql, by),  # type: ignore[misc]  # the loop's own value
                self._scrub,
            )
        return answer

    def _gauges(self, said: Measured) -> Answer:
        fixed = [(signal, None) for signal in (*measures.SESSIONS, "lag")]
        return dict.fromkeys([*fixed, *((query.signal, query.colour) for query in self.setup.queries)], said)

    def _unanswered(self, trouble: Trouble) -> Answer:
        failed = self._failed(trouble)
        return {**self._gauges((Missing.TIMEOUT, failed[1])), **{(signal, None): failed for signal in measures.PROBES}}

    def _failed(self, trouble: Trouble) -> Measured:
        """A failed probe; Missing when it was us."""
        return Missing.ERROR if trouble.kind == "prober" else 0.0, self._scrub(str(trouble))

    def _look(self) -> Facts:
        by = self._now() + self._timeout
        try:
            session, standing = self._connect(by)
        except Trouble as trouble:
            return Facts(trouble=self._scrub(str(trouble)))
        try:
            return gather(session, standing, self.setup.queries, by=self._now() + self._timeout, scrub=self._scrub)
        except Trouble as trouble:
            return Facts(trouble=self._scrub(str(trouble)))
        finally:
            session.close()

    def _scrub(self, words: str) -> str:
        """The words without the password, whoever put it there."""
        secret = self.setup.password
        return words.replace(secret, "***") if secret else words

"""What a PostgreSQL server says of itself, asked once for a human.

What lives here: the statements and the value. What must not: what it means (`findings`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from watchdog.core.model import Missing, Seconds
from watchdog.sources.postgres import measures
from watchdog.sources.postgres.measures import Query, Standing
from watchdog.sources.postgres.trouble import Trouble
from watchdog.sources.postgres.wire import Session

_SELF: Final = """
select
    current_setting('server_version'), current_setting('server_version_num')::int, current_database(), current_user,
    pg_has_role('pg_read_all_stats', 'usage'), rolsuper, pg_postmaster_start_time()::text
from pg_roles where rolname = current_user"""

_IDENTIFIER: Final = "select system_identifier::text from pg_control_system()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One server, and what our role may do there."""

    trouble: str = ""
    """Why nothing else is known."""
    version: str = ""
    version_number: int = 0
    """150018 for 15.18."""
    database: str = ""
    role: str = ""
    superuser: bool = False
    sees_sessions: bool = True
    standing: Standing | None = None
    identifier: str | None = None
    """The data's own: made by initdb, and shared by a standby. None when the role may not ask for it."""
    started: str = ""
    """When the server process began."""
    queries: tuple[tuple[str, str], ...] = ()
    """Queries of the operator's that give no number now, each with the reason."""


def gather(
    session: Session, standing: Standing, queries: Sequence[Query], *, by: Seconds, scrub: Callable[[str], str]
) -> Facts:
    """Ask by then. Trouble when the server does not answer."""
    version, number, database, role, sees, superuser, started = session.row(_SELF, by)
    try:
        identifier = session.value(_IDENTIFIER, by)
    except Trouble as trouble:
        if trouble.kind not in ("permission", "query"):
            raise
        identifier = None
    said = {query.signal: measures.guarded(_asking(session, query, by), scrub) for query in queries}
    return Facts(
        version=version or "",
        version_number=int(number or 0),
        database=database or "",
        role=role or "",
        superuser=superuser == "1",
        sees_sessions=sees == "1",
        standing=standing,
        identifier=identifier,
        started=started or "",
        queries=tuple((signal, why) for signal, (value, why) in said.items() if isinstance(value, Missing)),
    )


def _asking(session: Session, query: Query, by: Seconds) -> Callable[[], measures.Measured]:
    return lambda: measures.number(session, query.sql, by)

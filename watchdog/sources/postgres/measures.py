"""What a PostgreSQL server is asked at each poll, and what its answers are worth.

What lives here: the statements and their interpretation. What must not: connections, colours. A value that the role may
not see is Missing with the class `permission`, never the part of it that can be seen.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from watchdog.core.model import Colour, Missing, Seconds, Value
from watchdog.sources.postgres.trouble import Trouble
from watchdog.sources.postgres.wire import APPLICATION, Session

Measured: TypeAlias = tuple[Value, str]
"""A value, and why there is none."""

PROBES: Final = ("connects", "writable")
SESSIONS: Final = ("active", "idle", "idle_in_transaction", "waiting", "connections")
SIGNALS: Final = (*PROBES, *SESSIONS, "lag")

CURE: Final = "grant pg_read_all_stats to the role"

STANDING: Final = """
select pg_is_in_recovery(), setting, source in ('user', 'database user', 'client', 'session')
from pg_settings where name = 'default_transaction_read_only'"""

# Walsenders have slots of their own since version 12. Our own sessions hold slots, but are not the application's.
_SESSIONS: Final = f"""
select
    count(*) filter (where state = 'active' and not ours),
    count(*) filter (where state = 'idle' and not ours),
    count(*) filter (where state like 'idle in transaction%%' and not ours),
    count(*) filter (where state = 'active' and wait_event_type = 'Lock' and not ours),
    count(*)::float / (
        select sum(case name when 'max_connections' then setting::int else -setting::int end) from pg_settings
        where name in ('max_connections', 'superuser_reserved_connections', 'reserved_connections')
    ),
    (select count(*) from pg_stat_activity where backend_type is null),
    count(*) filter (where state = 'disabled')
from (
    select state, wait_event_type, coalesce(application_name, '') = '{APPLICATION}' as ours
    from pg_stat_activity where backend_type = 'client backend' and pid <> %d
) as sessions"""  # noqa: S608 - a constant of ours

# `replay_lag` is the last measured one: it stays when a standby has caught up, and when it does not answer any more.
# Then nothing is left to be replayed, or the age of its last answer says more.
_LAG_OF_REPLICAS: Final = """
select
    count(*) filter (where replay_lsn is not null or state is null),
    count(*) filter (where state is null),
    max(case when replay_lsn >= pg_current_wal_lsn() then 0 else
        extract(epoch from greatest(coalesce(replay_lag, '0'), clock_timestamp() - reply_time))
    end) filter (where replay_lsn is not null)
from pg_stat_replication"""

# Nothing new to replay is no lag, unless the stream is down.
_LAG_OF_STANDBY: Final = """
select case
    when exists (select 1 from pg_stat_wal_receiver) and pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
    else extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())
end"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether the server takes writes."""

    standby: bool
    read_only: bool
    """Set so for the server or the database; what is set for our own role alone does not count."""

    @property
    def trouble(self) -> str:
        """Why it takes none; empty when it does."""
        if self.standby:
            return "read-only: the server is a standby"
        return "read-only: default_transaction_read_only is on" if self.read_only else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A number of the operator's own."""

    signal: str
    sql: str
    colour: Colour | None = None
    """Of which colour it speaks; None: of what its door speaks."""


def standing(session: Session, by: Seconds) -> Standing:
    """Asked first, before the session is made read-only. Trouble."""
    recovery, read_only, of_role = session.row(STANDING, by)
    return Standing(standby=recovery == "1", read_only=read_only == "on" and of_role == "0")


def make_harmless(session: Session, timeout: Seconds, by: Seconds) -> None:
    """From now on the session only reads, waits for no lock, and no statement takes longer than that. Trouble."""
    milliseconds = max(1, int(timeout * 1000))
    for setting, value in (
        ("default_transaction_read_only", "on"),
        ("statement_timeout", str(milliseconds)),
        ("lock_timeout", str(milliseconds)),
        ("idle_in_transaction_session_timeout", str(milliseconds)),
    ):
        session.do(f"set {setting} = {value}", by)


def sessions(session: Session, by: Seconds, *, closed: int = 0) -> Mapping[str, Measured]:
    """Sessions by state and the share of the slots that are taken. Trouble.

    `closed`: the process of a connection that we have just closed; the server may take a moment to end it.
    """
    *states, share, hidden, disabled = (float(value or 0.0) for value in session.row(_SESSIONS % closed, by))
    if hidden:
        return dict.fromkeys(SESSIONS, (Missing.ERROR, f"permission: other sessions are not shown; {CURE}"))
    if disabled:
        states_: list[Measured] = [(Missing.ERROR, "error: track_activities is off at the server")] * len(states)
    else:
        states_ = [(value, "") for value in states]
    return dict(zip(SESSIONS, [*states_, (share, "")], strict=True))


def lag(session: Session, server: Standing, by: Seconds) -> Measured:
    """How far the standby is behind, or the farthest of the primary's replicas, in seconds. Trouble."""
    if server.standby:
        (behind,) = session.row(_LAG_OF_STANDBY, by)
        return (Missing.EMPTY, "nothing has been replayed yet") if behind is None else (max(0.0, float(behind)), "")
    replicas, hidden, behind = session.row(_LAG_OF_REPLICAS, by)
    if float(hidden or 0):
        return Missing.ERROR, f"permission: replication is not shown; {CURE}"
    if not float(replicas or 0):
        return Missing.EMPTY, "no replica is connected"
    return max(0.0, float(behind or 0.0)), ""


def number(session: Session, sql: str, by: Seconds) -> Measured:
    """The operator's own number. Trouble."""
    said = session.value(sql, by)
    if said is None:
        return Missing.EMPTY, "the query gave nothing"
    try:
        value = float(said)
    except ValueError:
        return Missing.ERROR, "query: the answer is no number"
    return (Missing.NAN, "the query gave NaN") if math.isnan(value) else (value, "")


def guarded(ask: Callable[[], Measured], scrub: Callable[[str], str]) -> Measured:
    """The measure, or what its trouble is worth."""
    try:
        return ask()
    except Trouble as trouble:
        return worth(trouble, scrub)


def worth(trouble: Trouble, scrub: Callable[[str], str]) -> Measured:
    """A gauge that could not be read."""
    return Missing.TIMEOUT if trouble.kind == "timeout" else Missing.ERROR, scrub(str(trouble))

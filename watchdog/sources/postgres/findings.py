"""What a human who sets a PostgreSQL source up should know.

What lives here: the meaning of `facts`, of one door and of both. What must not: asking.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from watchdog.core.model import Colour
from watchdog.sources.base import Finding
from watchdog.sources.postgres.facts import Facts

OLDEST: Final = 120_000
"""Version 12: walsenders have slots of their own, and `reply_time` is there."""

_CURES: Final = (
    ("authentication", "look at the role, its password and pg_hba.conf"),
    ("too many connections", "raise max_connections, or let a pool share them"),
    ("no such database", "look at dbname"),
    ("tls", "look at sslmode and sslrootcert in dsn, and at ssl of the server"),
    ("dns", "look at host in dsn"),
    ("refused", "look at host and port in dsn, and at listen_addresses of the server"),
)


def findings(looked: Sequence[tuple[Colour | None, Facts]], *, shared: bool) -> tuple[Finding, ...]:
    """Of each door, then of both together."""
    each = [finding for colour, facts in looked for finding in _door(colour, facts)]
    return (*each, *_together(dict(looked), shared=shared))


def _door(colour: Colour | None, facts: Facts) -> Iterator[Finding]:
    of = "" if colour is None else f"{colour}: "
    if facts.trouble:
        cure = next((cure for kind, cure in _CURES if facts.trouble.startswith(kind)), "")
        yield Finding(ok=False, what=f"{of}{facts.trouble}", remedy=cure)
        return
    yield Finding(ok=True, what=f"{of}PostgreSQL {facts.version} answers, database {facts.database} as {facts.role}")
    if facts.version_number < OLDEST:
        yield Finding(ok=False, what=f"{of}version {facts.version} is older than 12", remedy="use 12 or newer")
    if facts.standing is not None and facts.standing.trouble:
        yield Finding(ok=None, what=f"{of}it takes no writes ({facts.standing.trouble})", remedy="look at host in dsn")
    if not facts.sees_sessions:
        what = f"{of}{facts.role} does not see other sessions: active, idle, waiting, connections and lag are missing"
        yield Finding(ok=False, what=what, remedy=f"grant pg_read_all_stats to {facts.role}")
    if facts.superuser:
        what = f"{of}{facts.role} is a superuser, and takes the slots that are kept for repairs"
        yield Finding(ok=None, what=what, remedy="use a role of its own with pg_read_all_stats")
    for signal, why in facts.queries:
        yield Finding(ok=False, what=f"{of}{signal} gives no number: {why}", remedy="try the query as this role")


def _together(looked: Mapping[Colour | None, Facts], *, shared: bool) -> Iterator[Finding]:
    """Whether what was declared as `data` is so."""
    if None in looked:
        if not shared:
            what = "blue and green have one database, and data is per_colour"
            yield Finding(ok=False, what=what, remedy="give each colour its own with $colour in dsn, or data: shared")
        return
    blue, green = looked[Colour.BLUE], looked[Colour.GREEN]
    if blue.trouble or green.trouble:
        yield Finding(ok=None, what="whether blue and green have one database is not known: one did not answer")
        return
    same = _same(blue, green)
    if same is None:
        yield Finding(
            ok=None,
            what="whether blue and green have one database is not known: the servers may be primary and standby",
            remedy="grant execute on function pg_control_system() to the role, on both",
        )
    elif same is shared:
        yield Finding(ok=True, what="blue and green have " + ("one database" if same else "a database each"))
    elif same:
        what = f"blue and green have one database ({blue.database}), and data is per_colour"
        yield Finding(ok=False, what=what, remedy="write data: shared, or give each colour its own database")
    else:
        what = f"blue and green have different databases ({_named(blue)} and {_named(green)}), and data is shared"
        yield Finding(
            ok=False, what=what, remedy="a rollback would lose writes; write data: per_colour, or correct dsn"
        )


def _same(blue: Facts, green: Facts) -> bool | None:
    """By the data's identifier, else by the server's start, which only the same server shares."""
    if blue.database != green.database:
        return False
    if blue.identifier is not None and green.identifier is not None:
        return blue.identifier == green.identifier
    return True if blue.started == green.started else None


def _named(facts: Facts) -> str:
    return facts.database if facts.identifier is None else f"{facts.database} of system {facts.identifier}"

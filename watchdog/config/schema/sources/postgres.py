"""A PostgreSQL server: does it take connections and writes, and how full is it?

What lives here: the keys. What must not: how it is asked (`watchdog.sources.postgres`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field, PlainValidator

from watchdog.config.errors import found, wrong
from watchdog.config.postgres_forms import Dsn, Sql
from watchdog.config.schema.base import Complaint
from watchdog.config.schema.sources.base import PolledModel, SignalSpec
from watchdog.config.sources.colour import tells_colours
from watchdog.config.units import Duration
from watchdog.config.words import AbsolutePath, Secret

_QUERY_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def query_name(value: object) -> str:
    """A name that a rule can use as a signal."""
    if not isinstance(value, str) or not _QUERY_NAME.fullmatch(value):
        raise wrong(value, "a name of at most 32 lower-case letters, digits, _ and -, such as stuck_jobs")
    return value


QueryName = Annotated[str, PlainValidator(query_name)]


def _gauge(unit: str) -> SignalSpec:
    return SignalSpec(kind="gauge", unit=unit, of_data=True)  # type: ignore[arg-type]  # one of the literals, just below


class Postgres(PolledModel):
    """A PostgreSQL server: whether it takes connections and writes, its sessions by state, replication lag, and numbers
    of your own. One connection is open at a time, and it only reads. Of a database that both colours share it says
    nothing about one of them.
    """

    CATALOGUE: ClassVar[Mapping[str, SignalSpec]] = {
        "connects": SignalSpec(kind="probe", of_data=True),
        "writable": SignalSpec(kind="probe", of_data=True),
        "active": _gauge("number"),
        "idle": _gauge("number"),
        "idle_in_transaction": _gauge("number"),
        "waiting": _gauge("number"),
        "connections": _gauge("share"),
        "lag": _gauge("duration"),
    }
    OWN: ClassVar[str] = "gauge: each name of `queries`"

    dsn: Dsn = Field(
        description="Where it is, in libpq's keywords: `host=$colour-db dbname=app user=watchdog sslmode=require`. "
        "No password in it. Nothing is taken from the environment or from files in a home directory."
    )
    password: Secret | None = Field(
        default=None,
        description="`{credential: NAME}`, `{file: /PATH}` or a text. Never shown. Left out: none, or `passfile`.",
    )
    passfile: AbsolutePath | None = Field(
        default=None, description="A password file as libpq knows it, mode 0600. Left out: none, not even ~/.pgpass."
    )
    timeout: Duration = Field(
        default=Duration(2.0),
        description="A connection, and then each of the queries, that takes longer is a failure; at least 100ms.",
    )
    queries: dict[QueryName, Sql] = Field(
        default={},
        description="Your own gauges: SQL that gives one number and only reads. With `$colour` in it there is one for "
        "each colour. It should take milliseconds.",
    )

    def signals(self) -> Mapping[str, SignalSpec]:
        """Its own and the operator's."""
        told = tells_colours(str(self.dsn))
        own = {
            name: SignalSpec(
                kind="gauge", per_colour=told or tells_colours(sql.text), of_data=not tells_colours(sql.text)
            )
            for name, sql in self.queries.items()
        }
        return {**{name: replace(spec, per_colour=told) for name, spec in self.CATALOGUE.items()}, **own}

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, two passwords, and names that are taken."""
        yield from self.rhythm_complaints()
        if self.timeout < 0.1:  # noqa: PLR2004 (named in the message)
            yield ("timeout",), found(self.timeout, "a duration of at least 100ms")
        if self.password is not None and self.passfile is not None:
            yield ("passfile",), "and password are two ways to the same; wanted one of them"
        for name in self.queries:
            if name in self.CATALOGUE:
                yield ("queries", name), f'"{name}" is a signal that the source has already; wanted another name'

"""One entry of `sources`: its kind with the kind's keys, and whether a service may do without it.

What lives here: the choice of the kind. What must not: the keys of any kind.
"""

from collections.abc import Mapping
from typing import ClassVar, get_args

from pydantic import Field

from watchdog.config.schema.base import Model
from watchdog.config.schema.sources.access_log import AccessLog
from watchdog.config.schema.sources.actuator import Actuator
from watchdog.config.schema.sources.alertmanager import Alertmanager
from watchdog.config.schema.sources.base import SourceModel
from watchdog.config.schema.sources.command import Command
from watchdog.config.schema.sources.haproxy import Haproxy
from watchdog.config.schema.sources.health import Health
from watchdog.config.schema.sources.host import Host
from watchdog.config.schema.sources.postgres import Postgres
from watchdog.config.schema.sources.prometheus import Prometheus
from watchdog.config.schema.sources.synthetic import Synthetic
from watchdog.config.words import Flag
from watchdog.core.model import Seconds


class Source(Model):
    """One source: its kind with the kind's keys, and whether a service may do without it."""

    ONE_OF: ClassVar[tuple[str, ...]] = (
        "access_log",
        "health",
        "synthetic",
        "host",
        "postgres",
        "prometheus",
        "alertmanager",
        "actuator",
        "haproxy",
        "command",
    )

    access_log: AccessLog | None = Field(default=None, description="What the balancer sees of every request.")
    health: Health | None = Field(default=None, description="A health check of each server.")
    synthetic: Synthetic | None = Field(default=None, description="Requests of our own to each server.")
    host: Host | None = Field(
        default=None, description="CPU, memory and disks of the daemon's own machine, or of processes on it."
    )
    postgres: Postgres | None = Field(default=None, description="A PostgreSQL server.")
    prometheus: Prometheus | None = Field(default=None, description="Counters and gauges of a Prometheus server.")
    alertmanager: Alertmanager | None = Field(default=None, description="Alerts that fire in an Alertmanager.")
    actuator: Actuator | None = Field(default=None, description="What a Spring Boot application says of itself.")
    haproxy: Haproxy | None = Field(default=None, description="What HAProxy counts of each colour's servers.")
    command: Command | None = Field(default=None, description="A program of yours.")
    required: Flag | None = Field(
        default=None,
        description="`true`: without it the service is blind: nothing advances, and people are told. "
        "`false`: advisory. Left out: true for access_log, health, synthetic, postgres and haproxy.",
    )

    @property
    def kind(self) -> str:
        """The key that was given of `ONE_OF`."""
        return next(key for key in self.ONE_OF if getattr(self, key) is not None)

    @property
    def model(self) -> SourceModel:
        """The kind's own keys."""
        model: SourceModel = getattr(self, self.kind)
        return model

    @property
    def interval(self) -> Seconds:
        """Time between two polls."""
        return self.model.interval

    @property
    def rhythm(self) -> Seconds:
        """Time between two readings that are new."""
        return self.model.rhythm

    @property
    def is_required(self) -> bool:
        """What the file says, or what the kind is."""
        return self.model.REQUIRED if self.required is None else self.required


def _model_of(kind: str) -> type[SourceModel]:
    annotation = Source.model_fields[kind].annotation
    return next(each for each in get_args(annotation) if isinstance(each, type) and issubclass(each, SourceModel))


KINDS: Mapping[str, type[SourceModel]] = {kind: _model_of(kind) for kind in Source.ONE_OF}
"""The model of each kind."""

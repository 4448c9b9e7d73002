"""The one door: from any source's keys to its plain values.

What lives here: the choice by kind. What must not: any kind's keys.
"""

from collections.abc import Iterable
from typing import TypeAlias

from watchdog.config.forms import Signal
from watchdog.config.schema.services import Service
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
from watchdog.config.sources.actuator import ActuatorSettings, actuator_settings
from watchdog.config.sources.alertmanager import AlertmanagerSettings, alertmanager_settings
from watchdog.config.sources.command import CommandSettings, command_settings
from watchdog.config.sources.haproxy import HaproxySettings, haproxy_settings
from watchdog.config.sources.health import HealthSettings, health_settings
from watchdog.config.sources.host import HostSettings, host_settings
from watchdog.config.sources.postgres import PostgresSettings, postgres_settings
from watchdog.config.sources.prometheus import PrometheusSettings, prometheus_settings
from watchdog.config.sources.synthetic import SyntheticSettings, synthetic_settings

SourceSettings: TypeAlias = (
    HealthSettings | SyntheticSettings | HostSettings | PostgresSettings | PrometheusSettings | AlertmanagerSettings
    | ActuatorSettings | HaproxySettings | CommandSettings
)  # fmt: skip
"""The plain values of a polled source, by kind."""


def source(  # noqa: PLR0911 - one for each kind
    name: str, service_name: str, model: SourceModel, service: Service, used: Iterable[Signal] = ()
) -> SourceSettings:
    """The source of that name as one service uses it. `used`: the signals of the service's rules, of any source."""
    match model:
        case Health():
            return health_settings(name, service_name, model, service)
        case Synthetic():
            return synthetic_settings(name, service_name, model, service)
        case Host():
            return host_settings(name, service_name, model)
        case Postgres():
            return postgres_settings(name, service_name, model, service)
        case Prometheus():
            return prometheus_settings(name, model)
        case Alertmanager():
            return alertmanager_settings(name, model)
        case Actuator():
            return actuator_settings(name, service_name, model, service, used)
        case Haproxy():
            return haproxy_settings(name, service_name, model)
        case Command():
            return command_settings(name, service_name, model)
        case _:
            raise TypeError(f"{type(model).__name__} is not polled")

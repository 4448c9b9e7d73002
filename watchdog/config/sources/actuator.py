"""An application's own view in plain values.

What lives here: its values and the translation. What must not: how it is asked.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from watchdog.config.forms import Signal
from watchdog.config.schema.services import Service
from watchdog.config.schema.sources.actuator import Actuator, Metric
from watchdog.config.sources.colour import coloured, coloured_secret
from watchdog.config.words import Secret
from watchdog.core.model import Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class ActuatorMetric:
    """One signal of the operator's."""

    name: str
    meter: str
    statistic: str
    tags: tuple[tuple[str, str], ...]
    counter: bool
    absent_is_zero: bool
    across: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActuatorTarget:
    """One colour's servers, with `$colour` filled in."""

    colour: Colour
    urls: tuple[str, ...]
    """The base of each server's actuator."""
    token: Secret | None
    server_name: str | None
    """The name that the certificate must bear; None: the server's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActuatorSettings:
    """One actuator source of one service."""

    name: str
    service: str
    poll: float
    timeout: float
    verify: bool
    ca: str | None
    """None: the system's certificates."""
    components: tuple[str, ...]
    """Parts of the health page that a rule uses."""
    metrics: tuple[ActuatorMetric, ...]
    targets: tuple[ActuatorTarget, ActuatorTarget]
    """Blue, green."""


def actuator_settings(
    name: str, service_name: str, actuator: Actuator, service: Service, used: Iterable[Signal]
) -> ActuatorSettings:
    """The source of that name, for one service. `used`: the signals of the service's rules, of any source."""
    components = [each.route for each in used if each.source == name and each.signal == "health"]
    tls = actuator.tls
    return ActuatorSettings(
        name=name,
        service=service_name,
        poll=float(actuator.poll),
        timeout=float(actuator.timeout),
        verify=tls is None or tls.verify,
        ca=None if tls is None else tls.ca,
        components=tuple(dict.fromkeys(each for each in components if each is not None)),
        metrics=tuple(_metric(signal, metric) for signal, metric in actuator.metrics.items()),
        targets=(_target(Colour.BLUE, actuator, service), _target(Colour.GREEN, actuator, service)),
    )


def _metric(name: str, metric: Metric) -> ActuatorMetric:
    return ActuatorMetric(
        name=name,
        meter=metric.metric,
        statistic=metric.statistic,
        tags=tuple(metric.tags.items()),
        counter=metric.is_counter,
        absent_is_zero=metric.absent == "zero",
        across=metric.across or "max",
        unit=metric.unit or "any",
    )


def _target(colour: Colour, actuator: Actuator, service: Service) -> ActuatorTarget:
    own = actuator.servers
    if own is not None:
        servers = own.blue if colour is Colour.BLUE else own.green
    else:
        servers = (service.colours.blue if colour is Colour.BLUE else service.colours.green).server
    server_name = None if actuator.tls is None else actuator.tls.server_name
    return ActuatorTarget(
        colour=colour,
        urls=tuple(f"{actuator.scheme}://{server}{coloured(actuator.path, colour)}" for server in servers),
        token=None if actuator.token is None else coloured_secret(actuator.token, colour),
        server_name=None if server_name is None else coloured(server_name, colour),
    )

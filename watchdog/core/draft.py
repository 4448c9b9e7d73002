"""The sheet on which a decision is drafted: the state so far, and the records that led from the old one to it.

What lives here: the bookkeeping that every deciding module shares. What must not: a decision. A draft is used inside
one call of `decide` and never leaves it.
"""

from dataclasses import dataclass, field

from watchdog.core import verdict
from watchdog.core.events import Observed, RecheckedOutcome, TrafficSeen
from watchdog.core.evolve import evolve
from watchdog.core.model import Seconds
from watchdog.core.records import Body, RecheckOrdered, Record, TrafficAsked
from watchdog.core.settings import Environment, Service
from watchdog.core.state import Deployment, ServiceState, State


@dataclass(slots=True)
class Draft:
    """State and records of a decision in the making; `emit` keeps the two in step."""

    state: State
    now: Seconds
    records: list[Record] = field(default_factory=list)

    def emit(self, body: Body) -> None:
        """Add a record and fold it into the state at once."""
        record = Record(seq=self.state.seq + 1, at=self.now, body=body, ephemeral=self._ephemeral(body))
        self.records.append(record)
        self.state = evolve(self.state, record)

    def _ephemeral(self, body: Body) -> bool:
        if isinstance(body, (TrafficAsked, RecheckOrdered, RecheckedOutcome)):
            return True
        if isinstance(body, TrafficSeen):
            # What is observed while the maintenance page is in force is folded differently: its beginning and end stay.
            return body.maintenance is verdict.maintained(self.state.services[body.service])
        if not isinstance(body, Observed):
            return False
        deployment = self.state.services[body.service].deployment
        return deployment is None or deployment.ended

    @property
    def environment(self) -> Environment:
        """The configuration in force. There is one before any service exists."""
        if self.state.environment is None:
            msg = "no configuration is in force"
            raise LookupError(msg)
        return self.state.environment

    def service(self, name: str) -> ServiceState:
        """One service's state as drafted so far."""
        return self.state.services[name]

    def settings(self, name: str) -> Service:
        """One service's configuration in force."""
        settings = self.environment.service(name)
        if settings is None:
            raise LookupError(name)
        return settings

    def deployment(self, name: str) -> Deployment | None:
        """The service's last deployment, ended or not."""
        return self.state.services[name].deployment

    def under_way(self, name: str) -> Deployment:
        """The service's deployment where there must be one; LookupError otherwise, which is a fault of this program."""
        deployment = self.deployment(name)
        if deployment is None:
            msg = f"{name} has no deployment"
            raise LookupError(msg)
        return deployment

    def effect_id(self, service: str) -> str:
        """The id of the effect that the next record orders: deployment, the record's number, index."""
        deployment = self.deployment(service)
        return f"{deployment.id if deployment else service}/{self.state.seq + 1}/0"

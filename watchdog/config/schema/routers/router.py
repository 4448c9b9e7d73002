"""What moves the traffic of a service.

What lives here: which kinds there are. What must not: the keys of one kind.
"""

from typing import ClassVar

from pydantic import Field

from watchdog.config.schema.base import Model
from watchdog.config.schema.routers.command import CommandRouter, Fallback
from watchdog.config.schema.routers.entry import Entry
from watchdog.config.schema.routers.haproxy import HaproxyRouter
from watchdog.config.schema.routers.nginx import Nginx


class FallbackRouter(Model):
    """What brings traffic back to stable when the router cannot."""

    ONE_OF: ClassVar[tuple[str, ...]] = ("command",)

    command: Fallback | None = Field(default=None, description="Commands of yours.")


class Router(Model):
    """What moves the traffic."""

    ONE_OF: ClassVar[tuple[str, ...]] = ("nginx", "haproxy", "command")

    nginx: Nginx | None = Field(default=None, description="nginx moves the traffic.")
    haproxy: HaproxyRouter | None = Field(default=None, description="HAProxy moves the traffic.")
    command: CommandRouter | None = Field(default=None, description="Commands of yours move the traffic.")
    fallback: FallbackRouter | None = Field(
        default=None,
        description="Asked to roll back when the router cannot; a step forward has no second way. Left out: none.",
    )

    @property
    def entry(self) -> Entry:
        """How the service is reached through its balancer."""
        kind = self.nginx or self.haproxy or self.command
        assert kind is not None  # `validate` wants exactly one
        return kind.entry

    @property
    def drain(self) -> float | None:
        """How long what is open may go on, where the router knows."""
        kind = self.nginx or self.haproxy
        return None if kind is None else float(kind.drain)

    @property
    def can_divert(self) -> bool:
        """Whether users can be taken off the candidate for a moment."""
        return self.command is None or self.command.can_divert

"""How the daemon reaches a service through its balancer.

What lives here: the keys. What must not: which balancer it is.
"""

from pydantic import Field

from watchdog.config.schema.base import Model
from watchdog.config.words import Text, Url


class Entry(Model):
    """How the daemon reaches the service through the balancer, as a user would."""

    url: Url = Field(
        default="http://127.0.0.1/", description="Address of a cheap request that the location with our pool answers."
    )
    host: Text | None = Field(default=None, description="Host header of that request. Left out: the address's own.")

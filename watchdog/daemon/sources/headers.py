"""What is sent to a server that is queried: its token and the operator's headers.

What lives here: the conversion that several kinds share. What must not: any client.
"""

from collections.abc import Callable

from watchdog.config.sources.prometheus import HttpSettings
from watchdog.config.words import Secret


def headers(http: HttpSettings, reveal: Callable[[Secret], str]) -> dict[str, str]:
    """What is sent with each request. OSError when a credential cannot be read."""
    token = {} if http.token is None else {"Authorization": f"Bearer {reveal(http.token)}"}
    return {**token, **{name: reveal(value) for name, value in http.headers}}

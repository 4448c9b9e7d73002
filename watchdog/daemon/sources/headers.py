"""What is sent to a server that is queried: its token and the operator's headers.

What lives here: the conversion that several kinds share. What must not: any client.
"""

from collections.abc import Callable

from watchdog.config.sources.asked import HttpSettings
from watchdog.config.words import Secret, is_header_value


def headers(http: HttpSettings, reveal: Callable[[Secret], str]) -> dict[str, str]:
    """What is sent with each request. OSError when a credential cannot be read, or no header can carry it."""
    token = {} if http.token is None else {"Authorization": f"Bearer {carried(http.token, reveal)}"}
    return {**token, **{name: carried(value, reveal) for name, value in http.headers}}


def carried(secret: Secret, reveal: Callable[[Secret], str]) -> str:
    """A header's value. OSError when it cannot be read or sent: a client would repeat it in its own error."""
    text = reveal(secret)
    if not is_header_value(text):
        where = f"credential {secret.credential}" if secret.credential is not None else secret.file or "a header's text"
        raise OSError(f"{where} holds what no request header can carry; wanted one line of ASCII characters")
    return text

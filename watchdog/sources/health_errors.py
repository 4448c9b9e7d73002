"""What went wrong with a probe, in a closed set of classes.

What lives here: telling the target's failures apart, and from the prober's own. What must not: asking anybody.
"""

import errno
import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import httpx

Kind: TypeAlias = Literal[
    "refused",  # nothing listens there
    "timeout",  # no complete answer in time
    "tls",  # no trusted connection
    "dns",  # the name leads nowhere
    "unreachable",  # no way to the host
    "reset",  # the connection ended without a complete answer
    "protocol",  # the answer is no HTTP
    "status",  # another status than expected
    "redirect",  # somebody else should be asked
    "body",  # the page says something else
    "too_large",  # the page does not end
]

_REFUSED = frozenset({errno.ECONNREFUSED})
_RESET = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED})
_UNREACHABLE = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN})
_TIMED_OUT = frozenset({errno.ETIMEDOUT})
_OURS = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EADDRNOTAVAIL, errno.EACCES, errno.EPERM}
)


class ProberError(Exception):
    """The prober itself could not run (out of descriptors, memory, ports): nothing is known about the target."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A probe's failure: its class and some words."""

    kind: Kind
    words: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.words}"


def classify(error: Exception) -> Failure:
    """The failure that an exception of the client stands for. ProberError when it is our own."""
    for cause in causes(error):
        if (failure := _by_cause(cause)) is not None:
            return failure
    if isinstance(error, httpx.RemoteProtocolError):
        closed = "disconnected" in str(error) or "peer closed" in str(error)
        return Failure("reset" if closed else "protocol", str(error))
    if isinstance(error, httpx.DecodingError | httpx.ProtocolError):
        return Failure("protocol", str(error))
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return Failure("timeout", str(error) or "no answer in time")
    return Failure("reset", str(error) or type(error).__name__)


def causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that it was raised from, nearest first."""
    todo, seen = [error], set[int]()
    while todo:
        this = todo.pop(0)
        if id(this) in seen:
            continue
        seen.add(id(this))
        yield this
        todo += [cause for cause in (this.__cause__, this.__context__) if cause is not None]
        if isinstance(this, BaseExceptionGroup):
            todo += this.exceptions


def _by_cause(cause: BaseException) -> Failure | None:
    if isinstance(cause, socket.gaierror):
        return Failure("dns", cause.strerror or str(cause))
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Failure("tls", getattr(cause, "verify_message", "") or str(cause))
    if isinstance(cause, ssl.SSLWantReadError | ssl.SSLWantWriteError):
        return None  # how the library waits, no failure
    if isinstance(cause, ssl.SSLError):
        return Failure("tls", str(cause))
    if isinstance(cause, OSError) and cause.errno is not None:
        return _by_errno(cause.errno)
    return None


def _by_errno(number: int) -> Failure | None:
    words = os.strerror(number)
    kinds: tuple[tuple[Kind, frozenset[int]], ...] = (
        ("refused", _REFUSED),
        ("reset", _RESET),
        ("unreachable", _UNREACHABLE),
        ("timeout", _TIMED_OUT),
    )
    for kind, numbers in kinds:
        if number in numbers:
            return Failure(kind, words)
    if number in _OURS:
        raise ProberError(words)
    return None

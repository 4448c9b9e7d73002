"""The classes of failure, and what is the prober's own."""

import errno
import socket
import ssl

import httpx
import pytest

from watchdog.sources.health_errors import ProberError, causes, classify


def wrapped(cause: BaseException) -> httpx.ConnectError:
    """An error as the client raises it: the cause is two layers down."""
    inner = OSError("All connection attempts failed")
    inner.__cause__ = cause
    outer = httpx.ConnectError("failed")
    outer.__context__ = inner
    return outer


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "refused"),
        (ConnectionResetError(errno.ECONNRESET, "x"), "reset"),
        (BrokenPipeError(errno.EPIPE, "x"), "reset"),
        (OSError(errno.EHOSTUNREACH, "x"), "unreachable"),
        (OSError(errno.ENETUNREACH, "x"), "unreachable"),
        (TimeoutError(errno.ETIMEDOUT, "x"), "timeout"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "dns"),
        (ssl.SSLCertVerificationError(1, "x"), "tls"),
        (ssl.SSLError(1, "x"), "tls"),
        (OSError(errno.EBADF, "x"), "reset"),
        (ValueError("x"), "reset"),
    ],
)
def test_the_cause_decides_the_class(cause: Exception, kind: str) -> None:
    """However deep the cause lies, its class is found; what is not known counts as a broken connection."""
    assert kind == classify(wrapped(cause)).kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), "reset"),
        (httpx.RemoteProtocolError("peer closed connection without sending complete message body"), "reset"),
        (httpx.RemoteProtocolError("illegal status line"), "protocol"),
        (httpx.DecodingError("x"), "protocol"),
        (httpx.ReadTimeout(""), "timeout"),
        (TimeoutError(), "timeout"),
    ],
)
def test_the_client_s_own_words_decide_otherwise(error: Exception, kind: str) -> None:
    """Without a cause the client's class of error decides."""
    assert kind == classify(error).kind


def test_a_handshake_s_waiting_is_no_failure() -> None:
    """The TLS library waits by raising; a timeout meanwhile is a timeout."""
    timeout = httpx.ConnectTimeout("")
    timeout.__context__ = ssl.SSLWantReadError(2, "x")

    assert "timeout" == classify(timeout).kind


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EPERM])
def test_a_lack_of_our_own_is_no_failure_of_the_target(number: int) -> None:
    """Out of descriptors, memory or ports, or forbidden to ask: the prober could not run."""
    with pytest.raises(ProberError):
        classify(wrapped(OSError(number, "x")))


def test_causes_end() -> None:
    """Exceptions that name each other, and groups, are walked through once."""
    one, two = ValueError("one"), ExceptionGroup("two", [KeyError("three")])
    one.__cause__, two.__context__ = two, one

    assert [ValueError, ExceptionGroup, KeyError] == [type(cause) for cause in causes(one)]

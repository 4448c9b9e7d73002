"""One server and how it is asked: within a deadline, within a size, never twice.

What lives here: the client library with its traps shut: three retries of its own, no timeout unless told, one per read
and none in all, redirects, answers of any size, exceptions of several families. What must not: queries. Calls block:
they belong into a thread.
"""

import ast
import contextlib
import io
import json
import re
import socket
import time
from collections.abc import Mapping
from typing import Any

import requests
import urllib3
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from watchdog.core.model import Missing, Seconds

LARGEST_BODY_BYTES = 8 * 1024 * 1024
"""Some 2,000 series with a minute of scrapes at 1 s each. Decoding more would hold the whole daemon up."""

LARGEST_COMPLAINT_BYTES = 16 * 1024
"""Of an answer that is not 200: the library writes it out and it is read again, which takes long for a large one."""

LONGEST_GET = 4_000
"""Characters of a query that fits into the first line of a request; a proxy before the server may take no more."""

_CHUNK_BYTES = 64 * 1024
_LONGEST_WORDS = 160


class AskError(Exception):
    """The server did not give what was asked for."""

    def __init__(self, kind: Missing, words: str, *, refused: bool = False) -> None:
        """`refused`: it answered, and does not like the query."""
        super().__init__(words)
        self.kind = kind
        self.refused = refused


class Client:
    """A Prometheus server."""

    def __init__(
        self, *, url: str, timeout: Seconds, headers: Mapping[str, str], verify: bool = True, ca: str | None = None
    ) -> None:
        """`timeout` bounds everything between `begin` and the last answer."""
        self._timeout = timeout
        self._deadline = 0.0
        self._session = _Session(self._left)
        self._session.verify = ca or verify
        if not verify:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._connect = PrometheusConnect(
            url=url,
            headers={"Accept-Encoding": "identity", **headers},
            session=self._session,
            retry=Retry(0),
            timeout=timeout,
        )
        self._adapter = _Adapter()
        self._session.mount(url, self._adapter)  # in the place of the library's own, which cannot be interrupted

    def begin(self) -> None:
        """A poll begins: its time runs from here."""
        self._deadline = time.monotonic() + self._timeout

    def ask(self, query: str, at: Seconds | None = None) -> list[Any]:
        """The result of an instant query, at the server's own time unless `at` is given. AskError."""
        left = self._left()
        params: dict[str, str] = {"timeout": f"{max(int(left * 1000), 1)}ms"}
        if at is not None:
            params["time"] = f"{at:.3f}"
        try:
            result = self._connect.custom_query(query, params=params, timeout=left)
        except Exception as error:  # a library that lets KeyError and AttributeError out has no list of its errors
            raise _translated(error, self._timeout) from error
        if not isinstance(result, list):
            raise AskError(Missing.ERROR, "its answer is not the one that Prometheus' API promises")
        return result

    def interrupt(self) -> None:
        """End a request that is under way in another thread."""
        self._adapter.interrupt()

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def _left(self) -> Seconds:
        left = self._deadline - time.monotonic()
        if left <= 0.0:
            raise AskError(Missing.TIMEOUT, _late(self._timeout))
        return left


class _Session(requests.Session):
    """requests' session, without what the environment says, without redirects, and with an end to every body."""

    def __init__(self, left: Any) -> None:
        super().__init__()
        self.trust_env = False  # a proxy or a .netrc of the daemon's user would be asked or sent
        self._left = left

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """As ever; a long query travels in the body."""
        params = options.get("params")
        if params and len(params.get("query", "")) > LONGEST_GET:
            method, options = "POST", {**options, "params": None, "data": params}
        options.update(stream=True, allow_redirects=False)
        response = super().request(method, url, *args, **options)
        try:
            body = self._body(response)
        except BaseException:
            response.close()  # not read to its end: the connection is of no further use
            raise
        response.raw.release_conn()
        response.raw = io.BytesIO(body)
        return response

    def _body(self, response: requests.Response) -> bytes:
        body = bytearray()
        while True:
            self._left()
            chunk = response.raw.read1(_CHUNK_BYTES)  # returns with what there is; read() waits for all of it
            if not chunk:
                return bytes(body)
            body += chunk
            if response.status_code != requests.codes.ok and len(body) > LARGEST_COMPLAINT_BYTES:
                response.close()
                return bytes(body)
            if len(body) > LARGEST_BODY_BYTES:
                raise AskError(Missing.ERROR, f"its answer has over {LARGEST_BODY_BYTES // 2**20} MiB")


class _Adapter(HTTPAdapter):
    """requests' transport, whose one connection can be cut from outside."""

    def __init__(self) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=Retry(0))
        self._socket: socket.socket | None = None

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        """A pool whose connections tell their socket."""
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        if not getattr(pool.ConnectionCls, "watched", False):
            pool.ConnectionCls = self._watched(pool.ConnectionCls)
        return pool

    def interrupt(self) -> None:
        """Whoever reads from the connection finds it ended."""
        with contextlib.suppress(OSError):
            if self._socket is not None:
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _watched(self, base: Any) -> Any:
        def connect(connection: Any) -> None:
            base.connect(connection)
            self._socket = connection.sock

        return type("WatchedConnection", (base,), {"connect": connect, "watched": True})


def _translated(error: Exception, timeout: Seconds) -> AskError:
    """Every exception of the library in our words."""
    match error:
        case AskError():
            return error
        case PrometheusApiClientException():
            return _answered(str(error))
        case requests.Timeout() | TimeoutError():
            return AskError(Missing.TIMEOUT, _late(timeout))
        case requests.JSONDecodeError() | ValueError():
            return AskError(Missing.ERROR, "its answer is no JSON")
        case KeyError() | TypeError() | AttributeError():
            return AskError(Missing.ERROR, "its answer is not the one that Prometheus' API promises")
        case requests.exceptions.SSLError():
            return AskError(Missing.ERROR, f"tls: {_short(_cause(error))}")
    if "Read timed out" in str(error):
        return AskError(Missing.TIMEOUT, _late(timeout))
    return AskError(Missing.ERROR, _short(_cause(error)))


def _late(timeout: Seconds) -> str:
    return f"no complete answer within {timeout:g} s"


def _answered(words: str) -> AskError:
    """An answer with another status than 200, as the library words it: `HTTP Status Code 400 (b'...')`."""
    matched = re.match(r"HTTP Status Code (\d+) \((.*)\)\Z", words, re.DOTALL)
    status, said = int(matched[1]) if matched else 0, ""
    kind = Missing.ERROR
    with contextlib.suppress(ValueError, SyntaxError, TypeError, AttributeError):
        answer = json.loads(ast.literal_eval(matched[2]) if matched else b"")
        said = str(answer.get("error", ""))
        kind = Missing.TIMEOUT if answer.get("errorType") == "timeout" else kind
    where = " to another address, which is not followed" if 300 <= status < 400 else ""  # noqa: PLR2004 - HTTP's redirects
    text = f"status {status}{where}" + (f": {_short(said)}" if said else "")
    return AskError(kind, text, refused=status in (400, 422) and bool(said))


def _cause(error: BaseException) -> str:
    """What the operating system or the peer said, without the wrappings."""
    nearest: BaseException = error
    inner: Any = error
    for _ in range(8):
        inner = inner.__cause__ or inner.__context__ or next((a for a in inner.args if isinstance(a, Exception)), None)
        if inner is None or inner is nearest:
            break
        nearest = inner
    if isinstance(nearest, OSError) and nearest.strerror:
        return nearest.strerror
    return str(nearest) or type(nearest).__name__


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _LONGEST_WORDS else f"{line[: _LONGEST_WORDS - 3]}..."

"""Names and texts as an operator writes them: identifiers, paths, addresses, secrets.

What lives here: parsing, and the annotations for the schema. What must not: keys, files, reading of credentials. Every
parser takes what the file holds and raises WrongValueError with the cure.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import PlainValidator, WithJsonSchema

from watchdog.config.errors import WrongValueError, wrong
from watchdog.config.parsed import Parsed, either, flag, integer, spelled

SOCKET_PATH_BYTES = 107
"""The longest path of a Unix socket on Linux (sun_path holds 108 bytes with the final zero)."""

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_NAME_LENGTH = 32  # nginx keeps variable names of 46 characters; ours add a prefix and an ending
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*")
_URL_PATH = re.compile(r"/[^\s\"'{};#\\?]*")
_REQUEST_PATH = re.compile(r"/[^\s\"'{};#\\]*")
POOL_DIRECTIVES = (
    "least_conn", "ip_hash", "hash", "random", "keepalive", "keepalive_timeout", "keepalive_requests", "zone",
)  # fmt: skip
_POOL = re.compile(rf"(?:{'|'.join(POOL_DIRECTIVES)})(?: [\w.$:/-]+)*", re.ASCII)
_CREDENTIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_APPRISE = re.compile(r"[a-z][a-z0-9+.-]*://\S+")
_GROUP = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[!-~](?:[ -~\t]*[!-~])?")


def name(value: object) -> str:
    """A name that is safe in file names, nginx and metrics."""
    if not isinstance(value, str) or not _NAME.fullmatch(value) or len(value) > _NAME_LENGTH:
        raise wrong(
            value, f"a name of at most {_NAME_LENGTH} lower-case letters, digits and hyphens, such as lab-results"
        )
    return value


def text(value: object) -> str:
    """One line of text that is not empty."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise wrong(value, "one line of text")
    return value


def absolute_path(value: object) -> str:
    """An absolute path without `..` in it."""
    if not isinstance(value, str) or not re.fullmatch(r"/[^\s\"';{}\\]*", value) or "/.." in value:
        raise wrong(value, "an absolute path without spaces, such as /var/lib/rollback-watchdog")
    return value.rstrip("/") or "/"


def socket_path(value: object) -> str:
    """An absolute path that the kernel accepts for a Unix socket."""
    path = absolute_path(value)
    if len(path.encode()) > SOCKET_PATH_BYTES:
        raise wrong(value, f"a socket's path of at most {SOCKET_PATH_BYTES} bytes")
    return path


def request_path(value: object) -> str:
    """What a request asks for: a path, perhaps with a query."""
    if not isinstance(value, str) or not _REQUEST_PATH.fullmatch(value):
        raise wrong(value, "a path that begins with /, such as /health")
    return value


def route_path(value: object) -> str:
    """The beginning of a request's path without the query, or `~` and a regular expression for it."""
    wanted = 'the beginning of a path such as /api/labs, or "~" and a regular expression'
    if not isinstance(value, str):
        raise wrong(value, wanted)
    if value.startswith("~") and value.isprintable() and len(value) > 1:
        try:
            re.compile(value[1:])
        except re.error:
            raise wrong(value, wanted) from None
    elif not _URL_PATH.fullmatch(value):
        raise wrong(value, wanted)
    return value


def pool_directive(value: object) -> str:
    """A directive for nginx's upstream blocks."""
    if not isinstance(value, str) or not _POOL.fullmatch(value):
        raise wrong(value, f"a directive of: {', '.join(POOL_DIRECTIVES)}, such as least_conn or keepalive 64")
    return value


def url(value: object) -> str:
    """An http or https address without a password in it."""
    wanted = "an address such as http://127.0.0.1/"
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        raise wrong(value, wanted)
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise wrong(value, wanted) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise wrong(value, wanted)
    if parts.username is not None:
        raise WrongValueError("found an address with a user name, wanted one without: this is no place for passwords")
    return value


def host_port(value: object) -> str:
    """A server as nginx takes it: `host:port`, IPv6 in brackets."""
    wanted = "host:port, such as 127.0.0.1:8081 or blue.app.internal:8081"
    matched = re.fullmatch(r"(?:\[([^\]]+)\]|([^:\[\]]+)):([0-9]{1,5})", value) if isinstance(value, str) else None
    if not matched or not 1 <= int(matched[3]) <= 65_535:  # noqa: PLR2004 (the largest port)
        raise wrong(value, wanted)
    if matched[1] is not None:
        try:
            ipaddress.IPv6Address(matched[1])
        except ValueError:
            raise wrong(value, wanted) from None
    elif not _HOST.fullmatch(matched[2]):
        raise wrong(value, wanted)
    return matched[0]


def group_name(value: object) -> str:
    """The name of a group of this machine."""
    if not isinstance(value, str) or not _GROUP.fullmatch(value):
        raise wrong(value, "the name of a group, such as www-data")
    return value


def header_name(value: object) -> str:
    """The name of a request header."""
    if not isinstance(value, str) or not _HEADER.fullmatch(value):
        raise wrong(value, "a header's name, such as Authorization")
    return value


def is_header_value(text: str) -> bool:
    """Whether a request header can carry the text: one line of ASCII without blanks at its ends."""
    return _HEADER_VALUE.fullmatch(text) is not None


def _whole(low: int, high: int) -> PlainValidator:
    return PlainValidator(lambda value: integer(value, low, high))


def _digits(low: int, high: int) -> WithJsonSchema:
    bare = {"type": "integer", "minimum": low, "maximum": high}
    return WithJsonSchema(spelled("[0-9]{1,9}", f"a whole number from {low} to {high}", bare=bare))


_SCALAR = {"type": ["string", "number", "boolean"]}
_PATH = r"/(?!\.\.)(?:[^\s\"';{}\\/]|/(?!\.\.))*"

Name = Annotated[
    str,
    PlainValidator(name),
    WithJsonSchema(spelled(f"(?=.{{1,{_NAME_LENGTH}}}$){_NAME.pattern}", "lower-case letters, digits and hyphens")),
]
Text = Annotated[str, PlainValidator(text), WithJsonSchema({**spelled(r".*\S.*", "one line of text"), **_SCALAR})]
AbsolutePath = Annotated[str, PlainValidator(absolute_path), WithJsonSchema(spelled(_PATH, "an absolute path", "/srv"))]
SocketPath = Annotated[str, PlainValidator(socket_path), WithJsonSchema(spelled(_PATH, "an absolute path"))]
RequestPath = Annotated[
    str,
    PlainValidator(request_path),
    WithJsonSchema(spelled(_REQUEST_PATH.pattern, "a path that begins with /", "/health")),
]
RoutePath = Annotated[
    str,
    PlainValidator(route_path),
    WithJsonSchema(
        spelled(rf"~.+|{_URL_PATH.pattern}", 'the beginning of a path, or "~" and a regular expression', "/api/labs")
    ),
]
PoolDirective = Annotated[
    str, PlainValidator(pool_directive), WithJsonSchema(spelled(_POOL.pattern, "a directive", "keepalive 64"))
]
Url = Annotated[
    str,
    PlainValidator(url),
    WithJsonSchema(spelled(r"https?://[^\s/?#@]+(?:[/?#]\S*)?", "an http or https address", "http://127.0.0.1/")),
]
HostPort = Annotated[
    str,
    PlainValidator(host_port),
    WithJsonSchema(
        spelled(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}", "host:port", "127.0.0.1:8081", "[::1]:8081")
    ),
]
GroupName = Annotated[
    str, PlainValidator(group_name), WithJsonSchema(spelled(_GROUP.pattern, "the name of a group", "www-data"))
]
HeaderName = Annotated[
    str, PlainValidator(header_name), WithJsonSchema(spelled(_HEADER.pattern, "a header's name", "Authorization"))
]
Flag = Annotated[
    bool, PlainValidator(flag), WithJsonSchema(spelled("true|false", "true or false", bare={"type": "boolean"}))
]
Row = Annotated[int, _whole(1, 1_000), _digits(1, 1_000)]
"""A number of probes in a row."""
Count = Annotated[int, _whole(0, 100_000_000), _digits(0, 100_000_000)]
"""A number of events."""
Readings = Annotated[int, _whole(10, 10_000), _digits(10, 10_000)]
"""A number of readings that tells something."""
ClientError = Annotated[int, _whole(400, 499), _digits(400, 499)]
"""A status that blames the client."""


@dataclass(frozen=True, slots=True)
class Secret(Parsed):
    """Something that must not be shown: its text, or where the daemon reads it at run time."""

    literal: str | None = None
    credential: str | None = None
    """A file name in $CREDENTIALS_DIRECTORY."""
    file: str | None = None

    WANTED: ClassVar[str] = "{credential: NAME}, {file: /PATH} or the text itself"
    LITERAL: ClassVar[dict[str, Any]] = _SCALAR
    """The JSON Schema of the text itself."""

    @classmethod
    def parse(cls, value: object) -> Self:
        """One of the three forms; a message never repeats the text."""
        if isinstance(value, str) and value.strip() and value.isprintable():
            return cls(literal=value)
        if isinstance(value, str):
            raise WrongValueError(f"found a text that is empty or has several lines, wanted {cls.WANTED}")
        if not isinstance(value, dict) or len(value) != 1:
            raise wrong(value, cls.WANTED)
        kind, where = next(iter(value.items()))
        if kind == "file":
            return cls(file=absolute_path(where))
        if kind != "credential":
            raise wrong(kind, cls.WANTED)
        if not isinstance(where, str) or not _CREDENTIAL.fullmatch(where):
            raise wrong(where, "the name of a credential, such as on-call-url")
        return cls(credential=where)

    def written(self) -> str | dict[str, Any]:
        """Where it comes from, or three stars."""
        if self.credential is not None:
            return {"credential": self.credential}
        return {"file": self.file} if self.file is not None else "***"

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: Any) -> dict[str, Any]:
        """Three forms."""
        credential = spelled(_CREDENTIAL.pattern, "the name of a credential", "on-call-url")
        file = spelled(_PATH, "an absolute path")
        places = ({"type": "object", "properties": {key: form}, "required": [key], "additionalProperties": False}
                  for key, form in (("credential", credential), ("file", file)))  # fmt: skip
        return either(*places, cls.LITERAL, wanted=cls.WANTED)

    def __repr__(self) -> str:
        """Never the text: a value ends up in tracebacks."""
        return f"Secret({self.written()})"

    def __str__(self) -> str:
        """Never the text."""
        return str(self.written())


class HeaderValue(Secret):
    """What a request header says, or the token in one."""

    WANTED: ClassVar[str] = "{credential: NAME}, {file: /PATH} or the text itself, of ASCII characters"
    LITERAL: ClassVar[dict[str, Any]] = {**spelled(_HEADER_VALUE.pattern, "a text of ASCII characters"), **_SCALAR}

    @classmethod
    def parse(cls, value: object) -> Self:
        """As Secret; a literal must be one that a header can carry."""
        secret = super().parse(value)
        if secret.literal is not None and not is_header_value(secret.literal):
            raise WrongValueError(f"found a text that no request header can carry, wanted {cls.WANTED}")
        return secret


class SenderUrl(Secret):
    """An address of apprise, whose user name, password or token must not be shown."""

    WANTED: ClassVar[str] = "an apprise address such as mailto://..., {credential: NAME} or {file: /PATH}"
    LITERAL: ClassVar[dict[str, Any]] = spelled(_APPRISE.pattern, "an address such as mailto://...")

    @classmethod
    def parse(cls, value: object) -> Self:
        """As Secret; a literal must at least look like an address."""
        secret = super().parse(value)
        if secret.literal is not None and not _APPRISE.fullmatch(secret.literal):
            raise WrongValueError(f"found a text that is no address, wanted {cls.WANTED}")
        return secret

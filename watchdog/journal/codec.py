"""Records and checkpoints as text: versioned JSON for every event, decision and state.

What lives here: the closed registry of record types, encoding, decoding, and what cannot be decoded. What must not:
files, SQL, repair. A decoded value equals the encoded one: floats bit for bit, infinities and NaN included.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import GenericAlias
from typing import Any, Final, TypeVar, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import to_json

from watchdog.core.model import Seconds
from watchdog.core.records import Body, Record
from watchdog.core.state import State
from watchdog.journal.upgrades import upgraded

VERSION: Final = 2
"""Of every encoded form. Raise it when a class of the core changes its fields: an older program, which would not know
them, then refuses the journal with a sentence. What a default cannot stand for is upgraded (`upgrades`).
"""

TYPES: Final[Mapping[str, type[Body]]] = {member.__name__: member for member in get_args(Body)}
"""Every class that a record's body can have, by the name that is written."""

T = TypeVar("T")

_ADAPTERS: Final[dict[type[Any], TypeAdapter[Any]]] = {}


class CodecError(Exception):
    """Text that cannot be turned back into a value: the text is damaged or not of this program."""


class TooNewError(CodecError):
    """The text was written by a newer version of this program, which can still read it: start that one again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A record as it is kept. `body` is a JSON object."""

    seq: int
    at: Seconds
    type: str
    version: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMark:
    """Where the engine's clock stood, next to the clocks of the machine."""

    boot_id: str
    """Changes with every boot of the machine."""
    boottime: float
    """CLOCK_BOOTTIME: seconds since the boot, time asleep included."""
    wall: float
    """Unix seconds."""
    engine: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The whole state after the record `state.seq`, so that older records need not be folded again."""

    state: State
    digest: str
    """Of the configuration in force."""
    clock: ClockMark


def encode(record: Record) -> Encoded:
    """One record as text; ValueError for a body that is not of `TYPES`."""
    kind = type(record.body).__name__
    if TYPES.get(kind) is not type(record.body):
        raise ValueError(f"record {record.seq}: {kind} is neither an event nor a decision")
    return Encoded(seq=record.seq, at=record.at, type=kind, version=VERSION, body=_write(record.body))


def decode(encoded: Encoded) -> Record:
    """The record that was encoded; CodecError (or TooNewError) when that is impossible."""
    where = f"record {encoded.seq}"
    _check_version(encoded.version, where)
    body = TYPES.get(encoded.type)
    if body is None:
        raise CodecError(f"{where}: {encoded.type!r} is not a type of record")
    text = _upgraded(encoded.type, encoded.version, encoded.body, where)
    return Record(seq=encoded.seq, at=encoded.at, body=_read(body, text, where))


def encode_checkpoint(checkpoint: Checkpoint) -> str:
    """A checkpoint as a JSON object; its version is kept beside it."""
    return _write(checkpoint)


def decode_checkpoint(text: str, version: int) -> Checkpoint:
    """The checkpoint that was encoded; CodecError (or TooNewError) when that is impossible."""
    _check_version(version, "checkpoint")
    return _read(Checkpoint, _upgraded("Checkpoint", version, text, "checkpoint"), "checkpoint")


def _check_version(version: int, where: str) -> None:
    if version > VERSION:
        raise TooNewError(f"{where} has form {version}, this program knows forms up to {VERSION}")
    if version < 1:
        raise CodecError(f"{where} has form {version}, which never existed")


def _upgraded(kind: str, version: int, text: str, where: str) -> str:
    try:
        return upgraded(kind, version, VERSION, text)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CodecError(f"{where}: {kind} of form {version} is not what it was: {error!r}") from error


def _write(value: object) -> str:
    # "constants": the default would turn NaN and the infinities into null without a word.
    return to_json(value, inf_nan_mode="constants", fallback=_mapping).decode()


def _mapping(value: object) -> Any:
    if isinstance(value, Mapping):  # read-only views, which pydantic does not know
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in the journal")


def _read(kind: type[T], text: str, where: str) -> T:
    try:
        value: T = _adapter(kind).validate_json(f"[{text}]")[0]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join([kind.__name__, *(str(part) for part in first["loc"][1:])])
        raise CodecError(f"{where}: {path}: {first['msg']}") from error
    return value


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    # Built when a type is first read, not at start. In a tuple, because a dataclass by itself takes no configuration
    # from outside. strict: "nan" is Missing.NAN and never a float, 1 is never true. forbid: nothing is dropped.
    if kind not in _ADAPTERS:
        form: Any = GenericAlias(tuple, (kind,))
        _ADAPTERS[kind] = TypeAdapter(form, config=ConfigDict(strict=True, extra="forbid"))
    return _ADAPTERS[kind]

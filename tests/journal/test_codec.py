"""What is read is what was written, for every class that the journal keeps."""

import dataclasses
import math
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.journal.samples import checkpoint, large_state, observed, record, values
from watchdog.core import events, records
from watchdog.core.decisions import people, progress, rollback
from watchdog.core.events import Observed, Tick
from watchdog.core.model import Colour, Missing, Reading
from watchdog.core.records import Record
from watchdog.core.state import ServiceState, State
from watchdog.journal.codec import (
    TYPES,
    VERSION,
    Checkpoint,
    CodecError,
    Encoded,
    TooNewError,
    decode,
    decode_checkpoint,
    encode,
    encode_checkpoint,
)

# Large values: building one is slow, and ten of them already show every branch of every union many times.
few = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), database=None)
some = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)


def there_and_back(value: Record) -> Record:
    return decode(encode(value))


def concrete(module: Any) -> Iterator[str]:
    """The dataclasses that a module defines, without those that only others derive from."""
    made = [c for c in vars(module).values() if dataclasses.is_dataclass(c) and c.__module__ == module.__name__]
    yield from (c.__name__ for c in made if isinstance(c, type) and not c.__subclasses__() and c is not Record)


def test_every_event_and_decision_can_be_kept() -> None:
    """No class of events or decisions is outside the registry."""
    kept = [events, people, progress, rollback]
    assert sorted(name for module in kept for name in concrete(module)) == sorted(TYPES)
    assert len(get_args(records.Body)) == len(TYPES)


@pytest.mark.parametrize("name", TYPES)
@some
@given(data=st.data())
def test_every_class_survives(name: str, data: st.DataObject) -> None:
    """A record of each class comes back equal, enums as enums and floats bit for bit."""
    written = record(7, data.draw(values(TYPES[name])))

    read = there_and_back(written)

    assert written == read
    assert repr(written) == repr(read)


@few
@given(values(Checkpoint))
def test_a_state_survives(written: Checkpoint) -> None:
    """A checkpoint's state comes back equal, with the same types inside."""
    read = decode_checkpoint(encode_checkpoint(written), VERSION)

    assert written == read
    assert repr(written) == repr(read)


@given(st.floats())
def test_every_float_survives(value: float) -> None:
    """NaN, infinities, negative zero and denormals are not bent, neither as a time nor as a reading."""
    body = Observed(
        service="s", source="e", start=value, end=1.0, readings=(Reading(signal="x", colour=None, value=value),)
    )

    read = there_and_back(record(1, body)).body

    assert isinstance(read, Observed)
    assert isinstance(read.readings[0].value, float)
    assert repr(body) == repr(read)


def test_the_word_nan_is_not_the_number() -> None:
    """A reading that is missing because it was NaN does not come back as a number."""
    reading = Reading(signal="x", colour=Colour.BLUE, value=Missing.NAN)
    body = Observed(service="s", source="e", start=0.0, end=1.0, readings=(reading,))

    read = there_and_back(record(1, body)).body

    assert isinstance(read, Observed)
    assert read.readings[0].value is Missing.NAN
    assert not (isinstance(read.readings[0].value, float) and math.isnan(read.readings[0].value))


def test_read_only_mappings_are_written_as_mappings() -> None:
    """A state whose mapping is a read-only view comes back equal."""
    state = State(services=MappingProxyType({"s": ServiceState(name="s", stable=Colour.BLUE)}))

    assert state == decode_checkpoint(encode_checkpoint(checkpoint(0, state)), VERSION).state


def test_a_foreign_body_is_refused() -> None:
    """What is neither event nor decision is refused when it is written, not when it is read."""
    with pytest.raises(ValueError, match="record 3: Reading is neither an event nor a decision"):
        encode(record(3, Reading(signal="x", colour=None, value=1.0)))  # type: ignore[arg-type]  # what is tested


def test_ephemeral_is_not_kept() -> None:
    """What is read was kept, so it is not ephemeral."""
    assert dataclasses.replace(observed(1), ephemeral=False) == there_and_back(observed(1, ephemeral=True))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"type": "Nonsense"}, CodecError, "record 5: 'Nonsense' is not a type of record"),
        ({"version": VERSION + 1}, TooNewError, "record 5 has form 3, this program knows forms up to 2"),
        ({"version": 0}, CodecError, "record 5 has form 0, which never existed"),
        ({"body": "{"}, CodecError, "record 5: Tick: Invalid JSON"),
        ({"body": '{"x": 1}'}, CodecError, "record 5: Tick.x: Unexpected keyword argument"),
        ({"type": "Outcome", "body": "{}"}, CodecError, "'Outcome' is not a type of record"),
        ({"type": "NotDurable", "body": "{}"}, CodecError, "record 5: NotDurable.detail: "),
        ({"type": "NotDurable", "body": '{"detail": 1}'}, CodecError, "NotDurable.detail: Input should be a valid str"),
        ({"type": "HoldSet", "body": '{"service":"s","hold":"x","reason":"human"}'}, CodecError, "HoldSet.hold: "),
    ],
)
def test_what_cannot_be_read_says_where(change: dict[str, Any], error: type[CodecError], message: str) -> None:
    """Unknown types, newer forms, damaged JSON and wrong fields are told apart and located."""
    with pytest.raises(error) as caught:
        decode(dataclasses.replace(encode(record(5, Tick())), **change))

    assert message in str(caught.value)
    assert error is type(caught.value)


def test_a_newer_checkpoint_is_told_apart() -> None:
    """A checkpoint of a newer version is not taken for a damaged one."""
    with pytest.raises(TooNewError, match="checkpoint has form 3"):
        decode_checkpoint("{}", VERSION + 1)
    with pytest.raises(CodecError, match=r"checkpoint: Checkpoint\.state: Field required"):
        decode_checkpoint("{}", VERSION)


def test_what_is_written_is_plain_json() -> None:
    """The envelope stands in columns, the body in JSON that a person can read."""
    expected = Encoded(seq=5, at=5.0, type="NotDurable", version=VERSION, body='{"detail":"full"}')

    assert expected == encode(record(5, events.NotDurable(detail="full")))


def test_a_large_state_survives() -> None:
    """Three services with forty rule instances each come back equal."""
    written = checkpoint(70_000, large_state())

    assert written == decode_checkpoint(encode_checkpoint(written), VERSION)

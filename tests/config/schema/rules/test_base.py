from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from watchdog.config.forms import Signal
from watchdog.config.schema.rules.base import Condition, Sequential, share_complaints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from watchdog.config.schema.sources.base import SignalKind


class Two(Condition):
    SIGNALS: ClassVar["Mapping[str, SignalKind]"] = {"one": "count", "other": "gauge"}

    one: Signal = Field(description="One.")
    other: Signal | None = Field(default=None, description="Other.")


def test_a_condition_names_the_signals_that_were_given() -> None:
    """By their keys, in the kind's own order."""
    two = Two.model_validate({"one": "a.b"})

    assert (("one", Signal("a", "b")),) == two.signals
    assert ["one", "other"] == [key for key, _ in Two.model_validate({"other": "a.c", "one": "a.b"}).signals]


def test_a_kind_wants_what_it_says() -> None:
    """Whatever else is written, unless the kind knows better."""
    assert {"one": "count", "other": "gauge"} == Two.wanted(["one"])


def test_a_sequential_kind_promises_for_some_time() -> None:
    """A window of 0 s is none; left out it is the plan's."""
    assert [] == list(Sequential().sequential_complaints())
    ((place, message),) = Sequential.model_validate({"window": "0s"}).sequential_complaints()

    assert (("window",), 'found "0s", wanted a duration above 0s') == (place, message)


def test_a_share_of_itself_is_refused() -> None:
    """It would always be 100 %."""
    assert [] == list(share_complaints(Signal("a", "b"), Signal("a", "c")))
    assert [("total",)] == [place for place, _ in share_complaints(Signal("a", "b"), Signal("a", "b"))]

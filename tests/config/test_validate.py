from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from watchdog.config import validate
from watchdog.config.schema.base import Model
from watchdog.config.schema.services import Service
from watchdog.config.tree import parse
from watchdog.config.units import Duration
from watchdog.config.words import Name

if TYPE_CHECKING:
    from watchdog.config.errors import Problem


class Inner(Model):
    wait: Duration = Field(default=Duration(1.0), description="How long.")
    for_: Duration = Field(default=Duration(1.0), alias="for", description="How long too.")


class Outer(Model):
    LATER: ClassVar[frozenset[str]] = frozenset({"tomorrow"})

    size: Literal["small", "large"] = Field(description="The `size`.")
    inner: Inner | None = Field(default=None, description="One.")
    named: dict[Name, Inner] = Field(default={}, description="Several.")
    many: tuple[Inner, ...] = Field(default=(), description="In order.")
    plain: float = Field(default=1.0, description="A number, of a type that no word of ours is made for.")


def check(text: str) -> tuple[Outer | None, list[str]]:
    """The model at `o` of the text, and the messages without their file."""
    tree, _ = parse(f"o:\n{text}", "f")
    problems: list[Problem] = []
    return validate.entry(Outer, tree, ("o",), problems), [str(problem) for problem in problems]


def test_a_right_entry_gives_its_model() -> None:
    """Texts have become values, defaults are applied."""
    outer, problems = check("  size: small\n  inner: {for: 2s}\n")

    assert [] == problems
    assert Outer(size="small", inner=Inner.model_validate({"for": "2s"})) == outer


def test_all_mistakes_of_an_entry_come_at_once() -> None:
    """Each at its own line, with the readable path; positions count from 1."""
    outer, problems = check(
        "  inner: {wiat: 1s}\n  named: {a: {for: 5}}\n  many:\n  - {}\n  - {wait: x}\n  tomorrow: 1\n"
    )

    assert outer is None
    assert [
        "f:1: o.size: is missing; wanted: the size",
        'f:2: o.inner.wiat: "wiat" is not a key here; did you mean "wait"?',
        'f:3: o.named.a.for: found "5", wanted a duration with its unit, such as 5s or 5m',
        'f:6: o.many[2].wait: found "x", wanted a duration such as 250ms, 2s, 15m, 24h or 1d',
        'f:7: o.tomorrow: "tomorrow" is not available in this version',
    ] == sorted(problems)


def test_a_key_is_known_by_its_written_name_only() -> None:
    """`for_` is a name of ours; the operator writes `for`."""
    assert ['f:2: o.inner.for_: "for_" is not a key here; did you mean "for"?'] == check(
        "  {size: small, inner: {for_: 1s}}\n"
    )[1]


def test_forms_are_told_apart() -> None:
    """A text for a mapping, a mapping for a list, a list for a word."""
    assert [
        'f:2: o.inner: found "x", wanted keys: wait, for',
        "f:2: o.many: found keys and values, wanted a list, such as [a, b]",
        'f:2: o.named: found "y", wanted names with their values',
        "f:2: o.size: found a list, wanted small or large",
    ] == sorted(check("  {size: [small], inner: x, many: {}, named: y}\n")[1])


def test_what_nobody_foresaw_is_said_in_our_words_too() -> None:
    """The key's own description stands for a wording that is not there."""
    assert ['f:2: o.plain: found "x", wanted a number, of a type that no word of ours is made for'] == check(
        "  {size: small, plain: x}\n"
    )[1]


def test_models_are_found_by_their_place() -> None:
    """Through optional values, lists and named entries."""
    assert [Inner, Inner, Inner, None, None] == [
        validate.model_at(Outer, place)
        for place in (("inner",), ("many", 0), ("named", "x"), ("size",), ("nowhere", "x"))
    ]


def test_every_key_says_what_it_means() -> None:
    """A missing key's message is its description."""
    assert [] == [name for name, info in Service.model_fields.items() if not info.description]

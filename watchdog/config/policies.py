"""Policies as an operator writes them: which of a service's rules together mean rollback.

What lives here: reading an expression, its canonical spelling, the value for the core. What must not: whether the rules
exist (`config.references`). Python's own parser reads the expression: names become identifiers of the same length, and
`of` an operator that binds more tightly than `and` and `or`, so every position is the operator's own.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from watchdog.config.errors import WrongValueError, shown, wrong
from watchdog.config.parsed import Parsed
from watchdog.core.settings import AnyOf

LONGEST = 1000
"""Characters; nobody reads a longer one at night."""

_WORD = re.compile(r"[a-z0-9-]+")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_OTHER = re.compile(r"[^a-z0-9()\[\], -]")
_KEPT = frozenset({"and", "or", "not"})


@dataclass(frozen=True, slots=True)
class Policy(Parsed):
    """`any`, `all`, or an expression such as `2 of [a, b, c]` or `a and (b or c)`. Without rules: of all there are."""

    at_least: int = 1
    rules: tuple[str, ...] = ()
    all_: bool = False
    parts: tuple["Policy", ...] = ()

    WANTED: ClassVar[str] = 'any, all, or rules such as "2 of [errors, slow, health]" or "errors and (slow or health)"'
    EXAMPLES: ClassVar[tuple[str, ...]] = ("any", "all", "2 of [errors, slow, health]", "errors and (slow or health)")

    @classmethod
    def parse(cls, value: object) -> Self:
        """The policy; whether its rules exist is checked against the service."""
        if value in ("any", "all"):
            return cls(all_=value == "all")
        if not isinstance(value, str) or not value.strip():
            raise wrong(value, cls.WANTED)
        if len(value) > LONGEST:
            raise wrong(value, f"at most {LONGEST} characters")
        text = " ".join(value.split())
        node = _alone(_tree(text))
        return cls(rules=(_named(node),)) if isinstance(node, ast.Name) else cls._from(node, text)

    @classmethod
    def _from(cls, node: ast.expr, text: str) -> Self:
        match node:
            case ast.BoolOp(op=op, values=values):
                return cls._joined(node, values, text, all_=isinstance(op, ast.And))
            case ast.BinOp(left=ast.Constant(value=int(count)), op=ast.MatMult(), right=ast.List(elts=values)):
                if not 1 <= count <= len(values):
                    raise _refused(text, node, f"wanted a number from 1 to {len(values)}" if values else "wanted rules")
                return cls._joined(node, values, text, at_least=count)
            case ast.UnaryOp(op=ast.Not()):
                raise _refused(text, node, "a rule that does not fire is no reason to roll back; wanted and, or, of")
        raise _refused(text, node, f"wanted {cls.WANTED}")

    @classmethod
    def _joined(
        cls, node: ast.expr, values: list[ast.expr], text: str, *, all_: bool = False, at_least: int = 1
    ) -> Self:
        values = [_alone(value) for value in values]
        names = [_named(value) for value in values if isinstance(value, ast.Name)]
        parts = tuple(cls._from(value, text) for value in values if not isinstance(value, ast.Name))
        twice = next((name for index, name in enumerate(names) if name in names[:index]), None)
        if twice is not None:
            raise _refused(text, node, f"names {shown(twice)} twice; wanted each rule once")
        return cls(at_least, tuple(names), all_, parts)

    @property
    def names(self) -> Iterator[str]:
        """Every rule that it names."""
        yield from self.rules
        for part in self.parts:
            yield from part.names

    @property
    def condition(self) -> AnyOf:
        """As the core judges it."""
        parts = tuple(part.condition for part in self.parts)
        return AnyOf(at_least=self.at_least, rules=self.rules, all_=self.all_, parts=parts)

    def __str__(self) -> str:
        """As an operator would write it: rules first, then what is in brackets."""
        if not self.rules and not self.parts:
            return "all" if self.all_ else "any"
        inner = [*self.rules, *(str(part) for part in self.parts)]
        if self.at_least > 1:
            return f"{self.at_least} of [{', '.join(inner)}]"
        bracketed = [*self.rules, *(str(part) if part.at_least > 1 else f"({part})" for part in self.parts)]
        return (" and " if self.all_ else " or ").join(bracketed)


def _tree(text: str) -> ast.expr:
    other = _OTHER.search(text)
    if other:
        raise _unreadable(text, other.start())
    try:
        return ast.parse(_WORD.sub(_as_python, text), mode="eval").body
    except (SyntaxError, MemoryError, RecursionError) as error:
        offset = getattr(error, "offset", None) or 1
        raise _unreadable(text, min(offset, len(text)) - 1) from None


def _alone(node: ast.expr) -> ast.expr:
    """`1 of [a]` is a."""
    match node:
        case ast.BinOp(left=ast.Constant(value=1), op=ast.MatMult(), right=ast.List(elts=[inner])):
            return _alone(inner)
    return node


def _as_python(word: re.Match[str]) -> str:
    """The word as Python reads it, of the same length."""
    text = word[0]
    if text in _KEPT or text.isdecimal():
        return text
    if text == "of":
        return "@ "
    if not _NAME.fullmatch(text):
        raise _unreadable(word.string, word.start())
    return text.upper().replace("-", "_")


def _named(node: ast.Name) -> str:
    return node.id.lower().replace("_", "-")


def _unreadable(text: str, start: int) -> WrongValueError:
    rest = text[start:].strip()
    place = f"not understood from {shown(rest)} on; " if rest and start else ""
    return WrongValueError(f"found {shown(text)}, {place}wanted {Policy.WANTED}")


def _refused(text: str, node: ast.expr, why: str) -> WrongValueError:
    """A part that can be read and makes no sense."""
    part = text[node.col_offset : node.end_col_offset]
    place = f" in {shown(text)}" if part != text else ""
    return WrongValueError(f"found {shown(part)}{place}: {why}")

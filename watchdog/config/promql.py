"""What a PromQL text tells by itself: its selectors, how far it looks back, and what it names.

What lives here: reading of the text. What must not: asking a server, keys of the configuration. It is no full parser:
what it does not understand, the server is asked about (`check --live`) and refuses by name.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from watchdog.core.model import Seconds


class PromqlError(ValueError):
    """The text is not what it should be; the message says what was found, and what would be right."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label: `status=~"5.."`."""

    label: str
    op: str
    """`=`, `!=`, `=~` or `!~`."""
    value: str

    def __str__(self) -> str:
        """As PromQL writes it."""
        return f"{self.label}{self.op}{quoted(self.value)}"


@dataclass(frozen=True, slots=True)
class Selector:
    """Series of one metric: `http_requests_total{color="blue"}`."""

    metric: str
    matchers: tuple[Matcher, ...]

    def __str__(self) -> str:
        """As PromQL writes it."""
        inside = ",".join(map(str, self.matchers))
        return f"{self.metric}{{{inside}}}" if inside else self.metric


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


_LEXER = re.compile(
    r"""
      (?P<space>\s+|\#[^\n]*)
    | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
    | (?P<duration>(?:[0-9]+(?:ms|[smhdwy]))+(?!\w))
    | (?P<number>0[xX][0-9a-fA-F]+|[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    | (?P<name>(?:[A-Za-z_]|\$\{\w+\})(?:[A-Za-z0-9_:]|\$\{\w+\})*)
    | (?P<op>=~|!~|!=|==|>=|<=|[-+*/%^<>=,@:])
    | (?P<bracket>[(){}\[\]])
    """,
    re.VERBOSE,
)
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0, "y": 31_536_000.0}
_PAIRS = {"(": ")", "{": "}", "[": "]"}
_LABEL_LISTS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_WORDS = frozenset({*_LABEL_LISTS, "and", "or", "unless", "bool", "offset", "atan2", "inf", "nan"})
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_OVERLAPPING = ("rate", "irate", "increase", "delta", "idelta")
_SELECTOR_SHAPE = 'one metric with its labels, such as http_requests_total{color="$colour"}'


def selector(text: str) -> Selector:
    """The one selector that the text is. PromqlError when it is anything else."""
    tokens = _tokens(text)
    called = sorted(calls(text), key=lambda name: (name not in _OVERLAPPING, name))
    if called:
        raise PromqlError(f"holds {called[0]}(): {_overlaps(called[0])}; wanted {_SELECTOR_SHAPE}")
    if any(token.text == "[" for token in tokens):
        raise PromqlError(f"holds a range in []; how far back it is read is our business, wanted {_SELECTOR_SHAPE}")
    if not tokens or tokens[0].kind != "name" or (len(tokens) > 1 and tokens[1].text != "{"):
        raise PromqlError(f"is no selector; wanted {_SELECTOR_SHAPE}")
    if len(tokens) == 1:
        return Selector(tokens[0].text, ())
    if tokens[-1].text != "}":
        raise PromqlError(f"is more than a selector; wanted {_SELECTOR_SHAPE}")
    return Selector(tokens[0].text, tuple(_matchers(tokens[2:-1])))


def selectors(text: str) -> tuple[Selector, ...]:
    """The selectors inside an expression, each once. Nameless ones (`{job="x"}`) have the metric ''."""
    tokens = _tokens(text)
    found: dict[Selector, None] = {}
    at = 0
    while at < len(tokens):
        token, after = tokens[at], tokens[at + 1].text if at + 1 < len(tokens) else ""
        if token.kind == "name" and token.text.lower() in _LABEL_LISTS and after == "(":
            at = _closing(tokens, at + 1)
        elif token.text == "{" or (token.kind == "name" and _is_metric(token.text, after)):
            metric = token.text if token.kind == "name" else ""
            opened = at + 1 if metric and after == "{" else at
            inside: list[Matcher] = []
            if tokens[opened].text == "{":
                at = _closing(tokens, opened)
                inside = list(_matchers(tokens[opened + 1 : at]))
            found[Selector(metric, tuple(inside))] = None
        at += 1
    return tuple(found)


def lookback(text: str) -> Seconds:
    """How far back the expression looks: ranges, subqueries and offsets, nested ones added up."""
    tokens = _tokens(text)
    depths = [0.0]  # what each open group has reached so far
    last = 0.0  # what the last whole part has reached
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.text == "(":
            depths.append(0.0)
            last = 0.0
        elif token.text == ")":
            last = depths.pop() if len(depths) > 1 else 0.0
        elif token.text == "[":
            end = _closing(tokens, at)
            last += next((_duration(each.text) for each in tokens[at:end] if each.kind == "duration"), 0.0)
            at = end
        elif token.kind == "name" and token.text.lower() == "offset":
            negative = at + 1 < len(tokens) and tokens[at + 1].text == "-"
            at += 2 if negative else 1
            shift = _duration(tokens[at].text) if at < len(tokens) and tokens[at].kind == "duration" else 0.0
            last = max(0.0, last - shift if negative else last + shift)
        elif token.kind in ("name", "number") or token.text in "+-*/%^,":
            last = 0.0
        depths[-1] = max(depths[-1], last)
        at += 1
    return depths[0]


def check(text: str) -> None:
    """Refuse what no server would take: unknown characters, brackets that do not match. PromqlError."""
    if not _tokens(text):
        raise PromqlError("is empty; wanted an expression that gives one number")


def calls(text: str) -> frozenset[str]:
    """The names of all functions and aggregations."""
    tokens = _tokens(text)
    pairs = pairwise(tokens)
    return (
        frozenset(token.text for token, after in pairs if token.kind == "name" and after.text in ("(", "by", "without"))
        - _LABEL_LISTS
    )


def quoted(value: str) -> str:
    """A label's value as PromQL writes it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _overlaps(function: str) -> str:
    if function in _OVERLAPPING:
        return "counts are made of the raw counter, since overlapping windows count one event several times"
    return "counts are made of the raw counter, series by series, since a sum hides their restarts"


def _is_metric(name: str, after: str) -> bool:
    return name.lower() not in _WORDS and after not in ("(", "by", "without")


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    open_: list[str] = []
    at = 0
    while at < len(text):
        matched = _LEXER.match(text, at)
        if matched is None:
            raise PromqlError(f"has {text[at]!r} at character {at + 1}, which PromQL does not know there")
        kind = str(matched.lastgroup)
        token = _Token(kind, matched.group(), at, matched.end())
        at = matched.end()
        if kind == "space":
            continue
        found.append(token)
        if token.text in _PAIRS and kind == "bracket":
            open_.append(_PAIRS[token.text])
        elif kind == "bracket" and (not open_ or open_.pop() != token.text):
            raise PromqlError(f"has {token.text!r} at character {token.start + 1} without its other half")
    if open_:
        raise PromqlError(f"lacks {open_[-1]!r} at its end")
    return found


def _closing(tokens: Sequence[_Token], opened: int) -> int:
    """The position of the bracket that closes the one at `opened`; they are known to match."""
    depth = 0
    for at in range(opened, len(tokens)):
        if tokens[at].kind == "bracket":
            depth += 1 if tokens[at].text in _PAIRS else -1
            if depth == 0:
                return at
    raise AssertionError(tokens)  # `_tokens` has matched them


def _matchers(tokens: Sequence[_Token]) -> Iterator[Matcher]:
    """The conditions between braces."""
    at = 0
    while at < len(tokens):
        part = tokens[at : at + 3]
        shaped = len(part) == 3 and part[0].kind == "name" and part[2].kind == "string"  # noqa: PLR2004 - label, operator, value
        if not shaped or part[1].text not in ("=", "!=", "=~", "!~"):
            raise PromqlError('has something else than conditions in {}; wanted label="value", =~, != or !~')
        yield Matcher(part[0].text, part[1].text, unquoted(part[2].text))
        at += 3
        if at < len(tokens):
            if tokens[at].text != ",":
                raise PromqlError(f"has {tokens[at].text!r} between two conditions, wanted a comma")
            at += 1


def unquoted(text: str) -> str:
    """The value that a text in quotes stands for."""
    if text[0] == "`":
        return text[1:-1]
    return re.sub(r"\\(.)", lambda matched: _ESCAPES.get(matched[1], matched[1]), text[1:-1], flags=re.DOTALL)


def _duration(text: str) -> Seconds:
    parts = re.findall(r"([0-9]+)(ms|[smhdwy])", text)
    return float(sum(int(number) * _UNITS_S[unit] for number, unit in parts))

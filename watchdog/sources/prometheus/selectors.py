"""Selectors of raw counters: which series fit, and how few requests fetch them all.

What lives here: the conditions and their union. What must not: requests, samples. A union may fetch more than was
asked for; what does not fit is left out here.
"""

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Matcher: TypeAlias = tuple[str, str, str]
"""Label, operator (`=`, `!=`, `=~`, `!~`), value."""

Labels: TypeAlias = Mapping[str, str]
Fits: TypeAlias = Callable[[Labels], bool]

_RE2_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Series of one metric."""

    metric: str
    matchers: tuple[Matcher, ...] = ()

    def __str__(self) -> str:
        """As PromQL writes it."""
        return f"{self.metric}{{{_inside(self.matchers)}}}" if self.matchers else self.metric

    def covers(self, other: "Selector") -> bool:
        """Whether every series of the other one is one of this."""
        return self.metric == other.metric and set(self.matchers) <= set(other.matchers)

    def labels(self) -> frozenset[str]:
        """What it has conditions on."""
        return frozenset(label for label, _, _ in self.matchers)

    def fits(self) -> Fits | None:
        """The test of a series' labels; None when only the server can tell (an expression of another dialect)."""
        tests = [_test(matcher) for matcher in self.matchers]
        known = [test for test in tests if test is not None]
        if len(known) < len(tests):
            return None
        return lambda labels: labels.get("__name__") == self.metric and all(test(labels) for test in known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """One request's selector, and those that it fetches the series of."""

    text: str
    wanted: tuple[Selector, ...]


def fetches(wanted: Sequence[Selector]) -> tuple[Fetch, ...]:
    """The fewest requests that do not fetch far too much: one for all selectors with conditions on the same labels.

    A selector with further conditions joins those of its own metric, whose series are fetched anyway.
    """
    groups: list[list[Selector]] = []
    alone: list[Selector] = []
    for selector in sorted(dict.fromkeys(wanted), key=lambda each: (len(_with_le(each).matchers), str(each))):
        labels = _with_le(selector).labels()
        if selector.fits() is None:
            alone.append(selector)
            continue
        for group in groups:
            common = _common_labels(group)
            if common == labels or (common <= labels and any(each.metric == selector.metric for each in group)):
                group.append(selector)
                break
        else:
            groups.append([selector])
    return tuple(
        [Fetch(text=_union(group), wanted=tuple(group)) for group in groups]
        + [Fetch(text=str(each), wanted=(each,)) for each in alone]
    )


def literal(value: str) -> str:
    """An expression that fits this text alone, in RE2's dialect."""
    return _RE2_SPECIAL.sub(r"\\\1", value)


def _union(group: Sequence[Selector]) -> str:
    if len(group) == 1:
        return str(group[0])
    full = [_with_le(each) for each in group]
    metrics = list(dict.fromkeys(each.metric for each in group))
    matchers = [each for label in sorted(_common_labels(group)) for each in _union_on(label, full)]
    if len(metrics) == 1:
        return str(Selector(metric=metrics[0], matchers=tuple(matchers)))
    return f"{{{_inside((('__name__', '=~', '|'.join(metrics)), *matchers))}}}"


def _union_on(label: str, group: Sequence[Selector]) -> list[Matcher]:
    """Conditions on one label that hold wherever one selector's hold; none when that cannot be said in one."""
    each = [tuple(matcher for matcher in selector.matchers if matcher[0] == label) for selector in group]
    if all(matchers == each[0] for matchers in each):
        return list(each[0])
    if any(len(matchers) != 1 or matchers[0][1] not in ("=", "=~") for matchers in each):
        return []
    values = dict.fromkeys(
        literal(value) if op == "=" else f"(?:{value})" for matchers in each for _, op, value in matchers
    )
    return [(label, "=~", "|".join(values))]


def _with_le(selector: Selector) -> Selector:
    """Only a histogram's buckets have `le`: said aloud, the others can share a request with buckets."""
    if "le" in selector.labels() or selector.metric.endswith("_bucket"):
        return selector
    return Selector(metric=selector.metric, matchers=(*selector.matchers, ("le", "=", "")))


def _common_labels(group: Sequence[Selector]) -> frozenset[str]:
    return frozenset.intersection(*(_with_le(each).labels() for each in group))


def _inside(matchers: Sequence[Matcher]) -> str:
    return ",".join(f"{label}{op}{_quoted(value)}" for label, op, value in matchers)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _test(matcher: Matcher) -> Fits | None:
    label, op, value = matcher
    if op in ("=", "!="):
        return lambda labels: (labels.get(label, "") == value) is (op == "=")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python would read in another way than RE2
            pattern = re.compile(value, re.ASCII)
    except (re.error, Warning):
        return None
    return lambda labels: (pattern.fullmatch(labels.get(label, "")) is not None) is (op == "=~")

"""A service's policy in words."""

from typing import Any

import pytest

from watchdog.text.policy import words


def policy(*rules: str, at_least: int = 1, every: bool = False, parts: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {"at_least": at_least, "all": every, "rules": list(rules), "parts": list(parts)}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (policy(), "any rule"),
        (policy(every=True), "every rule that can roll back"),
        (policy(at_least=2), "2 rules"),
        (policy("errors"), "errors"),
        (policy("errors", every=True), "errors"),
        (policy("errors", "latency"), "any of (errors, latency)"),
        (policy("errors", "latency", every=True), "all of (errors, latency)"),
        (policy("errors", at_least=2, parts=(policy("cpu", "memory", every=True), policy("health"))),
         "2 of (errors, all of (cpu, memory), health)"),
    ],
)  # fmt: skip
def test_words(given: dict[str, Any], told: str) -> None:
    """Each condition within another stands in brackets; one of one is that one."""
    assert told == words(given)

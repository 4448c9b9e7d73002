"""Ways out: commands of this version, each with what it does.

What lives here: the commands that several shapes offer, and their alignment. What must not: any message.
"""

from dataclasses import dataclass

from watchdog.notify.words.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One command."""

    words: str
    does: str
    because: bool = False


def ways(facts: Facts, *offered: Way) -> tuple[str, ...]:
    """Commands with what each does, aligned."""
    commands = [facts.command(way.words, because=way.because) for way in offered]
    width = max(len(command) for command in commands)
    return tuple(f"{command:{width}}   {way.does}" for command, way in zip(commands, offered, strict=True))


def ack(facts: Facts) -> Way:
    """Take an incident over."""
    return Way(words=f"ack {facts.name}", does="stop these messages; changes nothing else")


def back(facts: Facts, *, anyway: bool = False, note: str = "") -> Way:
    """All traffic to stable."""
    words = f"rollback {facts.name}{' --anyway' if anyway else ''}"
    does = f"all traffic to {facts.stable}{f' ({note})' if note else ''}"
    return Way(words=words, does=does, because=anyway)


def resume(facts: Facts, does: str) -> Way:
    """Let it go on."""
    return Way(words=f"resume {facts.name}", does=does)

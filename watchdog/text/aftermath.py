"""What is left after a rollback, in words: users, open connections, commands that were run, tasks for hands.

What lives here: pure functions over one deployment of the view, shared by messages and the operator's screens. What
must not: the order of a screen or a message.
"""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final, TypeAlias

from watchdog.text.quantities import clock, count
from watchdog.text.reasons import OTHER, PROGRAM

Plain: TypeAlias = Mapping[str, Any]

MOST_STRAGGLERS: Final = 5
"""So many are told one by one."""


def users(deployment: Plain) -> str:
    """What became of the candidate's users, as a sentence; empty when none is counted.

    `36 requests failed on green; 30 were answered by blue instead, 6 were seen by users.`
    """
    seen = deployment["users"]
    if not seen["failed"]:
        return ""
    candidate = deployment["candidate"]
    failed = f"{count(seen['failed'], 'request')} failed on {candidate}"
    if not seen["shielded"]:
        return f"{failed}, {'all ' if seen['saw'] > 1 else ''}seen by users."
    instead = f"{seen['shielded']:,} {_were(seen['shielded'])} answered by {OTHER[candidate]} instead"
    saw = f"{seen['saw']:,} {_were(seen['saw'])} seen by users" if seen["saw"] else "no user saw one"
    return f"{failed}; {instead}, {saw}."


def shielded(deployment: Plain) -> str:
    """As `users`, once stable has answered in the candidate's place; empty before, when counts of failures say all."""
    return users(deployment) if deployment["users"]["shielded"] else ""


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def stragglers(deployment: Plain) -> list[str]:
    """What had begun on the candidate before its brake and went on after it, and what is open still."""
    rollback, candidate = deployment["rollback"], deployment["candidate"]
    if rollback is None:
        return []
    told = []
    if rollback["stragglers"]:
        late = count(rollback["stragglers"], "request")
        told.append(f"{late} that had begun before ended on {candidate} afterwards{_one_by_one(rollback)}.")
    if rollback["open"]:
        still = _still(deployment)
        held = count(rollback["open"], "connection")
        told.append(
            f"{held} to {candidate} (websockets, streams, long polls) {_was_open(rollback['open'])} and {still}."
        )
    return told


def _still(deployment: Plain) -> str:
    """What became of connections that were open at the switch."""
    wait = deployment["draining"]
    if deployment["drained"] is not None:
        return "have ended since"
    if wait is None:
        return "go on until they end"
    if wait["ended"] is None:
        return "may still end by themselves"
    return f"did not all end{' (' + wait['detail'] + ')' if wait['detail'] else ''}"


def _was_open(number: int) -> str:
    return "was open at the switch" if number == 1 else "were open at the switch"


def _one_by_one(rollback: Plain) -> str:
    listed = rollback["straggling"]
    if not listed:
        return ""
    more = "; and more" if len(listed) > MOST_STRAGGLERS else ""  # how many in all is said before; not all are listed
    return f": {'; '.join(listed[:MOST_STRAGGLERS])}{more}"


def hooks(deployment: Plain, zone: tzinfo | None = None) -> list[str]:
    """How each command of the operator's went."""
    return [_hook(each, zone) for each in deployment["hooks"]]


def _hook(run: Plain, zone: tzinfo | None) -> str:
    name = f"hook {run['name']}"
    if run["ended"] is None:
        return f"{name} runs since {clock(run['ordered'], zone)}"
    at = clock(run["ended"], zone)
    if run["ok"]:
        return f"{name} done at {at}"
    how = "failed" if run["ok"] is not None else "ended, and nobody knows how,"
    return f"{name} {how} at {at}{': ' + run['detail'] if run['detail'] else ''}"


def failed_hooks(deployment: Plain) -> list[str]:
    """Names of the commands that did not do what they were to do."""
    return [each["name"] for each in deployment["hooks"] if each["ended"] is not None and not each["ok"]]


def open_tasks(deployment: Plain) -> list[Plain]:
    """What waits for somebody's hands after a rollback; nothing without one."""
    if deployment["phase"] != "rolled_back":
        return []
    return [each for each in deployment["tasks"] if each["done"] is None]


def task(service: str, each: Plain) -> tuple[str, str]:
    """The command to copy, and how to say that it was run."""
    return each["command"], f"{PROGRAM} did {service} {each['name']}"


def done_task(each: Plain, zone: tzinfo | None = None) -> str:
    """Who did a task, when: `flyway-repair was done by ada at 02:31:00`."""
    said = each["done"]
    why = f": {said['because']}" if said["because"] else ""
    return f"{each['name']} was done by {said['by'] or 'somebody'} at {clock(said['at'], zone)}{why}"

"""The closed names of reasons, as sentences: one table per use, each with the way out.

What lives here: words for refusals, for blocks, for holds, for interlocks. Keys are the plain names of
`watchdog.core.reasons`, so that a host with the client alone can read them. What must not: deciding anything.
"""

from collections.abc import Mapping
from typing import Final

PROGRAM: Final = "rollback-watchdog"

OTHER: Final[Mapping[str, str]] = {"blue": "green", "green": "blue"}
"""The other colour."""

REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "no_such_service": (
        "there is no service of that name ({detail})",
        f"{PROGRAM} status lists them",
    ),
    "no_such_plan": ("there is no plan {detail}", "the plans stand in the environment file"),
    "no_deployment": (
        "{service} has no deployment under way",
        f"{PROGRAM} status {{service}} shows what was last",
    ),
    "no_such_rule": (
        "the service has no rule {detail}",
        f"{PROGRAM} status {{service}} lists them",
    ),
    "no_such_incident": (
        "there is no open incident to acknowledge",
        f"{PROGRAM} status {{service}} shows who is paged",
    ),
    "wrong_phase": (
        "that is not possible while the deployment is {detail}",
        f"{PROGRAM} status {{service}} shows where it stands",
    ),
    "wrong_stable": ("the stable colour is another ({detail})", f"{PROGRAM} status {{service}} shows it"),
    "already": ("there is nothing to change: {detail}", ""),
    "because_wanted": ("a reason is wanted, for those who read the record", 'add --because "..."'),
    "rule_firing": (
        "a rule fires on the candidate, so the gate is not passed",
        (
            f"{PROGRAM} explain {{service}} --why-not shows which; to pass it all the same, first "
            f'{PROGRAM} disarm {{service}} --for 30m --because "..."'
        ),
    ),
    "watcher_wanted": (
        "automatic rollback would be off ({detail}), so somebody has to watch",
        (
            "add --watched-by NAME. If it is the schema, and stable is known to work on it: --schema compatible keeps "
            "it on"
        ),
    ),
    "not_adopted": (
        "the router and the journal do not agree ({detail})",
        f"look at it, then {PROGRAM} adopt {{service}}",
    ),
    "configuration_changed": (
        "the configuration changed meanwhile ({detail})",
        f"{PROGRAM} status {{service}}, then try again",
    ),
    "one_at_a_time": (
        "another deployment is under way ({detail})",
        "wait for its end, or abort it: " + f"{PROGRAM} abort {{service}}",
    ),
    "known_bad": (
        "{detail} was rolled back on proof and is not accepted again",
        f'{PROGRAM} forgive {{detail}} --because "..."',
    ),
    "stop_the_line": ("the line is stopped by {detail}", f"{PROGRAM} stop-the-line --release"),
    "schema": (
        "schema is {detail}: stable is not known to work on it",
        f'{PROGRAM} rollback {{service}} --anyway --because "..."',
    ),
    "writes_on_candidate": (
        "the candidate accepted writes that stable does not have, and a rollback would lose them ({detail})",
        f'{PROGRAM} rollback {{service}} --anyway --because "..."',
    ),
    "kept_long_enough": (
        "stable is no longer kept ready, so there is nothing to roll back to",
        "deploy the earlier release anew",
    ),
    "cool_down": (
        "a rollback was a moment ago, and no deployment begins yet ({detail})",
        f"look at what went wrong: {PROGRAM} explain {{service}}; then submit again",
    ),
    "no_such_route": (
        "the balancer's map names no route {detail}",
        "a route is a name, not a path",
    ),
    "no_such_task": (
        "there is no task {detail}",
        f"{PROGRAM} status {{service}} shows what waits for hands",
    ),
    "not_supported": (
        "that is not supported ({detail})",
        f"{PROGRAM} rollback {{service}} moves all users to stable with any router",
    ),
    "wrong_weight": (
        "hold takes a share below the step's own ({detail})",
        f"{PROGRAM} status {{service}} shows what it has",
    ),
    "nothing_decided": ("the daemon did not answer the command", f"{PROGRAM} status {{service}} tells what is true"),
}
"""Why a command was refused, and what would help."""

DETAILS: Final[Mapping[tuple[str, str], str]] = {
    ("watcher_wanted", "unknown"): "schema is unknown",
    ("watcher_wanted", "incompatible"): "schema is incompatible",
    ("watcher_wanted", "shadow"): "shadow mode is on",
    ("watcher_wanted", "per_colour"): "each colour keeps its own data: a rollback after the first write would lose it",
}
"""Details of a refusal that are bare names."""

BLOCKS: Final[Mapping[str, str]] = {
    "stop_the_line": "the line is stopped by {detail}",
    "shadow": "shadow mode is on",
    "disarmed": "automatic rollback is disarmed ({detail})",
    "schema": "schema is {detail}",
    "writes_on_candidate": "{candidate} accepted writes that {stable} does not have ({detail})",
    "stable_down": "{stable} does not answer direct probes",
    "common_cause": "{stable} fails too ({detail})",
    "known_bad": "{stable} runs {detail}, which was rolled back on proof",
    "stable_cold": "{stable} has served no users for a while",
    "one_at_a_time": "another action is under way",
    "budget": "the budget for rollbacks is used up ({detail})",
    "wave": "several services were rolled back just now, which has one cause ({detail})",
    "maintenance": "the maintenance page is on",
    "switch_failed": "the balancer did not take the order ({detail})",
    "parachute_lost": "a rollback would not work now ({detail})",
}
"""Why an interlock stands in the way of a rollback."""

ONLY_AUTOMATIC: Final = frozenset({"stop_the_line", "shadow", "disarmed", "budget", "wave"})
"""Interlocks that stand in the program's way alone: a human's rollback needs no `--anyway`."""

PASSES: Final[Mapping[str, str]] = {
    "stop_the_line": "the line runs",
    "shadow": "no shadow mode",
    "disarmed": "armed",
    "schema": "schema is {detail}",
    "writes_on_candidate": "no writes would be lost ({detail})",
    "stable_down": "{detail}",
    "nothing_to_lose": "{detail}",
    "common_cause": "no common cause ({detail})",
    "budget": "the budget for rollbacks is not used up ({detail})",
    "wave": "no wave across services ({detail})",
    "known_bad": "{stable} is not known bad",
}
"""What an interlock says that lets a rollback through."""

HOLDS: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("rule", "rule_freezes"): ("rule {detail} fires", "lifts itself after 5 min healthy, or"),
    ("human", "human"): ("paused: {detail}", ""),
    ("human", "third_divert"): ("third divert, the candidate stays cut off until somebody decides", ""),
    ("human", "held_at"): ("kept at {detail}", ""),
    ("human", "brake_by_hand"): ("the brake was set by hand", "take the brake file away, then"),
    ("human", "brake_taken_away"): ("the brake of a divert was taken away by hand", ""),
    ("restart", "rebooted"): ("this host was rebooted in mid-deployment", ""),
    ("divert", "rule_suspicious"): ("the candidate is cut off on suspicion", "ends by itself"),
    ("interlock", "step_failed"): (
        "the step could not be put in force: {detail}",
        "lifts itself after 5 min healthy, or",
    ),
    ("interlock", "brake_failed"): (
        "the brake could not be moved: {detail}",
        "lifts itself after 5 min healthy, or",
    ),
    ("interlock", "promotion_failed"): ("the promotion could not be put in force: {detail}", ""),
    ("parachute", "not_prepared"): ("a rollback would not work now: {detail}", "ends when it would work again"),
    ("parachute", "parachute_lost"): ("a rollback would not work now: {detail}", "ends when it would work again"),
}
"""Why progression stands still, and how it ends besides `resume`."""

PASS: Final = "pass"  # noqa: S105 - an answer, not a password
"""The answer of an interlock that has nothing to add."""

NOT_BY_RESUME: Final = frozenset({"divert", "parachute"})
"""Holds that end by what caused them."""


def spoken(name: str) -> str:
    """A closed name of the core as people read it: `rolled back`."""
    return name.replace("_", " ")


def refusal(reason: str, detail: str, service: str = "") -> str:
    """One or two sentences: why a command was refused and the way out. `detail` may repeat the reason's name."""
    detail = "" if detail == reason else DETAILS.get((reason, detail), detail)
    if reason not in REFUSALS:
        return _sentence(detail or spoken(reason))
    what, way = (_fill(each, detail, service=service) for each in REFUSALS[reason])
    return f"{_sentence(what)} {_sentence(begin(way))}" if way else _sentence(what)


def blocked(reason: str, detail: str, stable: str) -> str:
    """Why a rollback is blocked, as part of a sentence."""
    detail = "" if detail == reason else detail
    return _fill(BLOCKS.get(reason, f"{spoken(reason)} {{detail}}"), detail, stable=stable).strip()


def rollback_by_hand(service: str, reason: str) -> str:
    """The command that rolls back in spite of an interlock."""
    return f"{PROGRAM} rollback {service}" + ("" if reason in ONLY_AUTOMATIC else ' --anyway --because "..."')


def passed(interlock: str, detail: str, stable: str) -> str:
    """What an interlock said when it let a rollback through. `detail` may be the bare answer."""
    told = "" if detail == PASS else detail
    return _fill(PASSES.get(interlock, f"{spoken(interlock)}: {{detail}}"), told, stable=stable)


def held(hold: str, reason: str, detail: str, *, service: str, stable: str) -> tuple[str, str]:
    """Why progression stands still, and the way out."""
    what, end = HOLDS.get((hold, reason), ("", ""))
    if not what:
        said = blocked(reason, detail, stable)
        what = f"the rollback is blocked: {said}" if hold == "interlock" else said
    if hold in NOT_BY_RESUME:
        return _fill(what, detail), end
    return _fill(what, detail), f"{end} {PROGRAM} resume {service}".strip()


def _fill(text: str, detail: str, *, service: str = "", stable: str = "stable") -> str:
    """Put the words in; without a detail what only carried it goes, too."""
    if not detail:
        for around in (" ({detail})", ": {detail}", " {detail}"):
            text = text.replace(around, "")
    filled = text.replace("{service}", service or "SERVICE").replace("{stable}", stable)
    return filled.replace("{candidate}", OTHER.get(stable, "the candidate")).replace("{detail}", detail)


def begin(text: str) -> str:
    """With a capital, unless it is a command."""
    return text if text.startswith(PROGRAM) else text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    """With a full stop, unless it ends in a command that somebody copies."""
    closed = text.endswith((".", "?", '"')) or PROGRAM in text
    return text if closed else f"{text}."

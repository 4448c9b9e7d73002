"""What each command changes, as a sentence with before and after: one function per command, from the view.

What lives here: sentences. What must not: asking, sending; what the view shows to be refused (`foreseen`), which is
said in place of a before and after; whether a command is accepted is the daemon's.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from watchdog.cli import foreseen
from watchdog.text import aftermath, readiness
from watchdog.text import deployment as words
from watchdog.text.quantities import duration, weight
from watchdog.text.reasons import NOT_BY_RESUME, PROGRAM, spoken

Plain: TypeAlias = Mapping[str, Any]

NOTHING_RUNS = "{name}: no deployment is under way."


def rollback(service: Plain, by: str, *, anyway: bool = False) -> str:
    """All traffic to stable."""
    deployment = service["deployment"]
    if deployment is None:
        return NOTHING_RUNS.format(name=service["name"])
    if deployment["phase"] in ("submitted", "preparing"):
        return f"{service['name']}: {deployment['release']} ends before any user is moved; nothing else changes."
    candidate, stable, share = deployment["candidate"], deployment["stable"], deployment["in_force"]["weight"]
    moved = f"{candidate} {weight(share)} -> 0 %, {stable} {weight(1.0 - share)} -> 100 %"
    passed = _passed(service) if anyway else ""
    return f"{service['name']}: {moved}. {deployment['release']} is marked rolled back by {by}.{passed}"


def _passed(service: Plain) -> str:
    """Which interlock `--anyway` passes, as far as one is known to stand in the way."""
    said = words.block(service["deployment"]) or readiness.off_because(service)
    return f" Every interlock is passed{f', also this one: {said}' if said else ''}."


def pause(service: Plain) -> str:
    """Progression stops."""
    deployment = words.running(service)
    if deployment is None:
        return NOTHING_RUNS.format(name=service["name"])
    at = weight(deployment["in_force"]["weight"])
    return (
        f"{service['name']}: {words.phase(deployment)} -> stands still at {at} on {deployment['candidate']}. "
        "Rollback stays armed."
    )


def resume(service: Plain) -> str:
    """Holds go."""
    deployment = words.running(service)
    if deployment is None:
        return NOTHING_RUNS.format(name=service["name"])
    told = words.holds(service["name"], deployment)
    lifted = [each.why for each in told if each.hold not in NOT_BY_RESUME]
    kept = [each.why for each in told if each.hold in NOT_BY_RESUME]
    goes = f" goes on, without: {'; '.join(lifted)}" if lifted else _nothing_lifted(deployment)
    stays = f" What still holds it: {'; '.join(kept)}." if kept else ""
    return f"{service['name']}: {deployment['release']}{goes}.{_let_in(deployment)}{stays}"


def _cut_for_good(deployment: Plain) -> bool:
    divert = deployment["divert"]
    return divert is not None and divert["until"] is None and bool(divert["cut"])


def _nothing_lifted(deployment: Plain) -> str:
    return " goes on" if _cut_for_good(deployment) else ": nothing that a human may lift holds it"


def _let_in(deployment: Plain) -> str:
    """What moves when a candidate that was cut off for good is let in again."""
    if not _cut_for_good(deployment):
        return ""
    return f" {deployment['candidate']} 0 % -> {weight(deployment['in_force']['weight'])} for a trial."


def promote(service: Plain) -> str:
    """The gate is passed."""
    deployment = words.running(service)
    if deployment is None:
        return NOTHING_RUNS.format(name=service["name"])
    lacking = "; ".join(deployment["lacks"]) or "nothing"
    following = deployment["steps"][deployment["step"] + 1 :]
    now = weight(deployment["in_force"]["weight"])
    after = f"{deployment['candidate']} {now} -> {weight(following[0]['weight'])}" if following else "then promoted"
    wanted = deployment["wanted"]
    if following and wanted is not None and wanted["blocked"] == "disarmed":
        seen = words.causes(service, wanted["rules"], candidate=deployment["candidate"])
        return f"{service['name']}: the gate is passed although {seen}; {after} at once, without the rest of its soak."
    return f"{service['name']}: the gate is passed (it lacks: {lacking}); {after} as soon as its soak is over."


def forgive(service: Plain, release: str) -> str:
    """A release may come again."""
    refused = foreseen.forgive(service, release)
    return refused or f"{service['name']}: {release} known bad -> may be deployed again."


def waive(service: Plain, rule: str, seconds: float) -> str:
    """A rule is taken out of the deployment, or counts again."""
    name, deployment = service["name"], words.running(service)
    if deployment is None:
        return NOTHING_RUNS.format(name=name)
    before = words.waiver(deployment, rule)
    if not seconds:
        return f"{name}: {rule} {before or 'counts already'} -> counts again at once."
    known = next((each for each in service["rules"] if each["name"] == rule), None)
    alone = " No rule is left that could roll back: level 1 is off as long as that lasts." if _last(known) else ""
    after = f"counts for nothing for {duration(seconds)}; it goes on measuring and counts again by itself"
    return f"{name}: {rule} {before or 'counts'} -> {after}.{alone}"


def _last(rule: Plain | None) -> bool:
    return rule is not None and bool(rule["needed"])


def ending_waiver(service: str, rule: str) -> str:
    """The way to end a waiver before its time."""
    return f"to end that: {PROGRAM} waive {service} {rule} --for 0s"


def disarm(service: Plain, seconds: float) -> str:
    """Nothing by itself for a while, or all of it again."""
    name = service["name"]
    before = readiness.disarmed(service) if service["disarmed"] is not None else "armed"
    if not seconds:
        return foreseen.arming(service) or f"{name}: {before} -> automatic rollbacks and diverts act again at once."
    after = f"no automatic rollback and no divert for {duration(seconds)}, whatever fires"
    return f"{name}: {before} -> {after}. It goes on watching and telling; a rollback by hand works."


def hold(service: Plain, share: float) -> str:
    """Fewer users on the candidate."""
    deployment = words.running(service)
    if deployment is None:
        return NOTHING_RUNS.format(name=service["name"])
    if refused := foreseen.hold(service, share):
        return refused
    candidate, stable, now = deployment["candidate"], deployment["stable"], deployment["in_force"]["weight"]
    moved = f"{candidate} {weight(now)} -> {weight(share)}, {stable} {weight(1.0 - now)} -> {weight(1.0 - share)}"
    return f"{service['name']}: {moved}, and it stays there until resume. Rollback stays armed."


def divert(service: Plain, route: str, *, end: bool) -> str:
    """One route's users."""
    deployment = words.running(service)
    if deployment is None:
        return NOTHING_RUNS.format(name=service["name"])
    if refused := foreseen.divert(service, route, end=end):
        return refused
    stable, share = deployment["stable"], weight(deployment["in_force"]["weight"])
    drawn = f"drawn like the others ({share} to {deployment['candidate']})"
    now = f"all on {stable}" if route in deployment["routes_cut"] else drawn
    after = drawn if end else f"all on {stable}"
    return f"{service['name']}: users of {route} {now} -> {after}. Other routes stay as they are."


def did(service: Plain, task: str, by: str) -> str:
    """A task was done by hand."""
    if refused := foreseen.did(service, task):
        return refused
    known = next(each for each in service["deployment"]["tasks"] if each["name"] == task)
    before = "not done" if known["done"] is None else aftermath.done_task(known).removeprefix(f"{task} was ")
    return f"{service['name']}: {task} {before} -> done by {by}. I run nothing; it is your word that is kept."


def drill(service: Plain) -> str:
    """Every step of a rollback on the running balancer."""
    deployment = words.running(service)
    share = f"{deployment['candidate']} keeps {weight(words.share_now(service))}" if deployment else "all users stay"
    return (
        f"{service['name']}: every step of a rollback is done on the running balancer in a form that moves no user: "
        f"brake, rename, test, reload, proof, a message marked as drill. {share}."
    )


def acknowledge(service: Plain, incident: str | None) -> str:
    """Messages stop."""
    chosen = [
        each
        for each in service["incidents"]
        if each["open"] and not each["acknowledged_by"] and incident in (None, each["id"])
    ]
    names = ", ".join(spoken(each["reason"]) for each in chosen) or "nothing is open"
    return f"{service['name']}: people are told again and again -> messages stop ({names}). Nothing else changes."


def adopt(service: Plain) -> str:
    """The router's word becomes the truth."""
    both = service["drift"] or "the balancer and the journal do not agree"
    return (
        foreseen.adopt(service)
        or f"{service['name']}: {both} -> what the balancer does is taken as the truth. No user is moved."
    )


def stop_the_line(view: Plain, *, release: bool, span: str | None) -> str:
    """Nothing automatic, or all of it again."""
    name, stopped = view["environment"], view["stopped"]
    if release:
        was = f"stopped by {stopped['by']} ({stopped['because']})" if stopped else "not stopped"
        return f"{name}: the line is {was} -> automatic diverts and rollbacks act again."
    how_many = len(view["services"])
    until = f"for {span}" if span else "until it is released"
    return (
        f"{name}: automatic diverts and rollbacks of {how_many} service{'' if how_many == 1 else 's'} -> none {until}. "
        "A blocked rollback is told to people."
    )


def reload(view: Plain) -> str:
    """The file is read again."""
    return (
        f"{view['environment']}: configuration {view['digest'][:12]} -> what {view['config']} says now, if it is right."
    )

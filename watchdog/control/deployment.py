"""A deployment as plain data: where it stands, what holds it, how its rollback went, what is left for hands.

What lives here: the translation of `Deployment`. What must not: sentences, and anything that the state does not say.
"""

from watchdog.control.moment import Data, Moment
from watchdog.control.outlook import at_measured_traffic
from watchdog.control.readiness import checks, level_1_off
from watchdog.core import verdict
from watchdog.core.lacking import lacks
from watchdog.core.model import Split
from watchdog.core.phases import Phase
from watchdog.core.rollout import bake_time
from watchdog.core.settings import Service, Task
from watchdog.core.state import Deployment, HookRun, Rollback, ServiceState, State


def _split(split: Split) -> Data:
    return {"weight": split.weight, "promoted": split.promoted}


def deployment(state: State, settings: Service, known: ServiceState, moment: Moment) -> Data | None:
    """The service's last deployment; None when there was none."""
    found = known.deployment
    if found is None:
        return None
    off = level_1_off(state, settings, known, moment.now)
    return {
        "id": found.id,
        "release": found.release,
        "by": found.by,
        "schema": str(found.schema),
        "level_1": off is None,
        "level_1_off": str(off) if off else "",
        "watched_by": found.watched_by,
        "stable": str(found.stable),
        "candidate": str(found.candidate),
        "plan": found.plan.name,
        "phase": str(found.phase),
        "phase_since": moment.wall(found.phase_since),
        "began": moment.wall(found.began),
        "ended": moment.wall(found.ended_at),
        "steps": [{"weight": step.weight, "soak": step.soak} for step in found.plan.steps],
        "bake": bake_time(found),
        "step": found.step,
        "declared": _split(found.declared),
        "in_force": _split(found.in_force),
        "soaked": found.soaked,
        "soak_wanted": _soak_wanted(found),
        "outlook": at_measured_traffic(settings, known, moment.now),
        "requests": found.requests,
        "lacks": list(lacks(settings, known)) if found.watched and found.step >= 0 else [],
        "holds": [
            {"hold": str(hold), "reason": str(reason), "detail": found.held_details.get(hold, "")}
            for hold, reason in found.holds.items()
        ],
        "armed": verdict.armed(settings, known, moment.now),
        "waived": _waived(known, found, moment),
        "would_have": _would_have(found, moment),
        "divert": _divert(found, moment),
        "diverts": found.diverts,
        "first_cut": moment.wall(found.first_cut_at),
        "wanted": _wanted(found, moment),
        "rollback": _rollback(found.rollback, moment),
        "checks": checks(found.checks),
        "held_at": found.held_at,
        "routes_cut": sorted(found.routes_cut),
        "wrote": None if found.wrote is None else {"at": moment.wall(found.wrote.at), "seen": found.wrote.seen},
        "users": {"failed": found.users.failed, "shielded": found.users.shielded, "saw": found.users.saw},
        "hooks": [_hook(name, run, moment) for name, run in found.hooks.items()],
        "draining": _hook("drain", found.draining, moment) if found.draining else None,
        "drained": moment.wall(found.drained),
        "tasks": [_task(task, found, moment) for task in settings.tasks],
    }


def _waived(known: ServiceState, deployment: Deployment, moment: Moment) -> list[Data]:
    """The rules that count for nothing now, with who said so, why and for how long."""
    return [
        {
            "rule": rule,
            "since": moment.wall(waiver.since),
            "until": moment.wall(waiver.until),
            "by": waiver.by,
            "because": waiver.because,
        }
        for rule, waiver in deployment.waived.items()
        if verdict.waived(known, rule, moment.now)
    ]


def _would_have(deployment: Deployment, moment: Moment) -> list[Data]:
    """What observing rules would have asked for."""
    return [
        {
            "rule": rule,
            "ask": str(asked.ask),
            "first": moment.wall(asked.first),
            "last": moment.wall(asked.last),
            "times": asked.times,
        }
        for rule, asked in deployment.would_have.items()
    ]


def _soak_wanted(deployment: Deployment) -> float:
    if deployment.phase is Phase.BAKING:
        return bake_time(deployment)
    return deployment.plan.steps[deployment.step].soak if deployment.step >= 0 else 0.0


def _divert(deployment: Deployment, moment: Moment) -> Data | None:
    divert = deployment.divert
    if divert is None:
        return None
    return {
        "number": divert.number,
        "cut": divert.cut,
        "until": moment.wall(divert.until),
        "trial_until": moment.wall(divert.trial_until),
    }


def _wanted(deployment: Deployment, moment: Moment) -> Data | None:
    wanted = deployment.wanted
    if wanted is None:
        return None
    return {
        "reason": str(wanted.reason),
        "rules": list(wanted.rules),
        "since": moment.wall(wanted.since),
        "onset": moment.wall(wanted.onset),
        "blocked": str(wanted.blocked) if wanted.blocked else None,
        "by": wanted.by,
        "because": wanted.because,
    }


def _rollback(rollback: Rollback | None, moment: Moment) -> Data | None:
    if rollback is None:
        return None
    return {
        "reason": str(rollback.reason),
        "rules": list(rollback.rules),
        "onset": moment.wall(rollback.onset),
        "decided": moment.wall(rollback.decided_at),
        "braked": moment.wall(rollback.braked_at),
        "proved": moment.wall(rollback.proved_at),
        "interlocks": [list(said) for said in rollback.interlocks],
        "by": rollback.by,
        "attempts": rollback.attempts,
        "warnings": list(rollback.warnings),
        "to_stable": rollback.to_stable,
        "stragglers": rollback.stragglers,
        "proof_probes": rollback.proof_probes,
        "straggling": list(rollback.straggling),
        "open": rollback.open,
        "automatic": rollback.automatic,
    }


def _hook(name: str, run: HookRun, moment: Moment) -> Data:
    """One run of an operator's command; `ok` is None while it runs and when nobody knows how it did."""
    return {
        "name": name,
        "ordered": moment.wall(run.ordered),
        "ended": moment.wall(run.ended),
        "ok": run.ok,
        "detail": run.detail,
    }


def _task(task: Task, deployment: Deployment, moment: Moment) -> Data:
    """Something for a human's hands, and who says that it was done."""
    done = deployment.done_by_hand.get(task.name)
    rollback = deployment.rollback
    if done is not None and rollback is not None and done.at < rollback.decided_at:
        done = None  # said before this rollback, so it was for an earlier one
    said = None if done is None else {"at": moment.wall(done.at), "by": done.by, "because": done.because}
    return {"name": task.name, "command": task.command, "done": said}

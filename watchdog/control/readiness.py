"""Whether a rollback would work and may happen by itself, as plain data.

What lives here: the translation of what disarms, of the parachute, of rehearsals and of the budget. What must not:
sentences; deciding (the interlocks do).
"""

from collections.abc import Iterable

from watchdog.control.moment import Data, Moment
from watchdog.core import disarm, spending, writes
from watchdog.core.model import Check, Seconds
from watchdog.core.reasons import Reason
from watchdog.core.settings import Service
from watchdog.core.state import ServiceState, State


def readiness(state: State, settings: Service, known: ServiceState, moment: Moment) -> Data:
    """What a service's view says of its way back, with or without a deployment."""
    others = state.environment.services if state.environment else ()
    return {
        "shadow": settings.shadow,
        "data": str(settings.data),
        "writes_may_be_lost": settings.writes_may_be_lost,
        "sessions": str(settings.sessions),
        "disarmed": _disarmed(known, moment),
        "parachute": _parachute(settings, known, moment),
        "rehearsal": _rehearsal(known, moment),
        "budget": _budget(settings, known, moment),
        "maintenance": known.seen is not None and known.seen.maintenance,
        "cuts_routes": settings.cuts_routes,
        "routes": list(settings.routes),
        "rollback_with": list(settings.rollback_with),
        "goes_with": [each.name for each in others if settings.name in each.rollback_with],
        "candidate_after_rollback": str(settings.candidate_after_rollback),
    }


def level_1_off(state: State, settings: Service, known: ServiceState, now: Seconds) -> Reason | None:
    """Why rules may not roll the deployment back by themselves; None when they may. The first of several causes.

    Only what stays until a human or a new deployment changes it: an interlock that looks at the present moment, such as
    stable's health, is not one of them.
    """
    deployment = known.deployment
    if state.stopped_by:
        return Reason.STOP_THE_LINE
    if settings.shadow:
        return Reason.SHADOW
    if disarm.on(known, now):
        return Reason.DISARMED
    if deployment is not None and not deployment.schema.stable_works_on_it:
        return Reason.SCHEMA
    return Reason.WRITES_ON_CANDIDATE if writes.would_be_lost(settings, known, now) else None


def checks(done: Iterable[Check]) -> list[Data]:
    """A checklist; `took` in seconds where that was measured."""
    return [{"name": each.name, "ok": each.ok, "detail": each.detail, "took": each.took} for each in done]


def _disarmed(known: ServiceState, moment: Moment) -> Data | None:
    if known.disarmed is None or not disarm.on(known, moment.now):
        return None
    said = known.disarmed
    return {
        "since": moment.wall(said.since),
        "until": moment.wall(said.until),
        "by": said.by,
        "because": said.because,
    }


def _parachute(settings: Service, known: ServiceState, moment: Moment) -> Data:
    return {
        "every": settings.parachute_every,
        "at": moment.wall(known.parachute.at),
        "bad": known.parachute.bad,
        "lost": known.parachute.lost,
        "detail": known.parachute.detail,
    }


def _rehearsal(known: ServiceState, moment: Moment) -> Data | None:
    last = known.rehearsal
    if last is None:
        return None
    return {
        "id": last.id,
        "drill": last.drill,
        "by": last.by,
        "began": moment.wall(last.began),
        "ended": moment.wall(last.ended),
        "ok": last.ok,
        "checks": checks(last.checks),
    }


def _budget(settings: Service, known: ServiceState, moment: Moment) -> Data | None:
    budget = settings.budget
    if budget is None:
        return None
    spent = spending.counted(known, budget, moment.now)
    free = spent[-budget.rollbacks] + budget.within if len(spent) >= budget.rollbacks else None
    return {
        "rollbacks": budget.rollbacks,
        "within": budget.within,
        "left": max(0, budget.rollbacks - len(spent)),
        "free_at": moment.wall(free),
    }

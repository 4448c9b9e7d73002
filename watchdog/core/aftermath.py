"""What follows a proved rollback: the operator's commands one after the other, then what becomes of the candidate.

What lives here: the order of things. What must not: running them; anything that moves traffic. A command that fails is
told and keeps none of the others from being run. Nothing is run for a rollback that was proved under a configuration
which did not ask for it. No new deployment begins before all of it has ended: it would bring up the colour that is
being drained or stopped. Every part has a deadline where it is carried out.
"""

from watchdog.core import causes, incidents
from watchdog.core.draft import Draft
from watchdog.core.effects import DrainCandidate, RunHook
from watchdog.core.model import Seconds
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import DrainOrdered, HookOrdered
from watchdog.core.settings import Hook
from watchdog.core.state import Deployment, ServiceState


def under_way(service: ServiceState) -> str:
    """What of it has not ended yet, in the operator's words; empty when nothing is left."""
    for effect in service.waiting.values():
        if isinstance(effect, RunHook):
            return f"{effect.hook} is running after the rollback"
        if isinstance(effect, DrainCandidate):
            return f"{effect.colour} is being drained after the rollback"
    return ""


def carry_on(draft: Draft, name: str) -> None:
    """Begin what comes next, once what came before has ended."""
    deployment = draft.deployment(name)
    if deployment is None or deployment.phase is not Phase.ROLLED_BACK or deployment.aftermath is None:
        return
    if under_way(draft.service(name)):
        return
    asked = deployment.aftermath
    hook = next((each for each in asked.hooks if not _ran(deployment, each)), None)
    if hook is not None:
        _run(draft, name, hook)
    elif asked.drain is not None and (deployment.draining is None or deployment.draining.ended is None):
        _drain(draft, name, deployment, asked.drain)
    elif asked.stop is not None and not _ran(deployment, asked.stop):
        _run(draft, name, asked.stop)


def _ran(deployment: Deployment, hook: Hook) -> bool:
    run = deployment.hooks.get(hook.name)
    return run is not None and run.ended is not None


def _run(draft: Draft, name: str, hook: Hook) -> None:
    effect = RunHook(id=draft.effect_id(name), service=name, hook=hook.name, idempotent=hook.idempotent)
    draft.emit(HookOrdered(service=name, hook=hook.name, order=effect))


def _drain(draft: Draft, name: str, deployment: Deployment, within: Seconds) -> None:
    effect = DrainCandidate(id=draft.effect_id(name), service=name, colour=deployment.candidate, within=within)
    draft.emit(DrainOrdered(service=name, order=effect))


def hook_ended(draft: Draft, name: str, hook: str, *, ok: bool, detail: str) -> None:
    """A command that failed is told."""
    if not ok:
        cause = causes.Cause(reason=Reason.HOOK_FAILED, detail=f"{hook}: {detail}" if detail else hook)
        incidents.tell(draft, name, cause)


def hook_lost(draft: Draft, name: str, hook: str) -> None:
    """Nobody knows how a command ended: it is not run again, and somebody is to look."""
    incidents.tell(draft, name, causes.Cause(reason=Reason.OUTCOME_UNKNOWN, detail=hook))

"""From records to a story: readings, interlocks, effects and their outcomes, phases, and what was not considered.

What lives here: one fold over the records of a deployment, with the core's own `evolve`, and what is picked out on the
way. What must not: reading files, words for people, deciding anything again.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from watchdog.control import view
from watchdog.control.view import Data, Moment
from watchdog.core.effects import Effect, ObserveTraffic, ProbeColour, Recheck
from watchdog.core.engine import effects_of, evolve
from watchdog.core.events import Command, HookOutcome, Observed, Outcome, ProofOutcome, TrafficOutcome
from watchdog.core.model import Seconds
from watchdog.core.records import (
    ArmedAgain,
    BlockCleared,
    Disarmed,
    DivertBlocked,
    DivertOrdered,
    DoneByHand,
    HoldLifted,
    HoldSet,
    ParachuteLost,
    ParachuteRegained,
    PhaseChanged,
    Record,
    RollbackBlocked,
    RollbackOrdered,
    RuleWaived,
    TrialBegun,
    TrialEnded,
    WaiverEnded,
    WouldHaveAsked,
)
from watchdog.core.state import Deployment, State
from watchdog.daemon.explain.trails import Trail

QUESTIONS: Final = (ProbeColour, ObserveTraffic, Recheck)
"""Effects that only ask; they are too many to tell and change nothing."""


def explain_records(records: Iterable[Record], service: str, to_wall: Callable[[float], float]) -> Data:
    """The story of the last deployment in these records, which begin with the configuration that it began under.

    Keys: `service`, `deployment` (as in the view; None when there is none), `rules` (each with its `rows`),
    `interlocks`, `effects`, `diverts`, `holds`, `phases`, `commands`, `waivers`, `observed` (what observing rules would
    have asked for), `watch` (the way back lost and regained, disarmed and armed, done by hand), `not_considered`.
    Times are Unix seconds.
    """
    story = _Story(service, to_wall)
    for record in records:
        story.take(record)
    return story.told()


class _Story:
    """What is picked out while the records are folded."""

    def __init__(self, service: str, to_wall: Callable[[float], float]) -> None:
        self._service = service
        self._to_wall = to_wall
        self._state = State()
        self._now: Seconds = 0.0
        self._trails: dict[str, Trail] = {}
        self._decisive: Data | None = None
        """The service when a rollback was first ordered or blocked."""
        self._rules: list[Data] = []
        self._stopped: Data | None = None
        self._effects: dict[str, Data] = {}
        self._lists: dict[str, list[Data]] = {
            name: []
            for name in ("interlocks", "diverts", "holds", "phases", "commands", "waivers", "observed", "watch")
        }

    def take(self, record: Record) -> None:
        """Fold one record and pick out of it what will be told."""
        self._state = evolve(self._state, record)
        self._now = record.at
        body = record.body
        if isinstance(body, Observed) and body.service == self._service:
            self._look(body)
        for effect in effects_of((record,)):
            self._ordered(effect, record.at)
        if isinstance(body, Outcome):
            self._ended(body, record.at)
        elif isinstance(body, Command) and getattr(body, "service", self._service) == self._service:
            kind = re.sub(r"(?<!^)(?=[A-Z])", "-", type(body).__name__).lower()
            self._add("commands", record.at, kind=kind, by=body.by, because=body.because, about=_ordered_about(body))
        elif getattr(body, "service", None) == self._service:
            self._decided(body, record.at)

    def told(self) -> Data:
        """Everything that was picked out."""
        deployment = self._deployment()
        if deployment is None:
            return {"service": self._service, "deployment": None}
        if self._decisive is None:
            self._decide()
        return {
            "service": self._service,
            "deployment": self._view()["deployment"],
            "decided": self._now_decisive(),
            "rules": self._rules,
            **self._lists,
            "effects": list(self._effects.values()),
            "not_considered": self._not_considered(),
        }

    def _deployment(self) -> Deployment | None:
        known = self._state.services.get(self._service)
        return known.deployment if known else None

    def _view(self) -> Data:
        return view.service(self._state, self._service, Moment(now=self._now, to_wall=self._to_wall))

    def _wall(self, at: Seconds | None) -> float | None:
        return None if at is None else self._to_wall(at)

    def _add(self, name: str, at: Seconds, **data: Any) -> None:
        self._lists[name].append({"at": self._wall(at), **data})

    def _look(self, body: Observed) -> None:
        """One poll: the candidate's instances of that source's rules have grown."""
        known, deployment = self._state.services.get(self._service), self._deployment()
        if known is None or deployment is None or not deployment.watched:
            return
        for name, instance in known.instances.items():
            if instance.rule.source == body.source and _of_candidate(name, deployment):
                self._trails.setdefault(name, Trail(rule=instance.rule)).look(instance, body.end)

    def _decided(self, body: object, at: Seconds) -> None:
        match body:
            case RollbackOrdered():
                for interlock, detail in body.interlocks:
                    self._add("interlocks", at, interlock=interlock, passed=True, detail=detail)
                self._decide()
            case RollbackBlocked():
                self._add("interlocks", at, interlock=str(body.reason), passed=False, detail=body.detail)
                self._decide()
            case BlockCleared():
                self._add("interlocks", at, interlock="", passed=True, detail=str(body.reason))
                self._decisive = None
            case PhaseChanged():
                self._add("phases", at, to=str(body.to), reason=str(body.reason), detail=body.detail)
            case HoldSet():
                self._add("holds", at, hold=str(body.hold), on=True, reason=str(body.reason), detail=body.detail)
            case HoldLifted():
                self._add("holds", at, hold=str(body.hold), on=False, reason=str(body.reason), detail="")
            case _:
                self._diverted(body, at)

    def _diverted(self, body: object, at: Seconds) -> None:
        match body:
            case DivertOrdered():
                until = self._wall(body.until)
                self._add("diverts", at, what="cut", number=body.number, until=until, rules=list(body.rules))
            case DivertBlocked():
                self._add("diverts", at, what="blocked", reason=str(body.reason), detail=body.detail)
            case TrialBegun():
                self._add("diverts", at, what="trial", until=self._wall(body.until))
            case TrialEnded():
                self._add("diverts", at, what="trial_ended", reason=str(body.reason))
            case _:
                self._left_out(body, at)

    def _left_out(self, body: object, at: Seconds) -> None:
        match body:
            case RuleWaived():
                until = self._wall(body.until)
                self._add("waivers", at, rule=body.rule, until=until, by=body.by, because=body.because)
            case WaiverEnded():
                self._add("waivers", at, rule=body.rule, until=None, by=body.by, because="")
            case WouldHaveAsked():
                self._add("observed", at, rule=body.rule, ask=str(body.ask))
            case _:
                self._watched(body, at)

    def _watched(self, body: object, at: Seconds) -> None:
        match body:
            case Disarmed():
                until = self._wall(body.until)
                self._add("watch", at, what="disarmed", by=body.by, because=body.because, until=until)
            case ArmedAgain():
                self._add("watch", at, what="armed", by=body.by)
            case ParachuteLost():
                self._add("watch", at, what="parachute_lost", detail=body.detail)
            case ParachuteRegained():
                self._add("watch", at, what="parachute_regained")
            case DoneByHand():
                self._add("watch", at, what="done_by_hand", task=body.task, by=body.by, because=body.because)

    def _decide(self) -> None:
        """Keep the rules as they stand now: what they had seen when it was decided, or in the end."""
        deployment = self._deployment()
        candidate = str(deployment.candidate) if deployment else None
        self._decisive = self._view()
        stopped = self._state.stopped_by
        self._stopped = {"by": stopped, "because": self._state.stopped_because} if stopped else None
        self._rules = [
            trail.told(candidate if trail.rule.per_colour else None, self._wall)
            for trail in self._trails.values()
            if trail.rows
        ]

    def _now_decisive(self) -> Data | None:
        """What the decision was about: rules and onset, of the rollback or of the one that waits."""
        deployment = (self._decisive or {}).get("deployment")
        if deployment is None:
            return None
        about = deployment["rollback"] or deployment["wanted"]
        return None if about is None else {key: about[key] for key in ("reason", "rules", "onset", "by")}

    def _not_considered(self) -> Data:
        rules = [each for each in (self._decisive or {}).get("rules", ()) if _speaks_of_candidate(each, self._decisive)]
        deployment = (self._decisive or {}).get("deployment")
        return {
            "waived": deployment["waived"] if deployment else [],
            "observed_only": sorted(each["name"] for each in rules if each["on_fire"] == "observe"),
            "unknown": sorted(each["name"] for each in rules if each["judgement"] == "unknown"),
            "without_traffic": sorted(each["name"] for each in rules if each["judgement"] == "not_applicable"),
            "stopped": self._stopped,
        }

    def _ordered(self, effect: Effect, at: Seconds) -> None:
        if isinstance(effect, QUESTIONS) or effect.service != self._service:
            return
        known = self._effects.setdefault(
            effect.id, {"kind": effect.kind, "ordered": self._wall(at), **_about(effect), "outcome": None}
        )
        if known["ordered"] != self._wall(at):
            known["again"] = self._wall(at)

    def _ended(self, body: Outcome, at: Seconds) -> None:
        known = self._effects.get(body.effect)
        if known is None:
            return
        known["outcome"] = {"at": self._wall(at), "ok": body.ok, "detail": body.detail}
        if isinstance(body, TrafficOutcome):
            known["outcome"] |= {"braked": self._wall(body.braked_at), "warnings": list(body.warnings)}
        elif isinstance(body, ProofOutcome):
            known["outcome"] |= {"to_stable": body.to_stable, "stragglers": body.stragglers, "open": body.open}
        elif isinstance(body, HookOutcome):
            known["outcome"] |= {"status": body.status}


def _of_candidate(name: str, deployment: Deployment) -> bool:
    return "@" not in name or name.endswith(f"@{deployment.candidate}")


def _speaks_of_candidate(rule: Data, service: Data | None) -> bool:
    deployment = (service or {}).get("deployment")
    return deployment is not None and rule["colour"] in (None, deployment["candidate"])


def _about(effect: Effect) -> Data:
    """What an effect was to do, as far as people want to know."""
    split = getattr(effect, "split", None)
    found: Data = {}
    if split is not None:
        found |= {"weight": split.weight, "promoted": split.promoted, "brake": getattr(effect, "brake", False)}
    for key in ("colour", "stable", "incident", "repetition", "level", "hook", "route", "cut", "drill", "within"):
        if hasattr(effect, key):
            value = getattr(effect, key)
            found[key] = value if isinstance(value, (int, float)) else str(value)
    if hasattr(effect, "contacts"):
        found["contacts"] = list(effect.contacts)
    return found


def _ordered_about(command: Command) -> str:
    """What a human's order names besides the service: a rule, a route, a task, a share."""
    share = getattr(command, "weight", None)
    named = next((getattr(command, key) for key in ("rule", "route", "task", "release") if hasattr(command, key)), "")
    if share is not None:
        return f"{100.0 * share:g} %"
    return named if isinstance(named, str) else ""

"""Views as `control.view.whole` and the daemon make them, by hand: every helper takes what a test wants different."""

from datetime import timedelta, timezone
from typing import Any

Data = dict[str, Any]

GIB = 2.0**30
ZONE = timezone(timedelta(hours=1))
NOW = 1_800_000_900.0  # 2027-01-15 08:15:00 UTC, 09:15:00 in ZONE


def ratio(**different: Any) -> Data:
    """An error-rate rule on green that has seen nothing bad."""
    return {
        "name": "error-rate",
        "colour": "green",
        "decides": True,
        "kind": "sequential_ratio",
        "on_fire": "rollback",
        "source": "edge",
        "level": "inactive",
        "judgement": "known",
        "since": NOW - 300,
        "waived": False,
        "needed": False,
        "signal": "errors",
        "limit": 0.05,
        "alpha": 0.001,
        "ride_out": 3.0,
        "onset": None,
        "bad": 0.0,
        "total": 0.0,
        "other_bad": 0.0,
        "other_total": 0.0,
        "log_e": 0.0,
        "log_e_suspicion": 0.0,
        "last_value": 0.0,
        "in_a_row": 0,
        "last_detail": "",
    } | different


def fired(**different: Any) -> Data:
    """The same rule with proof: 36 of 44 failed."""
    return ratio(
        level="firing",
        onset=NOW - 4,
        bad=36.0,
        total=44.0,
        other_total=430.0,
        log_e=9.0,
        log_e_suspicion=11.0,
        **different,
    )


def probe(**different: Any) -> Data:
    """A health rule on green that passes."""
    rule = ratio(name="health", kind="probe", source="health", signal="up", last_value=1.0, log_e=None)
    for key in ("limit", "alpha", "ride_out"):
        del rule[key]
    return rule | {"log_e_suspicion": None, "fall": 3, "rise": 2} | different


def threshold(**different: Any) -> Data:
    """A gauge that is observed."""
    return _gauge(name="p95", kind="threshold", signal="p95", on_fire="observe", decides=False) | {
        "op": ">", "limit": 2.0, "unit": "number", "over": 0.0, "for": 15.0, "last_value": 1.2,
    } | different  # fmt: skip


def spike(**different: Any) -> Data:
    """A processor that is calm."""
    return _gauge(name="cpu", kind="spike", signal="cpu", on_fire="freeze") | {
        "floor": 0.8, "unit": "share", "deviations": 6.0, "baseline": 3_600.0, "min_readings": 30, "for": 30.0,
        "last_value": 0.35, "readings": 412, "usual": 0.31, "beyond": 0.8, "slope": None, "reaches_in": None,
    } | different  # fmt: skip


def trend(**different: Any) -> Data:
    """A heap that leaks."""
    return _gauge(name="memory", kind="trend", signal="heap", on_fire="freeze") | {
        "op": ">", "limit": 2.0 * 2**30, "unit": "size", "horizon": 3_600.0, "over": 600.0, "for": 60.0,
        "last_value": 1.6 * 2**30, "readings": 20, "usual": 1.5 * 2**30, "beyond": None,
        "slope": 0.5 * 2**30 / 840.0, "reaches_in": 840.0,
    } | different  # fmt: skip


def _gauge(**different: Any) -> Data:
    rule = ratio(source="metrics", log_e=None, log_e_suspicion=None, **different)
    for key in ("alpha", "ride_out", "limit"):
        del rule[key]
    return rule


def versus(**different: Any) -> Data:
    """The comparison with stable; nothing bad yet."""
    rule = ratio(name="worse-than-stable", kind="canary_vs_stable", margin=1.5)
    del rule["limit"]
    return rule | different


def events(**different: Any) -> Data:
    """Connection errors; none yet."""
    return ratio(name="db-errors", kind="sequential_count", source="app", signal="db_errors", limit=2 / 60) | different


def waiver(rule: str = "error-rate", **different: Any) -> Data:
    """A rule that ada took out."""
    return {
        "rule": rule, "since": NOW - 60, "until": NOW + 1_740, "by": "ada", "because": "a known bug",
    } | different  # fmt: skip


def source(**different: Any) -> Data:
    """The access log, which spoke half a second ago."""
    return {
        "name": "edge",
        "kind": "access_log",
        "required": True,
        "interval": 0.25,
        "last": NOW - 0.5,
        "silent": False,
    } | different


def deployment(**different: Any) -> Data:
    """4.2.0 soaks on green at 50 %."""
    return {
        "id": "osun-his-1",
        "release": "4.2.0",
        "by": "deploy",
        "schema": "unchanged",
        "level_1": True,
        "level_1_off": "",
        "watched_by": "",
        "stable": "blue",
        "candidate": "green",
        "plan": "canary",
        "phase": "soaking",
        "phase_since": NOW - 400,
        "began": NOW - 1_500,
        "ended": None,
        "steps": [{"weight": 0.1, "soak": 900.0}, {"weight": 0.5, "soak": 900.0}, {"weight": 1.0, "soak": 0.0}],
        "bake": 1_800.0,
        "step": 1,
        "declared": {"weight": 0.5, "promoted": False},
        "in_force": {"weight": 0.5, "promoted": False},
        "soaked": 400.0,
        "soak_wanted": 900.0,
        "outlook": None,
        "requests": 412,
        "lacks": [],
        "holds": [],
        "armed": True,
        "waived": [],
        "would_have": [],
        "divert": None,
        "diverts": 0,
        "first_cut": None,
        "wanted": None,
        "rollback": None,
        "checks": [],
        "held_at": None,
        "routes_cut": [],
        "wrote": None,
        "users": {"failed": 0, "shielded": 0, "saw": 0},
        "hooks": [],
        "draining": None,
        "drained": None,
        "tasks": [],
    } | different


def hold(kind: str, reason: str, detail: str = "") -> Data:
    """A reason to stand still."""
    return {"hold": kind, "reason": reason, "detail": detail}


def wanted(**different: Any) -> Data:
    """A rollback that waits."""
    return {
        "reason": "rules_proved",
        "rules": ["error-rate"],
        "since": NOW - 1,
        "onset": NOW - 4,
        "blocked": None,
        "by": "",
        "because": "",
    } | different


def blocked(reason: str, detail: str, **different: Any) -> Data:
    """The deployment with a rollback that an interlock blocks."""
    held = [hold("interlock", reason, detail)]
    return deployment(wanted=wanted(blocked=reason), holds=held, **different)


def rollback(**different: Any) -> Data:
    """A rollback that is proved."""
    return {
        "reason": "rules_proved",
        "rules": ["error-rate"],
        "onset": NOW - 7.7,
        "decided": NOW - 4.0,
        "braked": NOW - 3.992,
        "proved": NOW - 1.992,
        "interlocks": [["stop_the_line", "pass"], ["schema", "unchanged"]],
        "by": "",
        "attempts": 1,
        "warnings": [],
        "to_stable": 12,
        "stragglers": 0,
        "proof_probes": 0,
        "straggling": [],
        "open": None,
        "automatic": True,
    } | different


def rolled_back(**different: Any) -> Data:
    """The deployment after a proved rollback."""
    return (
        deployment(
            phase="rolled_back",
            ended=NOW - 2,
            step=0,
            declared={"weight": 0.0, "promoted": False},
            in_force={"weight": 0.0, "promoted": False},
            rollback=rollback(),
        )
        | different
    )


def hook(name: str = "flush-cache", **different: Any) -> Data:
    """A command of the operator's that went well."""
    return {"name": name, "ordered": NOW - 2, "ended": NOW - 1, "ok": True, "detail": ""} | different


def task(name: str = "flyway-repair", **different: Any) -> Data:
    """Something for hands that nobody has done yet."""
    return {"name": name, "command": "flyway -configFiles=/etc/flyway.conf repair", "done": None} | different


def rehearsal(**different: Any) -> Data:
    """A preflight that found everything in order."""
    return {
        "id": "osun-his/7",
        "drill": False,
        "by": "ada",
        "began": NOW - 1.4,
        "ended": NOW - 0.2,
        "ok": True,
        "checks": [
            {"name": "stable answers", "ok": True, "detail": "200 from both servers", "took": 0.12},
            {"name": "disk", "ok": True, "detail": "", "took": None},
        ],
    } | different


def incident(reason: str, **different: Any) -> Data:
    """An open incident of the deployment that on-call has just been told of."""
    return {
        "id": f"osun-his-1/{reason}/7",
        "reason": reason,
        "audience": "on_call",
        "opened": NOW - 1,
        "resolved": None,
        "open": True,
        "rules": [],
        "detail": "",
        "needs_decision": False,
        "acknowledged_by": "",
        "told": 1,
        "next": None,
        "next_to": ["on-call"],
        "contacts": ["on-call"],
        "told_at": NOW - 1,
        "levels": [],
        "deployment": "osun-his-1",
    } | different


def service(**different: Any) -> Data:
    """osun-his with its deployment, everything well."""
    return {
        "name": "osun-his",
        "stable": "blue",
        "stable_release": "4.1.0",
        "adopted": True,
        "drift": "",
        "braked": None,
        "known_bad": [],
        "plan": "canary",
        "policy": {"at_least": 1, "all": False, "rules": [], "parts": []},
        "divert": True,
        "keep_stable": 86_400.0,
        "verdict": "healthy",
        "firing": [],
        "blind": [],
        "stable_answered": NOW - 3,
        "stable_failed": None,
        "sources": [source(), source(name="health", kind="health", interval=2.0, last=NOW - 1)],
        "exposure": {
            "weight": 0.5,
            "candidate_per_second": 12.0,
            "stable_per_second": 12.0,
            "failures_per_second": 0.0,
        },
        "shadow": False,
        "data": "shared",
        "writes_may_be_lost": False,
        "sessions": "shared",
        "disarmed": None,
        "parachute": {"every": 10.0, "at": NOW - 3, "bad": 0, "lost": False, "detail": ""},
        "rehearsal": None,
        "budget": {"rollbacks": 3, "within": 3_600.0, "left": 3, "free_at": None},
        "maintenance": False,
        "cuts_routes": False,
        "routes": [],
        "rollback_with": [],
        "goes_with": [],
        "candidate_after_rollback": "leave",
        "deployment": deployment(),
        "rules": [ratio(), probe()],
        "incidents": [],
    } | different


def view(*services: Data, **different: Any) -> Data:
    """An environment with these services, or with the usual one."""
    return {
        "environment": "production",
        "digest": "0123456789abcdef0123",
        "now": NOW,
        "stopped": None,
        "not_durable": "",
        "services": {each["name"]: each for each in services or (service(),)},
        "host": "lb1",
        "started": NOW - 12 * 86_400,
        "state_folder": "/var/lib/rollback-watchdog",
        "config": "/etc/rollback-watchdog/production.yml",
    } | different

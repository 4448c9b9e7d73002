"""Why something was decided: one closed list, reused in journal, log, metric label and every screen.

A member is a name for one cause; the words for people are made from it in the outer layers.
"""

from enum import StrEnum


class Reason(StrEnum):
    """The cause of a decision, a refusal, a hold or an incident."""

    # Progress as planned.
    SUBMITTED = "submitted"
    PREPARED = "prepared"
    STEP_ORDERED = "step_ordered"
    STEP_IN_FORCE = "step_in_force"
    SOAK_COMPLETE = "soak_complete"
    EVIDENCE_COMPLETE = "evidence_complete"
    BAKE_COMPLETE = "bake_complete"
    HEALTHY_AGAIN = "healthy_again"

    # What rules and traffic said.
    RULES_PROVED = "rules_proved"
    RULE_SUSPICIOUS = "rule_suspicious"
    RULE_FREEZES = "rule_freezes"
    RULE_ESCALATES = "rule_escalates"
    BLIND = "blind"
    SIGHT_REGAINED = "sight_regained"
    EVIDENCE_WANTING = "evidence_wanting"
    NOTHING_MEASURED = "nothing_measured"
    TRIAL_PASSED = "trial_passed"
    DIVERT_OVER = "divert_over"
    THIRD_DIVERT = "third_divert"
    SHARED_INCIDENT = "shared_incident"
    PROVED_BY_TRAFFIC = "proved_by_traffic"
    STABLE_FAILS = "stable_fails"

    # Interlocks, in the order in which they are asked.
    STOP_THE_LINE = "stop_the_line"
    SCHEMA = "schema"
    STABLE_DOWN = "stable_down"
    COMMON_CAUSE = "common_cause"
    ONE_AT_A_TIME = "one_at_a_time"
    KNOWN_BAD = "known_bad"
    SHADOW = "shadow"
    DISARMED = "disarmed"
    WRITES_ON_CANDIDATE = "writes_on_candidate"
    BUDGET = "budget"
    WAVE = "wave"
    STABLE_COLD = "stable_cold"
    NOTHING_TO_LOSE = "nothing_to_lose"

    # Effects that did not work.
    NOT_PREPARED = "not_prepared"
    STEP_FAILED = "step_failed"
    BRAKE_FAILED = "brake_failed"
    SWITCH_FAILED = "switch_failed"
    PROOF_FAILED = "proof_failed"
    PROMOTION_FAILED = "promotion_failed"
    NOT_DURABLE = "not_durable"
    OUTCOME_UNKNOWN = "outcome_unknown"
    PARACHUTE_LOST = "parachute_lost"
    PARACHUTE_REGAINED = "parachute_regained"
    HOOK_FAILED = "hook_failed"
    RETRY = "retry"
    REPAIRED_BY_HAND = "repaired_by_hand"

    # People and machines.
    HUMAN = "human"
    BRAKE_BY_HAND = "brake_by_hand"
    BRAKE_TAKEN_AWAY = "brake_taken_away"
    RESTARTED = "restarted"
    REBOOTED = "rebooted"
    DRIFT = "drift"
    PUT_BACK = "put_back"
    ADOPTED = "adopted"
    KEPT_LONG_ENOUGH = "kept_long_enough"
    WAIVED = "waived"
    WAIVER_OVER = "waiver_over"
    DISARM_OVER = "disarm_over"
    LINE_STILL_STOPPED = "line_still_stopped"
    ROLLED_BACK_WITH = "rolled_back_with"
    HELD_AT = "held_at"
    MAINTENANCE = "maintenance"

    # Refusals of commands.
    NO_SUCH_SERVICE = "no_such_service"
    NO_SUCH_PLAN = "no_such_plan"
    NO_DEPLOYMENT = "no_deployment"
    NO_SUCH_INCIDENT = "no_such_incident"
    NO_SUCH_RULE = "no_such_rule"
    WRONG_PHASE = "wrong_phase"
    WRONG_STABLE = "wrong_stable"
    ALREADY = "already"
    BECAUSE_WANTED = "because_wanted"
    RULE_FIRING = "rule_firing"
    WATCHER_WANTED = "watcher_wanted"
    NOT_ADOPTED = "not_adopted"
    COOL_DOWN = "cool_down"
    NO_SUCH_ROUTE = "no_such_route"
    NO_SUCH_TASK = "no_such_task"
    NOT_SUPPORTED = "not_supported"
    WRONG_WEIGHT = "wrong_weight"
    CONFIGURATION_CHANGED = "configuration_changed"

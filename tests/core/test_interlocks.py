"""When not to act: each interlock by itself, and their order."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.core.examples import ALIVE, BLUE, ERROR_RATE, GREEN, SERVICE, SHOP, WORSE, environment
from tests.core.world import World
from watchdog.core import interlocks
from watchdog.core.conditions import CanaryVsStable, SequentialCount, SequentialRatio
from watchdog.core.interlocks import Answer, Question, alike, ask
from watchdog.core.model import Data, Judgement, Level, OnFire, Schema
from watchdog.core.phases import Hold
from watchdog.core.reasons import Reason
from watchdog.core.rules import api
from watchdog.core.rules.api import CanaryVsStableState, ProbeState, SequentialCountState, SequentialRatioState
from watchdog.core.settings import Budget, Rule, Service
from watchdog.core.state import ServiceState, StableProbe, Waiver, Wanted, Wrote

CONFIGURED = replace(SERVICE, divert=False)


def question(wanted: Wanted | None = None, settings: Service = CONFIGURED, **of_deployment: object) -> Question:
    """A release at 10 %, soaking, with stable answering: every interlock passes."""
    world = World(environment=environment(settings)).begin().submit(watched_by="ada")
    world.run(14.0)
    onset = world.now - 1.0
    known = wanted or Wanted(reason=Reason.RULES_PROVED, rules=("error-rate",), onset=onset, since=onset)
    service = replace(world.shop, probes={BLUE: StableProbe(ok_started=world.now), GREEN: StableProbe()})
    return Question(
        state=world.state,
        settings=settings,
        service=service,
        deployment=replace(world.deployment, **of_deployment),  # type: ignore[arg-type]  # fields by name
        wanted=known,
        now=world.now,
    )


def with_probes(asked: Question, blue: StableProbe, green: StableProbe | None = None) -> Question:
    return replace(asked, service=replace(asked.service, probes={BLUE: blue, GREEN: green or StableProbe()}))


def with_states(asked: Question, **states: object) -> Question:
    """`green` and `blue`: the state of the error-rate (or alive) rule on that colour."""
    instances = dict(asked.service.instances)
    rule = asked.wanted.rules[0]
    for colour, state in states.items():
        name = f"{rule}@{colour}"
        level = api.level(state)  # type: ignore[arg-type]  # a rule's state
        instances[name] = replace(instances[name], state=state, level=level)  # type: ignore[arg-type]  # as above
    return replace(asked, service=replace(asked.service, instances=instances))


def counted(bad: float, total: float, other_bad: float, other_total: float, **more: object) -> SequentialRatioState:
    return SequentialRatioState(
        fired=True,
        cusum=5.0,
        onset=1.0,
        bad=bad,
        total=total,
        other_bad=other_bad,
        other_total=other_total,
        **more,  # type: ignore[arg-type]  # fields by name
    )


def answer(asked: Question) -> tuple[Reason, Answer]:
    said = ask(asked)[-1]
    return said.interlock, said.answer


def test_when_nothing_stands_in_the_way_all_pass_in_their_order() -> None:
    """The order is the one in which a human would ask."""
    said = ask(question())

    assert [
        Reason.STOP_THE_LINE,
        Reason.SHADOW,
        Reason.DISARMED,
        Reason.SCHEMA,
        Reason.WRITES_ON_CANDIDATE,
        Reason.STABLE_DOWN,
        Reason.COMMON_CAUSE,
        Reason.BUDGET,
        Reason.WAVE,
        Reason.KNOWN_BAD,
    ] == [each.interlock for each in said]
    assert {Answer.PASS} == {each.answer for each in said}


def test_a_stopped_line_blocks_what_no_human_ordered() -> None:
    """Who ordered it by hand is not stopped."""
    asked = question()
    asked = replace(asked, state=replace(asked.state, stopped_by="ada", stopped_because="storm"))

    assert (Reason.STOP_THE_LINE, Answer.BLOCK) == answer(asked)
    assert (Reason.KNOWN_BAD, Answer.PASS) == answer(replace(asked, wanted=replace(asked.wanted, by="ada")))


def by_hand(asked: Question) -> Question:
    return replace(asked, wanted=replace(asked.wanted, by="ada"))


def test_in_shadow_nothing_happens_by_itself() -> None:
    """A human's order goes through."""
    asked = question(settings=replace(CONFIGURED, shadow=True))

    assert (Reason.SHADOW, Answer.BLOCK) == answer(asked)
    assert (Reason.KNOWN_BAD, Answer.PASS) == answer(by_hand(asked))


def test_a_disarm_blocks_for_its_time_what_no_human_ordered() -> None:
    """It says who silenced it and why."""
    asked = question()
    waiver = Waiver(since=0.0, until=asked.now + 1.0, by="ada", because="the probe is wrong")
    asked = replace(asked, service=replace(asked.service, disarmed=waiver))

    assert (Reason.DISARMED, Answer.BLOCK) == answer(asked)
    assert "ada: the probe is wrong" == ask(asked)[-1].detail
    assert (Reason.KNOWN_BAD, Answer.PASS) == answer(by_hand(asked))
    assert Answer.PASS is interlocks.disarmed(replace(asked, now=asked.now + 1.0)).answer


def per_colour(wrote: Wrote | None, *, may_be_lost: bool = False) -> Question:
    settings = replace(CONFIGURED, data=Data.PER_COLOUR, writes_may_be_lost=may_be_lost)
    asked = question(settings=settings, wrote=wrote)
    return replace(asked, service=replace(asked.service, deployment=asked.deployment))


@pytest.mark.parametrize(
    ("wrote", "said"),
    [
        (Wrote(at=9.0, seen=True), "seen in the balancer's log"),
        (Wrote(at=9.0, seen=False), "possibly: the log was not read all the time"),
    ],
)
def test_what_was_written_on_the_candidate_blocks_everybody(wrote: Wrote, said: str) -> None:
    """A human is asked, too; whoever says that it may be lost is not."""
    asked = per_colour(wrote)

    assert (Reason.WRITES_ON_CANDIDATE, Answer.BLOCK) == answer(asked)
    assert (Reason.WRITES_ON_CANDIDATE, Answer.BLOCK) == answer(by_hand(asked))
    assert said == ask(asked)[-1].detail
    assert (Reason.KNOWN_BAD, Answer.PASS) == answer(per_colour(wrote, may_be_lost=True))


def test_where_nobody_has_written_nothing_is_lost() -> None:
    """The answer says why it passes."""
    assert "none so far" == interlocks.writes_on_candidate(per_colour(None)).detail
    assert "they may be lost" == interlocks.writes_on_candidate(per_colour(None, may_be_lost=True)).detail
    assert "data is shared" == interlocks.writes_on_candidate(question()).detail


@pytest.mark.parametrize(
    ("times", "expected"), [((1.0, 2.0), Answer.PASS), ((6.0, 7.0), Answer.BLOCK), ((1.0, 6.0), Answer.PASS)]
)
def test_a_budget_that_is_used_up_blocks_what_no_human_ordered(times: tuple[float, ...], expected: Answer) -> None:
    """Only what lies within the time counts, and a rollback with another service's is not asked."""
    asked = question(settings=replace(CONFIGURED, budget=Budget(rollbacks=2, within=10.0)))
    asked = replace(asked, service=replace(asked.service, rolled_back_at=times))
    together = replace(asked.wanted, reason=Reason.ROLLED_BACK_WITH)

    assert expected is interlocks.budget(asked).answer
    assert Answer.PASS is interlocks.budget(by_hand(asked)).answer
    assert Answer.PASS is interlocks.budget(replace(asked, wanted=together)).answer


def among(asked: Question, budget: Budget, *others: ServiceState, groups: Mapping[str, str] | None = None) -> Question:
    """The same service beside others, under an environment with that budget."""
    settings = [
        replace(CONFIGURED, name=other.name, rollback_with=((groups or {}).get(other.name, "nobody"),))
        for other in others
    ]
    known = environment(CONFIGURED, *settings, budget=budget)
    services = {SHOP: asked.service, **{other.name: other for other in others}}
    return replace(asked, state=replace(asked.state, environment=known, services=services))


def rolled_back(name: str, *times: float) -> ServiceState:
    return ServiceState(name=name, stable=BLUE, rolled_back_at=times)


def test_rollbacks_of_several_services_are_a_wave() -> None:
    """Each service counts once, its own past does not, nor what lies too far back; a human's order goes through."""
    asked = question()
    asked = replace(asked, service=replace(asked.service, rolled_back_at=(13.0,)))
    two = Budget(rollbacks=2, within=10.0)
    many = among(asked, two, rolled_back("api", 12.0), rolled_back("pay", 1.0, 13.0))

    assert (Reason.WAVE, Answer.BLOCK) == answer(many)
    assert "api, pay" == ask(many)[-1].detail
    assert Answer.PASS is interlocks.wave(by_hand(many)).answer
    assert Answer.PASS is interlocks.wave(among(asked, two, rolled_back("api", 9.0, 12.0))).answer
    assert Answer.PASS is interlocks.wave(among(asked, two, rolled_back("api", 1.0), rolled_back("pay", 13.0))).answer


def test_a_group_counts_once_in_a_wave() -> None:
    """Services that go back together did so for one cause of their own."""
    two = Budget(rollbacks=2, within=10.0)
    group = (rolled_back("api", 12.0), rolled_back("pay", 13.0))

    assert Answer.PASS is interlocks.wave(among(question(), two, *group, groups={"pay": "api"})).answer
    assert Answer.PASS is interlocks.wave(among(question(), two, *group, groups={"api": "pay"})).answer
    assert Answer.BLOCK is interlocks.wave(among(question(), two, *group)).answer


def test_a_wave_is_over_when_a_human_says_so() -> None:
    """A monitoring fault would roll back the next three as soon as the first three are long enough ago."""
    held = question(holds={Hold.INTERLOCK: Reason.WAVE}, held_details={Hold.INTERLOCK: "api, pay"})
    asked = among(held, Budget(rollbacks=2, within=10.0), rolled_back("api", 1.0), rolled_back("pay", 1.0))

    assert (Reason.WAVE, Answer.BLOCK) == answer(asked)
    assert Answer.PASS is interlocks.wave(replace(asked, deployment=replace(held.deployment, holds={}))).answer


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (Schema.UNCHANGED, Answer.PASS),
        (Schema.COMPATIBLE, Answer.PASS),
        (Schema.INCOMPATIBLE, Answer.BLOCK),
        (Schema.UNKNOWN, Answer.BLOCK),
    ],
)
def test_stable_must_be_known_to_work_on_the_schema(schema: Schema, expected: Answer) -> None:
    """Two declarations let pass, two do not."""
    assert expected is interlocks.schema(question(schema=schema)).answer


def test_traffic_never_goes_to_a_known_bad_release() -> None:
    """Also after promotion, when the service's own word for stable is the candidate's release."""
    asked = question(previous_release="1.0")
    asked = replace(asked, service=replace(asked.service, known_bad=frozenset({"1.0"}), stable_release="2.0"))

    assert (Reason.KNOWN_BAD, Answer.BLOCK) == answer(asked)


def test_stable_has_two_seconds_to_answer() -> None:
    """Until then the answer is awaited; afterwards it blocks."""
    asked = with_probes(question(), StableProbe())

    assert (Reason.STABLE_DOWN, Answer.WAIT) == answer(asked)
    assert (Reason.STABLE_DOWN, Answer.BLOCK) == answer(replace(asked, now=asked.now + 1.0))


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        (StableProbe(ok_started=14.0), Answer.PASS),
        (StableProbe(ok_started=13.9), Answer.BLOCK),
        (StableProbe(ok_started=14.0, failed_started=13.0), Answer.PASS),
        (StableProbe(ok_started=14.0, failed_started=14.5), Answer.BLOCK),
    ],
    ids=["since the onset", "before the onset", "well again", "failed since"],
)
def test_an_answer_counts_when_it_began_after_the_onset_and_none_failed_since(
    probe: StableProbe, expected: Answer
) -> None:
    """Only a success of this trouble's time shows that stable answers now."""
    wanted = Wanted(reason=Reason.RULES_PROVED, rules=("error-rate",), onset=14.0, since=12.0)

    assert expected is interlocks.stable_down(with_probes(question(wanted), probe)).answer


def test_an_old_answer_does_not_count() -> None:
    """A block can outlast the answer that came with the onset."""
    wanted = Wanted(reason=Reason.HUMAN, rules=(), onset=None, since=5.0)

    assert Answer.BLOCK is interlocks.stable_down(with_probes(question(wanted), StableProbe(ok_started=6.0))).answer


@pytest.mark.parametrize("stable_refuses", [True, False])
def test_a_candidate_that_refuses_connections_has_nothing_to_lose(stable_refuses: bool) -> None:  # noqa: FBT001 - parameter
    """Unless stable refuses, too."""
    wanted = Wanted(reason=Reason.RULES_PROVED, rules=("alive",), onset=5.0, since=5.0)
    asked = question(wanted)
    asked = with_states(asked, green=ProbeState(), blue=ProbeState())
    asked = with_probes(asked, StableProbe(refused=stable_refuses), StableProbe(refused=True))

    expected = Answer.BLOCK if stable_refuses else Answer.PASS
    assert expected is interlocks.stable_down(asked).answer
    assert (expected is Answer.PASS) is (ask(asked)[-1].answer is Answer.PASS)


@pytest.mark.parametrize(
    ("green", "blue", "expected"),
    [
        (counted(20, 100, 20, 100), counted(20, 100, 0, 0), Answer.BLOCK),
        (counted(20, 100, 11, 100), counted(20, 100, 0, 0), Answer.BLOCK),
        (counted(20, 100, 10, 100), counted(20, 100, 0, 0), Answer.PASS),
        (counted(8, 8, 70, 70), counted(20, 100, 0, 0), Answer.BLOCK),
        (counted(8, 8, 20, 70), counted(20, 100, 0, 0), Answer.PASS),
        (counted(8, 8, 0, 0), counted(20, 100, 0, 0), Answer.PASS),
        (counted(20, 100, 20, 100), SequentialRatioState(suspicion_e=25.0), Answer.BLOCK),
        (counted(20, 100, 20, 100), SequentialRatioState(), Answer.PASS),
    ],
    ids=[
        "alike",
        "less than twice",
        "twice",
        "few of green, alike",
        "few of green, twice",
        "none of blue",
        "stable suspected",
        "stable well",
    ],
)
def test_both_fail_alike(green: SequentialRatioState, blue: SequentialRatioState, expected: Answer) -> None:
    """Counts since the onset of a candidate that is less than twice as bad as a stable under suspicion."""
    assert expected is interlocks.common_cause(with_states(question(), green=green, blue=blue)).answer


@pytest.mark.parametrize(("fails", "expected"), [(3, Answer.BLOCK), (1, Answer.PASS)])
def test_a_probe_that_fires_on_both_is_alike(fails: int, expected: Answer) -> None:
    """It has no counts to weigh."""
    wanted = Wanted(reason=Reason.RULES_PROVED, rules=("alive",), onset=14.0, since=14.0)
    firing = Level.FIRING
    level = firing if fails == 3 else Level.PENDING
    asked = with_states(
        question(wanted),
        green=ProbeState(level=firing, fails=3, onset=1.0),
        blue=ProbeState(level=level, fails=fails, onset=1.0),
    )

    assert expected is interlocks.common_cause(asked).answer


def test_one_rule_of_several_that_is_not_alike_is_enough() -> None:
    """Both have the same errors, and the candidate alone is down."""
    asked = with_states(question(), green=counted(20, 100, 20, 100), blue=counted(20, 100, 0, 0))
    assert Answer.BLOCK is interlocks.common_cause(asked).answer

    both = replace(asked, wanted=replace(asked.wanted, rules=("error-rate", "alive")))
    assert Answer.PASS is interlocks.common_cause(both).answer


def test_a_rule_of_which_nothing_is_left_does_not_speak_for_another() -> None:
    """It has no counts any more, which would pass for "no common cause" when the other's say that both fail alike."""
    latency = replace(ERROR_RATE, name="latency")
    asked = question(settings=replace(CONFIGURED, rules=(*CONFIGURED.rules, latency)))
    asked = with_states(asked, green=counted(20, 100, 20, 100), blue=counted(20, 100, 0, 0))
    gone = replace(asked, wanted=replace(asked.wanted, rules=("latency",)))
    gone = with_states(gone, green=SequentialRatioState(fired=True), blue=counted(20, 100, 0, 0))
    both = replace(gone, wanted=replace(gone.wanted, rules=("latency", "error-rate")))

    assert (Answer.PASS, Answer.BLOCK) == (
        interlocks.common_cause(gone).answer,
        interlocks.common_cause(both).answer,
    )


@pytest.mark.parametrize(
    ("green", "blue", "outlived"),
    [
        (counted(20, 100, 20, 100), counted(20, 100, 0, 0), ()),
        (counted(20, 100, 20, 100), SequentialRatioState(fired=True), ("error-rate",)),
        (SequentialRatioState(fired=True), counted(20, 100, 0, 0), ("error-rate",)),
        (SequentialRatioState(cusum=1.0, onset=1.0), SequentialRatioState(), ()),
    ],
    ids=["both suffer", "stable has recovered", "the candidate has", "its proof is no more"],
)
def test_a_proof_outlives_what_both_suffered(
    green: SequentialRatioState, blue: SequentialRatioState, outlived: tuple[str, ...]
) -> None:
    """As soon as one of them has recovered, whatever other rules see; without its proof the cause is gone."""
    asked = with_states(question(), green=green, blue=blue)

    assert outlived == interlocks.outlived(asked)
    assert (not green.fired or green.onset is None) is interlocks.cause_gone(asked)


@pytest.mark.parametrize("rule", ["writable", "gone"])
def test_a_rule_that_has_no_pair_shows_no_common_cause(rule: str) -> None:
    """Shared rules, and rules that a reload took away."""
    wanted = Wanted(reason=Reason.RULES_PROVED, rules=(rule,), onset=14.0, since=14.0)

    assert Answer.PASS is interlocks.common_cause(question(wanted)).answer


COMPARING = replace(SERVICE, divert=False, rules=(*SERVICE.rules, WORSE))


def comparing(
    green: SequentialRatioState,
    blue: SequentialRatioState,
    proof: float = 1.0,
    *,
    waited: float = 20.0,
    extra: tuple[Rule, ...] = (),
    known: Judgement = Judgement.KNOWN,
) -> Question:
    """Both colours' error rates, and the evidence of the rule that compares them all the time."""
    settings = replace(COMPARING, rules=(*COMPARING.rules, *extra))
    asked = question(settings=settings)
    asked = with_states(asked, green=green, blue=blue)
    instances = dict(asked.service.instances)
    name = "worse-than-stable@green"
    instances[name] = replace(instances[name], state=CanaryVsStableState(proof_e=proof), judgement=known)
    service = replace(asked.service, instances=instances)
    return replace(asked, service=service, now=asked.wanted.since + waited)


WELL = SequentialRatioState()
TROUBLE = SequentialRatioState(cusum=1.0, onset=1.0)
SUFFERS = SequentialRatioState(cusum=1.0, onset=1.0, suspicion_e=25.0)


@pytest.mark.parametrize(
    ("green", "blue", "proof", "expected"),
    [
        (counted(20, 100, 60, 300), SUFFERS, 1.0, Answer.BLOCK),
        (counted(20, 100, 60, 300), SUFFERS, 999.0, Answer.BLOCK),
        (counted(20, 100, 60, 300), SUFFERS, 1001.0, Answer.PASS),
        (counted(15, 36, 60, 300), SUFFERS, 1.0, Answer.BLOCK),
        (counted(60, 200, 54, 900), SUFFERS, 1.0, Answer.PASS),
        (counted(20, 100, 0, 300), SUFFERS, 1.0, Answer.PASS),
        (counted(20, 100, 18, 90), TROUBLE, 1.0, Answer.BLOCK),
        (counted(20, 100, 4, 90), TROUBLE, 1.0, Answer.PASS),
        (counted(20, 100, 18, 90), WELL, 1.0, Answer.PASS),
        (counted(9, 19, 60, 300), SUFFERS, 1.0, Answer.PASS),
        (counted(60, 300, 9, 19), SUFFERS, 1.0, Answer.BLOCK),
        (counted(9, 19, 60, 300), WELL, 1.0, Answer.PASS),
    ],
    ids=[
        "alike",
        "little evidence",
        "evidence against the candidate",
        "twice as often by chance",
        "thrice as often, and stable is dragged along",
        "stable has no failure",
        "stable suffers without being suspected",
        "stable is within the limit",
        "stable has recovered",
        "few of green, twice",
        "few of blue, and it is worse",
        "few of green, and stable is well",
    ],
)
def test_with_a_comparing_rule_only_more_than_chance_is_the_candidates_own(
    green: SequentialRatioState, blue: SequentialRatioState, proof: float, expected: Answer
) -> None:
    """Its evidence, or counts that hardly differ by chance; and stable need not be suspected to suffer."""
    assert expected is interlocks.common_cause(comparing(green, blue, proof)).answer


@pytest.mark.parametrize(
    ("green", "blue"),
    [
        (counted(20, 100, 18, 90), TROUBLE),
        (counted(20, 100, 4, 90), TROUBLE),
        (counted(20, 100, 0, 65), WELL),
        (counted(9, 9, 0, 4), WELL),
        (counted(9, 9, 0, 0), WELL),
    ],
    ids=["it suffers", "it is within the limit", "too few", "too few of an outage", "none"],
)
def test_a_stable_that_may_suffer_is_looked_at_for_a_while(
    green: SequentialRatioState, blue: SequentialRatioState
) -> None:
    """Few requests without a failure do not tell that it is well."""
    assert Answer.WAIT is interlocks.common_cause(comparing(green, blue, waited=19.9)).answer


@pytest.mark.parametrize("green", [counted(20, 100, 0, 66), counted(9, 9, 0, 5)], ids=["a fifth", "an outage"])
def test_a_stable_that_is_surely_well_is_not_waited_for(green: SequentialRatioState) -> None:
    """A thousand to one; twenty to one where most of the candidate's requests fail."""
    assert Answer.PASS is interlocks.common_cause(comparing(green, WELL, waited=0.0)).answer


def test_a_rule_that_waits_does_not_hold_up_another() -> None:
    """A probe of the candidate alone is its own."""
    asked = comparing(counted(20, 100, 18, 90), TROUBLE, waited=1.9)
    assert Answer.WAIT is interlocks.common_cause(asked).answer

    both = replace(asked, wanted=replace(asked.wanted, rules=("error-rate", "alive")))
    assert Answer.PASS is interlocks.common_cause(both).answer


def on_other_counts(bad: str) -> Rule:
    condition = WORSE.condition
    assert isinstance(condition, CanaryVsStable)
    return replace(WORSE, name=bad, condition=replace(condition, bad=bad))


@pytest.mark.parametrize(
    ("extra", "known", "expected"),
    [
        ((), Judgement.KNOWN, Answer.PASS),
        ((), Judgement.INSUFFICIENT, Answer.BLOCK),
        ((on_other_counts("slow"),), Judgement.KNOWN, Answer.PASS),
    ],
    ids=["the only one", "one that cannot judge yet", "the one on the same counts"],
)
def test_the_comparing_rule_is_the_one_on_the_same_counts(
    extra: tuple[Rule, ...], known: Judgement, expected: Answer
) -> None:
    """Without one that can judge the counts since the onset decide."""
    asked = comparing(counted(20, 100, 60, 300), SUFFERS, 5000.0, extra=extra, known=known)
    assert expected is interlocks.common_cause(asked).answer


def test_of_two_comparing_rules_on_other_counts_none_is_meant() -> None:
    """Which of them should speak for these requests?"""
    others = (on_other_counts("slow"), on_other_counts("writes"))
    settings = replace(COMPARING, rules=(*SERVICE.rules, *others))
    asked = with_states(question(settings=settings), green=counted(20, 100, 60, 300), blue=SUFFERS)

    assert Answer.BLOCK is interlocks.common_cause(asked).answer


def test_a_comparing_rule_on_all_requests_speaks_for_a_route() -> None:
    """Beside it one on another route is not asked."""
    asked = comparing(counted(20, 100, 60, 300), SUFFERS, extra=(on_other_counts("also_bad[login]"),))
    condition = ERROR_RATE.condition
    assert isinstance(condition, SequentialRatio)
    of_labs = replace(ERROR_RATE, condition=replace(condition, bad="errors[labs]", total="requests[labs]"))
    of_latency = replace(ERROR_RATE, condition=replace(condition, bad="slow"))
    found = [alike._relative(asked, each) for each in (of_labs, of_latency)]

    assert [WORSE.name, WORSE.name] == [each and each.rule.name for each in found]


def test_a_waived_comparing_rule_is_not_asked() -> None:
    """Whoever took it out does not trust it, neither for a rollback nor against a common cause."""
    asked = comparing(counted(20, 100, 60, 300), SUFFERS)
    waiver = Waiver(since=0.0, until=asked.now + 1.0, by="ada", because="its counts are wrong")
    deployment = replace(asked.deployment, waived={WORSE.name: waiver})
    waived = replace(asked, deployment=deployment, service=replace(asked.service, deployment=deployment))

    assert alike._relative(asked, ERROR_RATE) is not None
    assert alike._relative(waived, ERROR_RATE) is None
    assert alike._relative(replace(waived, now=asked.now + 1.0), ERROR_RATE) is not None


def test_a_comparing_rule_that_fires_is_never_a_common_cause() -> None:
    """It is what a shared incident cannot bring about."""
    wanted = Wanted(reason=Reason.RULES_PROVED, rules=("error-rate", "worse-than-stable"), onset=14.0, since=14.0)
    asked = comparing(counted(20, 100, 60, 300), SUFFERS)
    assert Answer.PASS is interlocks.common_cause(replace(asked, wanted=wanted)).answer


RESTARTS = Rule(
    name="restarts",
    source="edge",
    condition=SequentialCount(
        events="restarts", limit=0.01, min_ratio=2.0, alpha=0.001, ride_out=3.0, interval=1.0, window=0.0
    ),
    on_fire=OnFire.ROLLBACK,
    warm_up=0.0,
)


@pytest.mark.parametrize(
    ("events", "others", "suspicion", "proof", "expected"),
    [
        (20.0, 11.0, 25.0, 1.0, Answer.BLOCK),
        (20.0, 10.0, 25.0, 1.0, Answer.PASS),
        (20.0, 11.0, 19.0, 1.0, Answer.PASS),
        (20.0, 11.0, 25.0, 3000.0, Answer.PASS),
    ],
    ids=["alike", "twice as many", "stable is not suspected", "requests say that it is the candidate"],
)
def test_events_without_a_denominator_are_weighed_by_their_number(
    events: float, others: float, suspicion: float, proof: float, expected: Answer
) -> None:
    """The same time passed for both colours, so their numbers are their rates."""
    asked = comparing(WELL, WELL, proof, extra=(RESTARTS,))
    asked = replace(asked, wanted=replace(asked.wanted, rules=("restarts",)))
    green = SequentialCountState(fired=True, cusum=5.0, onset=1.0, bad=events, other_bad=others)
    blue = SequentialCountState(cusum=5.0, onset=1.0, suspicion_e=suspicion)
    assert expected is interlocks.common_cause(with_states(asked, green=green, blue=blue)).answer


def test_a_stable_without_traffic_has_nothing_to_compare() -> None:
    """At 100 % the candidate is judged by itself; direct probes still have a pair."""
    asked = with_states(question(), green=counted(20, 100, 20, 100), blue=counted(20, 100, 0, 0))
    full = replace(asked.deployment, in_force=replace(asked.deployment.in_force, weight=1.0))

    assert Answer.PASS is interlocks.common_cause(replace(asked, deployment=full)).answer


def test_a_shared_incident_is_over_when_stable_has_recovered() -> None:
    """And only if stable could be judged at all."""
    asked = with_states(question(), blue=counted(20, 100, 0, 0))
    assert not interlocks.shared_incident_over(asked)
    assert interlocks.shared_incident_over(with_states(asked, blue=SequentialRatioState()))

    nobody = replace(asked, wanted=replace(asked.wanted, rules=("gone",)))
    assert not interlocks.shared_incident_over(nobody)


def test_the_cause_is_gone_when_nothing_is_left_of_what_the_rules_saw() -> None:
    """A wish without rules (a human's) has no cause that could go."""
    asked = with_states(question(), green=counted(20, 100, 0, 0))
    assert not interlocks.cause_gone(asked)
    assert interlocks.cause_gone(with_states(asked, green=SequentialRatioState(fired=True)))

    assert not interlocks.cause_gone(replace(asked, wanted=replace(asked.wanted, rules=())))


def test_the_examples_have_the_rules_that_are_asked_about() -> None:
    """Names that these tests rely on."""
    assert (ERROR_RATE.name, ALIVE.name, SHOP) == ("error-rate", "alive", CONFIGURED.name)

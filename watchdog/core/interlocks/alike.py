"""Whether both colours fail alike, so that moving users would not help.

What lives here: one interlock, the comparison behind it, and when the incident that both share is over. What must not:
acting on it.
"""

import math
from typing import TypeGuard

from watchdog.core import verdict
from watchdog.core.conditions import CanaryVsStable, SequentialCount, SequentialRatio
from watchdog.core.interlocks.question import Answer, Question, Said, blocks, passes
from watchdog.core.interlocks.stable import nothing_to_lose
from watchdog.core.model import Judgement, Level
from watchdog.core.reasons import Reason
from watchdog.core.rules import api
from watchdog.core.settings import Rule
from watchdog.core.state import Instance

ENOUGH_REQUESTS = 20
"""Fewer requests of either colour since the onset show no common cause, unless stable is under suspicion itself: then
both fail, and it takes only some 8 requests to prove that everything does."""

CLEARLY_WORSE = 2.0
"""A candidate that fails at least this many times as often as stable is bad by itself."""

SURELY = math.log(1000.0)
"""So much likelier (as the logarithm of a ratio or of E) is what counts as more than chance.

An e-value reaches 20 by chance in one of 20 deployments at most, and a shared incident is when it has the failures to
do so: with that bar one of 100 incidents rolled a healthy release back.
"""

LIKELY = math.log(20.0)
"""So much is enough where most of the candidate's requests fail."""

MOST = 0.5
"""A candidate that fails so much is hardly worse than nothing."""

COMPARED_WITHIN_S = 20.0
"""So long a decision waits for stable's counts to tell whose trouble it is: some 100 requests at 5/s."""

TROUBLED = frozenset({Level.PENDING, Level.FIRING})

COUNTING = (SequentialRatio, SequentialCount)
"""The kinds that judge one colour's counts by themselves."""


def common_cause(question: Question) -> Said:
    """Both colours fail alike: moving traffic would not help. A candidate that refuses connections is not alike."""
    if nothing_to_lose(question):
        return passes(Reason.COMMON_CAUSE, "the candidate refuses connections, stable does not")
    # A rule of which nothing is left has no counts to compare; it must not speak for those that still see trouble.
    told = [name for name in question.wanted.rules if not _over(question, name)] or question.wanted.rules
    answers = [_shared(question, name) for name in told]
    for wished in (Answer.PASS, Answer.WAIT):
        found = next((said for said in answers if said.answer is wished), None)
        if found is not None:
            return found
    return answers[-1] if answers else passes(Reason.COMMON_CAUSE)


def _over(question: Question, rule: str) -> bool:
    """Whether it is a share or count that was proved once, and of which nothing is left or was thrown away since."""
    candidate, _ = _pair(question, rule)
    return candidate is not None and isinstance(candidate.rule.condition, COUNTING) and not _left(candidate)


def _left(instance: Instance) -> bool:
    """Whether something is left of what the rule saw; a proof whose evidence was thrown away fires no longer."""
    thrown_away = isinstance(instance.rule.condition, COUNTING) and instance.level is not Level.FIRING
    return not thrown_away and not api.recovered(instance.rule, instance.state)


def _shared(question: Question, rule: str) -> Said:
    if _compares(question.settings.rule(rule)):
        return passes(Reason.COMMON_CAUSE, f"{rule}: the candidate fails more often than stable")
    candidate, stable = _pair(question, rule)
    if candidate is None or stable is None:
        return passes(Reason.COMMON_CAUSE, f"{rule}: stable has no traffic to compare with")
    relative = _relative(question, candidate.rule)
    if relative is not None:
        proof = api.evidence(relative.rule, relative.state).log_e
        if proof is not None and proof >= SURELY:
            told = f"{rule}: {relative.rule.name} says that the candidate fails more often than stable"
            return passes(Reason.COMMON_CAUSE, told)
        if isinstance(candidate.rule.condition, SequentialRatio):
            return _compared(question, candidate, stable, candidate.rule.condition.limit)
    if stable.level not in TROUBLED:
        return passes(Reason.COMMON_CAUSE, f"{rule}: stable is {stable.level}")
    seen = api.evidence(candidate.rule, candidate.state)
    if seen.log_e is None:
        # No counts to weigh against each other: a threshold or probe that fires on both says "alike".
        alike = stable.level is Level.FIRING
        return (blocks if alike else passes)(Reason.COMMON_CAUSE, f"{rule}: stable is {stable.level}")
    return _weighed(candidate.rule, seen)


def _weighed(rule: Rule, seen: api.Evidence) -> Said:
    """Both colours' counts since the onset against each other, where no rule compares them all the time."""
    if isinstance(rule.condition, SequentialCount):
        counts = f"{rule.name}: {seen.bad:.0f} events, stable {seen.other_bad:.0f} in the same time"
        worse = seen.bad >= CLEARLY_WORSE * seen.other_bad
        return (passes if worse else blocks)(Reason.COMMON_CAUSE, counts)
    if not min(seen.total, seen.other_total) > 0.0:
        return passes(Reason.COMMON_CAUSE, f"{rule.name}: no requests of each colour")
    worse = seen.bad / seen.total >= CLEARLY_WORSE * seen.other_bad / seen.other_total
    return (passes if worse else blocks)(Reason.COMMON_CAUSE, _counts(rule, seen))


def _compared(question: Question, candidate: Instance, stable: Instance, limit: float) -> Said:
    """The same with a rule that compares both colours all the time and has no evidence against the candidate.

    That silence is a reason to doubt: counts that begin at an onset which was picked for the candidate's failures must
    differ by more than chance, however few they are, and until they do stable is looked at for a while. It needs no
    suspicion of its own to count as suffering: at equal traffic it is as often the slower one to be suspected.
    """
    rule, seen = candidate.rule, api.evidence(candidate.rule, candidate.state)
    counts = _counts(rule, seen)
    if _surely_worse(seen):
        return passes(Reason.COMMON_CAUSE, counts)
    if stable.level in TROUBLED:
        few = min(seen.total, seen.other_total) < ENOUGH_REQUESTS
        return _weighed(rule, seen) if few else blocks(Reason.COMMON_CAUSE, counts)
    if question.now < question.wanted.since + COMPARED_WITHIN_S:
        return Said(interlock=Reason.COMMON_CAUSE, answer=Answer.WAIT, detail=f"{counts}: stable may suffer, too")
    if seen.other_bad <= limit * seen.other_total or api.recovered(stable.rule, stable.state):
        return passes(Reason.COMMON_CAUSE, f"{counts}: stable is well")
    return blocks(Reason.COMMON_CAUSE, counts)


def _counts(rule: Rule, seen: api.Evidence) -> str:
    own, other = f"{seen.bad:.0f} of {seen.total:.0f}", f"{seen.other_bad:.0f} of {seen.other_total:.0f}"
    return f"{rule.name}: {own}, stable {other}"


def _surely_worse(seen: api.Evidence) -> bool:
    """Whether stable's counts are far likelier at their own share than at half the candidate's.

    Where most of the candidate's requests fail, less is asked: what takes both colours down like that their direct
    probes tell.
    """
    if not (seen.total and seen.other_total):
        return False
    half = seen.bad / seen.total / CLEARLY_WORSE
    own, rest = seen.other_bad / seen.other_total, seen.other_total - seen.other_bad
    if own >= half:
        return False
    likelier = rest * (math.log1p(-own) - math.log1p(-half))
    likelier += seen.other_bad * math.log(own / half) if seen.other_bad else 0.0
    return likelier >= (LIKELY if CLEARLY_WORSE * half >= MOST else SURELY)


def _compares(rule: Rule | None) -> TypeGuard[Rule]:
    return rule is not None and isinstance(rule.condition, CanaryVsStable)


def _relative(question: Question, absolute: Rule) -> Instance | None:
    """The rule that compares both colours: on the same counts, on those of all routes, or the source's only one.

    One on a single route does not speak for others: beside one on all requests it is not asked.
    """
    rules = [
        each
        for each in question.settings.rules
        if _compares(each) and each.source == absolute.source
        if not verdict.waived(question.service, each.name, question.now)
    ]
    signals = absolute.condition.signals
    of_all = tuple(name.partition("[")[0] for name in signals)
    found = [each for wanted in (signals, of_all) for each in rules if each.condition.signals == wanted]
    whole = [each for each in rules if not any("[" in name for name in each.condition.signals)]
    found += next((group for group in (whole, rules) if len(group) == 1), [])
    if not found:
        return None
    instance = question.service.instances.get(verdict.key(found[0], question.deployment.candidate))
    return instance if instance is not None and instance.judgement is Judgement.KNOWN else None


def _pair(question: Question, rule: str) -> tuple[Instance | None, Instance | None]:
    """The rule's instances on candidate and stable; stable's only while it has traffic that the rule can judge."""
    settings, deployment = question.settings, question.deployment
    instances = question.service.instances
    defined = settings.rule(rule)
    if defined is None or not defined.per_colour:
        return None, None
    if defined.source == settings.traffic_source and not verdict.applicable(deployment, deployment.stable):
        return None, None
    return instances.get(verdict.key(defined, deployment.candidate)), instances.get(
        verdict.key(defined, deployment.stable)
    )


def shared_incident_over(question: Question) -> bool:
    """Whether stable has recovered from what both colours suffered."""
    pairs = [_pair(question, rule) for rule in question.wanted.rules]
    stables = [stable for _, stable in pairs if stable is not None]
    return bool(stables) and all(api.recovered(stable.rule, stable.state) for stable in stables)


def outlived(question: Question) -> tuple[str, ...]:
    """The rules that fire by what both colours suffered, though one of them has recovered from what they see of it."""
    pairs = [(rule, *_pair(question, rule)) for rule in question.wanted.rules]
    return tuple(
        rule
        for rule, candidate, stable in pairs
        if candidate is not None and stable is not None and candidate.level is Level.FIRING
        if api.recovered(stable.rule, stable.state) or api.recovered(candidate.rule, candidate.state)
    )


def cause_gone(question: Question) -> bool:
    """Whether nothing is left of what the candidate's rules saw."""
    own = [
        instance for instance, _ in verdict.candidates(question.service) if instance.rule.name in question.wanted.rules
    ]
    return bool(own) and not any(_left(instance) for instance in own)

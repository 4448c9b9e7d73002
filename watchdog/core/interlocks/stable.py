"""Whether stable can take the users: it answers, and is not known to be bad.

What lives here: the interlocks about the colour that a rollback goes to. What must not: its counts against the
candidate's (`alike`).
"""

from watchdog.core.interlocks.question import Answer, Question, Said, blocks, passes
from watchdog.core.model import Seconds
from watchdog.core.reasons import Reason
from watchdog.core.state import StableProbe, Wanted

STABLE_MUST_ANSWER_WITHIN_S = 2.0
"""So long a decision waits for stable to answer a direct probe that began after the onset."""

STABLE_ANSWERED_LATELY_S = 3.0
"""An older answer does not say that stable answers now; a block can outlast the answer that came with the onset."""


def stable_down(question: Question) -> Said:
    """Stable must have answered a direct probe that began after the onset and not long ago, and none failed since.

    Without an answer in time: if the candidate refuses connections and stable does not refuse too, there is nothing
    to lose.
    """
    probe = question.service.probes.get(question.deployment.stable, StableProbe())
    if _answers(probe, question.wanted, question.now):
        return passes(Reason.STABLE_DOWN, "stable answers")
    if question.now < question.wanted.since + STABLE_MUST_ANSWER_WITHIN_S:
        return Said(interlock=Reason.STABLE_DOWN, answer=Answer.WAIT, detail="stable has not answered yet")
    if nothing_to_lose(question):
        return passes(Reason.NOTHING_TO_LOSE, "the candidate refuses connections, stable does not")
    return blocks(Reason.STABLE_DOWN, "stable does not answer direct probes")


def nothing_to_lose(question: Question) -> bool:
    """Whether the candidate serves nobody while stable may: it refuses connections and stable does not."""
    probes, deployment = question.service.probes, question.deployment
    candidate = probes.get(deployment.candidate, StableProbe())
    return candidate.refused and not probes.get(deployment.stable, StableProbe()).refused


def _answers(probe: StableProbe, wanted: Wanted, now: Seconds) -> bool:
    if probe.ok_started is None:
        return False
    since = max(wanted.since if wanted.onset is None else wanted.onset, now - STABLE_ANSWERED_LATELY_S)
    failed = float("-inf") if probe.failed_started is None else probe.failed_started
    return probe.ok_started >= since and probe.ok_started >= failed


def known_bad(question: Question) -> Said:
    """Traffic never goes to a release that was rolled back on proof."""
    release = question.deployment.previous_release  # after promotion the service's `stable_release` is this one's own
    if release and release in question.service.known_bad:
        return blocks(Reason.KNOWN_BAD, release)
    return passes(Reason.KNOWN_BAD, release)

"""What the balancer's lines prove."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from watchdog.core.edge import EdgeLine, ProbeMark
from watchdog.core.model import Colour
from watchdog.traffic.base import Proof
from watchdog.traffic.probes import Sent
from watchdog.traffic.proof import Counted, Prover, count

BLUE, GREEN = Colour.BLUE, Colour.GREEN
SINCE = 1000.0

PLAIN = EdgeLine(
    service="app",
    colour=BLUE,
    answered_by=BLUE,
    started=SINCE + 0.1,
    ended=SINCE + 0.2,
    status=200,
    first_status=200,
    header_time=0.01,
    upstream_time=0.01,
    route="other",
    write=False,
    mark=ProbeMark.USER,
    connection=1,
    connection_requests=1,
)


def line(started: float, colour: Colour = BLUE, mark: ProbeMark = ProbeMark.USER) -> EdgeLine:
    ended = SINCE + max(started, 0) + 0.1
    return replace(PLAIN, started=SINCE + started, ended=ended, mark=mark, colour=colour, answered_by=colour)


class Lines:
    """An edge log that holds what it is given."""

    def __init__(self, *lines: EdgeLine) -> None:
        self.lines = list(lines)

    def started_since(self, service: str, since: float) -> Sequence[EdgeLine]:
        return [each for each in self.lines if each.service == service and each.started >= since]

    def ended_since(self, service: str, since: float) -> Sequence[EdgeLine]:
        return [each for each in self.lines if each.service == service and each.ended >= since]


def prove(lines: Lines, sends: Sequence[EdgeLine | None] = (), *, deadline: float = 0.3) -> tuple[Proof, int]:
    """The proof, and how many probes it took; `sends` is what each probe's line looks like, None for a lost one."""
    sent = 0

    async def send() -> Sent:
        nonlocal sent
        answer = sends[min(sent, len(sends) - 1)] if sends else None
        sent += 1
        if answer is not None:
            lines.lines.append(answer)
        return Sent(at=SINCE, status=200 if sends else None, problem="" if sends else "connection refused")

    async def play() -> Proof:
        prover = Prover("app", lines, lambda: SINCE + 5, send, deadline=deadline, settle=2.0)
        return await prover.prove(BLUE, SINCE)

    return asyncio.run(play()), sent


def test_only_what_started_after_the_brake_counts() -> None:
    """A start within nginx's rounding of the brake is no witness; what began earlier and ended later is a straggler."""
    lines = Lines(
        line(0.002),
        line(0.0009),
        line(0.0, GREEN),
        line(-5, GREEN),
        replace(line(-5, GREEN), ended=SINCE - 1),
        line(0.5, mark=ProbeMark.DRAWN_PROBE),
        line(0.5, GREEN, mark=ProbeMark.CANDIDATE_PROBE),
        line(-5, GREEN, mark=ProbeMark.CANDIDATE_PROBE),
        replace(line(0.5, GREEN), service="shop"),
    )

    counted = count(lines, "app", BLUE, SINCE)

    assert Counted(users=1, probes=1, to_candidate=0, stragglers=(lines.lines[2], lines.lines[3])) == counted


def test_stragglers_are_told_one_by_one() -> None:
    """Those that began first come first, a websocket says so, and a long list is cut."""
    socket = replace(line(-60, GREEN), status=101, ended=SINCE + 1.5)
    lines = Lines(socket, *(replace(line(-n, GREEN), route="labs", ended=SINCE + 0.5) for n in range(1, 12)))
    proof, _ = prove(lines)

    assert (12, 11) == (proof.stragglers, len(proof.straggling))
    assert "other (websocket): began 60.0 s before the brake, took 61.5 s" == proof.straggling[0]
    assert ("labs: began 11.0 s before the brake, took 11.5 s", "and 2 more") == (
        proof.straggling[1],
        proof.straggling[-1],
    )


def test_a_rehearsed_proof_counts_the_candidates_probes_alone() -> None:
    """While the scratch brake holds they go to stable; a user on the candidate, as it should be, disproves nothing."""
    lines = Lines(line(0.5, GREEN), line(0.5))
    stray = Lines()

    def rehearse(log: Lines, colour: Colour) -> Proof:
        async def send() -> Sent:
            log.lines.append(line(0.5, colour, mark=ProbeMark.CANDIDATE_PROBE))
            return Sent(at=SINCE, status=200)

        prover = Prover("app", log, lambda: SINCE + 5, send, deadline=1.0, settle=2.0)
        return asyncio.run(prover.rehearse(BLUE, SINCE, send))

    good, bad = rehearse(lines, BLUE), rehearse(stray, GREEN)
    assert (True, 20, 20, 0) == (good.ok, good.probes, good.to_stable, good.to_candidate)
    assert (False, 5) == (bad.ok, bad.to_candidate)


@pytest.mark.parametrize("seen", [replace(line(0.5), colour=GREEN), replace(line(0.5), answered_by=GREEN)])
def test_a_try_at_the_candidate_counts_as_one(seen: EdgeLine) -> None:
    """Whether it was asked first or answered last: the brake let a request through."""
    counted = count(Lines(seen), "app", BLUE, SINCE)

    assert (0, 1) == (counted.users, counted.to_candidate)


def test_five_users_are_enough() -> None:
    """With users about no probe is sent."""
    proof, sent = prove(Lines(*(line(n / 10) for n in range(1, 6))))

    assert (True, 5, 0, 0) == (proof.ok, proof.to_stable, proof.probes, sent)


def test_few_users_are_joined_by_twenty_probes() -> None:
    """Four users are too few; twenty drawn probes make the proof."""
    probe = line(3, mark=ProbeMark.DRAWN_PROBE)
    proof, sent = prove(Lines(*(line(n / 10) for n in range(1, 5))), [probe])

    assert (True, 24, 20, 20) == (proof.ok, proof.to_stable, proof.probes, sent)


def test_a_lost_line_is_made_up_for() -> None:
    """A probe whose line does not come is sent again; twenty lines are wanted, not twenty answers."""
    probe = line(3, mark=ProbeMark.DRAWN_PROBE)
    proof, sent = prove(Lines(), [None, None, probe], deadline=3)

    assert (True, 20, 22) == (proof.ok, proof.probes, sent)


def test_one_request_on_the_candidate_disproves() -> None:
    """However many went to stable."""
    proof, sent = prove(Lines(line(0.5, GREEN), *(line(0.5) for _ in range(100))))

    assert (False, 100, 1, 0) == (proof.ok, proof.to_stable, proof.to_candidate, sent)
    assert "1 requests that started after the switch went to green" == proof.detail


def test_one_probe_on_the_candidate_disproves_at_once() -> None:
    """No further probes are sent after the one that shows it."""
    wrong = line(3, GREEN, mark=ProbeMark.DRAWN_PROBE)
    proof, sent = prove(Lines(), [wrong], deadline=5)

    assert (False, True, 5) == (proof.ok, proof.to_candidate > 0, sent)


def test_without_lines_nothing_is_proved() -> None:
    """A balancer that does not answer, or a log that does not come, ends at the deadline and says which."""
    proof, sent = prove(Lines())

    assert (False, 0) == (proof.ok, proof.to_stable)
    assert sent > 0
    assert "connection refused" in proof.detail
    assert "no line came" in prove(Lines(), [None])[0].detail

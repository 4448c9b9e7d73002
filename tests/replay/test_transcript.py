"""Records as lines."""

from watchdog.core.events import Observed, TrafficOutcome
from watchdog.core.model import Colour, Split
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import Body, PhaseChanged, Record
from watchdog.replay.transcript import lines


def test_a_line_per_decision() -> None:
    """Decisions and outcomes have a line with what is special about them; readings have none."""
    split = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=0.1, salt="d1")
    bodies: list[Body] = [
        PhaseChanged(service="app", to=Phase.SOAKING, reason=Reason.STEP_IN_FORCE),
        Observed(service="app", source="edge", start=0.0, end=1.0, readings=()),
        TrafficOutcome(effect="d1/1/0", ok=True, in_force=split),
    ]
    records = [Record(seq=number, at=1.5, body=body) for number, body in enumerate(bodies)]

    assert [
        "     1.500 PhaseChanged to=soaking reason=step_in_force",
        "     1.500 TrafficOutcome ok=yes in_force=green:10%/blue",
    ] == lines(records)

"""Behaviour over time."""

from watchdog.core.model import Colour
from watchdog.replay.behaviour import Answer, Behaviour, Conduct, Curve, Fault
from watchdog.replay.told import Told

GREEN = frozenset({Colour.GREEN})


def test_a_curve_is_straight_between_points_and_level_outside() -> None:
    """The rate changes evenly from point to point."""
    curve = Curve(points=((10.0, 0.0), (20.0, 100.0)))

    assert [0.0, 0.0, 50.0, 100.0, 100.0] == [curve.at(t) for t in (0.0, 10.0, 15.0, 20.0, 99.0)]


def test_a_fault_concerns_its_colour_its_route_and_its_time() -> None:
    """Outside of any of the three the usual conduct holds."""
    fault = Fault(colours=GREEN, start=5.0, end=6.0, route="login", errors=1.0)
    behaviour = Behaviour(usual=Conduct(errors=0.1), faults=(fault,))

    found = [
        behaviour.conduct(colour, route, t).errors
        for colour, route, t in [
            (Colour.GREEN, "login", 5.0),
            (Colour.GREEN, "login", 6.0),
            (Colour.GREEN, "labs", 5.0),
            (Colour.BLUE, "login", 5.0),
        ]
    ]
    assert [1.0, 0.1, 0.1, 0.1] == found


def test_the_later_fault_holds() -> None:
    """Of two faults that say something of one quantity the later in the list holds; others stay."""
    faults = (Fault(colours=GREEN, errors=0.5, slow=0.5), Fault(colours=GREEN, errors=0.2, health=Answer.DOWN))
    behaviour = Behaviour(faults=faults)

    assert Conduct(errors=0.2, slow=0.5) == behaviour.conduct(Colour.GREEN, "x", 1.0)
    assert (Answer.DOWN, Answer.UP) == (behaviour.answer(Colour.GREEN, 1.0), behaviour.answer(Colour.BLUE, 1.0))


def test_a_fault_can_say_something_of_a_signal() -> None:
    """Of its colours; of one that does not tell them apart too. The later fault holds."""
    few, many = Told(number=1.0), Told(number=9.0)
    faults = (
        Fault(colours=GREEN, signals={"app.pool": few}),
        Fault(colours=GREEN, start=5.0, signals={"app.pool": many}),
    )
    behaviour = Behaviour(faults=faults)

    assert (few, many) == (behaviour.signal("app.pool", Colour.GREEN, 1.0), behaviour.signal("app.pool", None, 5.0))
    assert (None, None) == (behaviour.signal("app.pool", Colour.BLUE, 1.0), behaviour.signal("app.gc", None, 1.0))

"""What the sources say."""

from dataclasses import replace

from tests.replay.test_simulator import ENVIRONMENT
from watchdog.core.conditions import SequentialCount, SequentialRatio
from watchdog.core.model import Colour, Missing
from watchdog.core.settings import Source
from watchdog.replay.behaviour import Answer
from watchdog.replay.feeds import Feeds, Outage
from watchdog.replay.series import Series
from watchdog.replay.world import World

(SERVICE,) = ENVIRONMENT.services
EDGE, HEALTH = SERVICE.source("edge"), SERVICE.source("health")


def feeds(*outages: Outage, series: dict[tuple[str, str, Colour | None], tuple[Series, ...]] | None = None) -> Feeds:
    return Feeds(settings=SERVICE, world=World(service="app", first_stable=Colour.BLUE), outages=outages, series=series)


def slice_(made: Feeds, source: Source, start: float) -> dict[tuple[str, Colour | None], object]:
    observed = made.edge(source, start, start + 0.25)
    assert observed is not None
    return {(each.signal, each.colour): each.value for each in observed.readings}


def test_a_slice_counts_what_ended_in_it() -> None:
    """Every request is counted once, on its colour; without the candidate in traffic its counts are zeros."""
    made = feeds()
    counts = [slice_(made, EDGE, number / 4) for number in range(400)]

    assert 3700 < sum(float(str(each["requests", Colour.BLUE])) for each in counts) < 4300
    assert {0.0} == {each["requests", Colour.GREEN] for each in counts}
    assert 0.0 == counts[0]["errors[login]", Colour.GREEN]


def test_what_a_route_declares_as_bad_is_there_for_the_rules_that_ask() -> None:
    """It has the route's errors, and goes missing with the rest; routes that no rule asks for have none."""
    (rule, *_) = SERVICE.rules
    assert isinstance(rule.condition, SequentialRatio)
    asking = replace(rule.condition, bad="also_bad[login]", total="requests[login]")
    service = replace(SERVICE, rules=(replace(rule, condition=asking),), critical_routes=("login", "labs"))
    made = Feeds(
        settings=service,
        world=World(service="app", first_stable=Colour.BLUE),
        outages=[Outage(source="edge", missing=Missing.STALE, start=1.0)],
    )
    first, missing = slice_(made, EDGE, 0.0), slice_(made, EDGE, 1.0)

    assert (0.0, 0.0) == (first["also_bad[login]", Colour.BLUE], first["also_bad[login]", Colour.GREEN])
    assert Missing.STALE is missing["also_bad[login]", Colour.GREEN]
    assert {"also_bad[login]"} == {signal for signal, _ in first if signal.startswith("also_bad")}
    assert [] == [signal for signal, _ in slice_(feeds(), EDGE, 0.0) if signal.startswith("also_bad")]


def test_outages() -> None:
    """An outage replaces every reading, a dead log is quiet first, a silent source gives no event."""
    stale = feeds(Outage(source="edge", missing=Missing.STALE, start=1.0, end=2.0))
    dead = feeds(Outage(source="edge", missing=Missing.STALE, unnoticed=4.0))
    silent = feeds(Outage(source="edge", missing=None))

    assert {Missing.STALE} == set(slice_(stale, EDGE, 1.0).values())
    assert Missing.STALE not in slice_(stale, EDGE, 2.0).values()
    assert {0.0} == set(slice_(dead, EDGE, 3.0).values())
    assert {Missing.STALE} == set(slice_(dead, EDGE, 4.0).values())
    assert silent.edge(EDGE, 0.0, 0.25) is None


def test_a_series_takes_the_place_of_the_world() -> None:
    """While it speaks the series' value is the reading."""
    key = ("edge", "errors", Colour.GREEN)
    made = feeds(series={key: (Series(start=1.0, interval=0.25, values=(7.0,)),)})

    assert [0.0, 7.0, 0.0] == [slice_(made, EDGE, start)["errors", Colour.GREEN] for start in (0.75, 1.0, 1.25)]


def test_a_series_of_a_count_has_the_interval_of_the_count() -> None:
    """The value takes the place of what was played, and what was counted is still of the time since the last poll."""
    (rule, *_) = SERVICE.rules
    counting = SequentialCount(
        events="restarts", limit=0.1, alpha=0.001, ride_out=3.0, interval=2.0, window=60.0, min_ratio=2.0
    )
    source = replace(HEALTH, name="host", kind="host")
    service = replace(SERVICE, rules=(replace(rule, source="host", condition=counting),), sources=(source,))
    key: tuple[str, str, Colour | None] = ("host", "restarts", Colour.GREEN)
    series = {key: (Series(start=2.0, interval=2.0, values=(3.0,)),)}
    made = Feeds(settings=service, world=World(service="app", first_stable=Colour.BLUE), series=series)
    made.other(source, 0.0, 0.0)
    observed = made.other(source, 2.0, 2.0)

    assert observed is not None
    assert {(Colour.BLUE, 0.0, (0.0, 2.0)), (Colour.GREEN, 3.0, (0.0, 2.0))} == {
        (each.colour, each.value, each.over) for each in observed.readings
    }


def test_health_readings() -> None:
    """A page that does not answer is down with its reason, and has taken no time that means anything."""
    observed = feeds().health(HEALTH, {Colour.BLUE: (Answer.UP, 0.1), Colour.GREEN: (Answer.TIMEOUT, 2.0)}, 1.0, 3.0)

    assert observed is not None
    assert {
        ("up", Colour.BLUE, 1.0, ""),
        ("seconds", Colour.BLUE, 0.1, ""),
        ("up", Colour.GREEN, 0.0, "timeout"),
        ("seconds", Colour.GREEN, Missing.TIMEOUT, "timeout"),
    } == {(each.signal, each.colour, each.value, each.detail) for each in observed.readings}

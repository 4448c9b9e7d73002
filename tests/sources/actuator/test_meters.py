"""Gauges and counts of a colour's servers."""

from collections.abc import Mapping

from watchdog.core.model import Missing
from watchdog.sources.actuator.answers import Metric, Said
from watchdog.sources.actuator.counts import Counting
from watchdog.sources.actuator.meters import Told, counts, gauges

POOL = Metric(name="pool", meter="pool.active", statistic="VALUE", across="sum")
BAD = Metric(name="bad", meter="requests", statistic="COUNT", tags=(("status", "500"),), counter=True)
ALL = Metric(name="all", meter="requests", statistic="COUNT", counter=True)
ZERO = Metric(name="bad", meter="requests", statistic="COUNT", counter=True, absent_is_zero=True)


def told(*, silent: Said | None = None, **values: float | Missing | None) -> Told:
    said = {name: None if value is None else Said(value, "why") for name, value in values.items()}
    return Told(values=said, silent=silent, started=1.0)


def counted(*polls: Mapping[str, Told], metrics: tuple[Metric, ...] = (BAD, ALL)) -> Mapping[str, Said]:
    counting = Counting()
    said: Mapping[str, Said] = {}
    for index, servers in enumerate(polls):
        counting, said = counts(counting, float(index), metrics, servers)
    return said


def test_gauges_are_put_together_as_told() -> None:
    """One that is not registered is empty, and says so."""
    assert {"pool": Said(5.0)} == gauges([POOL], {"a": told(pool=2.0), "b": told(pool=3.0)})
    assert {"pool": Said(Missing.EMPTY, "b: there is no pool.active (yet)")} == gauges(
        [POOL], {"a": told(pool=2.0), "b": told(pool=None)}
    )


def test_counts_have_their_interval() -> None:
    """Since the last poll that was taken up."""
    polls = ({"a": told(bad=1.0, all=10.0)}, {"a": told(bad=3.0, all=20.0)})

    assert {"bad": Said(2.0, "", 0.0), "all": Said(10.0, "", 0.0)} == counted(*polls)
    assert Said(Missing.EMPTY, "the first look: nothing to compare with yet") == counted(polls[0])["all"]


def test_a_server_without_an_answer_holds_all_counts_back() -> None:
    """So that bad and total speak of the same time; afterwards nothing is lost."""
    first = {"a": told(bad=1.0, all=10.0)}
    hung = {"a": told(bad=2.0, all=Missing.TIMEOUT, silent=Said(Missing.TIMEOUT, "timeout: no"))}
    then = {"a": told(bad=4.0, all=30.0)}

    assert {"bad": Said(Missing.TIMEOUT, "timeout: no"), "all": Said(Missing.TIMEOUT, "timeout: no")} == counted(
        first, hung
    )
    assert {"bad": Said(3.0, "", 0.0), "all": Said(20.0, "", 0.0)} == counted(first, hung, then)


def test_a_counter_that_is_not_registered_is_empty_or_zero_as_told() -> None:
    """Once it is, all of it counts; one server that has it is enough."""
    none = {"a": told(bad=None, all=10.0)}
    assert Said(Missing.EMPTY, "there is no requests with status:500 (yet)") == counted(none, none)["bad"]
    assert Said(0.0, "", 0.0) == counted(none, none, metrics=(ZERO, ALL))["bad"]
    assert Said(4.0, "", 1.0) == counted(none, none, {"a": told(bad=4.0, all=20.0)})["bad"]

    both = {"a": told(bad=None), "b": told(bad=2.0)}
    assert Said(2.0, "", 0.0) == counted({"a": told(bad=None), "b": told(bad=None)}, both, metrics=(BAD,))["bad"]


def test_a_counter_that_cannot_be_read_holds_no_other_back() -> None:
    """It says why."""
    first, then = {"a": told(bad=Missing.NAN, all=1.0)}, {"a": told(bad=Missing.NAN, all=3.0)}

    assert {"bad": Said(Missing.NAN, "why"), "all": Said(2.0, "", 0.0)} == counted(first, then)

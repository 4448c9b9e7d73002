"""The sheet on which a decision is drafted."""

import pytest

from tests.core.examples import SERVICE, SHOP, configured, edge, environment
from watchdog.core.draft import Draft
from watchdog.core.engine import evolve
from watchdog.core.events import TrafficSeen
from watchdog.core.records import Accepted
from watchdog.core.state import State


def test_state_and_records_are_kept_in_step() -> None:
    """The state is the fold of the records over the old one; numbers rise by one."""
    before = configured()
    draft = Draft(state=before, now=5.0)

    draft.emit(Accepted(command="a"))
    draft.emit(edge(5.0, (0.0, 1.0)))

    assert [before.seq + 1, before.seq + 2] == [record.seq for record in draft.records]
    assert {5.0} == {record.at for record in draft.records}
    folded = before
    for record in draft.records:
        folded = evolve(folded, record)
    assert folded == draft.state


def test_what_is_seen_outside_of_a_deployment_is_not_worth_keeping() -> None:
    """Observations, and what the router says."""
    draft = Draft(state=configured(), now=5.0)

    for body in (edge(5.0, (0.0, 1.0)), TrafficSeen(service=SHOP, split=None), Accepted(command="a")):
        draft.emit(body)

    assert [True, True, False] == [record.ephemeral for record in draft.records]


def test_an_effect_is_named_after_the_record_that_orders_it() -> None:
    """The service stands for a deployment that is not there."""
    draft = Draft(state=configured(), now=5.0)

    assert f"{SHOP}/{draft.state.seq + 1}/0" == draft.effect_id(SHOP)


def test_the_configuration_is_at_hand() -> None:
    """And its absence is a fault of the program."""
    draft = Draft(state=configured(), now=0.0)
    assert (SERVICE, environment()) == (draft.settings(SHOP), draft.environment)

    with pytest.raises(LookupError, match="shop has no deployment"):
        draft.under_way(SHOP)
    with pytest.raises(LookupError, match="nobody"):
        draft.settings("nobody")
    with pytest.raises(LookupError, match="no configuration"):
        _ = Draft(state=State(), now=0.0).environment

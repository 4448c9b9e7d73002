"""What the loop hands over comes back at the next start: on a real store."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.daemon.helpers import ClockFake, environment
from watchdog.core.engine import step
from watchdog.core.events import Configured, Event, Started, StopTheLine
from watchdog.core.state import State
from watchdog.daemon.keeper import Keeper, Stood, stood
from watchdog.daemon.loop import NotKeptError
from watchdog.journal.recovery import Recovered, recover
from watchdog.journal.store import Store


def kept(folder: Path, clock: ClockFake, *, checkpoint_after: int) -> State:
    """A short life: a checkpoint with the record of that index, and only records after it. The last state."""

    async def main() -> State:
        store = Store.open(folder, wall=clock.wall())
        keeper = Keeper(store, clock)
        state = State()
        events: list[Event] = [
            Configured(environment=environment(folder).environment),
            Started(),
            StopTheLine(id="c1", by="ada", because="audit"),
        ]
        for index, event in enumerate(events):
            clock.time += 1.0
            stepped = step(state, event, clock.time)
            state = stepped.state
            await keeper.durable(keeper.append(stepped.records, state if index == checkpoint_after else None))
        store.close()
        return state

    return asyncio.run(main())


def without_questions(state: State) -> State:
    services = {name: replace(service, waiting={}) for name, service in state.services.items()}
    return replace(state, services=services)


def come_back(folder: Path) -> Stood:
    store = Store.open(folder, wall=0.0)
    try:
        return stood(recover(store))
    finally:
        store.close()


@pytest.mark.parametrize("checkpoint_after", [0, 1, 2, 99])
def test_the_daemon_stands_where_it_stood(tmp_path: Path, checkpoint_after: int) -> None:
    """From the last checkpoint and the records after it, or from the records alone.

    All but the questions to the router, which are not kept: they are asked anew.
    """
    clock = ClockFake()
    state = kept(tmp_path, clock, checkpoint_after=checkpoint_after)
    began = come_back(tmp_path)

    assert without_questions(state) == without_questions(began.state)
    assert ("ada", "audit") == (began.state.stopped_by, began.state.stopped_because)
    assert clock.time == began.newest
    if checkpoint_after == 99:
        assert began.mark is None
    else:
        assert began.mark is not None
        assert ("boot", 1001.0 + checkpoint_after) == (began.mark.boot_id, began.mark.engine)


def test_the_first_start_begins_with_nothing(tmp_path: Path) -> None:
    """No state, no mark."""
    assert Stood(state=State(), mark=None, newest=0.0) == come_back(tmp_path)


def test_the_newest_record_is_not_older_than_the_checkpoint() -> None:
    """Without records it is the state's own time."""
    recovered = Recovered(checkpoint=None, records=(), messages=())

    assert 0.0 == stood(recovered).newest


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    """In the loop's own words, with the store's reason."""

    async def main() -> None:
        store = Store.open(tmp_path, wall=0.0)
        store.connection.execute("DROP TABLE records")
        clock = ClockFake()
        stepped = step(State(), Started(), clock.time)
        keeper = Keeper(store, clock)
        with pytest.raises(NotKeptError, match="no such table"):
            await keeper.durable(keeper.append(stepped.records, None))
        store.close()

    asyncio.run(main())

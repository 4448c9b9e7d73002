"""The moment at which the state is shown."""

from watchdog.control.moment import Moment


def test_an_instant_that_is_not_there_has_no_time() -> None:
    """Engine time becomes wall-clock time; nothing stays nothing."""
    moment = Moment(now=5.0, to_wall=lambda at: at + 1_000.0)

    assert (1_007.0, None) == (moment.wall(7.0), moment.wall(None))

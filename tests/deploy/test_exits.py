"""An error of the control client becomes an exit status and a sentence."""

import pytest

from watchdog.cli.options import EXIT_STATUSES
from watchdog.control.client import ControlError, DaemonError, ForbiddenError, NotRunningError, RefusedError
from watchdog.deploy import exits


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (NotRunningError("is not running"), 3, "is not running"),
        (DaemonError("did not answer in time"), 3, "did not answer in time"),
        (ForbiddenError("may not give orders"), 1, "may not give orders"),
        (RefusedError("there is no service"), 1, "there is no service"),
        (
            RefusedError("because_wanted", reason="because_wanted"),
            1,
            'a reason is wanted, for those who read the record. Add --because "..."',
        ),
    ],
)
def test_told(error: ControlError, status: int, sentence: str) -> None:
    """Refused and unreachable are different numbers; a refusal with a reason has its words and its way out."""
    assert (status, sentence) == exits.told(error, "osun-his")


def test_the_documented_numbers_are_the_real_ones() -> None:
    """What --help says of exit statuses is what the programs use."""
    for number, words in ((exits.DONE, "done"), (exits.REFUSED, "refused"), (exits.USAGE, "usage")):
        assert f"{number} {words}" in EXIT_STATUSES
    assert f"{exits.UNREACHABLE} the daemon is not reachable" in EXIT_STATUSES

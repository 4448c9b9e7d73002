"""The words of the core: values that are whole when they exist."""

import pytest

from tests.core.examples import BLUE, GREEN
from watchdog.core.model import Schema, Split


def test_the_other_colour_of_the_other_is_the_first() -> None:
    """There are two."""
    assert (GREEN, BLUE) == (BLUE.other, GREEN.other)


@pytest.mark.parametrize(
    ("schema", "works"),
    [(Schema.UNCHANGED, True), (Schema.COMPATIBLE, True), (Schema.INCOMPATIBLE, False), (Schema.UNKNOWN, False)],
)
def test_what_is_not_known_to_work_does_not(schema: Schema, works: bool) -> None:  # noqa: FBT001 - parameter
    """Stable works on a schema only by declaration."""
    assert works is schema.stable_works_on_it


@pytest.mark.parametrize(
    ("candidate", "weight", "promoted", "message"),
    [
        (BLUE, 0.5, False, "stable and candidate are both blue"),
        (GREEN, 1.1, False, r"weight 1\.1 is not a share"),
        (GREEN, -0.1, False, r"weight -0\.1 is not a share"),
        (GREEN, 0.5, True, "a promoted candidate has all traffic"),
    ],
)
def test_a_split_that_no_router_could_carry_out_does_not_exist(
    candidate: object,
    weight: float,
    promoted: bool,  # noqa: FBT001 - parameter
    message: str,
) -> None:
    """It is refused when it is made."""
    with pytest.raises(ValueError, match=message):
        Split(stable=BLUE, candidate=candidate, weight=weight, salt="", promoted=promoted)  # type: ignore[arg-type]  # colours

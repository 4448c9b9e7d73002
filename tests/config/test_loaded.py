from tests.config.helpers import GOOD
from watchdog.config.load import load
from watchdog.config.units import Duration


def test_entries_are_found_by_name() -> None:
    """Section by section, as models with their defaults."""
    sections = load(str(GOOD)).sections

    assert ["edge", "health"] == list(sections.sources)
    assert ["errors", "health", "lag"] == list(sections.rules)
    assert Duration(10.0) == sections.services["app"].divert_for

"""docs/cli.md says what the programs do."""

import re
from pathlib import Path

from watchdog.cli.manual import text

DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_document_is_the_help_of_the_programs() -> None:
    """`python -m watchdog.cli.manual docs/cli.md` writes it anew."""
    assert text() == DOCUMENT.read_text()


def test_every_command_has_its_section() -> None:
    """Also those below `nginx`, the scenario tests with their own arguments, and the driver's."""
    sections = re.findall(r"^### `(.+)`$", text(), re.MULTILINE)

    assert {"rollback-watchdog nginx show", "rollback-watchdog test", "rollback-watchdog status"} <= set(sections)
    assert ["rollback-deploy run", "rollback-deploy follow"] == sections[-2:]
    assert "--only WORD" in text()

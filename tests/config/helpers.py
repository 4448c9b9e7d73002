"""Environments for these tests: the good file with something changed."""

from pathlib import Path

from watchdog.config.adapters import Compiled
from watchdog.config.compile import compile_
from watchdog.config.load import load
from watchdog.config.loaded import Loaded

HERE = Path(__file__).parent
GOOD = HERE / "good.yml"
RULES = HERE.parents[1] / "rules"


def changed(folder: Path, text: str) -> Loaded:
    """The good file with `text` merged over it."""
    path = folder / "changed.yml"
    path.write_text(f"include: [{GOOD}]\n{text}")
    return load(str(path))


def compiled(folder: Path, text: str) -> Compiled:
    """As `changed`, compiled."""
    return compile_(changed(folder, text))

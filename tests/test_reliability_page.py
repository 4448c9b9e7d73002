"""docs/reliability.md: every test that it names is there, and every fault test has a row."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent
PAGE = TESTS.parent / "docs" / "reliability.md"
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def named() -> set[tuple[str, str]]:
    """The tests that the page names: file below tests/, function."""
    return {(path, name) for path, name in NAMED.findall(PAGE.read_text())}


def functions(path: Path) -> set[str]:
    """The test functions of a file; none when it is not there."""
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text())
    return {
        each.name
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test_")
    }


def test_every_test_that_the_page_names_is_there() -> None:
    """A promise whose test went would be an empty one."""
    assert [] == sorted(f"{path}::{name}" for path, name in named() if name not in functions(TESTS / path))


def test_every_fault_test_has_a_row() -> None:
    """What is proved is told to operators."""
    faults = TESTS / "acceptance" / "faults"
    known = {
        (str(path.relative_to(TESTS)), name) for path in sorted(faults.glob("test_*.py")) for name in functions(path)
    }

    assert len(known) > 50
    assert [] == sorted(f"{path}::{name}" for path, name in known - named())


def test_every_row_names_a_test() -> None:
    """No promise without proof."""
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and "| --- |" not in line]
    tables = [line for line in rows if not line.startswith("| Fault |")]

    assert len(tables) > 80
    assert [] == [line.split("|")[1].strip() for line in tables if not NAMED.search(line)]

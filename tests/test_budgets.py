"""The shape budgets. They keep a module readable in one sitting; ruff holds the complexity (C901) beside them."""

import ast
import statistics
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULE_LINES_SOFT = 300  # over it: the report names the module
MODULE_LINES_HARD = 500
FUNCTION_LINES_P90 = 35
FUNCTION_LINES_HARD = 60
COMPLEXITY = 10
PATCHING = frozenset({"patch", "monkeypatch", "mock", "mocker"})


def modules() -> list[Path]:
    return sorted((ROOT / "watchdog").rglob("*.py"))


def functions() -> Iterator[tuple[str, int]]:
    """Every function, by place, and its lines without decorators and docstring."""
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", function_lines(node)


def function_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def names(source: str) -> set[str]:
    """Every name a source mentions: variables, attributes, arguments, imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                found.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                found.update(part for alias in aliases for part in alias.name.split("."))
                found.update((getattr(node, "module", None) or "").split("."))
    return found


def test_no_module_is_over_the_hard_limit() -> None:
    """No module has more than 500 lines."""
    sizes = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules()}

    assert {} == {path: lines for path, lines in sizes.items() if lines > MODULE_LINES_HARD}


def test_modules_over_the_soft_limit_are_reported() -> None:
    """A module of more than 300 lines is named in the report: split it when you next change it."""
    sizes = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules()}
    large = {path: lines for path, lines in sizes.items() if lines > MODULE_LINES_SOFT}
    if large:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.warn(f"over {MODULE_LINES_SOFT} lines: {large}", stacklevel=1)


def test_no_function_is_over_the_hard_limit() -> None:
    """No function has more than 60 lines."""
    assert [] == [(place, lines) for place, lines in functions() if lines > FUNCTION_LINES_HARD]


def test_nine_of_ten_functions_are_short() -> None:
    """The 90th percentile of the functions' lengths is at most 35 lines."""
    lengths = [lines for _, lines in functions()]

    assert len(lengths) < 2 or statistics.quantiles(lengths, n=10)[-1] <= FUNCTION_LINES_P90


def test_ruff_holds_the_complexity() -> None:
    """The complexity check is on, at 10, and no file is exempt."""
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    ignored = [*lint["ignore"], *(code for codes in lint["per-file-ignores"].values() for code in codes)]

    assert ["ALL"] == lint["select"]
    assert COMPLEXITY == lint["mccabe"]["max-complexity"]
    assert [] == [code for code in ignored if "C901".startswith(code)]


def test_core_tests_patch_nothing() -> None:
    """The core is tested through its values: no test of it patches anything."""
    found = {
        str(path.relative_to(ROOT)): sorted(names(path.read_text()) & PATCHING)
        for path in (ROOT / "tests" / "core").rglob("*.py")
    }

    assert {} == {path: patching for path, patching in found.items() if patching}


def test_the_search_for_patching_finds_it() -> None:
    """A fixture argument, an import and a call are all found."""
    source = "from unittest.mock import patch as p\ndef test_x(monkeypatch): p('a.b')\n"

    assert {"mock", "patch", "monkeypatch"} == names(source) & PATCHING

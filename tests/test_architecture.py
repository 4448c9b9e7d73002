"""What import-linter cannot say: the core's imports are a closed list, and they stay closed at run time."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import watchdog

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "watchdog" / "core"

# The standard library's value tools: nothing here knows the time, a file, a socket, a log, a thread or chance.
VALUE_TOOLS = frozenset(
    {
        "__future__",
        "abc",
        "bisect",
        "collections",
        "copy",
        "dataclasses",
        "decimal",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "heapq",
        "itertools",
        "json",
        "math",
        "operator",
        "re",
        "statistics",
        "string",
        "types",
        "typing",
    }
)
IMPURE_CALLS = frozenset({"open", "print", "input", "eval", "exec", "__import__", "breakpoint"})


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def foreign(source: str) -> list[str]:
    """The imports that a core module may not have."""
    return sorted(
        name
        for name in imported(source)
        if name.split(".")[0] not in VALUE_TOOLS and not f"{name}.".startswith("watchdog.core.")
    )


def impure(source: str) -> list[str]:
    calls = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return sorted(call.id for call in calls if isinstance(call, ast.Name) and call.id in IMPURE_CALLS)


def test_the_search_finds_what_it_looks_for() -> None:
    """A relative import, a third-party package, a lazy import in a function and another layer are all found."""
    source = "import math, yaml\nfrom . import x\nfrom watchdog.config import load\ndef f():\n    import time\n"

    assert [".", "time", "watchdog.config", "yaml"] == foreign(source)
    assert ["open"] == impure("def f():\n    return open('x')\n")


def test_core_imports_value_tools_and_itself_only() -> None:
    """A core module imports nothing but the listed value tools and other core modules."""
    found = {str(path.relative_to(ROOT)): foreign(path.read_text()) for path in CORE.rglob("*.py")}

    assert {} == {path: names for path, names in found.items() if names}


def test_core_performs_nothing() -> None:
    """A core module calls no built-in that reads, writes, asks or evaluates."""
    found = {str(path.relative_to(ROOT)): impure(path.read_text()) for path in CORE.rglob("*.py")}

    assert {} == {path: names for path, names in found.items() if names}


def test_core_is_importable_with_nothing_third_party() -> None:
    """Every core module imports in an interpreter that has no site-packages."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in CORE.rglob("*.py")
    ]
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + "".join(f"import {name}\n" for name in modules)

    # -I: no environment, no current folder; -S: no site-packages.
    result = subprocess.run([sys.executable, "-I", "-S", "-c", program], check=False, capture_output=True, text=True)

    assert (0, "") == (result.returncode, result.stderr)


def test_the_package_is_ours() -> None:
    """The file-system library of the same import name is not in the environment."""
    assert ROOT / "watchdog" / "__init__.py" == Path(watchdog.__file__).resolve()

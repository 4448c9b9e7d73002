"""The dispatcher: `python -m simulations.bench NAME [...]` runs `NAME.py` of this folder; without a name it lists all.

What lives here: finding a benchmark by its module's name. What must not: any measuring. A benchmark is a module with a
docstring, whose first line says what it measures, and `main(argv) -> exit status`; its last line on stdout is one JSON
object.
"""

import ast
import importlib
import sys
from pathlib import Path

from simulations.lab.processes import LabError

FOLDER = Path(__file__).parent

_USAGE = 2
_FAILED = 3


def benchmarks() -> dict[str, str]:
    """Every benchmark's name and first line, without importing it."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        tree = ast.parse(path.read_text())
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body) and not _private(path):
            found[path.stem] = (ast.get_docstring(tree) or "(undocumented)").splitlines()[0]
    return found


def _private(path: Path) -> bool:
    return path.stem.startswith("_")


def main(argv: list[str]) -> int:
    """The benchmark's exit status; 2 for a name that is not there, 3 when the laboratory could not be built."""
    known = benchmarks()
    if not argv or argv[0] not in known:
        stream = sys.stderr if argv else sys.stdout
        if argv:
            print(f"{argv[0]!r} is not a benchmark", file=stream)
        print("script/bench NAME [--quick] [...]; NAME --help tells more\n", file=stream)
        width = max(map(len, known))
        for name, line in known.items():
            print(f"  {name:<{width}}  {line}", file=stream)
        return _USAGE if argv else 0
    try:
        status: int = importlib.import_module(f"simulations.bench.{argv[0]}").main(argv[1:])
    except LabError as error:
        print(f"{argv[0]}: {error}", file=sys.stderr)
        return _FAILED
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

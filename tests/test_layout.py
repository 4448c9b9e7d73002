"""The layout: the tests mirror the source, the map in the docs is true, and nothing of one machine is in the files."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "watchdog"
TESTS = ROOT / "tests"
NO_MIRROR = frozenset({"acceptance", "contract", "rules", "simulations"})
MAP = ROOT / "docs" / "architecture.md"


def holds_code(path: Path) -> bool:
    """A module of docstrings, imports and `__all__` holds no code."""
    statements = ast.parse(path.read_text()).body
    return any(not isinstance(node, ast.Expr | ast.Import | ast.ImportFrom) for node in statements)


def mirrors(module: Path) -> list[Path]:
    """Where the tests of `a/b.py` may be: in `a/test_b.py`; below a sub-package `a/c/` also all in `a/test_c.py`."""
    folder, stem = module.parent, module.stem
    places = [TESTS / folder / f"test_{stem}.py"]
    if len(folder.parts) > 1:
        places.append(TESTS / folder.parent / f"test_{folder.name}.py")
    return places


def mirrored(test: Path) -> list[Path]:
    """What `a/test_b.py` may be about: the module `a/b.py` or the sub-package `a/b/`."""
    stem = test.stem.removeprefix("test_")
    return [PACKAGE / test.parent / f"{stem}.py", PACKAGE / test.parent / stem / "__init__.py"]


def tracked() -> list[Path]:
    """The files of the project: what git tracks or would add. Without git nobody knows which those are."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


def test_every_module_has_its_tests() -> None:
    """A module that holds code has a test file at the same place in the mirror."""
    modules = [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py" and holds_code(path)]
    relative = [path.relative_to(PACKAGE) for path in modules]

    assert [] == sorted(str(module) for module in relative if not any(path.exists() for path in mirrors(module)))


def test_every_test_file_has_its_module() -> None:
    """A test file in the mirror belongs to a module or sub-package that exists."""
    tests = [path.relative_to(TESTS) for path in TESTS.rglob("test_*.py") if path.parent != TESTS]

    assert [] == sorted(
        str(test)
        for test in tests
        if test.parts[0] not in NO_MIRROR and not any(path.exists() for path in mirrored(test))
    )


def test_every_folder_of_code_is_a_package() -> None:
    """No folder with Python files lacks its `__init__.py`: it would be skipped in silence."""
    folders = {path.parent for top in (PACKAGE, TESTS) for path in top.rglob("*.py")}

    assert [] == sorted(str(folder) for folder in folders if not (folder / "__init__.py").exists())


def resolves(name: str) -> bool:
    """A path of the map exists below the root or below `watchdog/`; a dotted name leads to a module, perhaps in it."""
    if name.startswith("watchdog."):
        parts = name.split(".")
        found = [ROOT.joinpath(*parts), ROOT.joinpath(*parts[:-1])]
        return any(path.is_dir() or path.with_suffix(".py").exists() for path in found)
    return any((top / name).exists() for top in (ROOT, PACKAGE))


def names_in(text: str) -> list[str]:
    """What the map names in code quotes: paths (`core/engine.py`, `daemon/`) and modules (`watchdog.core.engine`)."""
    quoted = re.findall(r"`([^`\s]+)`", text)
    path = re.compile(r"(?!/)[\w.*-]+(/[\w.-]+)*(/|\.(py|md|toml|sh|ya?ml|html))")
    module = re.compile(r"watchdog(\.\w+)+")
    return [name for name in quoted if path.fullmatch(name) or module.fullmatch(name)]


def test_the_map_names_only_what_exists() -> None:
    """Every module and path that docs/architecture.md names is there."""
    assert [] == [name for name in names_in(MAP.read_text()) if not resolves(name)]


def test_the_search_in_the_map_finds_names() -> None:
    """Paths and modules are found, other quoted words are not, and a name that leads nowhere does not resolve."""
    text = "`core/nowhere.py` `core/` `watchdog.nowhere.engine` `watchdog.core` `decide` `/etc/nginx/` `a b.py`"

    assert ["core/nowhere.py", "core/", "watchdog.nowhere.engine", "watchdog.core"] == names_in(text)
    assert [False, True, False, True] == [resolves(name) for name in names_in(text)]


# Put together here, so that this file does not contain what it looks for.
OF_ONE_MACHINE = {
    "a registry host": "|".join(
        ["pypi" + r"\.org", "python" + r"hosted\.org", "crates" + r"\.io", "proxy" + r"\.golang"]
    ),
    "an index address": "|".join(["--(extra-)?index" + "-url", "--find" + "-links", "file" + ":///(opt|srv|tmp)"]),
    "a path of one machine": r"(?<![\w.])/" + r"(root/\.?\w|work/|home/\w|opt/(wheels|pypi))",
}


def test_nothing_of_one_machine_is_in_the_files() -> None:
    """No file of the project contains a registry host, an index address or a path of the machine it was written on."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: {what}"
        for path in tracked()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        for what, pattern in OF_ONE_MACHINE.items()
        if re.search(pattern, line)
    ]

    assert [] == found


def test_the_readme_names_the_debian_packages() -> None:
    """README.md shows the packages that script/setup installs, in the same order."""
    found = re.search(r'^DEBIAN_PACKAGES="(.+)"$', (ROOT / "script" / "setup").read_text(), re.MULTILINE)

    assert found
    assert found[1] in " ".join((ROOT / "README.md").read_text().split())

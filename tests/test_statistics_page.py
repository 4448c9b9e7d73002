"""docs/statistics.md: its commands exist, its pictures are there, and its tables are what the rules say."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from simulations.bench.__main__ import benchmarks
from tests.text.views import NOW, ZONE, ratio
from watchdog.core.rules.bounds import lower_bound
from watchdog.text import rules
from watchdog.text.quantities import number, percent

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "statistics.md"
PICTURES = ROOT / "docs" / "pictures"
TEXT = PAGE.read_text()
LARGEST_PICTURE = 60_000

COMMAND = re.compile(r"(?:^ {4}|`)((?:rollback-watchdog|script/bench|\.venv/bin/python) [^`#\n]*)", re.MULTILINE)


@pytest.fixture(scope="module")
def figures() -> ModuleType:
    """The script that prints the page's figures."""
    spec = importlib.util.spec_from_file_location("figures_of_the_page", PICTURES / "figures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def commands(text: str) -> list[list[str]]:
    """What the page tells to type, in words."""
    return [found.split() for found in COMMAND.findall(text)]


def unknown(words: list[str]) -> str:
    """What of a command does not exist; empty when all of it does."""
    program, name, *rest = words
    if program == "script/bench":
        return "" if name in benchmarks() else name
    if program == ".venv/bin/python":
        return _no_program(rest[0] if name == "-m" else name)
    usage = re.search(
        rf"^### `rollback-watchdog {name}`$(.*?)^##", (ROOT / "docs" / "cli.md").read_text(), re.MULTILINE | re.DOTALL
    )
    if usage is None:
        return name
    return next((word for word in rest if word.startswith("--") and word not in usage[1]), "")


def _no_program(name: str) -> str:
    module = ROOT / f"{name.replace('.', '/')}.py"
    return "" if (ROOT / name).is_file() or module.is_file() else name


def table(text: str, head: str) -> list[list[str]]:
    """The cells of the table below the line that begins so."""
    lines = text[text.index(f"| {head} |") :].splitlines()
    rows = []
    for line in lines[2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_every_command_of_the_page_exists() -> None:
    """Programs, benchmarks, their subcommands and options, scripts and modules."""
    assert [] == [(words, missing) for words in commands(TEXT) if (missing := unknown(words))]


def test_the_search_finds_commands_and_what_is_wrong_with_them() -> None:
    """In code blocks and in quotes; a wrong subcommand, option, benchmark, script or module is told."""
    text = (
        "    rollback-watchdog check FILE --trafic 3   # no\n`rollback-watchdog chek FILE` `script/bench nothing`\n"
        "`.venv/bin/python -m tests.nothing` and `.venv/bin/python docs/nothing.py` and `script/bench statistics`\n"
    )
    wrong = [unknown(words) for words in commands(text)]

    assert ["--trafic", "chek", "nothing", "tests.nothing", "docs/nothing.py", ""] == wrong
    assert len(commands(TEXT)) > 6


def test_every_picture_is_shown_and_every_shown_one_is_there() -> None:
    """The page shows the folder's pictures, each with a text for those who cannot see it."""
    shown = re.findall(r"!\[([^]]+)\]\((\S+)\)", TEXT)

    assert {f"pictures/{path.name}" for path in PICTURES.glob("*.svg")} == {name for _, name in shown}
    assert [] == [name for told, name in shown if len(told) < 40]


@pytest.mark.parametrize("name", ["delay.svg", "mistakes.svg"])
def test_a_picture_is_small_readable_text_and_says_nothing_of_its_making(name: str) -> None:
    """Text is text, the ground is white (so dark pages can show it), and there is no date, path or program in it."""
    picture = (PICTURES / name).read_text()

    assert len(picture) < LARGEST_PICTURE
    assert ">requests/s on the candidate</text>" in picture
    assert 'style="fill: #ffffff"' in picture
    assert [] == re.findall(r"<metadata|dc:date|matplotlib v|/tmp|/home|20\d\d-\d\d-\d\d", picture, re.IGNORECASE)


def test_every_link_of_the_page_leads_somewhere() -> None:
    """Pages, folders and code."""
    links = re.findall(r"\]\(([^)#]+)", TEXT) + [
        f"../{name}" for name in re.findall(r"`((?:watchdog|simulations)/\S+)`", TEXT)
    ]

    assert [] == [link for link in links if not (PAGE.parent / link).exists()]


def test_the_table_of_delays_is_what_check_estimates(figures: ModuleType) -> None:
    """Every cell."""
    made = [
        [number(rate), *(figures.told(figures.delay(figures.SLICES, rate, share)) for share in figures.SHARES)]
        for rate in figures.RATES
    ]

    assert made == table(TEXT, "requests/s")


def test_the_table_of_choices_is_what_check_estimates(figures: ModuleType) -> None:
    """Every cell."""
    made = [
        [name, *(figures.told(figures.delay(choice, 10.0, share)) for share in figures.SHARES)]
        for name, choice in figures.CHOICES.items()
    ]

    assert made == table(TEXT, "choice")


def test_what_is_said_of_keys_in_words(figures: ModuleType) -> None:
    """`min_effect: 6%` and `alpha` of 1 %."""
    small = figures.replace(figures.SLICES, min_effect=0.06)
    lax = figures.replace(figures.SLICES, alpha=0.01)
    words = " ".join(TEXT.split())

    assert f"finds 6 % in {figures.told(figures.delay(small, 100.0, 0.06))} at 100/s" in words
    assert f"and in {figures.told(figures.delay(small, 1000.0, 0.06))} at 1,000/s" in words
    assert figures.NEVER == figures.told(figures.delay(small, 3.0, 0.06))
    typical = [figures.told(figures.delay(each, 10.0, 0.2)).split(" / ")[0] for each in (lax, figures.SLICES)]
    assert f"finds 20 % at 10/s in {typical[0]} in place of {typical[1]}" in words


def test_the_table_of_rows_is_exact(figures: ModuleType) -> None:
    """Every cell; and the formula counts what a list of all outcomes counts."""
    made = [[str(fall), *(percent(figures.flaky(fall, flake)) for flake in figures.FLAKES)] for fall in figures.FALLS]
    outcomes = [f"{number:08b}" for number in range(2**8)]
    listed = sum(0.3 ** row.count("1") * 0.7 ** row.count("0") for row in outcomes if "111" in row)

    assert made == table(TEXT, "fall")
    assert pytest.approx(listed) == figures.flaky(3, 0.3, 8)


def test_the_message_is_the_programs_own() -> None:
    """Word by word, with the bound that the counts have."""
    told = rules.evidence(
        ratio(level="firing", onset=NOW - 4, bad=46.0, total=210.0, other_bad=17.0, other_total=1890.0),
        at_least=lower_bound(46, 210, 0.001),
        zone=ZONE,
        now=NOW,
    )

    assert re.sub(r"\d\d:\d\d:\d\d", "12:03:20", told) in TEXT


def test_the_figures_of_windows_are_made_of_the_rules(figures: ModuleType) -> None:
    """A handful: at one request per second a minute's share breaks most healthy half hours, and ours none."""
    found = figures.rolled_back("even", 1.0, 8)

    assert found["rate[1m] > 5%"] > 2
    assert 0 == found[figures.OURS] == found[figures.BETTING] == figures.on_slices("even", 1.0, 1)
    assert (0, 0) == figures.in_bunches(figures.SLICES, 1, 10.0, 1)
    delays = figures.found_after(100.0, 0.5, 2)
    assert max(delays[figures.OURS]) < min(delays["rate[1m] > 5%, for 15s"])


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_table_of_windows_is_what_the_script_counts(figures: ModuleType) -> None:
    """The healthy half hours of every rule that the page shows, all 400 of them."""
    shown = {
        cells[0].strip("`"): cells[1:5] for cells in table(TEXT, "rule | 0.1/s | 1/s | 10/s | 100/s | found at 1/s")
    }
    made: dict[str, list[str]] = {name: [] for name in shown}
    for rate in figures.WINDOW_RATES[:4]:
        found = figures.rolled_back("even", rate, figures.WINDOWS)
        for name, cells in made.items():
            cells.append(percent(found[name] / figures.WINDOWS) if found[name] else "0")

    assert made == shown

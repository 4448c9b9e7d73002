"""Small scenario files for the tests of the replay package."""

from pathlib import Path

from watchdog.replay.files import Ready, load

ROOT = Path(__file__).resolve().parents[2]

BAD_AT_20 = """
    says: Everything fails.
    lasts: 40s
    events: [{at: 5s, deploy: {}}]
    faults: [{from: 20s, errors: 100%}]
"""


def write(folder: Path, *scenarios: str) -> str:
    """A file with these scenarios, each its name and keys, under the demonstration's rules."""
    path = folder / "story.test.yml"
    text = "".join(f"  {scenario.strip()}\n" for scenario in scenarios)
    path.write_text(f"environment: {ROOT / 'rules' / 'demo.yml'}\nscenarios:\n{text}")
    return str(path)


def ready(folder: Path, keys: str) -> Ready:
    """One scenario named `one` with these keys."""
    (found,) = load(write(folder, f"one:\n{keys}"))
    return found

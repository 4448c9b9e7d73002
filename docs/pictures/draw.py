"""Draws the pictures of docs/statistics.md from the rules themselves, with fixed seeds; takes some minutes.

    .venv/bin/python -m pip install 'matplotlib>=3.9'      # the extra `docs`; better into a .venv of its own
    .venv/bin/python docs/pictures/draw.py

What lives here: drawing. What must not: computing (`figures.py`).
"""

import math
from pathlib import Path
from typing import Any, Final

import figures
import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter, NullLocator

from simulations.bench.statistics import ALPHA, SLICES, limit_s
from watchdog.core.outlook.values import LEVEL_1_S
from watchdog.text.quantities import duration, number, percent

FOLDER: Final = Path(__file__).parent

STYLE: Final = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "rollback-watchdog",  # the same file from the same figures
    "font.family": "sans-serif",
    "font.size": 11,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "lines.linewidth": 2.0,
}
NO_METADATA: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))

FAULTS: Final = {1.0: "#7f2704", 0.5: "#d94801", 0.2: "#3f78b4", 0.1: "#08306b"}
STEPS: Final = 64
"""Points of a curve."""

WINDOWS: Final = 2000
HALF_HOURS: Final = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
RULES: Final = {
    "rate[1m] > 5%": "#d94801",
    "rate[1m] > 5%, for 15s": "#8c510a",
    "rate[5m] > 5%": "#e7a02f",
    "rate[1m] > 5%, min 20": "#9970ab",
    "Wilson 99.9 of 1m": "#5aae61",
}
OURS: Final = "#08306b"
SURE_95: Final = 3.0
"""None of n: with 95 % confidence the share is below 3/n."""


def delays(axes: Any) -> None:
    """From a fault to the proof."""
    rates = [10.0 ** (-1.0 + 4.0 * i / (STEPS - 1)) for i in range(STEPS)]
    for share, colour in FAULTS.items():
        found = [(rate, figures.delay(SLICES, rate, share).typical) for rate in rates]
        axes.plot(
            *zip(*((rate, at) for rate, at in found if math.isfinite(at)), strict=True),
            color=colour,
            label=f"{percent(share)} of requests fail",
        )
        axes.plot(rates, [limit_s(rate, share) for rate in rates], color=colour, linestyle=":", linewidth=1.3)
    axes.plot([], [], color="#555555", linestyle=":", linewidth=1.3, label="no rule can be faster")
    axes.axhline(LEVEL_1_S, color="#222222", linestyle="--", linewidth=1.2)
    axes.text(1000.0, LEVEL_1_S * 1.12, f"{LEVEL_1_S:.0f} s", ha="right", color="#222222")
    axes.set(xlim=(0.1, 1000.0), ylim=(0.3, 1800.0), ylabel="mean time from the fault to the decision")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda at, _: duration(at)))
    axes.set_yticks([0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0])
    axes.legend(frameon=False, loc="upper right")


def mistakes(axes: Any) -> None:
    """Healthy half hours that are rolled back."""
    counted = {rate: figures.rolled_back("even", rate, WINDOWS) for rate in HALF_HOURS}
    for name, colour in RULES.items():
        points = [(rate, found[name] / WINDOWS) for rate, found in counted.items() if found[name]]
        axes.plot(*zip(*points, strict=True), color=colour, marker="o", markersize=4, label=name)
    if any(found[figures.OURS] for found in counted.values()):
        raise SystemExit("the rule fired on a healthy release: this picture, which shows a bound, would be wrong")
    bound = SURE_95 / WINDOWS
    axes.plot(HALF_HOURS, [bound] * len(HALF_HOURS), color=OURS, marker="v", markersize=6, label=figures.OURS)
    said = f"0 of {WINDOWS:,} at each: below {100.0 * bound:.2f} %"
    axes.text(1000.0, bound * 1.25, said, ha="right", color=OURS)
    axes.axhline(ALPHA, color=OURS, linestyle="--", linewidth=1.2)
    axes.text(0.11, ALPHA * 0.72, f"promised: at most {percent(ALPHA)}", color=OURS, va="center")
    axes.set(xlim=(0.09, 1100.0), ylim=(0.0004, 1.2), ylabel="healthy half hours rolled back")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))
    axes.set_yticks([0.001, 0.01, 0.1, 1.0])
    axes.legend(frameon=False, loc="upper right")


def draw(name: str, title: str, plot: Any) -> None:
    """One picture into this folder."""
    figure, axes = plt.subplots(figsize=(8.0, 5.0), layout="constrained")
    axes.set_xscale("log")
    axes.set_yscale("log")
    plot(axes)
    axes.set_title(title, loc="left", fontsize=12)
    axes.set_xlabel("requests/s on the candidate")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda rate, _: number(rate)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    figure.savefig(FOLDER / name, metadata=NO_METADATA)


def main() -> None:
    """Both."""
    mpl.use("svg")
    with mpl.rc_context(STYLE):
        draw("delay.svg", "How long a fault lasts until it is proved: limit 5 %, access log", delays)
        draw("mistakes.svg", "A release that fails 1 %, limit 5 %: how often a rule rolls it back", mistakes)


if __name__ == "__main__":
    main()

"""Pictures as SVG text: lines over an axis, and bars. No script, no style from outside, no font but the reader's.

Each line has its own dashes beside its colour, each bar its value in words: colour is never the only sign. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH: Final = 760
HEIGHT: Final = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 30, 34, 44
_COLOURS: Final = ("#2563a8", "#b4531a", "#3f7d3a", "#7b3fa0", "#80701c")
_DASHES: Final = ("", "7 4", "2 3", "9 3 2 3", "4 2")
MAX_POINTS: Final = 2000
"""More would be drawn on the same pixels: every so many-th is taken."""


@dataclass(frozen=True, slots=True)
class Line:
    """Points from left to right."""

    name: str
    points: Sequence[tuple[float, float]]


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round values from `low` to `high`."""
    if high <= low:
        return [low]
    rough = (high - low) / wanted
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(one * size for one in (1, 2, 2.5, 5, 10) if one * size >= rough)
    first = math.ceil(low / step - 1e-9)
    return [step * at for at in range(first, math.floor(high / step + 1e-9) + 1)]


def short(value: float) -> str:
    """1.5 M, 20 k, 0.25."""
    for size, letter in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def lines(title: str, lines: Sequence[Line], x_name: str, y_name: str, *, x_labels: Sequence[str] = ()) -> str:
    """A picture of lines; the vertical axis begins at zero. `x_labels` stand at 0, 1, 2 … in place of numbers."""
    every = [point for line in lines for point in line.points]
    if not every:
        return _frame(title, f'<text x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">nothing measured</text>')
    x_low, x_high = min(x for x, _ in every), max(x for x, _ in every)
    y_high = max(max(y for _, y in every), 1e-9) * 1.05
    x_span = (x_high - x_low) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        across = _LEFT + (x - x_low) / x_span * (WIDTH - _LEFT - _RIGHT)
        return across, HEIGHT - _BOTTOM - y / y_high * (HEIGHT - _TOP - _BOTTOM)

    parts = []
    for value in ticks(0, y_high):
        _, y = place(x_low, value)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{short(value)}</text>'
        )
    marks = [(float(at), label) for at, label in enumerate(x_labels)]
    for value, label in marks or [(one, short(one)) for one in ticks(x_low, x_high, 8)]:
        x, _ = place(value, 0)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - _BOTTOM + 16}" text-anchor="middle">{escape(label)}</text>')
    for at, line in enumerate(lines):
        step = max(len(line.points) // MAX_POINTS, 1)
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line.points[::step]))
        style = f'stroke="{_COLOURS[at % len(_COLOURS)]}" stroke-dasharray="{_DASHES[at % len(_DASHES)]}"'
        key = WIDTH - _RIGHT - 150 * (len(lines) - at)
        parts.append(
            f'<polyline class="line" {style} points="{drawn}"/>'
            f'<line class="line" {style} x1="{key}" x2="{key + 26}" y1="20" y2="20"/>'
            f'<text x="{key + 32}" y="24">{escape(line.name)}</text>'
        )
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_name)}</text>')
    parts.append(f'<text x="6" y="20">{escape(y_name)}</text>')
    return _frame(title, "".join(parts))


def bars(title: str, values: Sequence[tuple[str, float]], unit: str) -> str:
    """A picture of bars lying one below the other, each with its name and value."""
    height = _TOP + 26 * len(values) + 12
    highest = max((value for _, value in values), default=0.0) or 1.0
    room = WIDTH - 330
    parts = []
    for at, (name, value) in enumerate(values):
        y = _TOP + 26 * at
        parts.append(
            f'<text x="190" y="{y + 14}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="198" y="{y}" width="{max(value, 0) / highest * room:.1f}" height="18" fill="{_COLOURS[0]}"/>'
            f'<text x="{204 + max(value, 0) / highest * room:.1f}" y="{y + 14}">{short(value)} {escape(unit)}</text>'
        )
    return _frame(title, "".join(parts), height)


def _frame(title: str, inside: str, height: int = HEIGHT) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>{inside}</svg>'
    )

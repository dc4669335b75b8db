"""Results as one HTML page: pictures drawn here, each with a table that says the same, and what was measured where.

The page stands alone: no script, nothing from a network, and it says SIMULATION. Pure.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from html import escape
from math import log10
from typing import Any, Final

from lab.bench import svg
from lab.bench.result import rows
from lab.output import BANNER

MIB: Final = 1 << 20
_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
.simulation { border: 2px solid; padding: .4rem .8rem; font-weight: bold; }
table { border-collapse: collapse; margin: .6rem 0; }
th, td { border-bottom: 1px solid #8886; padding: .15rem .7rem .15rem 0; text-align: left; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: currentColor; }
svg .grid { stroke: #8885; } svg .line { fill: none; stroke-width: 2; }
details { margin: 0 0 1.2rem; }
"""
TABLE_ROWS: Final = 60
"""A table beside a picture has at most so many rows; where there are more, every so many-th."""


def page(results: Sequence[Mapping[str, Any]]) -> str:
    """Of results of runs and of searches."""
    parts = [_search(one) if "search" in one else _run(one) for one in results]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width">'
        f"<title>SIMULATION: benchmark</title><style>{_STYLE}</style></head><body>"
        f'<p class="simulation">{escape(BANNER)}</p><h1>Benchmark</h1>{"".join(parts)}</body></html>\n'
    )


def _run(result: Mapping[str, Any]) -> str:
    parts = [f"<h2>{escape(result['profile'])}</h2>", _table(("", ""), rows(result))]
    series = result.get("series", {}).get("rows", [])
    if len(series) > 1:
        parts.append(_throughput(series, durable_known=result["acknowledged"] is not None))
        if result["acknowledged"] is not None:
            parts.append(_waiting(series))
    if result.get("latency_curve_ms"):
        parts.append(_latency(result))
    parts.append(_costs(result))
    if len(series) > 1 and series[0][4] is not None:
        memory = [(row[0], row[4] / MIB) for row in series if row[4] is not None]
        picture = svg.lines("Memory of the collector", [svg.Line("resident", memory)], "seconds", "MiB")
        parts.append(_picture("Memory", picture, ("seconds", "MiB resident"), [(x, round(y, 1)) for x, y in memory]))
    parts.append(_card(result))
    return "".join(parts)


def _throughput(series: Sequence[Sequence[float]], durable_known: bool) -> str:
    sent, durable, table = [], [], []
    for before, row in itertools.pairwise(series):
        seconds = row[0] - before[0]
        if seconds <= 0:
            continue
        rates = (row[1] - before[1]) / seconds, (row[2] - before[2]) / seconds
        sent.append((row[0], rates[0]))
        durable.append((row[0], rates[1]))
        table.append((row[0], round(rates[0]), round(rates[1])))
    drawn = [svg.Line("sent", sent), *([svg.Line("durable", durable)] if durable_known else [])]
    picture = svg.lines("Records a second over the run", drawn, "seconds", "records a second")
    return _picture("Throughput", picture, ("seconds", "sent a second", "durable a second"), table)


def _waiting(series: Sequence[Sequence[float]]) -> str:
    """What was sent and not durable yet: in sockets, in the collector, on its way to the disk."""
    waiting = [(row[0], row[1] - row[2]) for row in series]
    picture = svg.lines("Records sent and not durable yet", [svg.Line("waiting", waiting)], "seconds", "records")
    return _picture("Waiting", picture, ("seconds", "records sent and not durable"), waiting)


def _latency(result: Mapping[str, Any]) -> str:
    """Percentiles with equal room for every factor of ten towards 100: that is where the slow ones are."""
    labels = ("0", "90", "99", "99.9", "99.99", "99.999")
    curve = result["latency_curve_ms"]
    line = svg.Line("latency", [(_nines(share), value) for share, value in curve])
    since = "it was due" if result["latency_from"] == "schedule" else "it was written, flat out"
    title = f"Milliseconds until a record was acknowledged as durable, since {since}"
    picture = svg.lines(title, [line], "per cent of the records", "milliseconds", x_labels=labels)
    return _picture("Latency", picture, ("per cent", "milliseconds"), [(share, value) for share, value in curve], title)


def _nines(share: float) -> float:
    return -log10(max(1 - share / 100, 1e-5))


def _costs(result: Mapping[str, Any]) -> str:
    """Nanoseconds of the collector's CPU a record, by stage where the collector tells them, and by thread."""
    records = result.get("received") or 0
    if not records or not result.get("cpu"):
        return ""
    parts = []
    stages = [
        (name, value["ns"] / records) for name, value in result.get("stages", {}).items() if "ns" in (value or {})
    ]
    threads = [(name, seconds * 1e9 / records) for name, seconds in result["cpu"]["threads_s"].items()]
    for title, values in (("Cost by stage", stages), ("Cost by thread", threads)):
        shown = sorted(((name, value) for name, value in values if value >= 0.05), key=lambda one: -one[1])
        if shown:
            picture = svg.bars(f"{title}, nanoseconds of CPU a record", shown, "ns")
            table = [(name, round(value, 1)) for name, value in shown]
            parts.append(_picture(title, picture, ("what", "ns a record"), table))
    return "".join(parts)


def _search(result: Mapping[str, Any]) -> str:
    found = result["search"]
    steps = sorted(found["steps"], key=lambda one: one["rate_per_s"])
    lines = [
        svg.Line(name, [(one["rate_per_s"], one["latency_ms"][name]) for one in steps if one["latency_ms"].get(name)])
        for name in ("p50", "p99")
    ]
    knee = "none" if found["knee_per_s"] is None else f"{found['knee_per_s']:,} a second"
    picture = svg.lines("Latency by offered rate", lines, "records a second offered", "milliseconds")
    table = [
        (one["rate_per_s"], one["latency_ms"]["p50"], one["latency_ms"]["p99"], one["broken"] or "holds")
        for one in steps
    ]
    return (
        f"<h2>{escape(result['profile'])}: search for the knee</h2><p>Highest rate that held: {escape(knee)}. Limits: "
        f"{escape(json.dumps(found['limits']))}; precision {found['precision']:g}, tries {found['tries']}.</p>"
        + _picture("Latency by rate", picture, ("offered a second", "p50 ms", "p99 ms", ""), table)
        + _card(result)
    )


def _card(result: Mapping[str, Any]) -> str:
    card = result.get("environment", {})
    compiled = card.get("compiled", {})
    shown = {
        **{name: value for name, value in card.items() if name != "compiled"},
        "kernels": f"{sum(compiled.values())} of {len(compiled)} compiled",
    }
    return f"<h3>Environment</h3>{_table(('', ''), [(name, str(value)) for name, value in shown.items()])}"


def _picture(title: str, picture: str, columns: Sequence[str], table: Sequence[Sequence[Any]], words: str = "") -> str:
    step = -(-len(table) // TABLE_ROWS) or 1
    note = "" if step == 1 else f" (every {step}th row)"
    head = f"<h3>{escape(title)}</h3>" + (f"<p>{escape(words)}.</p>" if words else "")
    summary = f"<summary>The same as a table{note}</summary>"
    return f"{head}{picture}<details>{summary}{_table(columns, table[::step])}</details>"


def _table(columns: Sequence[str], table: Sequence[Sequence[Any]]) -> str:
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in columns) if any(columns) else ""
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table)
    return f"<table>{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if isinstance(value, int | float):
        return f'<td class="number">{value:,}</td>'
    return f"<td>{escape('' if value is None else str(value))}</td>"

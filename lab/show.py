"""A run as it goes and as it ended, for people: a live panel on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from lab.output import BANNER, table
from lab.play import Moment
from lab.results import Check

_LINE_EVERY_S = 3.0
_VERDICTS = ("accepted", "flagged", "masked", "quarantined", "rejected", "duplicate")


class Silent:
    """For `--json`: nothing is shown."""

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        return None

    def __call__(self, moment: Moment) -> None:
        return None


class Progress:
    """Call it with each moment, inside a `with`."""

    def __init__(self, out: Console, title: str, total_s: float | None = None) -> None:
        self._out = out
        self._title = title
        self._total_s = total_s
        self._live = Live(console=out, refresh_per_second=8, transient=True) if out.is_terminal else None
        self._began_us: int | None = None
        self._stage = ""
        self._said_s = 0.0

    def __enter__(self) -> Progress:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, moment: Moment) -> None:
        if self._live is not None:
            self._live.update(self._panel(moment))
            return
        now_s = time.monotonic()
        if moment.stage != self._stage or now_s - self._said_s > _LINE_EVERY_S:
            self._stage, self._said_s = moment.stage, now_s
            numbers = ", ".join(f"{name} {value}" for name, value in moment.counters().items() if value)
            self._out.print(f"{moment.stage}{': ' if numbers else ''}{numbers}", markup=False)

    def _panel(self, moment: Moment) -> Group:
        numbers = moment.counters()
        rows = Table.grid(padding=(0, 2))
        rows.add_row("carrier", f"{numbers['events']} events, {moment.carrier.get('active_tasks', 0)} tasks")
        rows.add_row("mediation", f"{numbers['sent']} records sent, {numbers['unacknowledged']} not acknowledged yet")
        verdicts = ", ".join(f"{moment.judged(name)} {name}" for name in _VERDICTS if moment.judged(name))
        rows.add_row("collector", f"{numbers['delivered']} delivered: {verdicts or 'none yet'}")
        ledger = moment.collector.get("ledger", {})
        rows.add_row("ledger", f"{ledger.get('size', 0)} leaves, root {str(ledger.get('root', ''))[:16]}")
        title = Text(f"{self._title}: {moment.stage}", style="bold")
        parts: list[Any] = [Text(BANNER, style="bold yellow"), title, rows]
        if self._total_s and moment.stage == "playing":
            now_us = int(moment.carrier.get("now_us", 0))
            self._began_us = self._began_us or now_us
            parts.append(ProgressBar(total=self._total_s, completed=(now_us - self._began_us) / 1e6, width=60))
        return Group(*parts)


def show_orders(rows: list[dict[str, Any]], out: Console) -> None:
    columns = ("order", "kind", "LIID", "delivered", "=", *_VERDICTS, "why")
    lines = [
        (
            row["order"] or "(no order)",
            row["kind"] or "-",
            row["liid"] or "-",
            row["delivered"],
            "=",
            *(row[name] for name in _VERDICTS),
            ", ".join(f"{name} {count}" for name, count in row["reasons"].items() if name != "OK") or "-",
        )
        for row in rows
    ]
    table("Delivered = accepted + flagged + masked + quarantined + rejected + duplicate", columns, lines, out)


def show_communications(found: list[dict[str, Any]], out: Console) -> None:
    columns = ("LIID", "CIN", "what", "parties", "begin", "end", "IRI", "CC from", "CC to", "exports")
    lines = [
        (
            one["liid"],
            one["cin"] if one["cin"] >= 0 else "-",
            one["what"],
            " ".join(one["parties"]) or "-",
            (one["begin"] or "-")[11:23] or "-",
            (one["end"] or "-")[11:23] or "-",
            one["iri"],
            one["cc_from_target"],
            one["cc_to_target"],
            " ".join(str(path).rsplit("/", 1)[-1] for path in one["exports"]) or "-",
        )
        for one in found
    ]
    table("Communications", columns, lines, out)


def show_checks(checks: list[Check], out: Console) -> None:
    rows = [("held" if one.ok else "FAILED", one.name, one.found) for one in checks]
    table("Checks", ("", "what had to hold", "found"), rows, out)

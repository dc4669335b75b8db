"""A benchmark as it goes, for people: a live panel on a terminal, a line a stage elsewhere, nothing with `--json`."""

from __future__ import annotations

from types import TracebackType
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from lab.bench.profiles import Profile
from lab.bench.run import Sample
from lab.output import BANNER

MIB: Final = 1 << 20


class Panel:
    """A context; tell it of stages and samples."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._live = Live(console=out, refresh_per_second=8, transient=True) if out.is_terminal else None
        self._stage = ""
        self._last: Sample | None = None

    def __enter__(self) -> Panel:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()

    def stage(self, words: str) -> None:
        self._stage = words
        if self._live is None:
            self._out.print(words, markup=False)
        else:
            self._live.update(Text(f"{BANNER}\n{words}"))

    def sample(self, profile: Profile, sample: Sample) -> None:
        if self._live is not None:
            self._live.update(self._grid(profile, sample))
        self._last = sample

    def _grid(self, profile: Profile, sample: Sample) -> Table:
        grid = Table.grid(padding=(0, 2))
        grid.add_row(Text(BANNER, style="bold yellow"))
        rows = [
            ("profile", f"{profile.name}: {profile.words}"),
            ("stage", self._stage),
            ("seconds", f"{sample.at_s:.1f}"),
            ("sent", f"{sample.sent:,}"),
            ("durable", f"{sample.acknowledged:,}"),
            ("waiting", f"{sample.sent - sample.acknowledged:,}"),
        ]
        last = self._last
        if last is not None and last.at_s < sample.at_s:
            seconds = sample.at_s - last.at_s
            rows.append(("durable a second", f"{(sample.acknowledged - last.acknowledged) / seconds:,.0f}"))
            if sample.cpu_s is not None and last.cpu_s is not None:
                rows.append(("collector CPU", f"{100 * (sample.cpu_s - last.cpu_s) / seconds:.0f} %"))
        if sample.cpu_s:
            rows.append(("records a core-second", f"{sample.acknowledged / sample.cpu_s:,.0f}"))
        if sample.resident_octets is not None:
            rows.append(("memory", f"{sample.resident_octets / MIB:.0f} MiB"))
        body = Table.grid(padding=(0, 2))
        for name, value in rows:
            body.add_row(Text(name, style="bold"), Text(value))
        grid.add_row(body)
        return grid

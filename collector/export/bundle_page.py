"""The page of an evidence bundle: one HTML file without script that opens from the file system. Pure.

Everything that a peer wrote is text here, never markup: no link, picture or player comes from anything but the files
that the export itself named. The policy in the page's head forbids script, frames, forms and the network.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import PurePosixPath
from typing import Any, Final

from collector.export.joining import Message
from collector.export.service import OrderExport, time_text

_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file:; media-src 'self' file:; "
    "base-uri 'none'; form-action 'none'"
)
_PICTURES: Final = frozenset({".jpg", ".jpeg", ".png", ".gif"})
_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem; }
.mark { background: #b00020; color: #fff; padding: .4rem 1rem; font-weight: 600; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #8886; }
code { overflow-wrap: anywhere; }
.talk { border: 1px solid #8886; border-radius: .5rem; padding: .5rem 1rem; margin: 1rem 0; max-width: 40rem; }
.talk p { margin: .3rem 0; padding: .4rem .7rem; border-radius: .6rem; background: #8882; }
.talk p { width: fit-content; max-width: 80%; }
.talk p.b { margin-left: auto; background: #3b7dd833; }
.talk small { display: block; opacity: .75; }
audio { width: 22rem; max-width: 100%; display: block; }
img { max-width: 20rem; display: block; }
"""


def page(manifest: Mapping[str, Any], exported: OrderExport) -> str:
    """The page. `exported` names its files as seen from the page's own directory."""
    title = f"Evidence of order {manifest['order']}"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)} (SIMULATION)</title><style>{_STYLE}</style></head><body>",
        '<p class="mark">SIMULATION: calea-lab intercepts nobody; every identity here is fictional.</p>',
        f"<h1>{escape(title)}</h1>",
        _facts(manifest),
        "<h2>Is it whole?</h2><p>In this directory: <code>python3 verify.py</code>, with Python and its package "
        "<code>cryptography</code>. Give <code>--key</code> the collector's public key as you know it from "
        "elsewhere.</p>",
        "<h2>Communications</h2>",
        _communications(exported),
        "<h2>Conversations</h2>" if exported.talks else "",
        *(_talk(pair, talk) for pair, talk in exported.talks.items()),
        "<h2>All files</h2>",
        _files(exported),
        "</body></html>",
    ]
    return "\n".join(one for one in parts if one) + "\n"


def _facts(manifest: Mapping[str, Any]) -> str:
    made = datetime.datetime.fromtimestamp(manifest["made_at_us"] / 1e6, datetime.UTC)
    rows = {
        "Order": f"{manifest['order']}, version {manifest['version']}, {manifest['kind']}, case {manifest['case']}",
        "LIID": manifest["liid"],
        "Records": f"{manifest['records']} handed out, {manifest['withheld']} withheld and listed" + _voided(manifest),
        "Audit entries": manifest["audit_entries"],
        "Ledger": f"{manifest['ledger']['size']} records, root {manifest['ledger']['root']}",
        "Made": f"{made:%Y-%m-%d %H:%M:%S}Z by {manifest['made_by']}: {manifest['reason']}",
    }
    return _table([(f"<th>{escape(name)}</th>", _cell(value)) for name, value in rows.items()])


def _voided(manifest: Mapping[str, Any]) -> str:
    voided = manifest.get("voided", 0)
    return f"; {voided} voided: another shard of the fleet has them" if voided else ""


def _communications(exported: OrderExport) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("when", "what", "who", "IRI", "CC", "to see and hear"))
    rows: list[tuple[str, ...]] = [(head,)]
    for row in exported.rows:
        content = f"{row['cc_from_target']} from, {row['cc_to_target']} to"
        cells = [
            _cell(_when(row["begin"], row["end"])),
            _cell(row["what"]),
            _cell(", ".join(row["parties"])),
            _cell(row["iri"]),
            _cell(content + (f"; {row['withheld']} withheld" if row["withheld"] else "")),
            f"<td>{''.join(_shown(path) for path in row['exports'])}</td>",
        ]
        rows.append(tuple(cells))
    return _table(rows)


def _when(begin: str | None, end: str | None) -> str:
    """The second it began at, and how long it went on; exact times are in the tables."""
    if begin is None or end is None:
        return "at no stated time"
    first, last = (datetime.datetime.fromisoformat(one) for one in (begin, end))
    seconds = (last - first).total_seconds()
    return f"{first:%Y-%m-%d %H:%M:%S}Z" + (f", {seconds:.1f} s" if seconds else "")


def _shown(path: str) -> str:
    """A player, a picture, or a link, by the name that the export gave the file."""
    name, end = PurePosixPath(path).name, PurePosixPath(path).suffix.lower()
    where = escape(path, quote=True)
    link = f'<a href="{where}">{escape(name)}</a><br>'
    if end == ".wav":
        return f'<audio controls preload="none" src="{where}"></audio>{link}'
    if end in _PICTURES:
        return f'<img src="{where}" alt="{escape(name, quote=True)}">{link}'
    return link


def _talk(pair: tuple[str, str], talk: Iterable[Message]) -> str:
    lines = [f'<section class="talk"><h3>{escape(pair[0])} and {escape(pair[1])}</h3>']
    for one in talk:
        side = "a" if one.sender == pair[0] else "b"
        said = one.text if one.text is not None else "(cannot be read)"
        stamp = time_text(one.time_us)
        note = f"{_when(stamp, stamp) if stamp else ''} {one.sender}" + (f", {one.delivery}" if one.delivery else "")
        lines.append(f'<p class="{side}">{escape(said)}<small>{escape(note)}</small></p>')
    return "\n".join([*lines, "</section>"])


def _files(exported: OrderExport) -> str:
    own = ["views/decoded.jsonl", "records/records.jsonl", "audit/entries.jsonl"]
    links = [f"<li>{_shown_link(path)}</li>" for path in [*map(str, exported.files), *own]]
    return f"<ul>{''.join(links)}</ul>"


def _shown_link(path: str) -> str:
    return f'<a href="{escape(path, quote=True)}">{escape(path)}</a>'


def _cell(value: object) -> str:
    return f"<td>{escape(str(value))}</td>"


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    lines = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f"<table>{lines}</table>"

"""A run's results as JUnit XML, and as one HTML page: a matrix of cases and runs, and each verdict with what was seen.

The page stands alone, in the console's style: no script, nothing from a network, and it says SIMULATION. Pure.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from html import escape
from importlib import resources
from typing import Any, Final

from lab.conformance.model import EVIDENCE_WORDS, Case, Result, Run, Verdict
from lab.output import BANNER

_MORE: Final = """
body { display: block; } main { max-width: 78rem; margin: 0 auto; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1.6rem; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .7rem .3rem 0; text-align: left; vertical-align: top; }
thead th { background: var(--head); padding-left: .4rem; } tbody th { white-space: nowrap; font-weight: 600; }
.v { display: inline-block; padding: 0 .5rem; border-radius: 4px; white-space: nowrap; font-weight: 600; }
.pass { background: var(--good-back); color: var(--good); } .fail { background: var(--bad-back); color: var(--bad); }
.inconclusive { background: var(--warn-back); color: var(--warn); }
.not { background: var(--head); color: var(--soft); }
pre { max-height: 24rem; background: var(--card); border: 1px solid var(--line); padding: .6rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; max-width: 32rem; }
@media print { .v { border: 1px solid; } details { display: none; } }
"""
_SIGNS: Final = {
    Verdict.PASS: "✓ pass", Verdict.FAIL: "✗ FAIL", Verdict.INCONCLUSIVE: "? inconclusive",
    Verdict.NOT_APPLICABLE: "– not applicable",
}  # fmt: skip
"""Colour is never the only sign."""
_LINE: Final = 2_000
"""Characters of one decoded record that are shown; the file beside the page has the whole."""


def junit(runs: Sequence[Run]) -> str:
    """One suite a run. What is inconclusive or does not apply is skipped, with its reason."""
    root = ElementTree.Element("testsuites", name="calea-lab conformance (SIMULATION)")
    for run in runs:
        counts = run.counts()
        skipped = counts[Verdict.INCONCLUSIVE] + counts[Verdict.NOT_APPLICABLE]
        suite = ElementTree.SubElement(
            root, "testsuite", name=_name(run), tests=str(len(run.results)), failures=str(counts[Verdict.FAIL]),
            errors="0", skipped=str(skipped), time=f"{run.seconds:.3f}",
        )  # fmt: skip
        for one in run.results:
            case = ElementTree.SubElement(
                suite, "testcase", classname=f"conformance.{run.role}.{run.dialect}", time=f"{one.seconds:.3f}",
                name=f"{one.case.id} {one.case.title} [{one.case.known(run.dialect).clause}]",
            )  # fmt: skip
            says = _plain(one.finding.says)
            if one.verdict is Verdict.FAIL:
                ElementTree.SubElement(case, "failure", message=says).text = f"evidence: {one.capture} {one.decoded}"
            elif one.verdict is not Verdict.PASS:
                ElementTree.SubElement(case, "skipped", message=f"{one.verdict}: {says}")
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _plain(text: str) -> str:
    """Without what XML 1.0 has no place for: a peer's words may hold anything."""
    return "".join(one if one.isprintable() else "�" for one in text)


def _name(run: Run) -> str:
    return f"{run.role} {run.dialect} {run.peer}"


def page(runs: Sequence[Run]) -> str:
    """The matrix, then each run."""
    style = (resources.files("collector.console") / "static" / "console.css").read_text("utf-8")
    parts = [_summary(runs), _matrix(runs), *(_run(run) for run in runs)]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width"><title>SIMULATION: conformance</title>'
        f'<style>{style}{_MORE}</style></head><body><p class="simulation">{escape(BANNER)}</p><main>'
        f"<h1>Conformance</h1>{''.join(parts)}{_legend()}</main></body></html>\n"
    )


def _summary(runs: Sequence[Run]) -> str:
    rows = "".join(
        f"<tr><th scope='row'><a href='#{_anchor(run)}'>{escape(run.role)}</a></th><td>{escape(run.dialect)}</td>"
        f"<td>{escape(run.peer)}</td>"
        + "".join(f'<td class="number">{run.counts()[verdict]}</td>' for verdict in Verdict)
        + f'<td class="number">{run.seconds:.1f}</td></tr>'
        for run in runs
    )
    heads = "".join(f'<th scope="col" class="number">{verdict}</th>' for verdict in Verdict)
    return (
        '<table><caption>Runs</caption><thead><tr><th scope="col">Role of the peer</th><th scope="col">Dialect</th>'
        f'<th scope="col">Peer</th>{heads}<th scope="col" class="number">Seconds</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _matrix(runs: Sequence[Run]) -> str:
    """Cases down, runs across; only where several runs have cases in common."""
    cases: dict[str, Case[Any]] = {one.case.id: one.case for run in runs for one in run.results}
    if len(runs) < 2:
        return ""
    held = [{one.case.id: one for one in run.results} for run in runs]
    heads = "".join(f'<th scope="col">{escape(run.role)}<br>{escape(run.dialect)}</th>' for run in runs)
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(case.title)}</td>"
        + "".join(f"<td>{_chip(results[name].verdict) if name in results else ''}</td>" for results in held)
        + "</tr>"
        for name, case in cases.items()
    )
    return (
        '<h2>Matrix</h2><table><thead><tr><th scope="col">Case</th><th scope="col">What</th>'
        f"{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _run(run: Run) -> str:
    notes = "".join(f'<p class="hint">{escape(one)}</p>' for one in run.notes)
    rows = "".join(_row(run, one) for one in run.results)
    return (
        f'<h2 id="{_anchor(run)}">{escape(_name(run))}</h2>{notes}<table><thead><tr><th scope="col">Case</th>'
        '<th scope="col">Verdict</th><th scope="col">What has to hold</th><th scope="col">Clause, and how it is known'
        '</th><th scope="col">What was seen</th><th scope="col">Exchange</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _row(run: Run, one: Result) -> str:
    case = one.case
    clause, evidence = case.known(run.dialect)
    known = f"{evidence}: {EVIDENCE_WORDS[evidence]}"
    return (
        f'<tr><th scope="row">{escape(case.id)}</th><td>{_chip(one.verdict)}</td><td>{escape(case.title)}</td>'
        f"<td>{escape(clause)}<br><small>{escape(known)}</small></td><td>{escape(one.finding.says)}</td>"
        f"<td>{_exchange(run, one)}</td></tr>"
    )


def _exchange(run: Run, one: Result) -> str:
    if not one.capture:
        return '<span class="none">nothing was said</span>'
    places = [f"{run.directory.name}/{name}" for name in (one.capture, one.decoded)]
    links = " ".join(f'<a href="{escape(place)}">{escape(place.rpartition(".")[2])}</a>' for place in places)
    lines = "\n".join(json.dumps(line, ensure_ascii=False)[:_LINE] for line in one.records)
    return f"{links}<details><summary>decoded</summary><pre>{escape(lines)}</pre></details>"


def _chip(verdict: Verdict) -> str:
    return f'<span class="v {str(verdict).partition(" ")[0]}">{escape(_SIGNS[verdict])}</span>'


def _anchor(run: Run) -> str:
    return f"{run.role}-{run.dialect}"


def _legend() -> str:
    known = "; ".join(f"{letter}: {words}" for letter, words in EVIDENCE_WORDS.items())
    return (
        f"<footer><p>How a clause is known: {escape(known)}. Nobody here has read the prose of the ETSI and ATIS "
        "documents: a peer that fails a case marked A may be right. This is no certificate of conformance.</p></footer>"
    )

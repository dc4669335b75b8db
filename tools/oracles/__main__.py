"""`make oracles`: ask every oracle there is; write docs/fidelity.md and reports/oracles.json."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from tools.oracles import others, published, schemas, wireshark
from tools.oracles.corpus import ROOT, corpus
from tools.oracles.matrix import ask, page, record_columns, recorded_columns, report, unexplained
from tools.oracles.record import Oracle

CACHE = ROOT / "build" / "oracles"


def from_packages() -> list[Oracle]:
    """Oracles that the Python packages of this environment make: no command, no file from elsewhere."""
    return [published.packaged(), others.pycrate_mobile(), schemas.hi1(), others.scapy(), others.sound()]


def from_system() -> tuple[list[Oracle], list[str]]:
    """Oracles that need a command or a file of a system package, and in words which of them are missing."""
    found: list[Oracle] = []
    missing = []
    text = CACHE / "wireshark"
    if text.is_dir() and any(text.glob("*.asn")):
        made_of = "TS 33.128 of release 17 from the source package of Wireshark"
        found.append(published.compiled_by_asn1tools(text, "asn1tools", made_of))
    else:
        missing.append("asn1tools, since the source package of Wireshark (its TS 33.128 module) could not be had here.")
    version = wireshark.version()
    if version is None:
        missing.append("tshark, since it is not installed here.")
    else:
        found += [wireshark.Tshark(version), wireshark.TsharkBer(version)]
    ber = others.openssl()
    if ber is None:
        missing.append("openssl asn1parse, since it is not installed here.")
    else:
        found.append(ber)
    return found, missing


def from_directory(directory: Path) -> list[Oracle]:
    """Oracles of published modules that are in no registry: `*.asn` and, in `xsd/`, the schemas of X1."""
    return [
        published.compiled_by_pycrate(directory, CACHE),
        published.compiled_by_asn1tools(directory, "asn1tools, more modules"),
        schemas.x1(directory / "xsd"),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.oracles", description=__doc__)
    parser.add_argument("--modules", type=Path, help="a directory of published modules (docs/oracles.md)")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "fidelity.md")
    parser.add_argument("--report", type=Path, default=ROOT / "reports" / "oracles.json")
    arguments = parser.parse_args()
    began = time.monotonic()
    records = corpus()
    system, missing = from_system()
    columns = ask([*from_packages(), *system], records)
    if arguments.modules is not None:
        record_columns(ask(from_directory(arguments.modules), records), records)
    columns += recorded_columns(records, [column.name for column in columns])
    arguments.page.write_text(page(columns, records, missing), "utf-8")
    arguments.report.parent.mkdir(parents=True, exist_ok=True)
    arguments.report.write_text(json.dumps(report(columns, records), indent=1) + "\n", "utf-8")
    for line in missing:
        print(f"oracles: not asked: {line}")
    wrong = unexplained(columns, records)
    for line in wrong:
        print(f"oracles: {line}", file=sys.stderr)
    asked = sum(len(column.verdicts) for column in columns)
    kinds = len({record.kind for record in records})
    print(
        f"oracles: {len(records)} records of {kinds} kinds, {len(columns)} oracles, {asked} verdicts in "
        f"{time.monotonic() - began:.1f} s, {len(wrong)} refusals without a reason; {arguments.page}"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

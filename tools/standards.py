"""Writes docs/standards.md: what of each standard is built, how far it is known, and every record type with its clause.

    python tools/standards.py            write the page
    python tools/standards.py --check    exit 1 when the page is not the one this tree makes, or a module has no row

Two sources: `tools/standards.toml` says how far a standard is known, which no code can; the record descriptions in
`asn1`, walked from their roots, say the rest: names, tags, clauses, and what stands as a tag tree.
"""

from __future__ import annotations

import argparse
import pkgutil
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import asn1  # noqa: E402  the path comes first
from asn1.table import Choice, Field, OctetString, Sequence, SequenceOf, Undescribed  # noqa: E402
from tests.asn1.record_walk import Key, is_choice_of_records, key, reachable, records, roots  # noqa: E402

PAGE: Final = ROOT / "docs" / "standards.md"
_HEAD: Final = """# Standards

Made by `python tools/standards.py` from `tools/standards.toml` and from the record descriptions in `asn1`; `make check`
fails when this page is not the one the tree makes. What other people's decoders say of our records is in
[fidelity.md](fidelity.md).

Nobody here has read the prose of the ETSI and ATIS documents: they are behind counters, and what is public of them is
their modules and schemas. So each row says on what it stands: *schema*, read in the published machine-readable module;
*third party*, somebody else's reading of the prose, or their decoder; *practice*, what an open implementation does;
*known*, as generally known and not re-read; *assumed*, our own reading, configurable where it matters. A clause number
is one that such a source gives, and no sign that we have seen the page.

## How far each is known

| standard | what | modules of `asn1` | evidence | not read by anybody here |
|---|---|---|---|---|
"""
_RECORDS: Final = """
## Record types

Every alternative of every choice of records, walked from the descriptions that nothing else contains; each has a golden
vector (`tests/asn1/test_every_record.py`). *Tag tree*: the name is known and the record is not described, so it is read
into its tags, kept, and written back; it is never an error. An alternative that several choices share is listed once.
"""


def standards() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((ROOT / "tools" / "standards.toml").read_text("utf-8"))["standard"]
    return found


def modules() -> set[str]:
    return {item.name.removeprefix("asn1.") for item in pkgutil.walk_packages(asn1.__path__, "asn1.")}


def faults() -> list[str]:
    """Modules that no row names, names that several rows have, and names of no module."""
    named = [name for row in standards() for name in row["modules"]]
    known = modules()
    return [
        *(
            f"asn1/{module} stands in no row of tools/standards.toml"
            for module in sorted(known)
            if not any(fnmatchcase(module, name) for name in named)
        ),
        *(
            f"tools/standards.toml names {name}, which is no module of asn1"
            for name in named
            if not any(fnmatchcase(module, name) for module in known)
        ),
        *(f"several rows of tools/standards.toml name {name}" for name in sorted(set(named)) if named.count(name) > 1),
    ]


def page() -> str:
    """The whole of docs/standards.md."""
    lines = [_HEAD.rstrip()]
    for row in standards():
        names = ", ".join(f"`{name}`" for name in row["modules"])
        lines.append(f"| {row['name']} | {row['title']} | {names} | {row['evidence']} | {row['unread']} |")
    lines.append(_RECORDS.rstrip())
    for title, rows in _choices():
        lines += ["", f"### {title}", "", "| tag | name | record | clause |", "|---|---|---|---|"]
        lines += [_row(row) for row in rows]
    return "\n".join(lines) + "\n"


def _choices() -> Iterator[tuple[str, list[Field]]]:
    """The rows of each choice of records under the root that holds most, without those that were listed before."""
    seen: set[Key] = set()
    tops = sorted(roots(records()).items(), key=lambda item: (-len(list(reachable(item[1]))), item[0]))
    for place, root in tops:
        for kind in sorted(reachable(root), key=lambda kind: kind.name):
            if isinstance(kind, Choice) and is_choice_of_records(kind):
                rows = [row for row in kind.fields if key(row) not in seen]
                seen.update(map(key, rows))
                if rows:
                    yield f"{kind.name} (in `{place}`)", rows


def _row(row: Field) -> str:
    tag = "-" if row.tag is None else str(row.tag)
    return f"| {tag} | {row.name} | {_kind(row)} | {row.clause or '-'} |"


def _kind(row: Field) -> str:
    kind = row.type
    if isinstance(kind, Undescribed):
        return "tag tree"
    if isinstance(kind, Sequence):
        return f"{kind.name}, {len(kind.fields)} fields"
    if isinstance(kind, Choice):
        return f"{kind.name}, {len(kind.fields)} alternatives"
    if isinstance(kind, SequenceOf):
        return f"list of {kind.item.name}"
    return "octets" if isinstance(kind, OctetString) else kind.name


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is missing")
    check = parser.parse_args().check
    made, missing = page(), faults()
    if not check:
        PAGE.write_text(made, "utf-8")
    elif not PAGE.exists() or PAGE.read_text("utf-8") != made:
        missing.append("docs/standards.md is not the page of this tree: run `make rules`")
    for fault in missing:
        sys.stderr.write(f"standards: {fault}\n")
    return 1 if missing and check else 0


if __name__ == "__main__":
    sys.exit(main())

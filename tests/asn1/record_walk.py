"""What the record descriptions of `asn1` hold, found by walking them, and the vectors that stand for them.

Nothing here is a list kept by hand: descriptions are found in the modules, record types in the descriptions, vectors in
the files. A *record type* is an alternative of a choice of records (a CHOICE at least one alternative of which is a
SEQUENCE: payloads, events, messages), or a description that nothing else contains. A choice between plain values, such
as an address in binary or in text form, makes no record types.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import asn1
from asn1.table import Choice, Field, Sequence, SequenceOf, Type

VECTORS = Path(__file__).parents[1] / "vectors"
Record = Sequence | Choice
Key = tuple[str, int | None, int]


class Vector(NamedTuple):
    """`value` is None where the file gives none; `not_minimal` says why the octets are not what we would write."""

    name: str
    record: str
    octets: bytes
    value: Any
    source: str
    clause: str
    not_minimal: str


def records() -> dict[str, Record]:
    """Every record description by its places, such as `ps_tables.PS_PDU` or `laes.t1678.LAES_PROTOCOL`."""
    found: dict[str, Record] = {}
    for module in sorted(pkgutil.walk_packages(asn1.__path__, "asn1."), key=lambda item: item.name):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, Record) and not name.startswith("_"):
                found[f"{module.name.removeprefix('asn1.')}.{name}"] = value
    return found


def children(record: Type) -> tuple[Type, ...]:
    if isinstance(record, Sequence | Choice):
        return tuple(row.type for row in record.fields)
    return (record.item,) if isinstance(record, SequenceOf) else ()


def reachable(record: Type) -> Iterator[Type]:
    """The description and everything below it, each once."""
    seen: set[int] = set()
    waiting = [record]
    while waiting:
        kind = waiting.pop()
        if id(kind) not in seen:
            seen.add(id(kind))
            yield kind
            waiting += children(kind)


def roots(found: dict[str, Record]) -> dict[str, Record]:
    """The descriptions that no other one contains."""
    below = {id(child) for record in found.values() for kind in reachable(record) for child in children(kind)}
    tops = {id(record): (place, record) for place, record in found.items() if id(record) not in below}
    return dict(tops.values())


def key(row: Field) -> Key:
    """Two choices that share a row's name, tag and description (an event on X2 and on HI2) share the record type."""
    return row.name, row.tag, id(row.type)


def is_choice_of_records(record: Type) -> bool:
    return isinstance(record, Choice) and any(isinstance(row.type, Sequence) for row in record.fields)


def record_types(found: dict[str, Record]) -> dict[Key, str]:
    """Every record type under the name by which a missing vector is reported: `IRIContents.emailIRI`."""
    types: dict[Key, str] = {}
    for place, root in roots(found).items():
        types["", None, id(root)] = place
        for kind in reachable(root):
            if isinstance(kind, Choice) and is_choice_of_records(kind):
                for row in kind.fields:
                    types.setdefault(key(row), f"{kind.name}.{row.name}")
    return types


def visited(record: Type, value: Any) -> Iterator[Key]:
    """The record types that a decoded value is made of."""
    if isinstance(record, Sequence):
        for row in record.fields:
            if row.name in value:
                yield from visited(row.type, value[row.name])
    elif isinstance(record, Choice):
        for row in record.fields:
            if row.name == value[0]:
                yield key(row)
                yield from visited(row.type, value[1])
    elif isinstance(record, SequenceOf):
        for item in value:
            yield from visited(record.item, item)


def plain(record: Type | None, value: Any) -> Any:
    """A decoded value as a vector writes it: octets in hexadecimal, a CHOICE as an object with one key."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(record, Sequence):
        types = {row.name: row.type for row in record.fields}
        return {name: plain(types[name], held) for name, held in value.items()}
    if isinstance(record, Choice):
        types = {row.name: row.type for row in record.fields}
        return {value[0]: plain(types.get(value[0]), value[1])}
    if isinstance(record, SequenceOf):
        return [plain(record.item, item) for item in value]
    return value


def vectors() -> list[Vector]:
    """Every vector whose file, or which itself, names the record it is of."""
    found: list[Vector] = []
    for path in sorted(VECTORS.glob("*/*.json")):
        held = json.loads(path.read_text("utf-8"))
        if not isinstance(held, dict):
            continue
        for item in held.get("vectors", ()):
            record = item.get("record", held.get("record"))
            if record is None:
                continue
            octets = (VECTORS / item["file"]).read_bytes() if "file" in item else bytes.fromhex(item["octets"])
            found.append(
                Vector(
                    f"{path.stem}/{item['name']}",
                    record,
                    octets,
                    item.get("value"),
                    item.get("source", held.get("source", "")),
                    item.get("clause", ""),
                    item.get("not_minimal", ""),
                )
            )
    return found

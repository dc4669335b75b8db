"""Published XML schemas by lxml: HI1 from the package `ts103120`, X1 from a directory given on the command line.

The published files import each other by namespace without saying where the other is, so one wrapper names them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any, Final

from lxml import etree

from tools.oracles.record import ACCEPTED, Record, Verdict, refused

_XS: Final = "http://www.w3.org/2001/XMLSchema"


class Schema:
    def __init__(self, layer: str, made_of: str, paths: Sequence[Path]) -> None:
        """Raises lxml's XMLSchemaParseError when the files are no schema together."""
        self.name = f"lxml {layer.upper()} XSD"
        self.version = made_of
        self.checks = "validates against the published schema"
        self._layer = layer
        self._schema = _compiled(paths)

    def judge(self, records: Sequence[Record]) -> Mapping[int, Verdict]:
        return {number: self._judged(record) for number, record in enumerate(records) if record.layer == self._layer}

    def _judged(self, record: Record) -> Verdict:
        document = etree.fromstring(record.octets, etree.XMLParser(resolve_entities=False, no_network=True))
        if self._schema.validate(document):
            return ACCEPTED
        log: Any = self._schema.error_log
        return refused(log.filter_from_errors()[0].message)


def _compiled(paths: Sequence[Path]) -> etree.XMLSchema:
    root = etree.Element(f"{{{_XS}}}schema", nsmap={"xs": _XS})
    for path in paths:
        namespace = etree.parse(path).getroot().get("targetNamespace", "")
        etree.SubElement(root, f"{{{_XS}}}import", namespace=namespace, schemaLocation=path.resolve().as_uri())
    return etree.XMLSchema(root)


def hi1() -> Schema:
    """TS 103 120 by the newest schema set that the package has."""
    data = Path(
        str(distribution("ts103120").locate_file("ts103120/data"))
    )  # its code needs Python 3.12, its files do not
    newest = max((path for path in data.iterdir() if path.is_dir()), key=lambda path: _numbers(path.name))
    made_of = f"lxml {version('lxml')}, TS 103 120 V{newest.name} from ts103120 {version('ts103120')}"
    return Schema("hi1", made_of, _in_order((newest / "xsd").glob("*.xsd")))


def x1(directory: Path) -> Schema:
    made_of = f"lxml {version('lxml')}, {_provenance(directory)}"
    return Schema("x1", made_of, _in_order(directory.glob("*.xsd")))


def _in_order(paths: Iterable[Path]) -> list[Path]:
    """What imports least comes first, so that a schema finds what it imports."""
    return sorted(paths, key=lambda path: (path.read_text("utf-8").count(":import"), path.name))


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.split("."))


def _provenance(directory: Path) -> str:
    told = directory / "PROVENANCE"
    return told.read_text("utf-8").strip().splitlines()[0] if told.is_file() else "the schemas of the directory given"

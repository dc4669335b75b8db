"""Results as a JUnit report: the XML that build servers read. One test case a check; what failed says why.

The shape is what they have in common: `testsuites` > `testsuite` with its counts > `testcase` with at most one
`failure` or `error`. What XML cannot hold is left out of the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from mediation.runtime.config import NotReadyError

MAX_WORDS: Final = 10_000
_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Case:
    """`why` is blank for one that passed; `broke`: it could not be told, which is an error and no failure."""

    name: str
    why: str = ""
    broke: bool = False
    seconds: float = 0.0
    says: str = ""
    """What was seen, also where it passed."""


@dataclass(frozen=True, slots=True)
class Suite:
    name: str
    cases: tuple[Case, ...]
    seconds: float = 0.0
    began: str = ""
    """ISO 8601."""
    properties: Mapping[str, str] = field(default_factory=dict)


def report(name: str, suites: Iterable[Suite]) -> bytes:
    """The XML of all suites."""
    parts = list(suites)
    root = ElementTree.Element("testsuites", {"name": _text(name), **_counts(parts)})
    for one in parts:
        made = ElementTree.SubElement(root, "testsuite", {"name": _text(one.name), **_counts([one])})
        if one.began:
            made.set("timestamp", _text(one.began))
        if one.properties:
            held = ElementTree.SubElement(made, "properties")
            for key, value in one.properties.items():
                ElementTree.SubElement(held, "property", {"name": _text(key), "value": _text(value)})
        for case in one.cases:
            _add(made, one.name, case)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, "utf-8", xml_declaration=True)) + b"\n"


def write(path: Path, name: str, suites: Iterable[Suite]) -> None:
    """Raises NotReadyError when it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(report(name, suites))
    except OSError as error:
        raise NotReadyError(f"Cannot write {path}: {error.strerror}. Give another file with --junit.") from error


def _add(suite: ElementTree.Element, name: str, case: Case) -> None:
    about = {"classname": _text(name), "name": _text(case.name), "time": f"{case.seconds:.3f}"}
    made = ElementTree.SubElement(suite, "testcase", about)
    if case.why:
        kind = "error" if case.broke else "failure"
        said = ElementTree.SubElement(made, kind, {"message": _text(case.why.splitlines()[0]), "type": kind})
        said.text = _text(case.why)
    if case.says:
        ElementTree.SubElement(made, "system-out").text = _text(case.says)


def _counts(suites: list[Suite]) -> dict[str, str]:
    cases = [case for one in suites for case in one.cases]
    return {
        "tests": str(len(cases)),
        "failures": str(sum(bool(case.why) and not case.broke for case in cases)),
        "errors": str(sum(bool(case.why) and case.broke for case in cases)),
        "skipped": "0",
        "time": f"{sum(one.seconds for one in suites):.3f}",
    }


def _text(words: str) -> str:
    return _NOT_XML.sub("", words)[:MAX_WORDS]

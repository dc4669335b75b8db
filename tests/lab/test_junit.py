"""JUnit reports: of the shape that build servers read, with counts that add up, whatever words come in."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from lab.junit import Case, Suite, report, write
from mediation.runtime.config import NotReadyError

SHAPE = etree.XMLSchema(etree.parse(str(Path(__file__).with_name("junit.xsd"))))
SUITES = (
    Suite(
        "SC-01",
        (Case("calls are kept", says="7 records"), Case("no content", "It does not hold.\nfound: 3 records")),
        1.5,
        "2026-03-01T13:59:00Z",
        {"seed": "1"},
    ),
    Suite("SC-02", (Case("it comes to its end", "the stack does not start", broke=True),), 0.25),
    Suite("SC-03", ()),
)


def parsed(octets: bytes) -> etree._Element:
    root = etree.fromstring(octets)
    SHAPE.assertValid(root)
    return root


def test_it_has_the_shape_and_the_counts_add_up() -> None:
    root = parsed(report("lab", SUITES))
    assert dict(root.attrib) == {
        "name": "lab", "tests": "3", "failures": "1", "errors": "1", "skipped": "0", "time": "1.750",
    }  # fmt: skip
    first, second, third = root
    assert (first.get("tests"), first.get("failures"), first.get("errors")) == ("2", "1", "0")
    assert (second.get("failures"), second.get("errors"), third.get("tests")) == ("0", "1", "0")
    assert [one.get("name") for one in first.iter("testcase")] == ["calls are kept", "no content"]
    failure = first.find("testcase/failure")
    assert failure is not None and failure.get("message") == "It does not hold."
    assert failure.text == "It does not hold.\nfound: 3 records"


@pytest.mark.parametrize(
    "words", ["<b>&\"'", "\x00\x1b[31mred\x07", "\ud800 half", "Grüße \U0001f4de", "]]>", "a" * 50_000]
)
def test_attack_words_that_xml_cannot_hold(words: str) -> None:
    root = parsed(report(words, [Suite(words or "x", (Case(words, words, says=words),), properties={words: words})]))
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None and failure.text is not None and len(failure.text) <= 10_000


def test_a_place_it_cannot_be_written_to(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "report.xml", "lab", SUITES)
    assert parsed((tmp_path / "deep" / "report.xml").read_bytes()).get("tests") == "3"
    with pytest.raises(NotReadyError, match="--junit"):
        write(tmp_path, "lab", SUITES)

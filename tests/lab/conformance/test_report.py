"""The reports of a run: what a machine and a person read, whatever a peer has said."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from asn1.errors import DecodeError
from asn1.laes.cc_apdu import CcApdu, encode_apdu
from asn1.laes.ccc import CccDatagram, encode_datagram
from asn1.laes.describe import dialect_named
from asn1.ps_pdu import decode_ps_pdu
from lab.cli_conformance import CASES
from lab.conformance import lemf
from lab.conformance.model import Case, Finding, Known, Result, Run, Verdict, passed
from lab.conformance.report import junit, page
from lab.conformance.samples import Sender, appended, extended, us_call, without, written
from lab.conformance.tape import Said, Tape, capture, lines

EVIL = "</pre><script>alert(1)</script>\x00\x1b[2J ]]> & <b>"


async def _check(_: object) -> Finding:
    return passed("fine")


def results(*verdicts: Verdict) -> tuple[Result, ...]:
    return tuple(
        Result(Case(f"T-{at}", "a title", "5.2", "P", _check), Finding(verdict, EVIL), 0.1, "exchanges/T.pcapng",
               "exchanges/T.jsonl", ({"x": EVIL},))
        for at, verdict in enumerate(verdicts)
    )  # fmt: skip


def run(*verdicts: Verdict) -> Run:
    return Run("lemf", "192.0.2.1:1", "etsi", results(*verdicts), 1.0, Path("lemf-etsi"))


def test_junit_counts_and_says_why_whatever_was_said() -> None:
    root = ElementTree.fromstring(junit([run(*Verdict)]))
    (suite,) = root
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped")} == {
        "tests": "4", "failures": "1", "skipped": "2",
    }  # fmt: skip
    assert [[child.tag for child in case] for case in suite] == [[], ["failure"], ["skipped"], ["skipped"]]
    assert "\x00" not in junit([run(Verdict.FAIL)])


def test_attack_a_page_holds_a_peer_s_words_as_text() -> None:
    text = page([run(*Verdict), run(Verdict.PASS)])
    assert "<script" not in text and "SIMULATION" in text and "default-src 'none'" in text
    assert "lemf-etsi/exchanges/T.pcapng" in text and "✗ FAIL" in text and "<h2>Matrix</h2>" in text


def test_a_run_is_good_when_nothing_failed_and_something_passed() -> None:
    assert run(Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE).ok
    assert not run(Verdict.PASS, Verdict.FAIL).ok and not run(Verdict.INCONCLUSIVE).ok


def test_cases_have_names_of_their_own_and_a_clause() -> None:
    cases = [case for role in CASES.values() for case in role]
    assert len({case.id for case in cases}) == len(cases) > 110
    assert all(case.clause.strip() and case.title and case.evidence in "SPIA" for case in cases)
    told = [case.known(dialect) for case in cases for dialect in case.dialects]
    assert all(one.clause.strip() and one.evidence in "SPIA" for one in told)


def test_a_report_shows_the_clause_of_the_run_s_dialect_and_how_that_is_known() -> None:
    case = Case("T-1", "a title", "5.2", "P", _check, ("etsi", "ias"), elsewhere={"ias": Known("another clause", "A")})
    result = Result(case, Finding(Verdict.PASS, "fine"), 0.1)
    etsi, ias = (Run("mf", "x", name, (result,), 1.0, Path("x")) for name in ("etsi", "ias"))
    assert "[5.2]" in junit([etsi]) and "[another clause]" in junit([ias])
    assert "P: third" in page([etsi]) and "5.2<br>" in page([etsi])
    assert "another clause<br><small>A: assumed by us" in page([ias])
    assert [one.as_json()["cases"][0]["evidence"] for one in (etsi, ias)] == ["P", "A"]


def test_a_record_written_otherwise_is_the_same_record() -> None:
    made = Sender(b"CONF-1")
    octets = made.iri(made.header(5, 1_750_000_000_000_000, 9))
    whole = decode_ps_pdu(octets)
    for form in ("indefinite", "padded"):
        other = decode_ps_pdu(written(octets, form))
        assert written(octets, form) != octets and other[:2] == whole[:2]
    for where in ("header", "payload"):
        assert decode_ps_pdu(extended(octets, where)).unknown_tags
    with pytest.raises(DecodeError, match=r"LIID|lawfulInterception|missing"):
        decode_ps_pdu(without(octets, 1))


@pytest.mark.parametrize("dialect", ["t1678", "pcesp", "ias"])
def test_calls_of_the_us_dialects_decode_also_with_more_in_them(dialect: str) -> None:
    known = dialect_named(dialect)
    for octets in us_call(dialect, "CONF-1", 1_750_000_000_000_000):
        assert known.decode(octets).fields["caseId"] == "CONF-1"
        assert known.decode(appended(octets)).unknown_tags


def test_a_tape_is_decoded_and_captured_by_who_said_it() -> None:
    made, tape = Sender(b"CONF-1"), Tape()
    first = made.tri(1, 1_000_000, "keep-alive")
    tape.put(1, True, first[:20])
    tape.put(1, True, first[20:])
    tape.put(1, False, made.tri(1, 2_000_000, "keep-aliveResponse"))
    found = lines(tape.said, "etsi")
    assert [(one["by"], one["payload"]) for one in found] == [("runner", "keep-alive"), ("peer", "keep-aliveResponse")]
    octets = capture(tape.said)
    assert octets[:4] == bytes.fromhex("0a0d0d0a") and first[20:] in octets
    assert lines([Said(0, 1, False, b"\xff" * 10)], "etsi")[0]["error"]


def test_content_on_a_tape_is_a_datagram_in_the_capture_and_a_line_of_its_form() -> None:
    tape = Tape()
    packet = bytes.fromhex("4500001c000100004011f7c5c0000201c63364011388138800080000")
    tape.put(1, False, encode_apdu(CcApdu(None, packet)), datagram="apdu")
    tape.put(1, False, encode_datagram(CccDatagram(7, 1_000_000, None, packet), 12), datagram="12")
    first, second = lines(tape.said, "t1678")
    assert (first["payload"], second["payload"], second["fields"]) == ("cc-APDU", "cccDatagram", {"cccId": "00000007"})
    assert capture(tape.said).count(packet) == 2


def test_what_is_known_of_the_runner_s_own_ends_is_in_one_place(cli: Any) -> None:
    """The commands list the cases that the modules have."""

    listed = json.loads(cli("conformance", "list", "--json").out)
    assert [one["id"] for one in listed if one["role"] == "lemf"] == [case.id for case in lemf.CASES]
    for words, says in (
        (("run", "--role", "x"), "choose one of lemf"), (("run", "--role", "ne", "--dialect", "ias"), "ETSI's"),
        (("run", "--role", "mf", "--listen", "127.0.0.1:1", "--ccc", "12"), "--dialect"),
        (("run", "--role", "mf", "--dialect", "pcesp", "--listen", "127.0.0.1:1", "--ccc", "apdu"), "4, 12, 20"),
        (("run", "--role", "ne", "--peer", "127.0.0.1:9"), "--listen"),
        (("run", "--role", "lemf", "--peer", "nowhere"), "HOST:PORT"),
        (("run", "--role", "lemf", "--peer", "8.8.8.8:80"), "closed network"),
        (("run", "--role", "mf", "--listen", "10.0.0.1:1"), "--exposed"),
        (("run", "--role", "all", "--peer", "127.0.0.1:9"), "leave out --peer"),
    ):  # fmt: skip
        outcome = cli("conformance", *words)
        assert outcome.code == 2 and says in outcome.err

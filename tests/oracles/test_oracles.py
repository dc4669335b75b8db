"""The short form of `make oracles`: the oracles that Python packages make, asked about the whole corpus; and that the
harness notices what it should notice. Commands of the system (tshark, openssl) are asked by `make oracles` alone, which
installs them: this suite needs no more than the environment.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asn1.table import decode
from tools.oracles import __main__ as program
from tools.oracles import others, published
from tools.oracles.corpus import corpus
from tools.oracles.kinds import DESCRIBED, kind_of
from tools.oracles.matrix import (
    ask,
    cells,
    digest,
    page,
    record_columns,
    recorded_columns,
    report,
    unexplained,
)
from tools.oracles.pcapng import RAW_IP, USER_0, Packet, http_packet, pcapng, udp_packet
from tools.oracles.reasons import REASONS, reason_of
from tools.oracles.record import ACCEPTED, Record, Verdict
from tools.oracles.same import difference
from tools.oracles.schemas import hi1

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return corpus()


@pytest.fixture(scope="module")
def columns(records):
    return ask(program.from_packages(), records)


def test_every_refusal_of_the_packaged_oracles_has_a_reason(columns, records):
    assert unexplained(columns, records) == []
    assert all(column.verdicts for column in columns), "an oracle that knows nothing tests nothing"


def test_each_of_them_accepts_a_good_part(columns):
    """pycrate's module is three releases old and refuses many an event; an oracle that refuses nearly all is broken."""
    for column in columns:
        verdicts = [verdict.accepted for verdict in column.verdicts.values()]
        assert sum(verdicts) > 0.25 * len(verdicts), column.name


def test_the_page_names_every_record_kind(records):
    text = (ROOT / "docs" / "fidelity.md").read_text("utf-8")
    missing = sorted({record.kind for record in records if f"\n| {record.kind} |" not in text})
    assert not missing, f"run `make oracles` and commit docs/fidelity.md; it lacks {missing}"


def test_the_page_says_why_each_incomplete_cell_is(columns, records):
    for (kind, oracle), cell in cells(columns, records).items():
        assert cell.accepted == cell.asked or cell.reasons, f"{oracle} and {kind}"
    text = page(columns, records, ["one, since."])
    assert "Not asked: one, since." in text
    assert all(f"\n{number + 1}. " in text for cell in cells(columns, records).values() for number in cell.reasons)


def test_the_corpus_is_the_same_every_time_and_has_every_layer(records):
    assert [digest(record) for record in corpus()] == [digest(record) for record in records]
    assert {record.layer for record in records} >= {
        *DESCRIBED,
        "x2x3",
        "x1",
        "hi1",
        "tpdu",
        "sip",
        "rtp",
        "radius",
        "ccc",
    }
    assert all(kind_of(record.layer, record.octets, record.hint) in (record.kind, None) for record in records)


# ---- the harness notices


def test_a_changed_octet_is_refused(records):
    """One octet of a value: still well formed, so only an oracle that compares values sees it."""
    record = next(one for one in records if one.kind == "XIRIPayload sMSMessage" and one.emitted)
    octets = record.octets.replace(b"12125550101", b"12125550109")
    assert octets != record.octets
    theirs = published.packaged()._readers["TS33128Payloads.XIRIPayload"](octets)
    assert "12125550101" in difference(record.described, decode(record.described, record.octets), theirs)


@pytest.mark.parametrize("layer", ["xiri", "pcesp"])
def test_broken_octets_are_refused(records, layer):
    record = next(one for one in records if one.layer == layer)
    broken = record._replace(octets=record.octets[:-3])
    assert [verdict.accepted for verdict in published.packaged().judge([broken]).values()] == [False]


def test_a_message_against_the_schema_is_refused(records):
    record = next(one for one in records if one.kind == "HI1 refusal")
    broken = record._replace(octets=record.octets.replace(b"Header>", b"Kopf>"))
    assert [verdict.accepted for verdict in hi1().judge([record, broken]).values()] == [True, False]


@pytest.mark.parametrize("layer", ["tpdu", "radius", "wav"])
def test_cut_octets_are_refused_by_the_everyday_decoders(records, layer):
    decoders = {"tpdu": others.pycrate_mobile(), "wav": others.sound(), "radius": others.scapy()}[layer]
    record = next(one for one in records if one.layer == layer)
    assert decoders.judge([record])[0].accepted
    assert not decoders.judge([record._replace(octets=record.octets[: len(record.octets) // 2])])[0].accepted


def test_a_refusal_without_a_reason_fails(records):
    column = ask([_Refuses()], records[:1])
    assert len(unexplained(column, records[:1])) == 1
    assert report(column, records[:1])["unexplained"]


class _Refuses:
    name = "contrary"
    version = "1"
    checks = "nothing"

    def judge(self, records):
        return {number: Verdict(False, "no") for number, _ in enumerate(records)}


def test_every_reason_is_used_by_what_is_on_record(records):
    """A reason nobody needs any more goes; those of system oracles are told from the last page."""
    text = (ROOT / "docs" / "fidelity.md").read_text("utf-8")
    assert all(reason.words in text for reason in REASONS)


def test_a_later_release_excuses_nothing_that_its_own_module_refuses(records):
    record = next(one for one in records if one.kind == "XIRIPayload sMSMessage")
    assert reason_of("pycrate", record, "not known there") is not None
    assert reason_of("pycrate", record, "not known there", {"pycrate", "pycrate, more modules"}) is None


def test_a_reason_is_narrow(records):
    record = next(one for one in records if one.layer == "x1")
    assert reason_of("lxml X1 XSD", record, "Element is not expected") is None


# ---- what was said elsewhere


def test_what_was_recorded_counts_for_the_same_octets_only(tmp_path, records):
    path = tmp_path / "recorded.json"
    first = [one for one in records if one.kind == "XIRIPayload sMSMessage"]
    verdicts = {number: ACCEPTED for number, _ in enumerate(first)} | {0: Verdict(False, "no")}
    column = ask([_Refuses()], first)[0]
    column.verdicts = verdicts
    record_columns([column], first, path)
    assert json.loads(path.read_text())["contrary"]["refused"] == {digest(first[0]): "no"}
    changed = [first[0]._replace(octets=first[0].octets + b"\0"), *first[1:]]
    (told,) = recorded_columns(changed, [], path)
    assert told.recorded
    assert 0 not in told.verdicts
    assert len(told.verdicts) == len(first) - 1
    assert "(1 not asked)" in page([told], changed, [])
    assert recorded_columns(changed, ["contrary"], path) == []


def test_what_is_recorded_was_accepted_or_has_a_reason(records):
    told = recorded_columns(records, [])
    assert {column.name for column in told} >= {"pycrate, more modules", "asn1tools, more modules", "lxml X1 XSD"}
    assert unexplained(told, records) == []


# ---- the capture file for tshark


def test_a_capture_has_one_interface_a_link_type():
    octets = pcapng([Packet(USER_0, b"abc"), Packet(RAW_IP, udp_packet(b"x", 9)), Packet(USER_0, b"d", True)])
    assert octets.count(b"\x01\x00\x00\x00\x14\x00\x00\x00") == 2
    assert len(octets) % 4 == 0


def test_packets_around_records_are_sound():
    for octets in (udp_packet(b"payload", 40_004), http_packet(b"body", "application/octet-stream")):
        verdicts = others.scapy().judge([Record("ip", "IPv4 packet", octets, "test")])
        assert verdicts[0] == ACCEPTED

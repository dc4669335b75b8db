"""One record as a page shows it: tree, octets, chain and proof; and what of it is not there for whom."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from asn1.laes.cc_apdu import CcApdu, encode_apdu
from asn1.laes.ccc import CccDatagram, encode_datagram
from collector.console.model.records import (
    FAILS,
    HOLDS,
    NO_KEY,
    NO_PLACE,
    UNKNOWN,
    hex_rows,
    integrity,
    record_spans,
    record_view,
    value_nodes,
)
from collector.console.model.scope import NOT_FOR_THIS_READER, NotFoundError
from collector.facts.stored import content_code, message_code
from collector.standing import held, minimised, of_communication, of_sequences, privileged
from collector.store.walk import SegmentFile, segment_paths
from mediation.law.verdicts import Reason

US = Path(__file__).parents[3] / "vectors/us"


def view(case: Any, liid: str, cin: int, at: int = 0, **scope: Any) -> Any:
    sequence = case.sequences(liid, cin)[at]
    return record_view(case.library, case.scope(**scope), sequence, case.registry)


async def test_an_accepted_record_has_its_tree_beside_its_octets(made: Any, sent: Any) -> None:
    case = await made(*sent)
    found = view(case, "LAB-0001", 1)
    octets = bytes(int(one, 16) for row in found.hex for one in row.octets)
    assert octets == sent[0] and found.withheld == found.undecoded == "" and not found.cut
    (node,) = [one for one in found.nodes if one.name == "lawfulInterceptionIdentifier"]
    assert octets[node.offset : node.offset + node.length].endswith(b"LAB-0001") and node.leaf
    assert found.nodes[0].length == len(octets) and any(one.clause == "6.2.3" for one in found.nodes)
    assert (found.verdict, found.order_id, found.payload, found.before) == ("ACCEPT", "O-1", "iPMMIRI", None)
    assert [one.check for one in found.explain][:3] == ["parse", "duplicate", "order known"]
    assert found.after == case.sequences("LAB-0001", 1)[1]


async def test_a_masked_record_has_its_fields_without_octets(made: Any, sent: Any) -> None:
    case = await made(*sent)
    found = view(case, "LAB-0002", 5)
    assert found.hex == () and found.verdict == "MASK" and "WITHHELD" not in repr(found)
    assert {one.name for one in found.nodes} >= {"fields", "from", "withheld"}
    assert all(one.offset == NO_PLACE for one in found.nodes)


@pytest.mark.parametrize("decided", [minimised, privileged])
async def test_minimised_and_privileged_keep_what_a_pen_register_keeps(made: Any, sent: Any, decided: Any) -> None:
    case = await made(*sent)
    case.decide(decided(of_communication(b"LAB-0001", 1), 5, "u", "INV"))
    found = view(case, "LAB-0001", 1)
    assert found.hex == () and found.withheld and "from" in {one.name for one in found.nodes}
    assert found.explain[-1].check == "standing"
    assert bool(view(case, "LAB-0001", 1, privileged=True).hex) == (decided is privileged)
    assert view(case, "LAB-0001", 1, at=1).nodes == (), "of content there is nothing to keep"


async def test_attack_a_held_record_shows_that_it_exists_and_nothing_of_it(made: Any, sent: Any) -> None:
    case = await made(*sent)
    case.decide(held(of_sequences([case.sequences("LAB-0001", 1)[0]]), Reason.TAMPERED, 5))
    found = view(case, "LAB-0001", 1)
    assert (found.nodes, found.hex, found.payload) == ((), (), "") and "R-093" in found.withheld
    assert "12125550102" not in repr(found)


async def test_who_reads_call_identifying_information_alone_has_fields(made: Any, sent: Any) -> None:
    case = await made(*sent)
    found = view(case, "LAB-0001", 1, content=False)
    assert found.withheld == NOT_FOR_THIS_READER and found.hex == () and found.nodes
    assert "INVITE sip" not in repr(found.nodes)


async def test_attack_a_changed_record_is_shown_as_changed_and_not_shown(made: Any, sent: Any) -> None:
    case = await made(*sent)
    sequence = case.sequences("LAB-0001", 1)[3]
    (path,) = segment_paths(case.data / "store")
    at = next(place for place in unit_areas(path) if place[0] <= sequence < place[1])
    octets = bytearray(path.read_bytes())
    octets[at[2] + 5] ^= 1
    path.write_bytes(octets)
    faults = []
    for number in range(at[0], at[1]):
        try:
            found = record_view(case.library, case.scope(), number, case.registry)
        except NotFoundError:
            continue
        if "R-090" in found.withheld:
            assert (found.hex, found.nodes) == ((), ())
            checked = integrity(case.library, case.scope(), number)
            assert not checked.ok and checked.steps[0].outcome == FAILS
            faults.append(number)
    assert len(faults) == 1


def unit_areas(path: Path) -> list[tuple[int, int, int]]:
    with SegmentFile(path) as file:
        header = file.header()
        return [
            (data.first_sequence, data.first_sequence + data.records, data.area_at)
            for unit in file.units(header)
            for data in unit.data
        ]


async def test_without_its_key_a_record_is_proven_by_its_hash(made: Any, sent: Any, reopened: Any) -> None:
    case = await made(*sent)
    sequence = case.sequences("LAB-0001", 1)[0]
    shutil.rmtree(case.data / "keys/orders")
    library = reopened(case.data)
    found = record_view(library, case.scope(), sequence, case.registry)
    assert (found.withheld, found.hex, found.nodes) == (NO_KEY, (), ())
    checked = integrity(library, case.scope(), sequence)
    assert checked.ok and checked.steps[0].outcome == UNKNOWN and checked.state == "proven_by_hash"


async def test_a_sound_record_is_proven_step_by_step(made: Any, sent: Any) -> None:
    case = await made(*sent)
    checked = integrity(case.library, case.scope(), case.sequences("LAB-0001", 1)[0])
    assert checked.ok and checked.report["state"] == "proven"
    assert [(one.name, one.outcome) for one in checked.steps] == [
        ("octets", HOLDS), ("place in the ledger", HOLDS), ("checkpoint", HOLDS), ("key", HOLDS), ("pin", UNKNOWN),
        ("witness", UNKNOWN),
    ]  # fmt: skip


async def test_attack_a_record_of_another_case_is_not_found_whatever_is_asked(made: Any, sent: Any) -> None:
    case = await made(*sent)
    others = [
        number
        for number in range(case.library.shelves[0].reader.size + 2)
        if number
        not in {
            one
            for liid, cin in (("LAB-0001", 1), ("LAB-0001", 2), ("LAB-0001", 3), ("LAB-0002", 5), ("LAB-0002", 6))
            for one in case.sequences(liid, cin)
        }
    ]
    assert len(others) >= 3
    for number in others:
        for ask in (integrity, lambda *args: record_view(*args, case.registry)):
            with pytest.raises(NotFoundError):
                ask(case.library, case.scope(), number)


def test_records_of_every_dialect_have_a_tree() -> None:
    for name, dialect in (("pcesp_answer", "pcesp"), ("ias_asmr", "ias"), ("vop_answer", "t1678")):
        octets = (US / f"{name}.ber").read_bytes()
        assert record_spans(message_code(dialect, "answer"), octets)[0].length == len(octets)
    packet = b"\x45" + bytes(27)
    apdu = encode_apdu(CcApdu(None, packet))
    assert record_spans(content_code("t1678", "apdu"), apdu)[-1].name == "payload"
    datagram = encode_datagram(CccDatagram(7, 1_700_000_000_000_000, None, packet), 12)
    found = record_spans(content_code("pcesp", 12), datagram)
    assert [(one.name, one.offset, one.length) for one in found[1:]] == [
        ("CCC-Identifier", 0, 4), ("NTP time stamp", 4, 8), ("packet", 12, 28),
    ]  # fmt: skip


def test_octets_and_values_in_rows() -> None:
    rows = list(hex_rows(bytes(range(0x20, 0x43))))
    assert [(row.offset, len(row.octets)) for row in rows] == [(0, 16), (16, 16), (32, 3)]
    assert rows[0].text == " !\"#$%&'()*+,-./" and next(hex_rows(b"\0")).text == "."
    nodes = list(value_nodes({"a": [1, {"b": "x\ny"}], "c": None}))
    assert [(one.name, one.value, one.depth, one.parent) for one in nodes] == [
        ("a", "", 0, -1), ("0", "1", 1, 0), ("1", "", 1, 0), ("b", "x\N{REPLACEMENT CHARACTER}y", 2, 2),
        ("c", "", 0, -1),
    ]  # fmt: skip

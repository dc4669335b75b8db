"""Records that are patched in place decode as what they should be, each different from all others."""

from __future__ import annotations

import pytest

from asn1 import ps_pdu, tlv
from asn1.errors import LocalError
from lab.bench.profiles import PROFILES, Profile, changed, named
from lab.bench.records import FIRST_NUMBER, Matrix, Stream, Template, liids_on, matrix_of, refused_liid

SECOND = 1_764_000_000


def _sent(profile: Profile, connection: int, records: int) -> list[ps_pdu.PsPdu]:
    matrix, _ = matrix_of(profile, connection, SECOND)
    found: list[ps_pdu.PsPdu] = []
    while len(found) < records:
        piece, count = matrix.next(records - len(found), SECOND + 1)
        assert len(piece) == count * matrix.record_octets
        for at in range(0, len(piece), matrix.record_octets):
            found.append(ps_pdu.decode_ps_pdu(bytes(piece[at : at + matrix.record_octets])))
    return found


def test_content_is_numbered_without_gaps_over_the_end_of_the_matrix() -> None:
    profile = changed(named("cc200"), {"liids": 3, "connections": 1})
    found = _sent(profile, 0, 5000)
    by_liid: dict[bytes, list[int]] = {}
    for pdu in found:
        by_liid.setdefault(pdu.header.liid, []).append(pdu.header.sequence_number)
        assert pdu.header.time_us is not None and pdu.header.time_us // 1_000_000 == SECOND + 1
    assert len(by_liid) == 3
    for numbers in by_liid.values():
        assert numbers == list(range(FIRST_NUMBER, FIRST_NUMBER + len(numbers)))


def test_octets_are_of_the_content_or_of_the_record() -> None:
    def sizes(profile: Profile) -> tuple[int, int]:
        matrix, _ = matrix_of(profile, 0, SECOND)
        pdu = ps_pdu.decode_ps_pdu(bytes(matrix.next(1, SECOND).octets))
        ((_, contents),) = [(one, one["cCContents"]) for one in pdu.payload[1]]
        return matrix.record_octets, len(contents[1]["mMCCContents"])

    assert sizes(named("cc200"))[1] == 200
    assert sizes(named("cc1400"))[1] == 1400
    assert sizes(named("cc200-record"))[0] == 200


def test_signalling_is_calls_of_six_records_each_with_a_name_of_its_own() -> None:
    found = _sent(named("prtt-iri"), 1, 6 * 4 * 3 * 50)
    calls: dict[tuple[bytes, int | None], list[int]] = {}
    names: dict[bytes, set[int | None]] = {}
    for pdu in found:
        calls.setdefault((pdu.header.liid, pdu.header.cin), []).append(pdu.header.sequence_number)
        name = pdu.octets.split(b"Call-ID: ")[1][:8]
        names.setdefault(name, set()).add(pdu.header.cin)
    assert all(numbers == [0, 1, 2, 3, 4, 5] for numbers in calls.values())
    assert len(calls) == len(found) // 6
    assert all(len(cins) == 1 for cins in names.values())


def test_the_mix_of_refusals_is_even_and_exact() -> None:
    profile = changed(named("cc200-5pct-refused"), {"connections": 1})
    labels = {refused_liid(one) for one in profile.refusals}
    refused = [pdu.header.liid in labels for pdu in _sent(profile, 0, 4000)]
    for at in range(0, 4000, 20):
        assert sum(refused[at : at + 20]) == 1
    assert {pdu.header.liid for pdu in _sent(profile, 0, 400)} >= labels


def test_every_liid_is_on_a_connection_and_every_connection_has_one() -> None:
    for name, profile in PROFILES.items():
        there = [liids_on(profile, at) for at in range(profile.connections)]
        assert all(there), name
        assert {one for found in there for one in found} >= set(range(min(profile.liids, profile.connections)))
        assert sum(map(len, there)) == max(profile.liids, profile.connections)


def test_openings_name_the_target_and_begin_every_stream() -> None:
    _, opening = matrix_of(named("cc200"), 0, SECOND)
    pdus = [ps_pdu.decode_ps_pdu(one) for one in opening]
    assert [pdu.payload[0] for pdu in pdus] == ["iRIPayloadSequence", "cCPayloadSequence"] * 4
    assert {pdu.header.sequence_number for pdu in pdus} == {0, FIRST_NUMBER - 1}


def test_records_of_different_layout_are_refused() -> None:
    one, other = (Template(bytes(size), (0,), (), 4, 8) for size in (20, 21))
    with pytest.raises(LocalError):
        Matrix([Stream((one,), 1), Stream((other,), 1)], [0, 1])
    with pytest.raises(LocalError):
        Matrix([Stream((one, one), 1)], [0])


def test_a_piece_holds_whole_records() -> None:
    matrix, _ = matrix_of(named("cc1400"), 0, SECOND)
    piece = bytes(matrix.next(7, SECOND).octets)
    at = count = 0
    while at < len(piece):
        at = tlv.read_tlv(piece, at, len(piece)).end
        count += 1
    assert (at, count) == (len(piece), 7)

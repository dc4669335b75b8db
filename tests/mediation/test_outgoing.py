"""What leaves for each product: numbers, segments, aggregation, ciphering and checks, read back as a LEMF would."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from asn1.encryption import decipher
from asn1.errors import EncodeError
from asn1.integrity import Chain
from asn1.integrity_check import Checker
from asn1.ip import ipcc
from asn1.multimedia import sip_iri
from asn1.ps_pdu import PsHeader, PsPdu, decode_ps_pdu
from asn1.segments import content_of
from mediation.journal import HI2, HI3, Entry, Journal
from mediation.outgoing import Outgoing, Sender
from mediation.outgoing_config import OutgoingConfig
from mediation.runtime.config import NotReadyError
from mediation.runtime.handover_keys import KeyRing, read_ring
from mediation.sequence import Counters

T0 = 1_750_000_000_000_000
KEY = bytes(range(24))
SIP = b"INVITE sip:a@ims.invalid SIP/2.0\r\nCall-ID: 1\r\n\r\n"
SIGNER = Ed25519PrivateKey.generate()


@dataclass
class Ends:
    """A sender under a configuration, and what it gave. Real time goes on by a millisecond a product."""

    config: OutgoingConfig
    counters: Counters = field(default_factory=Counters)
    keys: KeyRing | None = None
    real_us: int = 0
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sender = Sender(self.config, self.counters, self.keys, SIGNER, lambda octets: bytes(octets))

    def put(self, content: bytes | None, correlation: int = 1, liid: str = "LAB-1", kind: str = "continue") -> None:
        """Content, or signalling for None."""
        state = self.counters.communication("x", correlation)
        header = PsHeader(
            liid=liid.encode(), operator_id=b"OP", cin=state.cin, time_us=T0 + self.real_us,
            time_qualifier="timeOfInterception", extended_interception_point_id=b"poi", network_function_id=b"nf",
        )  # fmt: skip
        contents: Any = sip_iri(b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02", SIP) if content is None else ipcc(content)
        product = Outgoing("x", correlation, state, header, contents, "toTarget", kind if content is None else None)
        self.real_us += 1000
        self.entries += self.sender.put(product, T0 + self.real_us, self.real_us)

    def due(self, later_us: int = 0, everything: bool = False) -> None:
        self.real_us += later_us
        self.entries += self.sender.due(T0 + self.real_us, self.real_us, everything)

    def told(self) -> list[tuple[str, int]]:
        """(TRI name or payload, number) of each record."""
        found = []
        for one in self.entries:
            pdu = decode_ps_pdu(one.octets)
            name = pdu.payload[1][0] if pdu.payload[0] == "tRIPayload" else pdu.payload[0]
            assert one.tri == (pdu.payload[0] == "tRIPayload")
            found.append((name, pdu.header.sequence_number))
        return found

    def pdus(self) -> list[PsPdu]:
        return [decode_ps_pdu(one.octets) for one in self.entries]


def ends(keys: KeyRing | None = None, scope: Any = "communication", lost: bool = False, **config: Any) -> Ends:
    values = {"sequence_scope": scope} | config
    return Ends(OutgoingConfig.model_validate(values), Counters(scope, lost), keys)


CC, IRI = "cCPayloadSequence", "iRIPayloadSequence"


def test_without_settings_records_alone_leave_numbered_by_communication_and_kind() -> None:
    one = ends()
    for correlation in (1, 2):
        one.put(None, correlation)
        one.put(b"E" * 99, correlation)
        one.put(b"E" * 99, correlation)
    one.due(10**9, everything=True)
    assert one.told() == [(IRI, 0), (CC, 0), (CC, 1)] * 2
    assert {entry.stream for entry in one.entries} == {HI2, HI3}
    assert {pdu.header.oid for pdu in one.pdus()} == {"0.4.0.2.2.5.1.43"}


def test_numbers_by_liid_count_all_of_it_and_survive_a_restart() -> None:
    one = ends(scope="liid")
    one.put(None, 1)
    one.put(b"E", 2)
    one.put(b"E", 1)
    one.put(b"E", 3, "LAB-2")
    assert [number for _, number in one.told()] == [0, 1, 2, 0]
    again = Counters("liid")
    for entry in one.entries:
        assert entry.note is not None
        again.note(*entry.note)
    snapshot = Counters("liid")
    snapshot.restore(again.snapshot())
    for counters in (again, snapshot):
        state = counters.communication("x", 1)
        assert (counters.number(state, "LAB-1", True), counters.number(state, "LAB-2", True)) == (3, 1)


def test_a_cin_reset_goes_ahead_after_lost_counters_or_after_any_start() -> None:
    lost = ends(lost=True)
    lost.put(b"E")
    lost.put(None)
    assert lost.told() == [("cINReset", 0), (CC, 0), (IRI, 0)]
    by_liid = ends(scope="liid", lost=True)
    by_liid.put(b"E", 1)
    by_liid.put(b"E", 2)
    assert by_liid.told() == [("cINReset", 0), (CC, 0), (CC, 1)]
    restarted = ends()
    restarted.put(b"E")
    restarted.put(b"E")
    restarted.counters.begin_anew()
    restarted.put(b"E", 1)
    restarted.put(b"E", 2)
    assert restarted.told()[2:] == [("cINReset", 0), (CC, 0), (CC, 0)]
    never = ends(lost=True, cin_reset="never")
    never.put(b"E")
    assert never.told() == [(CC, 0)]


def test_segments_lie_between_flags_with_the_numbers_of_what_they_bracket() -> None:
    one = ends(segment_octets=16)
    one.put(b"E" * 16)
    one.put(bytes(range(40)))
    one.put(None)
    assert one.told() == [
        (CC, 0), ("firstSegmentFlag", 1), (CC, 1), (CC, 2), (CC, 3), ("lastSegmentFlag", 3), (IRI, 0),
    ]  # fmt: skip
    pieces = [content_of(pdu.payload[1][0]["cCContents"]) for pdu in one.pdus()[2:5]]
    assert b"".join(piece or b"" for piece in pieces) == bytes(range(40))
    assert {entry.stream for entry in one.entries[:-1]} == {HI3}


@pytest.mark.parametrize("flags", [False, True])
def test_segment_flags_are_digested_where_that_is_agreed(flags: bool) -> None:
    one = ends(segment_octets=16, integrity={"hash_records": 2, "digest_flags": flags})
    one.put(bytes(range(40)))
    one.due(everything=True)
    checks = [pdu.payload[1][1] for pdu in one.pdus() if pdu.payload[1][0] == "integrityCheck"]
    listed = [check["includedSequenceNumbers"] for check in checks if check["checkType"] == "hash"]
    assert listed == ([[0, 0], [1, 2], [2]] if flags else [[0, 1], [2]])


def test_content_waits_for_company_and_for_no_signalling() -> None:
    one = ends(aggregation={"records": 3, "us": 20_000})
    for octets in (b"A", b"B", b"C", b"D"):
        one.put(octets)
    assert one.told() == [(CC, 0)] and one.sender.waiting == 1
    (pdu,) = one.pdus()
    payloads = pdu.payload[1]
    assert [payload["cCContents"][1]["iPCCContents"][1] for payload in payloads] == [b"A", b"B", b"C"]
    assert [payload["microSecondTimeStamp"]["microSeconds"] for payload in payloads] == [0, 1000, 2000]
    assert {payload["timeStampQualifier"] for payload in payloads} == {"timeOfInterception"}
    assert (pdu.header.time_us, pdu.header.time_qualifier) == (T0 + 3000, "timeOfAggregation")
    one.put(None)
    assert one.told()[1:] == [(CC, 1), (IRI, 0)] and len(one.pdus()[1].payload[1]) == 1
    assert one.pdus()[1].header.time_qualifier == "timeOfInterception", "alone, it is a record like any other"
    one.put(b"E")
    one.put(b"F", 2)
    one.due(18_000)
    assert one.told()[3:] == []
    one.due(1_000)
    assert one.told()[3:] == [(CC, 2)], "the other one came later"
    one.due(everything=True)
    assert one.told()[4:] == [(CC, 0)] and one.sender.waiting == 0


def test_each_record_is_ciphered_and_counted() -> None:
    one = ends(KeyRing(KEY), encryption={"keys_file": "k"})
    one.put(b"E" * 40)
    one.put(b"E" * 40)
    counters = []
    for pdu in one.pdus():
        assert pdu.payload[1]["encryptedPayloadType"] == "part3" and b"E" * 40 not in pdu.octets
        found = decipher(pdu, one.config.encryption.agreed, KEY)  # type: ignore[union-attr]
        assert decode_ps_pdu(found.octets).payload[1][0]["cCContents"] == ipcc(b"E" * 40)
        counters.append((found.byte_counter, len(found.plain_form)))
    assert counters[0][0] == T0 // 1_000_000 << 32
    assert counters[1][0] == counters[0][0] + counters[0][1]


def test_attack_a_liid_without_a_key_leaves_in_no_form_and_takes_no_number() -> None:
    one = ends(KeyRing(None, {"LAB-1": KEY}), encryption={"keys_file": "k"}, aggregation={"records": 2})
    with pytest.raises(EncodeError, match="keys_file"):
        one.put(b"E", 5, "LAB-2")
    one.put(b"E", 1)
    one.put(b"E", 1)
    assert len(one.entries) == 1 and one.sender.waiting == 0
    assert KEY.hex() not in repr(one.keys) and str(KEY) not in repr(one.keys)


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("signing", ["hashes", "openli"])
def test_checks_behind_ciphered_records_hold_at_the_other_end(plain: bool, signing: str) -> None:
    integrity = {"plain": plain, "signing": signing, "signer_file": "s", "hash_records": 3, "sign_hashes": 2}
    one = ends(KeyRing(KEY), encryption={"keys_file": "k", "tri": True}, integrity=integrity)
    for _ in range(7):
        one.put(b"E" * 40)
    one.due(2_000_000)
    one.due(everything=True)
    profile, agreed = one.config.integrity.agreed, one.config.encryption.agreed  # type: ignore[union-attr]
    checker = Checker(profile, SIGNER.public_key())
    for entry, pdu in zip(one.entries, one.pdus(), strict=True):
        found = decipher(pdu, agreed, KEY)
        inner = decode_ps_pdu(found.octets)
        number = inner.header.sequence_number
        if entry.tri:
            assert pdu.payload[1]["encryptedPayloadType"] == "part1"
            checker.check(b"LAB-1", 1, number, inner.payload[1][1], T0)
        else:
            checker.record(Chain(b"LAB-1", 1, 1), 0, number, found.plain_form if plain else pdu.octets, T0)
    assert checker.turn(T0) == []
    assert (checker.records_checked, checker.hashes_right, checker.signatures_right) == (7, 3, 2)


def test_checks_are_due_by_number_and_by_time() -> None:
    one = ends(integrity={"hash_records": 2, "hash_s": 1, "signer_file": "s", "sign_hashes": 9, "sign_s": 5})
    for _ in range(3):
        one.put(b"E")
    one.put(None)
    assert one.told() == [(CC, 0), (CC, 1), ("integrityCheck", 1), (CC, 2), (IRI, 0)]
    one.due(500_000)
    assert len(one.entries) == 5
    one.due(500_000)
    assert one.told()[5:] == [("integrityCheck", 2), ("integrityCheck", 1)]
    assert [entry.stream for entry in one.entries[5:]] == [HI3, HI2]
    one.due(3_990_000)
    assert len(one.entries) == 7
    one.due(1_100_000)
    kinds = [pdu.payload[1][1]["checkType"] for pdu in one.pdus()[7:]]
    assert kinds == ["signature", "signature"]
    one.due(10**9, everything=True)
    assert len(one.entries) == 9


def test_an_old_module_version_has_no_fields_of_a_later_one() -> None:
    one = ends(ps_module_version=17, integrity={"hash_records": 1})
    one.put(b"E")
    data, check = one.pdus()
    assert data.header.oid == check.header.oid == "0.4.0.2.2.5.1.17"
    assert data.header.extended_interception_point_id is None and data.header.network_function_id is None
    assert "hashAlgorithm" not in check.payload[1][1]
    new = ends()
    new.put(b"E")
    assert new.pdus()[0].header.network_function_id == b"nf"


def test_settings_that_cannot_be_are_refused() -> None:
    for wrong in (
        {"encryption": {"keys_file": "k", "algorithm": "threedes-cbc"}},
        {"encryption": {}},
        {"integrity": {"algorithm": "sHA-1"}},
        {"aggregation": {"records": 1}},
        {"segment_octets": 1},
        {"ps_module_version": 0},
    ):
        with pytest.raises(ValidationError):
            OutgoingConfig.model_validate(wrong)


def test_a_key_file_is_read_or_refused_without_being_shown(tmp_path: Path) -> None:
    agreed = OutgoingConfig.model_validate({"encryption": {"keys_file": "k"}}).encryption
    assert agreed is not None
    path = tmp_path / "keys.json"
    path.write_text(f'{{"default": "{KEY.hex()}", "liids": {{"LAB-1": "{bytes(24).hex()}"}}}}')
    ring = read_ring(path, agreed.agreed)
    assert (ring.of(b"LAB-1"), ring.of(b"LAB-2")) == (bytes(24), KEY)
    for text in ("[]", "{", '{"default": "zz"}', '{"default": "c0ffee"}', '{"liids": 3}'):
        path.write_text(text)
        with pytest.raises(NotReadyError) as caught:
            read_ring(path, agreed.agreed)
        assert "keys.json" in str(caught.value) and "c0ffee" not in str(caught.value)
    with pytest.raises(NotReadyError):
        read_ring(tmp_path / "none.json", agreed.agreed)


def test_a_journal_that_is_gone_and_was_there_has_lost_its_counters(tmp_path: Path) -> None:
    def journal() -> Journal:
        return Journal(tmp_path / "journal", tmp_path / "journal.key", 1 << 20, 1 << 16, False)

    first = journal()
    assert not first.lost
    first.start(Counters().snapshot())
    first.append([Entry(HI2, "-", b"message", None, True), Entry(HI3, "LAB-1", b"data", ("x", 1, {"cin": 1}))])
    first.close()
    second = journal()
    assert not second.lost and [held.tri for held in second.held(HI2)] == [True]
    assert second.held(HI2)[0].octets == b"message" and second.notes == [("x", 1, {"cin": 1})]
    assert [held.tri for held in second.held(HI3)] == [False]
    second.close()
    for path in (tmp_path / "journal").iterdir():
        path.unlink()
    assert journal().lost

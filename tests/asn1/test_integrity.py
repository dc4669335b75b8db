"""Integrity checks, both halves joined in memory: what holds, what does not, and who tries."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from asn1.errors import DecodeError, LocalError
from asn1.integrity import Chain, ChainWriter, Check, IntegrityProfile, PrivateKey, digested, signed_octets, verify
from asn1.integrity_check import (
    ENTRY_OCTETS,
    MAX_FLAG_OCTETS,
    MAX_LISTED,
    MAX_WAITING,
    Checker,
    CheckLimits,
    Fault,
    Finding,
    Place,
)
from asn1.ip import ipcc
from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu, tri_pdu

T0 = 1_750_000_000_000_000
CHAIN = Chain(b"LAB-1", 1, 1)
LATE = 100_000_000
PROFILE, LIMITS = IntegrityProfile(), CheckLimits()
KEY = ed25519.Ed25519PrivateKey.generate()


def header(number: int) -> PsHeader:
    return PsHeader(liid=b"LAB-1", operator_id=b"OP", cin=1, sequence_number=number, time_us=T0)


def data(number: int, octets: bytes = b"E" * 40) -> bytes:
    return cc_pdu(header(number), ipcc(octets), "toTarget")


@dataclass
class Ends:
    """Sender and receiver of one chain; each TRI goes through its encoding."""

    profile: IntegrityProfile = PROFILE
    key: PrivateKey | None = None
    limits: CheckLimits = LIMITS
    now_us: int = T0
    numbers: int = 0
    sent: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.writer = ChainWriter(CHAIN, self.profile, self.key)
        self.checker = Checker(self.profile, None if self.key is None else self.key.public_key(), self.limits)

    def records(self, count: int, change: bytes | None = None) -> None:
        """Sent and received; with `change`, other content arrives in the last one."""
        for _ in range(count):
            record = data(self.numbers)
            self.writer.record(self.numbers, record, self.now_us)
            arrived = record if change is None else data(self.numbers, change)
            self.checker.record(CHAIN, 0, self.numbers, arrived, self.now_us)
            self.numbers += 1

    def deliver(self, check: Check | None) -> None:
        assert check is not None
        pdu = decode_ps_pdu(tri_pdu(header(check.number), "integrityCheck", check.value))
        self.sent.append((check.number, pdu.payload[1][1]))
        self.again(-1)

    def again(self, at: int) -> None:
        number, value = self.sent[at]
        self.checker.check(b"LAB-1", 1, number, value, self.now_us)

    def turn(self, later_us: int = 0) -> list[Finding]:
        self.now_us += later_us
        return self.checker.turn(self.now_us)


KEYS: list[Any] = [
    ec.generate_private_key(ec.SECP256R1()),
    ed25519.Ed25519PrivateKey.generate(),
    ed448.Ed448PrivateKey.generate(),
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("algorithm", ["sHA-256", "sHA-384", "sHA-512"])
@pytest.mark.parametrize("signing", ["hashes", "openli"])
@pytest.mark.parametrize("scope", ["pdu", "payload"])
def test_hashes_and_signatures_hold(key: Any, algorithm: str, signing: Any, scope: Any) -> None:
    ends = Ends(IntegrityProfile(scope, True, algorithm, signing), key)
    for _ in range(3):
        ends.records(4)
        ends.deliver(ends.writer.hash(ends.now_us))
    ends.deliver(ends.writer.signature())
    assert [number for number, _ in ends.sent] == [1, 2, 3, 1]
    assert ends.turn() == [] and ends.turn(LATE) == []
    checker = ends.checker
    assert (checker.records_checked, checker.hashes_right, checker.signatures_right, checker.pending) == (12, 3, 1, 0)


def test_what_is_signed_as_openli_has_it_names_hashes_and_binds_no_data() -> None:
    one = signed_octets(CHAIN, [1, 2], [b"a", b"b"], "eCDSA", "openli")
    assert one == signed_octets(CHAIN, [1, 2], [b"c", b"d"], "eCDSA", "openli")
    assert one[0] == 0xA0 and one.endswith(b"\x83\x00\x85\x01\x02")
    bound = signed_octets(CHAIN, [1, 2], [b"a", b"b"], "eCDSA", "hashes")
    assert bound != signed_octets(CHAIN, [1, 2], [b"c", b"d"], "eCDSA", "hashes")
    assert bound != signed_octets(CHAIN._replace(cin=2), [1, 2], [b"a", b"b"], "eCDSA", "hashes")


def test_a_hash_before_its_records_and_records_in_another_order_are_waited_for() -> None:
    ends = Ends()
    for number in (0, 1):
        ends.writer.record(number, data(number), T0)
    ends.deliver(ends.writer.hash(T0))
    assert ends.turn() == []
    for number in (1, 0):
        ends.checker.record(CHAIN, 0, number, data(number), ends.now_us)
    assert ends.turn(1) == [] and ends.checker.hashes_right == 1


def test_what_was_resent_is_passed_over() -> None:
    ends = Ends(key=KEY)
    ends.records(3)
    ends.deliver(ends.writer.hash(T0))
    ends.deliver(ends.writer.signature())
    assert ends.turn() == []
    for number in range(3):
        ends.checker.record(CHAIN, 0, number, data(number), ends.now_us)
    ends.again(0)
    ends.again(1)
    assert ends.turn(LATE) == [] and ends.checker.signatures_right == 1


def test_what_lacks_its_check_its_data_or_its_signature_is_found_in_time() -> None:
    ends = Ends(key=KEY)
    ends.records(2)
    assert ends.turn(10_000_000) == []
    (found,) = ends.turn(10_000_000)
    assert (found.fault, found.records) == (Fault.MISSING_CHECK, (Place(0, 0), Place(0, 1)))
    ends.writer.hash(ends.now_us)
    ends.records(1)
    ends.writer.record(9, data(9), ends.now_us)
    ends.deliver(ends.writer.hash(ends.now_us))
    (found,) = ends.turn(20_000_000)
    assert (found.fault, found.records) == (Fault.MISSING_DATA, (Place(0, 2),))
    ends.records(1)
    ends.deliver(ends.writer.hash(ends.now_us))
    assert ends.turn() == []
    (found,) = ends.turn(60_000_000)
    assert (found.fault, found.records) == (Fault.UNSIGNED, (Place(0, 3),))


def test_a_stream_that_begins_anew_leaves_nothing_unsaid() -> None:
    ends = Ends()
    ends.records(1)
    ends.checker.record(CHAIN, 1, 0, data(0), ends.now_us)
    ends.checker.record(CHAIN, 0, 0, data(0), ends.now_us)
    (found,) = ends.turn()
    assert (found.fault, found.records) == (Fault.MISSING_CHECK, (Place(0, 0),))


def test_attack_changed_content_is_found() -> None:
    ends = Ends()
    ends.records(3)
    ends.records(1, b"F" * 40)
    ends.deliver(ends.writer.hash(T0))
    (found,) = ends.turn()
    assert found.fault is Fault.WRONG_HASH and found.records == tuple(Place(0, number) for number in range(4))


def test_attack_swapped_records_are_found() -> None:
    """Two records under each other's numbers: each is sound, and the chain is not."""
    ends = Ends(IntegrityProfile(scope="payload"))
    for number, octets in ((0, b"A" * 40), (1, b"B" * 40)):
        ends.writer.record(number, data(number, octets), T0)
        ends.checker.record(CHAIN, 0, 1 - number, data(1 - number, octets), T0)
    ends.deliver(ends.writer.hash(T0))
    assert [one.fault for one in ends.turn()] == [Fault.WRONG_HASH]


def test_attack_a_forged_hash_cannot_be_signed() -> None:
    ends, forger = Ends(key=KEY), Ends()
    ends.records(2, b"F" * 40)
    for number in range(2):
        forger.writer.record(number, data(number, b"F" * 40), T0)
    ends.deliver(forger.writer.hash(T0))
    ends.writer.hash(T0)
    ends.deliver(ends.writer.signature())
    (found,) = ends.turn()
    assert (found.fault, len(found.records)) == (Fault.BAD_SIGNATURE, 2)


def test_attack_a_replayed_signature_signs_nothing_new() -> None:
    """Where it binds hash values. As OpenLI signs, it does: the reason why it is not the default."""
    for signing, fault in (("hashes", Fault.BAD_SIGNATURE), ("openli", None)):
        ends = Ends(IntegrityProfile(signing=signing), KEY)  # type: ignore[arg-type]
        ends.records(1)
        ends.writer.hash(T0)
        signature = ends.writer.signature()
        forger = Ends()
        forger.writer.record(0, data(0), T0)
        ends.deliver(forger.writer.hash(T0))
        assert signature is not None
        ends.checker.check(b"LAB-1", 1, 1, signature.value, ends.now_us)
        assert ends.turn() == []  # the forger has only repeated what was true
        ends.checker.record(CHAIN, 1, 0, data(0, b"F" * 40), ends.now_us)
        forger.writer.record(0, data(0, b"F" * 40), T0)
        again = forger.writer.hash(T0)
        assert again is not None
        ends.checker.check(b"LAB-1", 1, 1, again.value, ends.now_us)
        ends.checker.check(b"LAB-1", 1, 2, signature.value, ends.now_us)
        assert [one.fault for one in ends.turn()] == ([] if fault is None else [fault])


def test_attack_an_old_signature_under_another_number_is_a_replay() -> None:
    ends = Ends(key=KEY)
    ends.records(1)
    ends.deliver(ends.writer.hash(T0))
    ends.deliver(ends.writer.signature())
    assert ends.turn() == []
    ends.checker.check(b"LAB-1", 1, 77, ends.sent[1][1], ends.now_us)
    ends.checker.check(b"LAB-1", 1, 78, ends.sent[0][1], ends.now_us)
    assert {one.fault for one in ends.turn(LATE)} == {Fault.REPLAYED}


def test_attack_a_flood_of_checks_and_of_records_stays_in_bounds() -> None:
    ends = Ends(limits=CheckLimits(octets=1000))
    ends.records(50)
    assert ends.checker.pending < 10
    value = {"includedSequenceNumbers": [10**6], "checkType": "hash", "dataType": "cC", "checkValue": b""}
    for number in range(2 * MAX_WAITING):
        ends.checker.check(b"LAB-1", 1, number, value, T0)
    value = value | {"includedSequenceNumbers": list(range(10**6, 10**6 + 65_536))}
    for number in range(6):
        ends.checker.check(b"LAB-1", 1, number, value, T0)
    assert len(ends.checker._waiting) < MAX_WAITING
    assert sum(len(one.value["includedSequenceNumbers"]) for one in ends.checker._waiting) <= MAX_LISTED
    assert {one.fault for one in ends.turn()} == {Fault.GIVEN_UP}


def test_attack_checks_that_say_nothing_usable() -> None:
    ends = Ends()
    ends.records(1)
    whole = {"includedSequenceNumbers": [0], "checkType": "hash", "dataType": "cC", "checkValue": b"x"}
    for number, change in enumerate(({"dataType": "iLHI"}, {"checkType": 9}, {"hashAlgorithm": 9})):
        ends.checker.check(b"LAB-1", 1, number, whole | change, T0)
    ends.checker.check(b"LAB-1", 1, 8, whole | {"includedSequenceNumbers": [0, 0]}, T0)
    ends.checker.check(b"LAB-1", 1, 9, whole | {"checkType": "signature"}, T0)
    assert {one.fault for one in ends.turn()} == {Fault.UNUSABLE, Fault.UNKNOWN_KEY}


def test_sha1_and_dsa_are_read_and_not_written() -> None:
    with pytest.raises(LocalError, match="read only"):
        ChainWriter(CHAIN, IntegrityProfile(hash_algorithm="sHA-1"))
    import hashlib

    ends = Ends()
    ends.checker.record(CHAIN, 0, 0, data(0), T0)
    check = {
        "includedSequenceNumbers": [0], "checkType": "hash", "dataType": "cC", "hashAlgorithm": "sHA-1",
        "checkValue": hashlib.sha1(data(0)).digest(),
    }  # fmt: skip
    ends.deliver(Check(1, check))
    assert ends.turn() == [] and ends.checker.hashes_right == 1
    key = dsa.generate_private_key(1024)
    octets = signed_octets(CHAIN, [1], [b""], "dSA", "openli")
    signature = key.sign(octets, SHA256())
    assert verify(key.public_key(), signature, octets, "dSA", "sHA-256")
    assert not verify(key.public_key(), signature, octets, "eCDSA", "sHA-256")
    assert not verify(KEY.public_key(), signature, octets, "dSA", "sHA-256")
    assert not verify(KEY.public_key(), signature, octets, "9", "sHA-256")


def test_writer_has_nothing_to_say_about_nothing() -> None:
    writer = ChainWriter(CHAIN, IntegrityProfile())
    assert writer.hash(T0) is None and writer.signature() is None
    writer.record(0, data(0), T0)
    assert (writer.records, writer.since_us) == (1, T0)
    assert writer.hash(T0) is not None and writer.signature() is None and writer.hashes == 0


@given(octets=st.binary(max_size=60))
def test_attack_digesting_any_octets_raises_only_the_decoders_error(octets: bytes) -> None:
    try:
        assert digested(octets, "payload") in octets
    except DecodeError:
        return


def flag(number: int, name: str) -> bytes:
    return tri_pdu(header(number), name)


@pytest.mark.parametrize("scope", ["pdu", "payload"])
@pytest.mark.parametrize("each", [1, 2, 3, 100])
def test_digested_flags_are_listed_with_the_numbers_of_their_records(scope: Any, each: int) -> None:
    """Wherever a hash ends; all of it resent."""
    ends = Ends(IntegrityProfile(scope, flags=True))
    parts = [("firstSegmentFlag", 0), ("", 0), ("", 1), ("", 2), ("lastSegmentFlag", 2), ("", 3),
             ("firstSegmentFlag", 4), ("", 4), ("lastSegmentFlag", 4)]  # fmt: skip
    for _ in range(2):
        for at, (name, number) in enumerate(parts):
            octets = flag(number, name) if name else data(number)
            if name:
                ends.checker.flag(CHAIN, name == "firstSegmentFlag", number, octets, T0)
            else:
                ends.checker.record(CHAIN, 0, number, octets, T0)
            if len(ends.sent) * each < len(parts) and ends.writer.records < each:
                ends.writer.record(number, octets, T0)
            if ends.writer.records == each or (ends.writer.records and at == len(parts) - 1):
                ends.deliver(ends.writer.hash(T0))
            assert ends.turn() == []
    listed = [number for _, value in ends.sent for number in value["includedSequenceNumbers"]]
    assert listed == [number for _, number in parts]
    assert ends.turn(LATE) == [] and (ends.checker.records_checked, ends.checker.pending) == (5, 0)


def test_attack_a_digested_flag_that_is_missing_or_not_its_own_is_found() -> None:
    for arrives in (None, flag(0, "lastSegmentFlag")):
        ends = Ends(IntegrityProfile(flags=True))
        ends.writer.record(0, flag(0, "firstSegmentFlag"), T0)
        ends.writer.record(0, data(0), T0)
        if arrives is not None:
            ends.checker.flag(CHAIN, True, 0, arrives, T0)
        ends.checker.record(CHAIN, 0, 0, data(0), T0)
        ends.deliver(ends.writer.hash(T0))
        (found,) = ends.turn() or ends.turn(LATE)
        assert found.fault is (Fault.MISSING_DATA if arrives is None else Fault.WRONG_HASH)
        assert found.records == (Place(0, 0),)


def test_attack_flags_take_no_memory_where_none_is_digested_or_none_is_so_large() -> None:
    plain = Checker(IntegrityProfile())
    plain.flag(CHAIN, False, 0, flag(0, "lastSegmentFlag"), T0)
    large = Checker(IntegrityProfile(flags=True))
    large.flag(CHAIN, False, 0, bytes(MAX_FLAG_OCTETS + 1), T0)
    assert plain.pending == large.pending == 0
    large.flag(CHAIN, False, 0, flag(0, "lastSegmentFlag"), T0)
    (found,) = large.turn(T0 + LATE)
    assert (found.fault, found.records) == (Fault.MISSING_CHECK, ()), "a flag is no record to hold"


def test_attack_small_records_count_for_what_they_take() -> None:
    checker = Checker(IntegrityProfile("payload"), limits=CheckLimits(octets=ENTRY_OCTETS * 10))
    for number in range(100):
        checker.record(CHAIN, 0, number, data(number, b""), T0)
    assert checker.pending < 10

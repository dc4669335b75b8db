"""What the dialects do beyond their vectors: outer forms, unknown elements, wrong dialects, field encodings of BER."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import tlv
from asn1.errors import DecodeError, EncodeError
from asn1.laes import cc_apdu, ias, jstd025, pcesp, t1678
from asn1.laes.message import CdcMessage
from asn1.laes.t1678_types import PSP
from asn1.table import decode

DIRECTORY = Path(__file__).parents[2] / "vectors/us"
VECTORS = {path.stem: path.read_bytes() for path in sorted(DIRECTORY.glob("*.ber"))}
READERS = {
    "t1678": t1678.decode_message,
    "pcesp": pcesp.decode_message,
    "ias": ias.decode_message,
    "jstd025": jstd025.decode_message,
    "cc_apdu": cc_apdu.decode_apdu,
}
CASE = {"caseId": "SIM-1", "timestamp": 1_772_373_600_000_000}


def parts(octets, *path):
    """The element reached by taking the n-th child again and again."""
    found = tlv.read_tlv(octets, 0, len(octets))
    for index in path:
        found = list(tlv.children(octets, found))[index]
    return octets[found.start : found.end]


def test_both_outer_forms_of_t1678_are_read_and_written():
    enhanced = VECTORS["vop_answer"]
    bare = parts(enhanced, 1)
    message = t1678.decode_message(bare)
    assert message.module is None
    assert message._replace(module=t1678.MODULE) == t1678.decode_message(enhanced)
    assert t1678.encode_message(message) == bare


def test_a_module_version_nobody_has_seen_is_no_error():
    message = t1678.decode_message(VECTORS["vop_answer"])._replace(module="1.2.840.113737.2.1.0.0.0.4")
    assert t1678.decode_message(t1678.encode_message(message)) == message
    message = pcesp.decode_message(VECTORS["pcesp_answer"])._replace(module=5)
    assert pcesp.decode_message(pcesp.encode_message(message)) == message


def test_defaults_of_a_message_built_here():
    octets = pcesp.encode_message(CdcMessage("release", pcesp.decode_message(VECTORS["pcesp_release"]).fields))
    assert octets == VECTORS["pcesp_release"]
    octets = ias.encode_message(CdcMessage("accessAttempt", ias.decode_message(VECTORS["ias_access_attempt"]).fields))
    assert octets == VECTORS["ias_access_attempt"]


@pytest.mark.parametrize(
    ("read", "octets", "name"),
    [
        (t1678.decode_message, "a00d" + "80032a0304" + "a106" + "b904" + "80020000", "[25]"),
        (t1678.decode_message, "a009" + "80032a0304" + "a102" + "8600", "[6]"),
        (jstd025.decode_message, "a102" + "9200", "[18]"),
        (pcesp.decode_message, "3009" + "800104" + "a104" + "b502" + "0500", "[21]"),
        (ias.decode_message, "3009" + "06032a0304" + "ac02" + "0500", "[12]"),
    ],
)
def test_a_message_no_row_describes_is_kept_under_its_tag(read, octets, name):
    message = read(bytes.fromhex(octets))
    assert message.name == name
    assert message.fields == {}
    assert [(item.tag, octets.endswith(item.octets.hex())) for item in message.unknown_tags] == [(name, True)]


def test_a_message_no_row_describes_cannot_be_written():
    for module in (t1678, pcesp, ias, jstd025):
        with pytest.raises(EncodeError):
            module.encode_message(CdcMessage("[25]", {}))


def test_an_ias_record_without_any_message_lacks_it():
    with pytest.raises(DecodeError) as caught:
        ias.decode_message(bytes.fromhex("300506032a0304"))
    assert caught.value.code == DecodeError.MISSING_FIELD


def test_unknown_elements_inside_a_message_are_kept_with_their_path():
    octets = bytearray(VECTORS["pcesp_release"])
    extension = bytes.fromhex("9f630141")
    for at in (1, 6, 8):  # the lengths of the record, the explicit tag and the message
        octets[at] += len(extension)
    message = pcesp.decode_message(bytes(octets) + extension)
    assert message.name == "release"
    assert [(item.path, item.tag, item.octets) for item in message.unknown_tags] == [
        ("message.release", "[99]", extension)
    ]


def test_the_same_tag_is_another_message_in_another_dialect():
    for tag, voice, cable in (
        (12, "confPartyChange", "ccchange"),
        (18, "directSignalReporting", "mediareport"),
        (19, "mediaAndAddressReporting", "serviceinstance"),
        (20, "ccChange", "confpartychange"),
    ):
        names = [
            next(row.name for row in module.DIALECT.messages.fields if row.tag == tag) for module in (t1678, pcesp)
        ]
        assert names == [voice, cable]


@pytest.mark.parametrize(
    ("read", "octets"),
    [
        (t1678.decode_message, VECTORS["pcesp_answer"]),
        (jstd025.decode_message, VECTORS["vop_answer"]),
        (pcesp.decode_message, VECTORS["vop_answer"]),
        (ias.decode_message, VECTORS["vop_answer"]),
        (cc_apdu.decode_apdu, VECTORS["vop_answer"]),
    ],
)
def test_a_record_of_another_dialect_is_told_by_its_first_octet(read, octets):
    with pytest.raises(DecodeError) as caught:
        read(octets)
    assert caught.value.code == DecodeError.WRONG_DIALECT


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (pcesp.decode_message, "ias_access_attempt"),
        (pcesp.decode_message, "cc_apdu"),
        (ias.decode_message, "pcesp_answer"),
        (ias.decode_message, "cc_apdu"),
        (cc_apdu.decode_apdu, "pcesp_answer"),
        (cc_apdu.decode_apdu, "ias_access_attempt"),
    ],
)
def test_records_that_begin_alike_are_not_mistaken_for_each_other(read, name):
    with pytest.raises(DecodeError):
        read(VECTORS[name])


@pytest.mark.parametrize("name", ["pcesp_origination", "pcesp_termattempt", "pcesp_redirection"])
def test_a_reserved_null_left_out_is_a_missing_field(name):
    message = pcesp.decode_message(VECTORS[name])
    for reserved in [field for field in message.fields if field.startswith("reserved")]:
        rest = {field: value for field, value in message.fields.items() if field != reserved}
        with pytest.raises(EncodeError, match=reserved):
            pcesp.encode_message(message._replace(fields=rest))


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("vop_origination", "input"),
        ("vop_origination", "originationCause"),
        ("vop_termattempt", "calling"),
        ("vop_subjectsignal", "input"),
        ("vop_subjectsignal", "signal"),
        ("vop_answer", "caseId"),
    ],
)
def test_what_a_strict_third_party_decoder_demands_is_demanded(name, gone):
    message = t1678.decode_message(VECTORS[name])
    with pytest.raises(EncodeError, match=gone):
        t1678.encode_message(
            message._replace(fields={field: value for field, value in message.fields.items() if field != gone})
        )


def test_a_pcesp_signal_says_something():
    party = {"dn": "2125550100"}
    network = pcesp.decode_message(VECTORS["pcesp_networksignal"])
    subject = pcesp.decode_message(VECTORS["pcesp_subjectsignal"])
    assert network.fields.pop("alertingSignal") == "alertingPattern0"
    for message in (network, subject._replace(fields=subject.fields | {"signal": {}})):
        with pytest.raises(EncodeError, match="lacks a signal"):
            pcesp.encode_message(message)
    network.fields["other"] = "lamp"
    assert pcesp.decode_message(pcesp.encode_message(network)).fields["signaledToPartyId"] == party


def test_over_long_evidence_is_kept_but_never_made():
    octets = VECTORS["vop_dde"]
    digits = "1" * 33
    grown = bytearray(octets.replace(bytes.fromhex("84063132332a3423"), b"\x84\x21" + digits.encode()))
    for at in (1, 17, 19):  # the lengths of the record, the explicit tag and the message
        grown[at] += 27
    message = t1678.decode_message(bytes(grown))
    assert message.fields["digits"] == digits
    with pytest.raises(EncodeError, match="digits"):
        t1678.encode_message(message)


def test_indefinite_and_padded_lengths_give_the_same_message():
    octets = VECTORS["ias_access_attempt"]
    identifier, body = parts(octets, 0), parts(octets, 1)
    wanted = ias.decode_message(octets)
    assert ias.decode_message(b"\x30\x80" + identifier + body + b"\0\0") == wanted
    padded = b"\xa0\x88" + (len(body) - 2).to_bytes(8, "big") + body[2:]
    length = len(identifier + padded)
    assert ias.decode_message(b"\x30\x84" + length.to_bytes(4, "big") + identifier + padded) == wanted


def test_a_sip_header_is_read_whichever_string_type_carries_it():
    for octets, value in (
        ("0c0141", ("utf8String", "A")),
        ("1a0141", ("visibleString", "A")),
        ("160141", ("ia5String", "A")),
        ("040141", ("[UNIVERSAL 4]", b"A")),
    ):
        assert decode(PSP, bytes.fromhex("a005a003" + octets)) == ("sip", {"sipHeader": [value]})


def test_the_reconstructed_dialect_has_its_call_identity_and_its_packet_envelope():
    call = {"sequencenumber": "1", "systemidentity": "SIMSYS"}
    message = CdcMessage("answer", {**CASE, "callId": call})
    octets = jstd025.encode_message(message)
    assert octets[0] == 0xA1
    assert jstd025.decode_message(octets) == message
    assert t1678.decode_message(octets).fields["callId"] == {"main": "1", "leg": "SIMSYS"}
    several = CdcMessage("connection", {**CASE, "callId": [call]})
    assert jstd025.decode_message(jstd025.encode_message(several)) == several
    envelope = CdcMessage("packetEnvelope", {"packetEnvelope": [{"tag": "[0]", "octets": "41"}]})
    assert jstd025.encode_message(envelope).hex() == "a105a603800141"
    assert jstd025.decode_message(jstd025.encode_message(envelope)) == envelope
    with pytest.raises(EncodeError, match="identifier"):
        jstd025.encode_message(message._replace(module=t1678.MODULE))


def test_an_apdu_may_come_without_header():
    apdu = cc_apdu.CcApdu(None, b"\x45")
    assert cc_apdu.encode_apdu(apdu).hex() == "3003810145"
    assert cc_apdu.decode_apdu(cc_apdu.encode_apdu(apdu)) == apdu


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_vectors_cut_or_flipped_anywhere_give_a_decode_error_or_a_value(data):
    octets = bytearray(VECTORS[data.draw(st.sampled_from(sorted(VECTORS)))])
    for _ in range(data.draw(st.integers(0, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    octets = octets[: data.draw(st.integers(0, len(octets)))]
    for read in READERS.values():
        try:
            found = read(bytes(octets))
        except DecodeError as error:
            assert 0 <= error.offset <= len(octets)
        else:
            assert isinstance(found, CdcMessage | cc_apdu.CcApdu)


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_cut_at_any_octet_is_an_error(name):
    octets = VECTORS[name]
    for end in range(len(octets)):
        for read in READERS.values():
            with pytest.raises(DecodeError):
                read(octets[:end])


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.sampled_from([b"", b"\xa0", b"\xa1", b"\x30"]), st.binary(max_size=200))
def test_any_octets_give_a_decode_error_or_a_value(start, rest):
    for read in READERS.values():
        try:
            found = read(start + rest)
        except DecodeError:
            continue
        assert isinstance(found, CdcMessage | cc_apdu.CcApdu)


def test_attack_values_nested_beyond_reason():
    octets = b"\x30\x80" + b"\xa0\x80" * 5000
    for read in (pcesp.decode_message, ias.decode_message, cc_apdu.decode_apdu):
        with pytest.raises(DecodeError):
            read(octets)
    for start in (b"\xa0\x80", b"\xa1\x80"):
        with pytest.raises(DecodeError):
            t1678.decode_message(start * 5000)

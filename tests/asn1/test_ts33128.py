import json
from pathlib import Path

import pytest

from asn1 import ts33128
from asn1.errors import DecodeError, EncodeError
from asn1.table import Choice, Sequence, SequenceOf, Undescribed, decode, decode_reporting, encode
from asn1.table_pyasn1 import reference_decode
from tests.asn1.record_walk import vectors

PLMN = {"mCC": "001", "mNC": "01"}
NR_LOCATION = {
    "tAI": {"pLMNID": PLMN, "tAC": b"\0\x07"},
    "nCGI": {"pLMNID": PLMN, "nRCellID": b"\4\x12\x34\x56\x78\x90"},
    "uELocationTimestamp": 1_750_000_000_000_000,
}
VECTORS = json.loads((Path(__file__).parents[1] / "vectors/etsi/ts33128.json").read_text())["vectors"]
SMS = (
    "sMSMessage",
    {
        "originatingSMSParty": {"sUPI": ("iMSI", "001010000000001"), "gPSI": ("mSISDN", "12125550101")},
        "terminatingSMSParty": {"gPSI": ("mSISDN", "12125550102")},
        "direction": "fromTarget",
        "linkTransferStatus": "transferSucceeded",
        "location": {
            "locationInfo": {"currentLoc": True, "rATType": "nR", "userLocation": {"nRLocation": NR_LOCATION}}
        },
        "peerNFAddress": ("iPAddress", ("iPv4Address", bytes((192, 0, 2, 9)))),
        "sMSTPDUData": ("sMSTPDU", b"\x01\x00"),
        "messageType": "submit",
        "rPMessageReference": 5,
    },
)
REPORT = (
    "sMSReport",
    {"sMSTPDUData": ("truncatedSMSTPDU", b"x"), "messageType": "submitReportAck", "rPMessageReference": 5},
)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector):
    octets = bytes.fromhex(vector["octets"])
    value, unknown = decode_reporting(ts33128.XIRI_PAYLOAD, octets)
    assert value["xIRIPayloadOID"] == vector["oid"]
    assert ts33128.decode_xiri(octets)[0] == vector["event"]
    assert bool(unknown) == vector["event"].startswith("[")
    if not unknown:
        assert ts33128.encode_xiri(value["event"], vector["oid"]) == octets


def undescribed(record, value):
    """Whether the value holds anything that no row describes: a reference codec has nothing to say about that."""
    if isinstance(record, Undescribed):
        return True
    if isinstance(record, Sequence):
        return any(undescribed(row.type, value[row.name]) for row in record.fields if row.name in value)
    if isinstance(record, Choice):
        return any(undescribed(row.type, value[1]) for row in record.fields if row.name == value[0])
    return isinstance(record, SequenceOf) and any(undescribed(record.item, item) for item in value)


def test_every_described_event_reads_as_by_the_reference_codec():
    events = {row.name: row.type for row in (*ts33128.XIRI_EVENT.fields, *ts33128.IRI_EVENT.fields)}
    checked = set()
    for vector in vectors():
        if vector.record == "ts33128.XIRI_PAYLOAD" and not vector.not_minimal:
            name, value = ts33128.decode_xiri(vector.octets)
            if not undescribed(events[name], value):
                octets = encode(events[name], value)
                assert reference_decode(events[name], octets) == value
                checked.add(name)
    assert len(checked) > 50


def test_object_id_of_our_release():
    assert bytes.fromhex("81050413130301") in ts33128.encode_xiri(SMS)


@pytest.mark.parametrize("event", [SMS, REPORT], ids=lambda event: event[0])
def test_events_travel_from_x2_to_hi2(event):
    arrived = ts33128.decode_xiri(ts33128.encode_xiri(event))
    assert arrived == event
    targets = [(("mSISDN", "12125550101"), "lEAProvided"), (("sUPI", ("iMSI", "001010000000001")), "matchedOn")]
    octets = ts33128.encode_iri(arrived, targets, mediated_from="4.19.17.15.1")
    assert ts33128.decode_iri(octets) == event
    payload = decode(ts33128.IRI_PAYLOAD, octets)
    assert [item["provenance"] for item in payload["targetIdentifiers"]] == ["lEAProvided", "matchedOn"]
    assert payload["mediatedFromIndicator"] == ("xIRIRelativeOID", "4.19.17.15.1")


def test_every_event_of_x2_is_the_same_on_hi2():
    """TS 33.128 table 5.5.2-2 (third-party reading): IRIEvent has the alternative of XIRIEvent, octet by octet."""
    both = {row.name for row in ts33128.IRI_EVENT.fields}
    travelled = set()
    for vector in vectors():
        if vector.record == "ts33128.XIRI_PAYLOAD" and not vector.not_minimal:
            event = ts33128.decode_xiri(vector.octets)
            if event[0] in both:
                octets = ts33128.encode_iri(event)
                assert ts33128.decode_iri(octets) == event
                assert encode(ts33128.IRI_EVENT, event) == encode(ts33128.XIRI_EVENT, event)
                assert encode(ts33128.XIRI_EVENT, event) in octets
                travelled.add(event[0])
    assert len(travelled) == len(both) - 1, "all but the cell site report, which the mediation function makes"


def test_events_of_one_leg_alone():
    x2, hi2 = ({row.name for row in record.fields} for record in (ts33128.XIRI_EVENT, ts33128.IRI_EVENT))
    assert x2 - hi2 == {"n9HRPDUSessionInfo", "s8HRBearerInfo", "iPIRIPacketReport"}
    assert hi2 - x2 == {"mDFCellSiteReport"}
    with pytest.raises(EncodeError):
        ts33128.encode_iri(("n9HRPDUSessionInfo", []))


def test_multimedia_message_and_its_content():
    party = {"mMSPartyIDs": [("e164Number", "12125550101")], "nonLocalID": "local"}
    event = (
        "mMSSend",
        {
            "transactionID": "t1",
            "version": {"majorVersion": 1, "minorVersion": 3},
            "dateTime": 1_710_333_000_000_000,
            "originatingMMSParty": party,
            "terminatingMMSParty": [party],
            "direction": "fromTarget",
            "expiry": {"expiryPeriod": 3600, "periodFormat": "relative"},
            "contentType": "multipart/related",
            "responseStatus": "ok",
            "messageID": "m1",
        },
    )
    assert ts33128.decode_xiri(ts33128.encode_xiri(event)) == event
    pdu = (
        "mMSCCPDU",
        {"version": {"majorVersion": 1, "minorVersion": 3}, "transactionID": "t1", "mMSContent": b"mime"},
    )
    assert ts33128.decode_cc(ts33128.encode_cc(pdu)) == pdu


def test_numbers_must_be_digits():
    with pytest.raises(EncodeError, match="mSISDN"):
        ts33128.encode_xiri(("sMSMessage", {**SMS[1], "terminatingSMSParty": {"gPSI": ("mSISDN", "+1212")}}))


def test_directions_are_not_shared_between_families():
    def direction(record, name):
        event = next(row.type for row in record.fields if row.name == name)
        return dict(next(row.type for row in event.fields if row.name in ("direction", "sessionDirection")).rows)

    assert isinstance(ts33128.XIRI_EVENT, Choice)
    assert direction(ts33128.XIRI_EVENT, "sMSMessage") == {1: "fromTarget", 2: "toTarget"}
    assert direction(ts33128.XIRI_EVENT, "mMSSend") == {0: "fromTarget", 1: "toTarget"}
    assert direction(ts33128.XIRI_EVENT, "iMSMessage")[3] == "combined"


@pytest.mark.parametrize("octets", [b"", b"\x30\x00", b"\x31\x00", ts33128.encode_xiri(SMS) + b"\0"])
def test_bad_payloads(octets):
    for read in (ts33128.decode_xiri, ts33128.decode_iri, ts33128.decode_cc):
        with pytest.raises(DecodeError):
            read(octets)

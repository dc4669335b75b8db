"""Every record of tests/vectors/us, each accepted by a decoder that is not ours, through all of ours."""

import json
from pathlib import Path

import pytest

from asn1.laes import cc_apdu, ias, pcesp, t1678
from asn1.laes.describe import describe

DIRECTORY = Path(__file__).parents[2] / "vectors/us"
VECTORS = {path.stem: path.read_bytes() for path in sorted(DIRECTORY.glob("*.ber"))}
MODULES = {"vop": t1678, "pcesp": pcesp, "ias": ias}
MESSAGES = {name: octets for name, octets in VECTORS.items() if name != "cc_apdu"}


def module_of(name):
    return MODULES[name.split("_")[0]]


def test_all_51_are_here():
    assert len(VECTORS) == 51


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_decodes_without_rest_and_encodes_to_the_same_octets(name):
    module = module_of(name)
    message = module.decode_message(VECTORS[name])
    assert message.unknown_tags == ()
    assert message.fields["caseId"] == "SIM-2026-000001"
    assert module.encode_message(message) == VECTORS[name]


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_described_by_its_case_time_and_point(name):
    line = describe(VECTORS[name], 7, module_of(name).DIALECT.name)
    assert line["offset"] == 7
    assert line["octets"] == len(VECTORS[name])
    assert line["dialect"] == module_of(name).DIALECT.name
    assert line["liid"] == "SIM-2026-000001"
    assert line["timestamp"] == "2026-03-01T14:00:00.123000Z"
    if name != "vop_conntest":
        assert line["interception_point_id"] == ("SIMAE01" if name.startswith("pcesp") else "SIMIAP01")
    assert line["kind"] == "cdc"
    assert "unknown_tags" not in line
    assert not {"caseId", "timestamp", "eventTime", "iAPSystemId", "accessingElementId"} & line["fields"].keys()
    assert json.loads(json.dumps(line)) == line


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_every_message_of_a_dialect_has_a_vector(module):
    seen = {module.decode_message(octets).name for name, octets in MESSAGES.items() if module_of(name) is module}
    assert seen == {row.name for row in module.DIALECT.messages.fields}


def test_the_message_counts_are_those_of_the_standards():
    assert [len(module.DIALECT.messages.fields) for module in (t1678, pcesp, ias)] == [23, 14, 12]


@pytest.mark.parametrize("dialect", ["t1678", "ias"])
def test_a_cc_apdu_is_described_by_size_and_hash_alone(dialect):
    octets = VECTORS["cc_apdu"]
    apdu = cc_apdu.decode_apdu(octets)
    assert cc_apdu.encode_apdu(apdu) == octets
    assert describe(octets, 0, dialect) == {
        "offset": 0,
        "octets": 98,
        "dialect": dialect,
        "liid": "SIM-2026-000001",
        "sequence_number": 1,
        "timestamp": "2026-03-01T14:00:00.123000Z",
        "interception_point_id": "SIMIAP01",
        "payload": "cc-APDU",
        "kind": "ccc",
        "direction": "fromTarget",
        "content_octets": 28,
        "content_sha256": "22d3ff7ca393834e29d661e7c25eda382689044b793c3f6f22c0926a5d9bb624",
        "fields": {"contentIdentifier": {"correlationID": "00000001"}},
    }
    assert apdu.payload.hex() not in json.dumps(describe(octets, 0, dialect))


@pytest.mark.parametrize(
    ("name", "payload", "fields"),
    [
        (
            "vop_origination",
            "origination",
            {
                "protocolIdentifier": "1.2.840.113737.2.1.0.0.0.1",
                "callId": {"main": "SIMCALL-0001"},
                "calling": {"dn": "2125550100"},
                "called": {"dn": "2125550123"},
                "input": {"userInput": {"generic": "12125550123"}},
                "originationCause": "SIM",
            },
        ),
        (
            "vop_ccopen_ccaddr",
            "ccOpen",
            {
                "protocolIdentifier": "1.2.840.113737.2.1.0.0.0.1",
                "contentIdentifier": {"correlationID": "00000001"},
                "deliveryIdentifier": {"ccAddress": {"leaIPAddress": {"ipV4": "c000020a"}, "leaPortNumber": 41818}},
                "ccDeliveryFormat": {"cc-APDU": t1678.CC_DELIVERY_HEADER_MODULE},
            },
        ),
        (
            "pcesp_origination",
            "origination",
            {
                "protocolVersion": "v4",
                "callId": {"sequencenumber": "1,1", "systemidentity": "SIMSYS"},
                "calling": {"dn": "2125550100"},
                "called": {"dn": "2125550123"},
                "input": {"userinput": "12125550123"},
                "reserved0": None,
            },
        ),
        (
            "pcesp_confpartychange",
            "confpartychange",
            {
                "protocolVersion": "v4",
                "callId": {"sequencenumber": "1,1", "systemidentity": "SIMSYS"},
                "communicating": [{"partyId": [{"dn": "2125550123"}]}],
            },
        ),
        (
            "ias_summary_report",
            "packetDataSummaryReport",
            {
                "protocolIdentifier": "1.2.840.113737.2.1.1.0.0",
                "contentIdentifier": {"correlationID": "00000001"},
                "streamSet": {
                    "streamID": {"integer": 1},
                    "sourceIPaddress": {"address": {"ipV4": "c6336407"}, "allocationMethod": {"dynamic": None}},
                    "destinationIPaddress": {"address": {"ipV4": "cb007150"}, "allocationMethod": {"dynamic": None}},
                    "packetCount": 42,
                    "sourcePortNumber": "50000",
                    "destinationPortNumber": "443",
                },
            },
        ),
    ],
)
def test_fields_come_by_the_names_of_the_module(name, payload, fields):
    line = describe(VECTORS[name], 0, module_of(name).DIALECT.name)
    assert line["payload"] == payload
    assert line["fields"] == fields


def test_a_whole_signalling_message_is_shown_and_hashed():
    line = describe(VECTORS["vop_uucontent"], 0, "t1678")
    (message,) = line["fields"]["signalingMsg"]
    assert bytes.fromhex(message["sigMsg"]).endswith(b"SIM TEXT")
    assert line["content_octets"] == 51

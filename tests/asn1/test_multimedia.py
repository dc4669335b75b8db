from asn1.multimedia import IPMMCC, IPMMIRI, ipmmcc, sip_iri
from asn1.table import decode, encode

SOURCE, DESTINATION = bytes((192, 0, 2, 1)), bytes((198, 51, 100, 2))


def test_object_ids_on_the_wire():
    assert encode(IPMMIRI, sip_iri(SOURCE, DESTINATION, b"BYE")[1])[2:].startswith(bytes.fromhex("800405051101"))
    assert encode(IPMMCC, ipmmcc(b"x")[1])[2:].startswith(bytes.fromhex("800405051102"))


def test_sip_with_addresses_of_both_families():
    name, value = sip_iri(SOURCE, bytes(15) + b"\x01", b"BYE", iri_only=True)
    assert name == "iPMMIRI"
    alternative, message = decode(IPMMIRI, encode(IPMMIRI, value))["iPMMIRIContents"]
    assert alternative == "iRIOnlySIPMessage"
    assert message["iPSourceAddress"] == {"iP-type": "iPV4", "iP-value": ("iPBinaryAddress", SOURCE)}
    assert message["iPDestinationAddress"]["iP-type"] == "iPV6"


def test_media_packet():
    name, value = ipmmcc(b"packet", frame_type="rtpFrame", stream=b"m=audio 4000", protocol=None)
    assert name == "iPMMCC"
    assert decode(IPMMCC, encode(IPMMCC, value)) == {
        "iPMMCCObjId": "5.5.17.2",
        "mMCCContents": b"packet",
        "frameType": "rtpFrame",
        "streamIdentifier": b"m=audio 4000",
    }


PLMN = {"mCC": "001", "mNC": "01"}
AREA = {"pLMNID": PLMN, "tAC": b"\0\x07"}
CELL = {"pLMNID": PLMN, "nRCellID": b"\4\x12\x34\x56\x78\x90"}


def test_signalling_lines_and_location():
    _, value = sip_iri(SOURCE, DESTINATION, b"INVITE")
    value["additionalSignalling"] = [("sipHeaderLine", b"P-Access-Network-Info: x")]
    value["targetLocation"] = {"threeGPP33128UserLocation": {"nRLocation": {"tAI": AREA, "nCGI": CELL}}}
    assert decode(IPMMIRI, encode(IPMMIRI, value)) == value

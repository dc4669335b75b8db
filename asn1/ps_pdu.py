"""The PS-PDU of TS 102 232-1: decode and encode whole records, and short cuts to build the common ones.

The common header comes first and apart (`PsHeader`), so that whoever gates, counts or stores never looks at the payload
type. Any module version in the domain identifier is read; 43 (V3.38.1) is written unless the header says otherwise.
Payload values follow `asn1.table`; what the standard wraps in an OCTET STRING (TS 33.128) stays octets here and is read
by `asn1.ts33128`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

from asn1.errors import DecodeError, EncodeError
from asn1.ps_tables import ENCRYPTED_PAYLOAD, PS_PDU
from asn1.table import UnknownTag, Value, decode, decode_reporting, encode
from asn1.tlv import Buffer

PS_DOMAIN_OID: Final = "0.4.0.2.2.5.1.43"
"""li-psDomainId of module version 43: itu-t identified-organization etsi securityDomain li li-ps genHeader 43."""

TimeForm = Literal["micro", "generalized"]
MAX_SECONDS: Final = 4_000_000_000_000
"""Largest second count that is read, the same as in the scan: its microseconds fit the signed 64 bits of a column."""

_IRI_TYPES: Final = {"begin": "iRI-Begin", "end": "iRI-End", "continue": "iRI-Continue", "report": "iRI-Report"}


class PsHeader(NamedTuple):
    """PSHeader (5.2). Absent optional fields are None; times are microseconds UTC.

    `liid` 1..25 octets, `operator_id` and `network_element_id` 1..16, `cin` and `sequence_number` 0..2**32-1, the
    extended identifiers 1..65535. `time_form` says which of the two time fields holds `time_us`; when a record carries
    both, the finer microSecondTimeStamp is `time_us` and the other one `generalized_time_us`. `time_qualifier` is the
    standard's name, or the number as text for one this version does not know.
    """

    oid: str = PS_DOMAIN_OID
    liid: bytes = b""
    authorization_country: str | None = None
    delivery_country: str | None = None
    operator_id: bytes = b""
    network_element_id: bytes | None = None
    cin: int | None = None
    sequence_number: int = 0
    time_us: int | None = None
    time_qualifier: str | None = None
    interception_point_id: str | None = None
    extended_interception_point_id: bytes | None = None
    network_function_id: bytes | None = None
    time_form: TimeForm | None = "micro"
    etsi671_neid: tuple[str, Value] | None = None
    cin_extension: tuple[str, Value] | None = None
    generalized_time_us: int | None = None


class PsPdu(NamedTuple):
    """One record: header, payload as (name, value), what no row describes, and the octets it was read from."""

    header: PsHeader
    payload: tuple[str, Value]
    unknown_tags: tuple[UnknownTag, ...]
    octets: bytes


@lru_cache(4096)
def liid_text(liid: bytes) -> str:
    """A LIID for people: itself when it is printable ASCII (0x20..0x7E), else `0x` and lower-case hexadecimal."""
    if liid.isascii() and (text := liid.decode("ascii")).isprintable():
        return text
    return "0x" + liid.hex()


def micro_stamp_us(stamp: dict[str, int]) -> int:
    """A MicroSecondTimeStamp value as microseconds. Raises DecodeError BAD_VALUE beyond signed 64 bits."""
    seconds = stamp["seconds"]
    if seconds > MAX_SECONDS:
        raise DecodeError(DecodeError.BAD_VALUE, f"{seconds} seconds are beyond any clock", 0, "microSecondTimeStamp")
    return seconds * 1_000_000 + stamp["microSeconds"]


def micro_stamp(time_us: int) -> dict[str, int]:
    """Microseconds as a MicroSecondTimeStamp value. Raises EncodeError before 1970."""
    if time_us < 0:
        raise EncodeError("microSecondTimeStamp cannot say a time before 1970")
    return {"seconds": time_us // 1_000_000, "microSeconds": time_us % 1_000_000}


def record_time(pdu: PsPdu) -> tuple[int | None, str | None]:
    """Time of the record and its qualifier, for showing: the header's; where it has none, that of a single payload.

    microSecondTimeStamp outranks timeStamp.
    """
    header = pdu.header
    if header.time_us is not None:
        return header.time_us, header.time_qualifier
    times = payload_times(pdu)
    return times[0] if len(times) == 1 else (None, header.time_qualifier)


def event_time(pdu: PsPdu) -> tuple[int | None, str | None]:
    """Time of what was intercepted and its qualifier, for judging, by the rule of the scan: a single payload's own

    outranks the header's, which may be that of mediation or aggregation (6.2.3; that it does is assumed). Of several
    payloads the earliest counts, and the qualifier that says least of interception; none where one of them has none.
    """
    header = pdu.header
    times = payload_times(pdu)
    if not times:
        return header.time_us, header.time_qualifier
    if len(times) == 1:
        return times[0]
    known = [time_us for time_us, _ in times if time_us is not None]
    said = [qualifier for _, qualifier in times]
    others = [one for one in said if one not in (None, "unknown", "timeOfInterception")]
    return min(known) if len(known) == len(times) else None, (others or said)[0]


def payload_times(pdu: PsPdu) -> list[tuple[int | None, str | None]]:
    """Time and qualifier of each IRI or CC payload: its own, else the header's. Empty for every other payload."""
    header = pdu.header
    name, payloads = pdu.payload
    if name not in ("iRIPayloadSequence", "cCPayloadSequence"):
        return []
    times: list[tuple[int | None, str | None]] = []
    for payload in payloads:
        time_us = payload_time_us(payload)
        qualifier = payload.get("timeStampQualifier")
        if time_us is None:
            times.append((header.time_us, header.time_qualifier))
        elif qualifier is None and header.time_us is not None:
            times.append((time_us, header.time_qualifier))
        else:
            times.append((time_us, None if qualifier is None else str(qualifier)))
    return times


def payload_time_us(payload: Mapping[str, Any]) -> int | None:
    """The own time of an IRI or CC payload."""
    micro = payload.get("microSecondTimeStamp")
    time_us: int | None = payload.get("timeStamp") if micro is None else micro_stamp_us(micro)
    return time_us


def _header_of(value: dict[str, Value]) -> PsHeader:
    communication = value["communicationIdentifier"]
    network = communication["networkIdentifier"]
    micro, generalized = value.get("microSecondTimeStamp"), value.get("timeStamp")
    qualifier = value.get("timeStampQualifier")
    form: TimeForm | None = "micro" if micro is not None else "generalized" if generalized is not None else None
    # By position, in the order of the fields: every record goes through here.
    return PsHeader(
        value["li-psDomainId"],
        value["lawfulInterceptionIdentifier"],
        value.get("authorizationCountryCode"),
        communication.get("deliveryCountryCode"),
        network["operatorIdentifier"],
        network.get("networkElementIdentifier"),
        communication.get("communicationIdentityNumber"),
        value["sequenceNumber"],
        generalized if micro is None else micro_stamp_us(micro),
        None if qualifier is None else str(qualifier),
        value.get("interceptionPointID"),
        value.get("extendedInterceptionPointID"),
        value.get("networkFunctionIdentifier"),
        form,
        network.get("eTSI671NEID"),
        communication.get("cINExtension"),
        None if micro is None else generalized,
    )


def _header_value(header: PsHeader) -> dict[str, Value]:
    qualifier: str | int | None = header.time_qualifier
    if isinstance(qualifier, str) and qualifier.isascii() and qualifier.isdigit():
        qualifier = int(qualifier)
    micro, generalized = None, header.generalized_time_us
    if header.time_us is not None:
        if header.time_form == "generalized":
            generalized = header.time_us
        else:
            micro = micro_stamp(header.time_us)
    network = {
        "operatorIdentifier": header.operator_id,
        "networkElementIdentifier": header.network_element_id,
        "eTSI671NEID": header.etsi671_neid,
    }
    communication = {
        "networkIdentifier": _present(network),
        "communicationIdentityNumber": header.cin,
        "deliveryCountryCode": header.delivery_country,
        "cINExtension": header.cin_extension,
    }
    return _present(
        {
            "li-psDomainId": header.oid,
            "lawfulInterceptionIdentifier": header.liid,
            "authorizationCountryCode": header.authorization_country,
            "communicationIdentifier": _present(communication),
            "sequenceNumber": header.sequence_number,
            "timeStamp": generalized,
            "interceptionPointID": header.interception_point_id,
            "microSecondTimeStamp": micro,
            "timeStampQualifier": qualifier,
            "extendedInterceptionPointID": header.extended_interception_point_id,
            "networkFunctionIdentifier": header.network_function_id,
        }
    )


def _present(value: dict[str, Value]) -> dict[str, Value]:
    return {name: held for name, held in value.items() if held is not None}


def decode_ps_pdu(octets: Buffer) -> PsPdu:
    """Exactly one PS-PDU. Raises DecodeError for anything else, also for octets left over behind it."""
    value, unknown = decode_reporting(PS_PDU, octets)
    try:
        header = _header_of(value["pSHeader"])
    except DecodeError as error:
        raise error.within("pSHeader") from error
    return PsPdu(header, value["payload"], unknown, bytes(octets))


def encode_ps_pdu(header: PsHeader, payload: tuple[str, Value]) -> bytes:
    """One PS-PDU; `payload` is an alternative of Payload. Raises EncodeError with the path to what does not fit."""
    return encode(PS_PDU, {"pSHeader": _header_value(header), "payload": payload})


def tri_pdu(header: PsHeader, name: str, value: Value = None) -> bytes:
    """A record of transport-related information; `name` is an alternative of TRIPayload, such as `keep-alive`."""
    return encode_ps_pdu(header, ("tRIPayload", (name, value)))


def iri_pdu(
    header: PsHeader,
    contents: tuple[str, Value],
    iri_type: str | None = None,
    *,
    time_us: int | None = None,
    time_qualifier: str | None = None,
    session_direction: str | None = None,
    payload_direction: str | None = None,
) -> bytes:
    """A record with one IRIPayload. `iri_type` is begin, end, continue or report (or the standard's own name);

    `time_us` adds a time of its own to the payload, which only aggregation needs (6.2.3).
    """
    payload = _present(
        {
            "iRIType": _IRI_TYPES.get(iri_type, iri_type) if iri_type is not None else None,
            "iRIContents": contents,
            "microSecondTimeStamp": None if time_us is None else micro_stamp(time_us),
            "timeStampQualifier": time_qualifier,
            "sessionDirection": session_direction,
            "payloadDirection": payload_direction,
        }
    )
    return encode_ps_pdu(header, ("iRIPayloadSequence", [payload]))


def cc_pdu(
    header: PsHeader,
    contents: tuple[str, Value],
    direction: str | None = None,
    *,
    time_us: int | None = None,
    time_qualifier: str | None = None,
) -> bytes:
    """A record with one CCPayload. `direction` is fromTarget, toTarget, indeterminate, combined or notapplicable."""
    payload = _present(
        {
            "payloadDirection": direction,
            "cCContents": contents,
            "microSecondTimeStamp": None if time_us is None else micro_stamp(time_us),
            "timeStampQualifier": time_qualifier,
        }
    )
    return encode_ps_pdu(header, ("cCPayloadSequence", [payload]))


def hi1_pdu(header: PsHeader, name: str, value: Value) -> bytes:
    """A record with one HI1 notification; `name` is an alternative of HI1-Operation, such as `liActivated`."""
    return encode_ps_pdu(header, ("hI1-Operation", (name, value)))


def decode_encrypted_payload(plaintext: Buffer) -> tuple[int, tuple[str, Value]]:
    """(byteCounter, payload) of a deciphered EncryptionContainer, its zero padding cut off. Raises DecodeError."""
    value = decode(ENCRYPTED_PAYLOAD, plaintext)
    return value["byteCounter"], value["payload"]


def encode_encrypted_payload(byte_counter: int, payload: tuple[str, Value]) -> bytes:
    """The plaintext that goes into an EncryptionContainer, before padding. Raises EncodeError."""
    return encode(ENCRYPTED_PAYLOAD, {"byteCounter": byte_counter, "payload": payload})

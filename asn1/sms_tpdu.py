"""Short message transfer PDUs, 3GPP TS 23.040 clause 9.2.2: decode all six, encode those a network simulator sends.

Rules of this file. `from_mobile` is an argument, since the same two bits name different PDUs in the two directions
(9.2.3.1). Whether a report answers an RP-ACK or an RP-ERROR is told by the RP layer, which is not here: an octet of
0x80 or more behind the first is taken as the failure cause (9.2.3.22 gives causes from 0x80; the parameter indicator's
extension bit, which would look the same, is unused). What text can be read is said in `asn1.sms_fields`.
"""

from __future__ import annotations

from typing import Final

from asn1.errors import DecodeError, EncodeError
from asn1.sms_fields import (
    INTERNATIONAL,
    Alphabet,
    Reader,
    Segment,
    SmsTpdu,
    TpduType,
    UserData,
    encode_address,
    encode_time,
    encode_user_data,
    take_address,
    take_time,
    take_user_data,
)
from asn1.tlv import Buffer

__all__ = (
    "Alphabet",
    "Segment",
    "SmsTpdu",
    "TpduType",
    "decode_tpdu",
    "encode_deliver",
    "encode_deliver_report",
    "encode_status_report",
    "encode_submit",
    "encode_submit_report",
)

_FROM_MOBILE: Final[tuple[TpduType, ...]] = ("SMS-DELIVER-REPORT", "SMS-SUBMIT", "SMS-COMMAND")
_TO_MOBILE: Final[tuple[TpduType, ...]] = ("SMS-DELIVER", "SMS-SUBMIT-REPORT", "SMS-STATUS-REPORT")


def decode_tpdu(octets: Buffer, from_mobile: bool) -> SmsTpdu:
    """One whole TPDU; `from_mobile` is true for what a handset sent. Raises DecodeError."""
    reader = Reader(octets)
    first = reader.octet()
    if first & 3 == 3:
        raise DecodeError(DecodeError.BAD_VALUE, "the reserved message type", 0)
    kind = (_FROM_MOBILE if from_mobile else _TO_MOBILE)[first & 3]
    has_header = bool(first & 0x40)
    if kind == "SMS-DELIVER":
        tpdu = _deliver(reader, first, has_header)
    elif kind == "SMS-SUBMIT":
        tpdu = _submit(reader, first, has_header)
    elif kind == "SMS-STATUS-REPORT":
        tpdu = _status_report(reader, first, has_header)
    elif kind == "SMS-COMMAND":
        tpdu = _command(reader)
    else:
        tpdu = _report(reader, kind, has_header)
    if reader.left:
        raise DecodeError(DecodeError.BAD_LENGTH, f"{reader.left} octets left over", reader.pos)
    return tpdu


def _deliver(reader: Reader, first: int, has_header: bool) -> SmsTpdu:
    address, kind = take_address(reader)
    pid, dcs = reader.octet(), reader.octet()
    timestamp_us, zone = take_time(reader)
    user = take_user_data(reader, dcs, has_header)
    return SmsTpdu(
        "SMS-DELIVER",
        address,
        kind,
        user.text,
        user.data,
        dcs,
        pid,
        user.udh,
        user.segment,
        timestamp_us=timestamp_us,
        zone_quarters=zone,
        status_report=bool(first & 0x20),
        more_messages=not first & 0x04,
    )


def _submit(reader: Reader, first: int, has_header: bool) -> SmsTpdu:
    reference = reader.octet()
    address, kind = take_address(reader)
    pid, dcs = reader.octet(), reader.octet()
    reader.take((0, 7, 1, 7)[first >> 3 & 3])
    user = take_user_data(reader, dcs, has_header)
    return SmsTpdu(
        "SMS-SUBMIT",
        address,
        kind,
        user.text,
        user.data,
        dcs,
        pid,
        user.udh,
        user.segment,
        reference=reference,
        status_report=bool(first & 0x20),
    )


def _status_report(reader: Reader, first: int, has_header: bool) -> SmsTpdu:
    reference = reader.octet()
    address, kind = take_address(reader)
    timestamp_us, zone = take_time(reader)
    discharge_us, _ = take_time(reader)
    status = reader.octet()
    pid, dcs, user = _optional(reader, has_header)
    return SmsTpdu(
        "SMS-STATUS-REPORT",
        address,
        kind,
        user.text,
        user.data,
        dcs,
        pid,
        user.udh,
        user.segment,
        reference=reference,
        timestamp_us=timestamp_us,
        zone_quarters=zone,
        discharge_us=discharge_us,
        status=status,
        more_messages=not first & 0x04,
    )


def _command(reader: Reader) -> SmsTpdu:
    reference, pid, status, _ = reader.octet(), reader.octet(), reader.octet(), reader.octet()
    address, kind = take_address(reader)
    data = reader.take(reader.octet())
    return SmsTpdu("SMS-COMMAND", address, kind, data=data, pid=pid, reference=reference, status=status)


def _report(reader: Reader, kind: TpduType, has_header: bool) -> SmsTpdu:
    cause = reader.octet() if reader.left and reader.octets[reader.pos] >= 0x80 else None
    indicator_at = reader.pos
    indicator = reader.octet()
    timestamp_us, zone = take_time(reader) if kind == "SMS-SUBMIT-REPORT" else (None, None)
    pid, dcs, user = _by_indicator(reader, indicator, indicator_at, has_header)
    return SmsTpdu(
        kind,
        text=user.text,
        data=user.data,
        dcs=dcs,
        pid=pid,
        udh=user.udh,
        segment=user.segment,
        timestamp_us=timestamp_us,
        zone_quarters=zone,
        failure_cause=cause,
    )


def _optional(reader: Reader, has_header: bool) -> tuple[int | None, int | None, UserData]:
    if not reader.left:
        return None, None, UserData(None, b"", (), None)
    at = reader.pos
    return _by_indicator(reader, reader.octet(), at, has_header)


def _by_indicator(reader: Reader, indicator: int, at: int, has_header: bool) -> tuple[int | None, int | None, UserData]:
    """TP-PI (9.2.3.27): which of protocol identifier, coding scheme and user data follow."""
    if indicator & 0x80:
        raise DecodeError(DecodeError.BAD_VALUE, "an extended parameter indicator", at)
    pid = reader.octet() if indicator & 1 else None
    dcs = reader.octet() if indicator & 2 else None
    if not indicator & 4:
        return pid, dcs, UserData(None, b"", (), None)
    return pid, dcs, take_user_data(reader, dcs or 0, has_header)


def encode_submit(
    text: str,
    destination: str,
    *,
    reference: int = 0,
    concatenation: int = 0,
    address_type: int = INTERNATIONAL,
    alphabet: Alphabet | None = None,
    status_report: bool = False,
    pid: int = 0,
) -> list[bytes]:
    """SMS-SUBMIT, one TPDU a part. `destination`: digits without plus sign; `reference`: TP-MR of the first part,

    counted up modulo 256; `concatenation`: reference number shared by the parts; `alphabet` None picks gsm7 where the
    text fits, else ucs2. No validity period. Raises EncodeError.
    """
    address = encode_address(destination, address_type)
    out: list[bytes] = []
    for index, (has_header, dcs, user) in enumerate(encode_user_data(text, alphabet, concatenation)):
        first = 0x01 | (0x40 if has_header else 0) | (0x20 if status_report else 0)
        out.append(bytes((first, (reference + index) & 0xFF)) + address + bytes((pid, dcs)) + user)
    return out


def encode_deliver(
    text: str,
    originator: str,
    time_us: int,
    *,
    concatenation: int = 0,
    zone_quarters: int = 0,
    address_type: int = INTERNATIONAL,
    alphabet: Alphabet | None = None,
    pid: int = 0,
) -> list[bytes]:
    """SMS-DELIVER, one TPDU a part. `originator`: digits, or text with an alphanumeric `address_type` (0xD0);

    `time_us`: service centre time in microseconds UTC (the stamp has seconds). Raises EncodeError.
    """
    address = encode_address(originator, address_type)
    stamp = encode_time(time_us, zone_quarters)
    parts = encode_user_data(text, alphabet, concatenation)
    out: list[bytes] = []
    for index, (has_header, dcs, user) in enumerate(parts, 1):
        first = (0x40 if has_header else 0) | (0x04 if index == len(parts) else 0)
        out.append(bytes((first,)) + address + bytes((pid, dcs)) + stamp + user)
    return out


def encode_submit_report(time_us: int, *, zone_quarters: int = 0, failure_cause: int | None = None) -> bytes:
    """SMS-SUBMIT-REPORT without user data; `failure_cause` 0x80..0xFF makes it the one of an RP-ERROR."""
    return b"\x01" + _cause(failure_cause) + b"\x00" + encode_time(time_us, zone_quarters)


def encode_deliver_report(*, failure_cause: int | None = None) -> bytes:
    """SMS-DELIVER-REPORT without user data."""
    return b"\x00" + _cause(failure_cause) + b"\x00"


def encode_status_report(
    reference: int,
    recipient: str,
    time_us: int,
    discharge_us: int,
    status: int = 0,
    *,
    zone_quarters: int = 0,
    address_type: int = INTERNATIONAL,
) -> bytes:
    """SMS-STATUS-REPORT for one earlier SMS-SUBMIT; `status` 0 is received by the handset (9.2.3.15)."""
    times = encode_time(time_us, zone_quarters) + encode_time(discharge_us, zone_quarters)
    return bytes((0x06, reference & 0xFF)) + encode_address(recipient, address_type) + times + bytes((status & 0xFF,))


def _cause(failure_cause: int | None) -> bytes:
    if failure_cause is None:
        return b""
    if not 0x80 <= failure_cause <= 0xFF:
        raise EncodeError(f"a failure cause is 0x80 to 0xFF, not {failure_cause}")
    return bytes((failure_cause,))

"""Content as datagrams: PacketCable's header in its three generations, in front of the intercepted IP packet.

    4 octets    CCC-Identifier                                          ESP, first issue
    12 octets   CCC-Identifier, NTP time stamp (8)                      ESP 1.5
    20 octets   CCC-Identifier, NTP time stamp (8), case identity (8)   2.0 (ES-DCI)

Source: the comments and code of a public dissector; all in network order. Nothing in a datagram says which generation
it is, so that is configuration of the link and never guessed. T1.678 (`scte`) announces the same datagram; so does IAS
(`scteDatagram`; by its name, assumed). There is no sequence number: a lost datagram can be seen only in the packets
inside. That the case identity is text where its octets print is assumed.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from asn1.errors import DecodeError, EncodeError, LocalError

HEADER_OCTETS: Final = (4, 12, 20)

_NTP_TO_UNIX_S: Final = 2_208_988_800
_NTP_ERA_S: Final = 1 << 32
_MICRO: Final = 1_000_000
_MAX_PACKET_OCTETS: Final = 65_535
"""The longest an IP packet says it is; no datagram carries more."""


class CccDatagram(NamedTuple):
    """One datagram. What its generation lacks is None; so is a time stamp of all zeros, which NTP calls unknown."""

    ccc_id: int
    time_us: int | None
    case_id: bytes | None
    packet: bytes


def ccc_text(ccc_id: int) -> str:
    """A CCC-Identifier the way PCESP call data writes it: eight characters 0-9A-F."""
    return f"{ccc_id:08X}"


def decode_datagram(octets: bytes, header_octets: int) -> CccDatagram:
    """The datagram, read by the generation of its link. Raises DecodeError; LocalError for no such generation."""
    _check(header_octets)
    if len(octets) < header_octets:
        raise DecodeError(
            DecodeError.TRUNCATED, f"a header of {header_octets} octets was expected, {len(octets)} are there"
        )
    packet = octets[header_octets:]
    if len(packet) > _MAX_PACKET_OCTETS:
        raise DecodeError(DecodeError.OVERSIZED, f"a packet of {len(packet)} octets", header_octets)
    if not packet or packet[0] >> 4 not in (4, 6):
        raise DecodeError(DecodeError.BAD_VALUE, "no IP packet stands behind the header", header_octets)
    stamp = int.from_bytes(octets[4:12], "big") if header_octets >= 12 else 0
    case_id = bytes(octets[12:20]) if header_octets == 20 else None
    return CccDatagram(int.from_bytes(octets[:4], "big"), _unix_us(stamp) if stamp else None, case_id, bytes(packet))


def encode_datagram(datagram: CccDatagram, header_octets: int) -> bytes:
    """Octets of the generation asked for, which must have room for all it is given. Raises EncodeError, LocalError."""
    _check(header_octets)
    if not 0 <= datagram.ccc_id < _NTP_ERA_S:
        raise EncodeError(f"CCC-Identifier {datagram.ccc_id} is not 32 bits")
    out = datagram.ccc_id.to_bytes(4, "big")
    if header_octets >= 12:
        out += _ntp(datagram.time_us)
    elif datagram.time_us is not None:
        raise EncodeError("this generation has no time stamp")
    if header_octets == 20:
        if datagram.case_id is None or len(datagram.case_id) != 8:
            raise EncodeError("this generation has a case identity of eight octets")
        out += datagram.case_id
    elif datagram.case_id is not None:
        raise EncodeError("this generation has no case identity")
    return out + datagram.packet


def _check(header_octets: int) -> None:
    if header_octets not in HEADER_OCTETS:
        raise LocalError(f"no CCC header has {header_octets} octets; choose one of {HEADER_OCTETS}")


def _unix_us(stamp: int) -> int:
    """NTP to Unix time; seconds without their top bit belong to the era from 2036 on (RFC 4330, section 3)."""
    seconds, fraction = stamp >> 32, stamp & 0xFFFFFFFF
    if not seconds >> 31:
        seconds += _NTP_ERA_S
    return (seconds - _NTP_TO_UNIX_S) * _MICRO + (fraction * _MICRO + (1 << 31) >> 32)


def _ntp(time_us: int | None) -> bytes:
    """A time stamp that reads back as the same microsecond."""
    if time_us is None:
        return bytes(8)
    seconds, micro = divmod(time_us, _MICRO)
    seconds += _NTP_TO_UNIX_S
    if not 1 << 31 <= seconds < _NTP_ERA_S + (1 << 31):
        raise EncodeError(f"time {time_us} is outside the years 1968 to 2104")
    fraction = ((micro << 32) + _MICRO // 2) // _MICRO
    # All zeros mean an unknown time; at the turn of the era the smallest fraction keeps the time known.
    return ((seconds % _NTP_ERA_S) << 32 | fraction or 1).to_bytes(8, "big")

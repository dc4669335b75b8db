"""The head of X3 PDUs, encoded once for a stream: fifty packets a second differ in number, time and length alone.

Where those stand is found by encoding PDUs that differ in one of them, so that nothing is known here of the layout.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from asn1.errors import EncodeError
from asn1.x2x3 import MAX_PAYLOAD_OCTETS, X2X3Pdu, encode_pdu

_U32: Final = struct.Struct(">I")
_U32_PAIR: Final = struct.Struct(">II")


class X3Head(NamedTuple):
    """An X3 PDU of one stream without its payload, and where in it number, time and payload length stand."""

    octets: bytes
    number: int
    time: int
    length: int

    @staticmethod
    def learn(pdu: X2X3Pdu) -> X3Head:
        """From any PDU of the stream."""

        def encoded(number: int, seconds: int, payload: int) -> bytes:
            stamped = pdu._replace(sequence_number=number, timestamp_ns=seconds * 1_000_000_000, payload=bytes(payload))
            return encode_pdu(stamped)

        base = encoded(0, 0, 0)

        def place(other: bytes) -> int:
            return next(at for at, octet in enumerate(base) if octet != other[at])

        return X3Head(
            base, place(encoded(0xFF000000, 0, 0)), place(encoded(0, 0xFF000000, 0)), place(encoded(0, 0, 1)) - 3
        )

    def pdu(self, number: int, time_us: int, payload: bytes) -> bytes:
        """The octets of one PDU. Raises EncodeError for a payload that no receiver takes."""
        if len(payload) > MAX_PAYLOAD_OCTETS:
            raise EncodeError("X3 PDU: the payload is larger than any receiver of ours takes")
        out = bytearray(self.octets)
        seconds, microseconds = divmod(time_us, 1_000_000)
        _U32.pack_into(out, self.number, number)
        _U32_PAIR.pack_into(out, self.time, seconds, microseconds * 1_000)
        _U32.pack_into(out, self.length, len(payload))
        return bytes(out) + payload

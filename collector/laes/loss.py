"""Content that went missing on the way, where its own numbers show it: RTP inside the packets, CC-APDU's own counter.

Datagrams are not sent again, so a gap is counted and nothing else. Only small steps count as loss: a jump is another
beginning. Bounded; the stream heard least recently is forgotten. Pure.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from asn1.laes.cc_apdu import CcApdu
from asn1.laes.ccc import CccDatagram
from asn1.packets import UDP, is_rtcp, parse_ip, parse_rtp

MAX_STREAMS: Final = 4096
MAX_STEP: Final = 1000
"""Numbers skipped at once that still count as loss: 20 s of speech."""
_RTP_NUMBERS: Final = 1 << 16
_APDU_NUMBERS: Final = 1 << 32
Stream = tuple[bytes, int]


class Losses:
    """`missing` so far, over all streams of a link."""

    def __init__(self) -> None:
        self._last: OrderedDict[Stream, int] = OrderedDict()
        self.missing = 0

    def seen(self, channel: bytes, record: CcApdu | CccDatagram) -> int:
        """One piece of content; how many are missing before it."""
        number = self._number(record)
        if number is None:
            return 0
        of, sequence, modulus = number
        stream = (channel, of)
        last = self._last.pop(stream, None)
        step = 1 if last is None else (sequence - last) % modulus
        if step > modulus // 2:
            # A packet overtaken by others: the gap it left was counted, and is none.
            assert last is not None
            self._last[stream] = last
            back = 1 if modulus - step <= MAX_STEP and self.missing else 0
            self.missing -= back
            return -back
        self._last[stream] = sequence
        if len(self._last) > MAX_STREAMS:
            self._last.popitem(last=False)
        missing = step - 1 if 1 < step <= MAX_STEP else 0
        self.missing += missing
        return missing

    @staticmethod
    def _number(record: CcApdu | CccDatagram) -> tuple[int, int, int] | None:
        """(stream, number, modulus); None for what has none. A CC-APDU counts both directions together (assumed)."""
        if isinstance(record, CcApdu):
            head = record.header or {}
            number = head.get("sequenceNumber")
            if isinstance(number, int):
                return -1, number % _APDU_NUMBERS, _APDU_NUMBERS
        packet = record.payload if isinstance(record, CcApdu) else record.packet
        parsed = parse_ip(packet)
        if parsed is None or parsed.protocol != UDP or parsed.fragment:
            return None
        octets = parsed.payload(packet)
        rtp = None if is_rtcp(octets) else parse_rtp(octets)
        return None if rtp is None else (rtp.ssrc, rtp.sequence_number, _RTP_NUMBERS)

"""Content that went missing on the way, where its own numbers show it: RTP inside the packets, CC-APDU's own counter.

Datagrams are not sent again, so a gap is counted and nothing else. Only small steps count as loss: a jump is another
beginning. Which of the last numbers are missing is kept, so that what comes late is taken back once, and what comes
twice takes nothing back. Bounded; the stream heard least recently is forgotten. Pure.
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
_KEPT: Final = (1 << MAX_STEP + 1) - 1
_RTP_NUMBERS: Final = 1 << 16
_APDU_NUMBERS: Final = 1 << 32
Stream = tuple[bytes, int]


class Losses:
    """`missing` so far, over all streams of a link."""

    def __init__(self) -> None:
        # The newest number, and as bits which of those before it are missing: bit 1 is the one just before.
        self._last: OrderedDict[Stream, tuple[int, int]] = OrderedDict()
        self.missing = 0

    def seen(self, channel: bytes, record: CcApdu | CccDatagram) -> int:
        """One piece of content; how many are missing before it."""
        number = number_of(record)
        if number is None:
            return 0
        of, sequence, modulus = number
        stream = (channel, of)
        last, gaps = self._last.pop(stream, (sequence - 1, 0))
        step = (sequence - last) % modulus
        if step > modulus // 2:
            # A packet overtaken by others: the gap it left was counted, and is none.
            behind = modulus - step
            back = gaps >> behind & 1 if behind <= MAX_STEP else 0
            self._last[stream] = last, gaps ^ back << behind
            self.missing -= back
            return -back
        missing = step - 1 if 1 < step <= MAX_STEP else 0
        # Behind a jump nothing is known to be missing.
        gaps = (gaps << step | (1 << step) - 2) & _KEPT if 0 < step <= MAX_STEP else gaps if step == 0 else 0
        self._last[stream] = sequence, gaps
        if len(self._last) > MAX_STREAMS:
            self._last.popitem(last=False)
        self.missing += missing
        return missing


def number_of(record: CcApdu | CccDatagram) -> tuple[int, int, int] | None:
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

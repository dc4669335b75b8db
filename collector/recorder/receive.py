"""A recorder's connection: pieces come, and what is durable is acknowledged by its octets.

Rules. The answer is eight octets, big endian: so many octets of this connection are judged and durable, or need not be.
A recorder whose memory is read out may be cleared only behind it. No record is judged here.
"""

from __future__ import annotations

import struct
from typing import Final

from asn1.recording import STARTS
from collector.laes.receive import RecordConnection, RecordFeed
from collector.pipeline import LinkState

ANSWER: Final = struct.Struct(">Q")


class RecorderConnection(RecordConnection):
    def __init__(self, feed: RecordFeed, link: LinkState, record_s: float, idle_s: float, limit: int) -> None:
        super().__init__(feed, link, STARTS, record_s, idle_s, limit)

    def durable(self, position: int) -> None:
        if not self.transport.is_closing():
            self.transport.write(ANSWER.pack(position))

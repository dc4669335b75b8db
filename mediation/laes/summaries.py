"""Packets of a flow, counted until their report is due: Packet-Data-Summary-Report of IAS, under a pen register.

A flow is one direction between two ends; its count is told so long after its first packet, stamped with its last.
Counts are held in memory alone: a mediation function that dies has lost those not told. Pure; bounded, and beyond the
bound the oldest flow is told at once.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

from asn1.laes.message import CdcMessage
from asn1.packets import IpPacket
from mediation.laes import ias
from mediation.laes.moment import Moment

MAX_FLOWS: Final = 10_000

Owner = tuple[str, int]
"""(XID, correlation) of the communication a flow belongs to."""


class _Flow(NamedTuple):
    first_us: int
    packets: int
    last: Moment
    packet: IpPacket


class Summaries:
    def __init__(self, interval_us: int) -> None:
        self._interval_us = interval_us
        self._flows: OrderedDict[tuple[Owner, int], _Flow] = OrderedDict()

    def __len__(self) -> int:
        return len(self._flows)

    def add(self, owner: Owner, at: Moment, packet: IpPacket) -> None:
        """One more packet."""
        key = owner, ias.flow_of(packet)
        known = self._flows.get(key)
        first_us, count = (at.time_us, 0) if known is None else known[:2]
        self._flows[key] = _Flow(first_us, count + 1, at, packet)

    def due(self, now_us: int, everything: bool = False) -> list[tuple[Owner, str, CdcMessage]]:
        """(communication, LIID, report) of the flows whose time has come, or of all."""
        told = []
        while self._flows:
            key, oldest = next(iter(self._flows.items()))
            late = now_us - oldest.first_us >= self._interval_us
            if not (everything or late or len(self._flows) > MAX_FLOWS):
                break
            del self._flows[key]
            told.append((key[0], oldest.last.liid, ias.summary_report(oldest.last, oldest.packet, oldest.packets)))
        return told

"""What a load is made of: how many streams, which packets, under which labels; and the streams for it.

A profile determines every octet of a load: two runs of one profile send the same. Labels are made of its prefix and a
number, addresses are of the ranges for documentation (RFC 5737).
"""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from asn1 import ip, multimedia
from asn1.errors import LocalError
from asn1.ps_pdu import PsHeader
from asn1.record_template import cc_template
from asn1.template import MAX_LIID_OCTETS
from asn1.x2x3 import PayloadDirection, PayloadFormat, PduType, X2X3Pdu
from carrier_sim.events import Address
from carrier_sim.load.packets import HEAD_OCTETS, MAX_OCTETS, MAX_SIZES, Packets
from carrier_sim.load.streams import BOTH, MAX_STREAMS, Streams, X3Streams
from carrier_sim.packets import UdpFlow
from carrier_sim.x3_head import X3Head

POOL_OCTETS: Final = 1 << 17
"""What is "spoken" in all packets together, at least: small enough to stay in a processor's cache."""
RTP: Final = b"\x80\x00" + bytes(10)
_SOURCE: Final = Address("192.0.2.10", 40_000)
_DESTINATION: Final = Address("198.51.100.20", 40_002)
_FUNCTIONS: Final = {"voice": ("ims-1", "ims-1-media"), "data": ("upf-1", "upf-1-packets")}
"""NFID and IPID, as the simulated network has them (`carrier_sim.poi`)."""


@dataclass(frozen=True, slots=True)
class Profile:
    """`streams` communications over `liids` LIIDs, each LIID's CINs counted from `first_cin`. `sizes`: octets of the IP
    packets, taken in turn. `service`: media of calls (iPMMCC) or user packets (iPCC)."""

    streams: int = 1
    liids: int = 1
    sizes: tuple[int, ...] = (200,)
    service: str = "voice"
    seed: int = 1
    prefix: str = "LOAD-"
    first_cin: int = 1
    first_number: int = 0
    operator_id: bytes = b"LABOP"
    network_element_id: bytes = b"med-1"
    country: str = "US"

    def __post_init__(self) -> None:
        if not 1 <= self.liids <= self.streams <= MAX_STREAMS:
            raise LocalError(f"a load has 1 to {MAX_STREAMS} streams and not more LIIDs than that")
        sound = all(HEAD_OCTETS <= size <= MAX_OCTETS for size in self.sizes)
        if not 1 <= len(self.sizes) <= MAX_SIZES or not sound:
            raise LocalError(f"a load has packets of {HEAD_OCTETS} to {MAX_OCTETS} octets")
        if self.service not in _FUNCTIONS:
            raise LocalError(f"there is no load of {self.service}: choose voice or data")
        if len(self.liid(self.liids - 1)) > MAX_LIID_OCTETS or not self.prefix.isascii():
            raise LocalError(f"LIIDs of this load would have more than {MAX_LIID_OCTETS} octets")

    def liid(self, number: int) -> bytes:
        return f"{self.prefix}{number:06d}".encode()

    def labels(self) -> tuple[list[bytes], list[int]]:
        """LIID and CIN by stream: one communication of each LIID, then another of each."""
        liids = [self.liid(number) for number in range(self.liids)]
        each = range(self.streams)
        return [liids[one % self.liids] for one in each], [self.first_cin + one // self.liids for one in each]


def packets(profile: Profile) -> Packets:
    """The packets of all its streams."""
    pool = random.Random(profile.seed).randbytes(max(POOL_OCTETS, 2 * max(profile.sizes) + 4))  # noqa: S311  no secret
    return Packets(UdpFlow(_SOURCE, _DESTINATION).packet(RTP), profile.sizes, pool)


def record_streams(profile: Profile, direction: int = BOTH) -> Streams:
    """Handover records, as a mediation function makes them of this load: for a collector."""
    header = PsHeader(
        liid=profile.liid(0),
        authorization_country=profile.country,
        delivery_country=profile.country,
        operator_id=profile.operator_id,
        network_element_id=profile.network_element_id,
        cin=profile.first_cin,
        time_us=0,
        time_qualifier="timeOfInterception",
    )
    contents = multimedia.ipmmcc(b"") if profile.service == "voice" else ip.ipcc(b"")
    template = cc_template(header, contents, "fromTarget")
    return Streams(template, *profile.labels(), packets(profile), direction, profile.first_number)


def xid_of(profile: Profile, number: int) -> bytes:
    """The XID of a LIID's task, where no element was tasked: as random as a hash."""
    return hashlib.sha256(f"{profile.seed}/{number}".encode()).digest()[:16]


def x3_streams(profile: Profile, xids: Sequence[bytes] | None = None, direction: int = BOTH) -> X3Streams:
    """X3 PDUs, as points of interception make them: for a mediation function. `xids` by LIID, as its orders have them;
    a communication's correlation is its CIN here."""
    tasks = [xid_of(profile, number) for number in range(profile.liids)] if xids is None else list(xids)
    if len(tasks) != profile.liids:
        raise LocalError(f"{profile.liids} LIIDs need as many XIDs, not {len(tasks)}")
    nfid, ipid = _FUNCTIONS[profile.service]
    head = X3Head.learn(
        X2X3Pdu(
            PduType.X3,
            PayloadFormat.IPV4,
            PayloadDirection.FROM_TARGET,
            uuid.UUID(int=0).bytes,
            nfid=nfid,
            ipid=ipid,
            timestamp_ns=0,
            sequence_number=0,
        )
    )
    places = (head.number, head.time, head.length)
    each = [tasks[one % profile.liids] for one in range(profile.streams)]
    _, cins = profile.labels()
    return X3Streams(head.octets, places, each, cins, packets(profile), direction, profile.first_number)

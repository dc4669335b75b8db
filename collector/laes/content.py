"""Content of the US dialects: whose it is, by what call data announced, or nobody's.

Rules. Content of a channel that nobody announced waits, then is judged under the case that it names itself, if any.
What names another case than the one that announced its channel is not that one's. Whatever is of no call is judged as
such: set apart under a warrant, refused under a pen register, refused where no case is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from asn1.columns import KIND_CC
from asn1.errors import DecodeError
from asn1.laes.case_id import MAX_OCTETS
from asn1.laes.cc_apdu import CcApdu, decode_apdu
from asn1.laes.ccc import CccDatagram, ccc_text, decode_datagram
from collector.facts import facts_of_laes
from collector.facts.stored import content_code
from collector.laes import naming
from collector.laes.announced import Announced, Claim
from collector.laes.hold import Waiting
from collector.laes.judging import Judging
from collector.laes.link import Arrived, LaesLink
from collector.laes.names import Names

CONTESTED: Final = "CONTENT_CONTESTED"
CONTRADICTED: Final = "CONTENT_CONTRADICTED"
UNANNOUNCED: Final = "CONTENT_UNANNOUNCED"
MISSING: Final = "CONTENT_MISSING"
_SENDS: Final = {naming.EITHER: None, naming.FROM_TARGET: True, naming.TO_TARGET: False}


class Whose(NamedTuple):
    """Whose a piece of content is: its case (empty: nobody knows) and the claim that places it in a call. `code` says
    why none does."""

    liid: str
    claim: Claim | None = None
    code: str | None = None


def whose_content(record: CcApdu | CccDatagram, claims: tuple[Claim, ...]) -> Whose:
    """By the claims to its channel, and by the case that it names. Pure."""
    named, datagram = naming.named_case(record), isinstance(record, CccDatagram)
    if not claims:
        return Whose(named or "", None, UNANNOUNCED)
    # Several cases may intercept one call under one identifier; a CCC-Identifier is one channel's alone.
    mine = claims if datagram or named is None else tuple(one for one in claims if one.owner.liid == named)
    liids = {one.owner.liid for one in mine}
    if not mine or (len(liids) == 1 and not naming.agrees(named, mine[0].owner.liid, datagram)):
        return Whose(named or "", None, CONTRADICTED)
    if len(mine) > 1:
        return Whose(liids.pop() if len(liids) == 1 else "", None, CONTESTED)
    owner = mine[0].owner
    return Whose(owner.liid, mine[0]) if owner.cin >= 0 else Whose(owner.liid, None, CONTESTED)


class ContentLane:
    """`groups`: what is announced, by group."""

    def __init__(self, judging: Judging, names: Names, groups: dict[str, Announced]) -> None:
        self._judging = judging
        self._names = names
        self._groups = groups

    def judge_waiting(self, link: LaesLink, waiting: Iterable[Waiting], now_us: int) -> None:
        """Content that waits no longer."""
        for one in waiting:
            self.take(link, Arrived(one.octets, None, one.arrival_us), now_us, may_wait=False)

    def take(self, link: LaesLink, arrived: Arrived, now_us: int, may_wait: bool) -> None:
        """One piece of content; judged now or, when nobody announced it and it may wait, later."""
        ccc = link.terms.ccc or "apdu"
        try:
            record = decode_apdu(arrived.octets) if ccc == "apdu" else decode_datagram(arrived.octets, ccc)
        except DecodeError as error:
            self._judging.unreadable(link, self._case_of_broken(link, arrived.octets, now_us), arrived, KIND_CC, error)
            return
        channels = tuple(self._names.channel(key) for key in naming.keys_of(record, link.address))
        group, at_us = self._groups[link.terms.group], naming.stamp_of(record)
        channel = next((one for one in channels if group.claims(one, now_us, at_us)), None)
        if channel is None and may_wait:
            self.judge_waiting(link, link.hold.add(Waiting(arrived.octets, channels, arrived.arrival_us)), now_us)
            return
        claims = () if channel is None else group.claims(channel, now_us, at_us)
        whose = whose_content(record, claims)
        if whose.code is not None:
            link.state.errors[whose.code] += 1
        if channel is not None:
            link.state.errors[MISSING] += link.losses.seen(channel, record)
        self._place(link, arrived, record, whose, content_code(link.terms.dialect, ccc), now_us)

    def _case_of_broken(self, link: LaesLink, octets: bytes, now_us: int) -> str:
        """The case of a datagram that cannot be read, by its channel, where it is one case's alone."""
        if not isinstance(link.terms.ccc, int) or len(octets) < 4:
            return ""
        channel = self._names.channel(("ccc", ccc_text(int.from_bytes(octets[:4], "big"))))
        liids = {one.owner.liid for one in self._groups[link.terms.group].claims(channel, now_us)}
        return liids.pop() if len(liids) == 1 else ""

    def _place(
        self, link: LaesLink, arrived: Arrived, record: CcApdu | CccDatagram, whose: Whose, code: int, now_us: int
    ) -> None:
        judging, claim, liid = self._judging, whose.claim, whose.liid.encode()[:MAX_OCTETS]
        orders = judging.orders_for(whose.liid)
        if not orders:
            judging.no_order(link, arrived, liid, KIND_CC)
            return
        liid_id = judging.intern(liid)
        if liid_id < 0:
            judging.no_room(link, arrived, liid, KIND_CC)
            return
        side, cin = naming.EITHER, None
        if claim is not None:
            side = claim.side if claim.side != naming.EITHER else naming.side_of(record, claim.subject)
            cin = claim.owner.cin
        facts = facts_of_laes(record, arrived.arrival_us, link.terms.dialect, whose.liid)
        facts = facts._replace(liid=whose.liid, cin=cin, unplaced=cin is None, target_sends=_SENDS[side])
        if facts.event_us is None and link.terms.arrival_stamps:
            facts = facts._replace(event_us=arrived.arrival_us, qualifier="arrival")
        judging.judge(link, arrived, facts, orders, liid_id, KIND_CC, code, side, now_us)

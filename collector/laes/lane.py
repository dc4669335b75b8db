"""Call data of the US dialects: one message at a time, in the gate's order of decisions, and what it announces.

Rules. Every record that comes here leaves with exactly one verdict in the batch's account, content that waits for its
announcement once it has waited. What a message says of channels counts once the message is judged, whatever became of
it: an announcement that an order withholds still says whose the content is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from asn1.columns import KIND_IRI, LiidTable
from asn1.errors import DecodeError
from asn1.laes.case_id import MAX_OCTETS, case_of
from asn1.laes.describe import dialect_named
from asn1.laes.message import CdcMessage
from collector.accounts import StreamMark
from collector.assembly import Assembly
from collector.careful import CarefulLane
from collector.facts import RecordFacts, facts_of_laes
from collector.facts.plain_cdc import placed
from collector.facts.stored import message_code
from collector.laes import naming
from collector.laes.announced import Announced, Claim, Owner
from collector.laes.content import ContentLane
from collector.laes.judging import KEPT, Judging
from collector.laes.link import Arrived, LaesLink
from collector.laes.names import Names
from collector.laes.terms import LaesTerms
from collector.minimise import Minimised
from collector.pipeline import LinkState
from collector.stream_table import TARGET_OK, TARGET_UNKNOWN, StreamTable

_REPORTS: Final = frozenset({"packetDataHeaderReport", "packetDataSummaryReport"})
_SIDE_OF: Final = {None: naming.EITHER, True: naming.FROM_TARGET, False: naming.TO_TARGET}


class LaesLane:
    """`learn` makes a LIID that was met for the first time known to the store's thread; `hmac_key` names calls and
    channels."""

    def __init__(
        self,
        careful: CarefulLane,
        streams: StreamTable,
        assembly: Assembly,
        liids: LiidTable,
        learn: Callable[[], None],
        minimised: Minimised,
        hmac_key: bytes,
    ) -> None:
        self._judging = Judging(careful, streams, assembly, liids, learn, minimised)
        self._names = Names(hmac_key)
        self._links: dict[str, LaesLink] = {}
        self._groups: dict[str, Announced] = {}
        self._content = ContentLane(self._judging, self._names, self._groups)

    def taken(self) -> int:
        """Verdicts given since this was asked last."""
        judged, self._judging.judged = self._judging.judged, 0
        return judged

    def add(self, state: LinkState, terms: LaesTerms) -> None:
        """A link."""
        self._links[state.name] = LaesLink(state, terms)
        self._groups.setdefault(terms.group, Announced())

    def listens(self, name: str, address: naming.Endpoint) -> None:
        """Where a link can be reached."""
        self._links[name].address = address

    # What comes in

    def message(self, name: str, arrived: Arrived, now_us: int) -> None:
        """One record of a link of call data. CC-APDUs may be among them."""
        link = self._links[name]
        dialect = dialect_named(link.terms.dialect)
        if dialect.is_apdu(arrived.octets):
            self._content.take(link, arrived, now_us, may_wait=True)
            return
        try:
            message = dialect.decode(arrived.octets)
            facts = facts_of_laes(message, arrived.arrival_us, link.terms.dialect)
        except DecodeError as error:
            self._judging.unreadable(link, case_of(arrived.octets) or "", arrived, KIND_IRI, error)
            return
        self._message(link, arrived, message, facts, now_us)

    def content(self, name: str, arrived: Arrived, now_us: int) -> None:
        """One datagram of content."""
        self._content.take(self._links[name], arrived, now_us, may_wait=True)

    def oversized(self, name: str, octets: int, kind: int) -> None:
        """A record that is larger than the link takes, and not there."""
        self._judging.oversized(self._links[name], octets, kind)

    def waiting(self, now_us: int, everything: bool = False, unread: Callable[[str], bool] = lambda _: False) -> None:
        """Judge content that has waited long enough, or all of it. `unread`: whether call data of a group has come and
        was not read yet, however long ago: what announces the content may be among it, so it goes on waiting."""
        for link in self._links.values():
            if everything:
                waiting = link.hold.rest()
            elif link.hold.is_due(now_us) and not unread(link.terms.group):
                waiting = link.hold.due(now_us)
            else:
                continue
            self._content.judge_waiting(link, waiting, now_us)

    # Call data

    def _message(self, link: LaesLink, arrived: Arrived, message: CdcMessage, facts: RecordFacts, now_us: int) -> None:
        judging, name = self._judging, naming.call_of(message)
        orders, liid = judging.orders_for(facts.liid), facts.liid.encode()[:MAX_OCTETS]
        if not orders:
            judging.no_order(link, arrived, liid, KIND_IRI)
            number = None if name is None else self._names.number(liid, name)
            self._announce(link, message, facts, liid, number, now_us, lasting=False)
            return
        if link.window.again(judging.careful.keeper.digest(arrived.octets), len(arrived.octets), now_us):
            judging.duplicate(link, arrived, orders[0], KIND_IRI)
            return
        liid_id = judging.intern(liid)
        if liid_id < 0:
            judging.no_room(link, arrived, liid, KIND_IRI)
            return
        if facts.event_us is not None and facts.qualifier != "arrival":
            link.state.quality.signalling(facts.event_us, arrived.arrival_us)
        cin = self._cin(link, message, liid, name, facts.event_us, now_us)
        facts = placed(facts, cin)
        code, side = message_code(link.terms.dialect, message.name), _SIDE_OF[facts.target_sends]
        verdict = judging.judge(link, arrived, facts, orders, liid_id, KIND_IRI, code, side, now_us)
        judging.only_once(verdict, link.terms.group, arrived.octets)
        successor = naming.successor_of(message)
        if verdict.kind in KEPT and cin is not None and successor is not None:
            self._succeed(liid, liid_id, cin, self._names.number(liid, successor))
        self._announce(link, message, facts, liid, cin, now_us, lasting=True)

    def _succeed(self, liid: bytes, liid_id: int, cin: int, number: int) -> None:
        """A call that a redirection makes of one of the target's is the target's, until its signalling says other."""
        if number == cin:
            return
        streams = self._judging.streams
        before = streams.slot_of(liid_id, cin, KIND_IRI)
        slot = streams.slot_of(liid_id, number, KIND_IRI, True)
        if slot < 0 or before < 0 or streams.target_state(slot) != TARGET_UNKNOWN:
            return
        if streams.target_state(before) == TARGET_OK:
            self._judging.careful.inherit(slot, before)
            self._judging.batch.account.mark(StreamMark(liid, number, KIND_IRI, 0, -1, TARGET_OK))

    def _cin(
        self, link: LaesLink, message: CdcMessage, liid: bytes, name: str | None, at_us: int | None, now_us: int
    ) -> int | None:
        """The number of a message's call; None where it names none, or its number is another's too."""
        keys: list[naming.Key] = []
        if name is None:
            # It closes a channel, and the channel says whose it was.
            found = naming.announcement_of(message)
            keys = [] if found is None else [one for one, _ in found.keys]
        elif message.name in _REPORTS and (key := naming.content_of(message)) is not None:
            keys = [key]
        group = self._groups[link.terms.group]
        claims = [claim for one in keys for claim in group.claims(self._names.channel(one), now_us, at_us)]
        owners = {claim.owner for claim in claims if claim.owner.liid == _text(liid)}
        if len(owners) == 1 and (cin := owners.pop().cin) >= 0:
            return cin
        return None if name is None else self._names.own_number(liid, name)

    def _announce(
        self,
        link: LaesLink,
        message: CdcMessage,
        facts: RecordFacts,
        liid: bytes,
        cin: int | None,
        now_us: int,
        lasting: bool,
    ) -> None:
        """What a message says of content: whose channels are whose from here on, and what waited for them."""
        group, text = self._groups[link.terms.group], _text(liid)
        at_us = None if facts.qualifier == "arrival" else facts.event_us
        found = naming.announcement_of(message)
        channels = () if found is None else tuple((self._names.channel(key), side) for key, side in found.keys)
        closes = message.name in naming.CLOSES
        if closes:
            for channel, _ in channels:
                for owner in group.close(channel, text, now_us, at_us):
                    self._put_down(link, channel, liid, owner.cin, naming.EITHER, False, lasting)
        elif found is not None:
            # Of a case without an order nothing is looked up, so that strangers fill no table.
            alone = len(found.calls) < 2 or (lasting and self._all_with_target(liid, found.calls[1:]))
            owner = Owner(text, cin if cin is not None and alone else -1)
            for channel, side in channels:
                group.open(channel, Claim(owner, side, found.subject, at_us), now_us)
                self._put_down(link, channel, liid, owner.cin, side, True, lasting)
        if facts.iri_type == "end" and cin is not None:
            group.over(Owner(text, cin), now_us, at_us)
        if channels and not closes:
            self._release(link.terms.group, [channel for channel, _ in channels], now_us)

    def _all_with_target(self, liid: bytes, calls: Iterable[str]) -> bool:
        """Whether the target takes part in every one of these calls, as far as their signalling said."""
        streams, liid_id = self._judging.streams, self._judging.intern(liid)
        for name in calls:
            slot = streams.slot_of(liid_id, self._names.number(liid, name), KIND_IRI)
            if slot < 0 or streams.target_state(slot) != TARGET_OK:
                return False
        return True

    def _put_down(
        self, link: LaesLink, channel: bytes, liid: bytes, cin: int, side: int, opens: bool, lasting: bool
    ) -> None:
        """For a restart; of cases without an order nothing."""
        if lasting:
            self._judging.batch.account.claim(link.terms.group, channel, liid, cin, side, opens)

    def _release(self, group: str, channels: list[bytes], now_us: int) -> None:
        for link in self._links.values():
            if link.terms.group == group:
                self._content.judge_waiting(link, link.hold.take(channels), now_us)

    # After a restart

    def restore_claims(self, blob: dict[str, Any], now_us: int) -> None:
        """What a batch's account says of channels."""
        for group, channel, liid, cin, side, opens in blob.get("claims", ()):
            announced = self._groups.get(group)
            if announced is None:
                continue
            text = _text(bytes.fromhex(liid))
            if opens:
                announced.open(bytes.fromhex(channel), Claim(Owner(text, cin), side), now_us)
            else:
                announced.close(bytes.fromhex(channel), text, now_us)

    def restore_seen(self, seen: Iterable[tuple[bytes, int, int]]) -> None:
        """Messages that are stored: digest, octets, when each came, oldest first. Which link brought one is not known
        any more, so each link takes it for its own."""
        for digest, octets, at_us in seen:
            for link in self._links.values():
                link.window.again(digest, octets, at_us)

    @property
    def resend_us(self) -> int:
        """How far back the windows look; 0 without a link."""
        return max((link.terms.resend_us for link in self._links.values()), default=0)


def _text(liid: bytes) -> str:
    return liid.decode("utf-8", "replace")

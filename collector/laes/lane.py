"""The careful lane of the US dialects: one message or one piece of content at a time, in the gate's order of decisions.

Rules. Every record that comes here leaves with exactly one verdict in the batch's account, content that waits for its
announcement once it has waited. A call is known by a keyed number made of its case and name: the same after a restart,
and nobody can choose a name that shares another's. Where two names do, and where content is nobody's, it is of no
communication, and no target is lent to it. What is kept, and how, is the careful lane's, as for ETSI records.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final, NamedTuple

from asn1.columns import KIND_CC, KIND_IRI, NO_TIME, Columns, LiidTable
from asn1.errors import DecodeError
from asn1.laes.case_id import MAX_OCTETS, case_of
from asn1.laes.cc_apdu import CcApdu, decode_apdu
from asn1.laes.ccc import CccDatagram, ccc_text, decode_datagram
from asn1.laes.describe import dialect_named
from asn1.laes.message import CdcMessage
from collector import gate
from collector.accounts import StreamMark, label
from collector.assembly import Assembly
from collector.careful import CarefulLane, Judged
from collector.facts import RecordFacts, facts_of_laes
from collector.facts.stored import content_code, message_code
from collector.gate_scope import CinState
from collector.laes import naming
from collector.laes.announced import Announced, Claim, Owner, sole
from collector.laes.hold import Hold, Waiting
from collector.laes.loss import Losses
from collector.laes.resend import ResendWindow
from collector.laes.terms import LaesTerms
from collector.minimise import Minimised, apply
from collector.pipeline import LinkState
from collector.stream_table import TARGET_OK, TARGET_UNKNOWN, StreamTable, VerifyColumns
from mediation.law.orders import CourtOrder
from mediation.law.rules import RULE_OF
from mediation.law.verdicts import Reason, Verdict, VerdictKind

MAX_NAMES: Final = 1 << 16
"""Calls whose names are remembered, so that two with one number are told apart."""
CONTESTED: Final = "CONTENT_CONTESTED"
CONTRADICTED: Final = "CONTENT_CONTRADICTED"
UNANNOUNCED: Final = "CONTENT_UNANNOUNCED"
MISSING: Final = "CONTENT_MISSING"
_IRI_TYPES: Final = {"begin": 1, "end": 2, "continue": 3, "report": 4}
_TAKEN: Final = (VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED)
_KEPT: Final = (*_TAKEN, VerdictKind.MASK)
_DUPLICATE: Final = Verdict(VerdictKind.DUPLICATE, (Reason.DUPLICATE,), (RULE_OF[Reason.DUPLICATE],))
_REPORTS: Final = frozenset({"packetDataHeaderReport", "packetDataSummaryReport"})
_SIDE_OF: Final = {None: naming.EITHER, True: naming.FROM_TARGET, False: naming.TO_TARGET}
_SENDS: Final = {naming.EITHER: None, naming.FROM_TARGET: True, naming.TO_TARGET: False}


class Arrived(NamedTuple):
    """A record as it was received. `offset`: where it lies in the open arena, None when it lies in none."""

    octets: bytes
    offset: int | None
    arrival_us: int


class _Found(NamedTuple):
    """Whose a piece of content is: its case (empty: nobody knows) and the claim that places it in a call."""

    liid: str
    claim: Claim | None


class _Link:
    """What is known of one link of a US dialect."""

    def __init__(self, state: LinkState, terms: LaesTerms) -> None:
        self.state = state
        self.terms = terms
        self.address: naming.Endpoint = ("", 0)
        self.window = ResendWindow(terms.resend_octets, terms.resend_us)
        self.hold = Hold(terms.hold_octets, terms.hold_us)
        self.losses = Losses()


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
        self._careful = careful
        self._streams = streams
        self._batch = assembly
        self._liids = liids
        self._learn = learn
        self._minimised = minimised
        self._hmac_key = hmac_key
        self._links: dict[str, _Link] = {}
        self._groups: dict[str, Announced] = {}
        self._names: OrderedDict[tuple[int, int], str] = OrderedDict()
        self._cols = Columns(1)
        self._verify = VerifyColumns(1)
        self._no_order = gate.unreadable(()).verdict._replace(reasons=(Reason.NO_ORDER,), rules=("R-073",))
        self.judged = 0
        """Verdicts given since somebody took note of them."""

    def add(self, state: LinkState, terms: LaesTerms) -> None:
        """A link."""
        self._links[state.name] = _Link(state, terms)
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
            self._content(link, arrived, now_us, may_wait=True)
            return
        try:
            message = dialect.decode(arrived.octets)
            facts = facts_of_laes(message, arrived.arrival_us, link.terms.dialect)
        except DecodeError as error:
            self._unreadable(link, case_of(arrived.octets) or "", arrived, KIND_IRI, error)
            return
        self._message(link, arrived, message, facts, now_us)

    def content(self, name: str, arrived: Arrived, now_us: int) -> None:
        """One datagram of content."""
        self._content(self._links[name], arrived, now_us, may_wait=True)

    def oversized(self, name: str, octets: int, kind: int) -> None:
        """A record that is larger than the link takes, and not there."""
        link = self._links[name]
        verdict = gate.unreadable(()).verdict
        self._careful.keeper.note(self._batch, None, "", kind, -1, None, verdict, octets)
        self._count(link, Judged(DecodeError.OVERSIZED, verdict))

    def waiting(self, now_us: int, everything: bool = False) -> None:
        """Judge content that has waited long enough, or all of it."""
        for link in self._links.values():
            for one in link.hold.rest() if everything else link.hold.due(now_us):
                self._content(link, Arrived(one.octets, None, one.arrival_us), now_us, may_wait=False)

    # Call data

    def _message(self, link: _Link, arrived: Arrived, message: CdcMessage, facts: RecordFacts, now_us: int) -> None:
        keeper, text = self._careful.keeper, facts.liid
        orders = self._careful.orders.orders_for(text) if text else ()
        liid = text.encode()[:MAX_OCTETS]
        if not orders:
            keeper.note(self._batch, None, label(liid), KIND_IRI, -1, memoryview(arrived.octets), self._no_order)
            self._count(link, Judged(None, self._no_order))
            self._announce(link, message, facts, liid, self._number(liid, naming.call_of(message)), now_us, False)
            return
        if link.window.again(keeper.digest(arrived.octets), len(arrived.octets), now_us):
            keeper.note(self._batch, orders[0], text, KIND_IRI, -1, memoryview(arrived.octets), _DUPLICATE)
            self._count(link, Judged(None, _DUPLICATE))
            return
        if facts.event_us is not None and facts.qualifier != "arrival":
            link.state.quality.signalling(facts.event_us, arrived.arrival_us)
        liid_id = self._intern(liid)
        if liid_id < 0:
            self._no_room(link, arrived, label(liid), KIND_IRI)
            return
        cin = self._cin(link, message, liid, liid_id, now_us)
        facts = replace(facts, cin=cin, unplaced=cin is None)
        code = message_code(link.terms.dialect, message.name)
        side = _SIDE_OF[facts.target_sends]
        verdict = self._judge(link, arrived, facts, orders, liid_id, KIND_IRI, code, side, now_us)
        if verdict.kind in _KEPT:
            self._succeed(liid, liid_id, cin, naming.successor_of(message))
        self._announce(link, message, facts, liid, cin, now_us, True)

    def _succeed(self, liid: bytes, liid_id: int, cin: int | None, name: str | None) -> None:
        """A call that a redirection makes of one of the target's is the target's, until its signalling says other."""
        number = self._number(liid, name)
        if cin is None or number is None or number == cin:
            return
        before = self._streams.slot_of(liid_id, cin, KIND_IRI)
        slot = self._streams.slot_of(liid_id, number, KIND_IRI, True)
        if slot < 0 or before < 0 or self._streams.target_state(slot) != TARGET_UNKNOWN:
            return
        if self._streams.target_state(before) == TARGET_OK:
            self._careful.inherit(slot, before)
            self._batch.account.mark(StreamMark(liid, number, KIND_IRI, 0, -1, TARGET_OK))

    def _cin(self, link: _Link, message: CdcMessage, liid: bytes, liid_id: int, now_us: int) -> int | None:
        """The number of a message's call; None where it names none, or its number is another's too."""
        group = self._groups[link.terms.group]
        announced: list[Claim] = []
        key = naming.content_of(message) if message.name in _REPORTS else None
        keys = [key] if key is not None else []
        name = naming.call_of(message)
        if name is None:
            found = naming.announcement_of(message)
            keys = [] if found is None else [one for one, _ in found.keys]
        for one in keys:
            announced += [
                claim for claim in group.claims(self._channel(one), now_us) if claim.owner.liid == _text(liid)
            ]
        owners = {claim.owner for claim in announced}
        if len(owners) == 1 and (cin := owners.pop().cin) >= 0:
            return cin
        number = self._number(liid, name)
        if number is None or name is None:
            return None
        known = self._names.setdefault((liid_id, number), name)
        self._names.move_to_end((liid_id, number))
        if len(self._names) > MAX_NAMES:
            self._names.popitem(last=False)
        return number if known == name else None

    def _announce(
        self,
        link: _Link,
        message: CdcMessage,
        facts: RecordFacts,
        liid: bytes,
        cin: int | None,
        now_us: int,
        lasting: bool,
    ) -> None:
        """What a message says of content: whose channels are whose from here on, and what waited for them."""
        group, text = self._groups[link.terms.group], _text(liid)
        found = naming.announcement_of(message)
        channels = () if found is None else tuple((self._channel(key), side) for key, side in found.keys)
        closes = message.name in naming.CLOSES
        if closes:
            for channel, _ in channels:
                for owner in group.close(channel, text, now_us):
                    self._put_down(link, channel, liid, owner.cin, naming.EITHER, False, lasting)
        elif found is not None:
            # Of a case without an order nothing is looked up, so that strangers fill no table.
            alone = len(found.calls) < 2 or (lasting and self._all_with_target(liid, found.calls[1:]))
            owner = Owner(text, cin if cin is not None and alone else -1)
            for channel, side in channels:
                group.open(channel, Claim(owner, side, found.subject), now_us)
                self._put_down(link, channel, liid, owner.cin, side, True, lasting)
        if facts.iri_type == "end" and cin is not None:
            group.over(Owner(text, cin), now_us)
        if channels and not closes:
            self._release(link.terms.group, [channel for channel, _ in channels], now_us)

    def _all_with_target(self, liid: bytes, calls: Iterable[str]) -> bool:
        """Whether the target takes part in every one of these calls, as far as their signalling said."""
        for name in calls:
            slot = self._slot_of(liid, name)
            if slot < 0 or self._streams.target_state(slot) != TARGET_OK:
                return False
        return True

    def _slot_of(self, liid: bytes, name: str) -> int:
        number, liid_id = self._number(liid, name), self._intern(liid)
        return -1 if number is None or liid_id < 0 else self._streams.slot_of(liid_id, number, KIND_IRI)

    def _put_down(
        self, link: _Link, channel: bytes, liid: bytes, cin: int, side: int, opens: bool, lasting: bool
    ) -> None:
        """For a restart; of cases without an order nothing."""
        if lasting:
            self._batch.account.claim(link.terms.group, channel, liid, cin, side, opens)

    def _release(self, group: str, channels: list[bytes], now_us: int) -> None:
        for link in self._links.values():
            if link.terms.group == group:
                for one in link.hold.take(channels):
                    self._content(link, Arrived(one.octets, None, one.arrival_us), now_us, may_wait=False)

    # Content

    def _content(self, link: _Link, arrived: Arrived, now_us: int, may_wait: bool) -> None:
        ccc = link.terms.ccc or "apdu"
        try:
            record = decode_apdu(arrived.octets) if ccc == "apdu" else decode_datagram(arrived.octets, ccc)
        except DecodeError as error:
            self._unreadable(link, self._case_of_broken(link, arrived.octets, now_us), arrived, KIND_CC, error)
            return
        channels = tuple(self._channel(key) for key in naming.keys_of(record, link.address))
        group = self._groups[link.terms.group]
        channel = next((one for one in channels if group.claims(one, now_us)), None)
        if channel is None and may_wait:
            for one in link.hold.add(Waiting(arrived.octets, channels, arrived.arrival_us)):
                self._content(link, Arrived(one.octets, None, one.arrival_us), now_us, may_wait=False)
            return
        claims = () if channel is None else group.claims(channel, now_us)
        liid, claim = self._whose(link, record, claims)
        if channel is not None:
            missing = link.losses.seen(channel, record)
            link.state.errors[MISSING] += missing
        self._place(link, arrived, record, liid, claim, content_code(link.terms.dialect, ccc), now_us)

    def _whose(self, link: _Link, record: CcApdu | CccDatagram, claims: tuple[Claim, ...]) -> _Found:
        named, errors = naming.named_case(record), link.state.errors
        datagram = isinstance(record, CccDatagram)
        if not claims:
            errors[UNANNOUNCED] += 1
            return _Found(named or "", None)
        # Several cases may intercept one call under one identifier; a CCC-Identifier is one channel's alone.
        mine = claims if datagram or named is None else tuple(one for one in claims if one.owner.liid == named)
        claim = sole(mine)
        liids = {one.owner.liid for one in mine}
        if (len(liids) == 1 and not naming.agrees(named, next(iter(liids)), datagram)) or not mine:
            errors[CONTRADICTED] += 1
            return _Found(named or "", None)
        if claim is not None:
            return _Found(claim.owner.liid, claim if claim.owner.cin >= 0 else None)
        errors[CONTESTED] += 1
        return _Found(liids.pop() if len(liids) == 1 else "", None)

    def _case_of_broken(self, link: _Link, octets: bytes, now_us: int) -> str:
        """The case of a datagram that cannot be read, by its channel, where it is one case's alone."""
        if not isinstance(link.terms.ccc, int) or len(octets) < 4:
            return ""
        channel = self._channel(("ccc", ccc_text(int.from_bytes(octets[:4], "big"))))
        liids = {one.owner.liid for one in self._groups[link.terms.group].claims(channel, now_us)}
        return liids.pop() if len(liids) == 1 else ""

    def _place(
        self,
        link: _Link,
        arrived: Arrived,
        record: CcApdu | CccDatagram,
        liid: str,
        claim: Claim | None,
        code: int,
        now_us: int,
    ) -> None:
        orders = self._careful.orders.orders_for(liid) if liid else ()
        octets = liid.encode()[:MAX_OCTETS]
        if not orders:
            self._careful.keeper.note(
                self._batch, None, label(octets), KIND_CC, -1, memoryview(arrived.octets), self._no_order
            )
            self._count(link, Judged(None, self._no_order))
            return
        side = naming.EITHER
        if claim is not None:
            side = claim.side if claim.side != naming.EITHER else naming.side_of(record, claim.subject)
        liid_id = self._intern(octets)
        if liid_id < 0:
            self._no_room(link, arrived, label(octets), KIND_CC)
            return
        facts = facts_of_laes(record, arrived.arrival_us, link.terms.dialect, liid)
        cin = None if claim is None else claim.owner.cin
        facts = replace(facts, liid=liid, cin=cin, unplaced=cin is None, target_sends=_SENDS[side])
        if facts.event_us is None and link.terms.arrival_stamps:
            facts = replace(facts, event_us=arrived.arrival_us, qualifier="arrival")
        self._judge(link, arrived, facts, orders, liid_id, KIND_CC, code, side, now_us)

    # Judging

    def _judge(
        self,
        link: _Link,
        arrived: Arrived,
        facts: RecordFacts,
        orders: tuple[CourtOrder, ...],
        liid_id: int,
        kind: int,
        code: int,
        side: int,
        now_us: int,
    ) -> Verdict:
        careful, batch = self._careful, self._batch
        cin = -1 if facts.cin is None else facts.cin
        slot = -1 if cin < 0 else self._streams.slot_of(liid_id, cin, kind, True)
        if slot < 0:
            # Where there is no room for its call, it is of none: it must not go unwatched.
            facts = replace(facts, unplaced=True)
        state = CinState() if slot < 0 else careful.state_of(slot)
        decision = gate.decide(orders, facts, link.state.policy, state)
        decision = apply(decision, facts, self._minimised.mode(facts.liid, cin, now_us))
        verdict = decision.verdict
        if slot >= 0:
            careful.settle(batch, decision, state, orders, facts, liid_id, cin, slot, now_us)
            if decision.cin.target != state.target:
                mark = StreamMark(facts.liid.encode(), cin, slot & 1, 0, -1, decision.cin.target)
                batch.account.mark(mark)
        elif verdict.kind in _KEPT and facts.event_us is not None:
            careful.orders.kept(decision.order or orders[0], facts.event_us)
        self._fill(arrived, facts, liid_id, cin, kind, code, side, slot)
        received = None
        if arrived.offset is None and verdict.kind in _TAKEN:
            received = careful.keeper.aside(batch, arrived.octets)
        careful.keep(
            batch, decision, orders, facts.liid, self._cols, self._verify, 0, memoryview(arrived.octets),
            arrived.octets, facts, arrived.arrival_us, received,
        )  # fmt: skip
        self._count(link, Judged(None, verdict))
        return verdict

    def _unreadable(self, link: _Link, liid: str, arrived: Arrived, kind: int, error: DecodeError) -> None:
        """R-100. Whose it is, its first elements or its channel say, or nobody."""
        orders = self._careful.orders.orders_for(liid) if liid else ()
        octets = liid.encode()[:MAX_OCTETS]
        facts = RecordFacts(liid, None, -1, "other", "", None, None, None, None, arrived.arrival_us)
        liid_id = self._intern(octets) if orders else -1
        if liid_id < 0:
            orders = ()
        self._fill(arrived, facts, liid_id, -1, kind, -1, naming.EITHER, -1)
        verdict = self._careful.unreadable(
            self._batch, orders, label(octets), self._cols, 0, memoryview(arrived.octets), arrived.arrival_us
        )
        self._count(link, Judged(error.code, verdict))

    def _fill(
        self, arrived: Arrived, facts: RecordFacts, liid_id: int, cin: int, kind: int, code: int, side: int, slot: int
    ) -> None:
        """The one row that the keeper reads."""
        cols, verify = self._cols, self._verify
        cols.offset[0], cols.length[0] = arrived.offset or 0, len(arrived.octets)
        cols.liid[0], cols.cin[0], cols.number[0] = liid_id, cin, -1
        cols.time_us[0] = NO_TIME if facts.event_us is None else facts.event_us
        cols.kind[0], cols.content_tag[0], cols.direction[0] = kind, code, side
        cols.iri_type[0] = _IRI_TYPES.get(facts.iri_type or "", -1)
        verify.slots[0], verify.epochs[0], verify.flags[0] = slot, 0, 0

    def _count(self, link: _Link, judged: Judged) -> None:
        self.judged += 1
        link.state.records += 1
        link.state.guard.judged(judged.verdict)
        if judged.code is not None:
            link.state.errors[judged.code] += 1

    # Names

    def _no_room(self, link: _Link, arrived: Arrived, text: str, kind: int) -> None:
        """Strangers have filled the table of LIIDs: nothing can be kept under one that is new to it."""
        verdict = gate.unreadable(()).verdict
        self._careful.keeper.note(self._batch, None, text, kind, -1, memoryview(arrived.octets), verdict)
        self._count(link, Judged(DecodeError.TOO_MANY, verdict))

    def _intern(self, liid: bytes) -> int:
        """The LIID's id; -1 when there is no room."""
        try:
            found = self._liids.intern(liid)
        except DecodeError:
            return -1
        self._learn()
        return found

    def _number(self, liid: bytes, name: str | None) -> int | None:
        """A call's number, 32 bits."""
        if name is None:
            return None
        return int.from_bytes(self._keyed(b"call", liid, name.encode())[:4], "big")

    def _channel(self, key: naming.Key) -> bytes:
        return self._keyed(b"channel", key[0].encode(), key[1].encode())[:16]

    def _keyed(self, what: bytes, *parts: bytes) -> bytes:
        octets = b"calea-lab " + what + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.digest(self._hmac_key, octets, "sha256")

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

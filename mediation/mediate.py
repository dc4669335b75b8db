"""From an X2 or X3 PDU to a journalled record: which order, how much of it, which payload, which number.

One PDU at a time, in the order read. What cannot be read is counted and handed to nobody. The training faults that
touch records are asked here and nowhere else. An order that is delivered in a US dialect goes the same way, through the
same gate, and then by `mediation.laes_records`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from typing import Any, Final

from asn1.errors import DecodeError, EncodeError, RefusedError
from asn1.integrity import PrivateKey
from asn1.ps_pdu import PsHeader
from asn1.x2x3 import PduType, X2X3Pdu
from mediation import convert
from mediation.admf import Admf
from mediation.bulk import Bulk, Learned
from mediation.config import MediationConfig
from mediation.delivery import Link
from mediation.faults import Faults
from mediation.foreign import NotConvertibleError
from mediation.intake import GapBook, Intake
from mediation.journal import HI2, HI3, Advance, Entry, Journal
from mediation.laes_delivery import CccLink, CdcLink
from mediation.laes_records import LaesRecords
from mediation.law.orders import CourtOrder, Service
from mediation.outgoing import Outgoing, Sender
from mediation.redact import granted
from mediation.runtime.handover_keys import KeyRing
from mediation.runtime.logs import get_logger
from mediation.scope import Scope, ScopeEvent, allow, whole_window
from mediation.sequence import Counters, plain

OPERATOR_LIID: Final = "-"
"""In the place of a LIID, in TRIs that belong to none."""


@dataclass(slots=True)
class LiidCounts:
    x2_in: int = 0
    x3_in: int = 0
    gaps: int = 0
    scoped_out: int = 0
    undecodable: int = 0
    not_convertible: int = 0
    unmapped: int = 0
    """What scope let through and the order's dialect has no message for."""
    iri: int = 0
    cc: int = 0


@dataclass(slots=True)
class _Totals:
    per_liid: dict[str, LiidCounts] = field(default_factory=dict)
    unknown_xid: int = 0
    not_convertible: dict[str, int] = field(default_factory=dict)
    """By the reason, of which there are few."""

    def of(self, liid: str) -> LiidCounts:
        return self.per_liid.setdefault(liid, LiidCounts())


class Mediation:
    """Everything between an X2/X3 PDU and the journal."""

    def __init__(
        self,
        config: MediationConfig,
        journal: Journal,
        admf: Admf,
        faults: Faults,
        keys: KeyRing | None = None,
        signer: PrivateKey | None = None,
        random: Callable[[int], bytes] | None = None,
    ) -> None:
        """`keys` and `signer` as the configuration names them; `random` is a source of random octets."""
        self._config = config
        self._journal = journal
        self._admf = admf
        self.faults = faults
        self._counters = Counters(config.sequence_scope, lost=journal.lost)
        self._sender = Sender(config, self._counters, keys, signer, random)
        self._messages = 0
        self._gaps = GapBook(resumed=journal.state is not None)
        self.totals = _Totals()
        self.links: tuple[Link | CdcLink | CccLink, ...] = ()
        self.laes = LaesRecords(config)
        if journal.state is not None:
            self._counters.restore(journal.state)
        for note in journal.notes:
            if isinstance(note, Advance):
                self._counters.advance(note.xid, note.correlation, note.cin, note.next_cc)
            else:
                self._counters.note(*note)
        if config.cin_reset == "restart":
            self._counters.begin_anew()
        journal.start(self._counters.snapshot())
        self._bulk = Bulk(self._counters, self._gaps, self._sender.templates, self._counted)
        self._bulk_of: tuple[object, ...] = ()
        self._quiet = False
        self._log = get_logger("mediation")

    def consume(self, pdus: list[X2X3Pdu], now_us: int = 0, real_s: float = 0.0, frames: Sequence[bytes] = ()) -> None:
        """Journal what scope lets through and wake the links. The times are for faults that hold records back.
        `frames`: the PDUs as they were received, from which the short way learns."""
        entries: list[Entry] = []
        for pdu, frame in zip_longest(pdus, frames):
            entries += self._entries(pdu, now_us, real_s, frame)
        self.deliver(self.faults.arrange(entries, now_us, real_s))

    # The short way of content (`bulk`)

    def knows(self, octets: bytes | bytearray, at: int) -> bool:
        return self._bulk_may and self._bulk.knows(octets, at)

    def may_learn(self, frame: bytes) -> bool:
        return self._bulk_may and self._bulk.may_learn(frame)

    def take(self, octets: bytes | bytearray, at: int) -> int:
        """Journal the records of what is known and wake the links; where the first PDU begins that is not."""
        while (run := self._bulk.run(octets, at)) is not None:
            at = run.end
            before = self._journal.dropped_total
            self._journal.append_run(HI3, run.octets, run.records, run.rows, run.liids, self._state)
            self._journalled(before)
        return at

    def _counted(self, liid: str, records: int, missing: int) -> None:
        counts = self.totals.of(liid)
        counts.x3_in += records
        counts.cc += records
        counts.gaps += missing

    @property
    def _state(self) -> dict[str, Any] | None:
        """All counters, where the journal is to begin a new file with them."""
        if not self._journal.full_file:
            return None
        self._bulk.settle()
        return self._counters.snapshot()

    @property
    def _bulk_may(self) -> bool:
        """Whether any record may take the short way. What was learned under other orders or faults is forgotten."""
        learned_of = (self._admf.changes, self.faults.model)
        if learned_of != self._bulk_of:
            self._bulk_of = learned_of
            self._quiet = self._sender.plain and self.faults.quiet
            self._bulk.forget()
        return self._quiet and not self.faults.held_back

    def due(self, now_us: int, real_s: float, everything: bool = False) -> None:
        """Deliver what leaves because its time has come: what a fault held back, content that waited for company,
        integrity checks. `everything`, before the end."""
        held = self.faults.due(now_us, real_s) if self.faults.held_back else []
        reports = self.laes.due(self._counters, now_us, everything)
        for report in reports:
            self.totals.of(report.liid).iri += 1
        self.deliver(held + reports + self._sender.due(now_us, int(real_s * 1e6), everything))

    def operator_message(self, text: str, priority: str, stream: int, now_us: int) -> None:
        """A message to the agency's operators. It is buffered like a record. Raises EncodeError."""
        self._messages += 1
        value = {"messagePriority": priority, "message": text.encode()}
        octets = self._config.handover_config().tri("operatorLeaMessage", self._messages, now_us, value)
        self.deliver([Entry(stream, OPERATOR_LIID, octets, None, True)])

    def deliver(self, entries: list[Entry]) -> None:
        """Journal records, in the order they are to leave, and wake the links."""
        packets = self.laes.take()
        if not entries and not packets:
            return
        before = self._journal.dropped_total
        notes = {one.note[:2]: one.note for one in packets}.values()
        for held, entry in zip(self._journal.append(entries, self._state, notes), entries, strict=True):
            self.laes.journalled(entry.stream, held.journal_id)
        self.laes.offer(packets)
        self._journalled(before)

    def _journalled(self, before: int) -> None:
        if self._journal.dropped_total > before:
            # 6.3.3: the oldest were overwritten, and that is reported.
            self._log.error("buffer_full", overwritten=self._journal.dropped_total - before)
        for link in self.links:
            link.wake()

    def surveil(self, now_us: int) -> None:
        """Tell, where a dialect has a message for it, which tasks have begun and which have ended."""
        told: list[Entry] = []
        for xid, order in self._admf.orders.items():
            told += self._status(order, str(xid), now_us, xid in self._admf.tasked)
        self.deliver(told)

    def _status(self, order: CourtOrder, xid: str, now_us: int, active: bool) -> list[Entry]:
        if not self.laes.tells_status(order.liid, self._counters.peek(xid, 0), active):
            return []
        self.totals.of(order.liid).iri += 1
        return [self.laes.status(order, xid, self._counters.communication(xid, 0), now_us, active)]

    def connection_test(self, liid: str, now_us: int) -> None:
        """Try out the link of an order. Raises RefusedError where that cannot be done."""
        found = next(((xid, one) for xid, one in self._admf.orders.items() if one.liid == liid), None)
        if found is None:
            raise RefusedError(f"No order with the LIID {liid} is held here.")
        xid, order = found
        entry = self.laes.test(order, str(xid), self._counters.communication(str(xid), 0), now_us)
        self.totals.of(liid).iri += 1
        self.deliver([entry])

    def _entries(self, pdu: X2X3Pdu, now_us: int, real_s: float, frame: bytes | None = None) -> list[Entry]:
        xid = uuid.UUID(bytes=pdu.xid)
        order = self._admf.orders.get(xid)
        if order is None:
            self.totals.unknown_xid += 1
            return []
        counts = self.totals.of(order.liid)
        content = pdu.pdu_type == PduType.X3
        counts.x3_in += content
        counts.x2_in += not content
        self._bulk.before(pdu, str(xid))
        counts.gaps += self._gaps.missing(pdu)
        try:
            return self._convert(pdu, str(xid), order, counts, now_us, int(real_s * 1e6), frame)
        except NotConvertibleError as error:
            # Nothing of it may be lost silently: it is counted, with the reason.
            counts.not_convertible += 1
            reason = str(error)
            self.totals.not_convertible[reason] = self.totals.not_convertible.get(reason, 0) + 1
            self._log.warning("not_convertible", liid=order.liid, why=reason)
            return []
        except (DecodeError, EncodeError) as error:
            counts.undecodable += 1
            self._log.warning("undecodable", liid=order.liid, why=type(error).__name__)
            return []
        finally:
            self._bulk.heard(pdu, str(xid), self._counters.peek(str(xid), pdu.correlation_id))

    def _convert(
        self,
        pdu: X2X3Pdu,
        xid: str,
        order: CourtOrder,
        counts: LiidCounts,
        now_us: int,
        real_us: int,
        frame: bytes | None = None,
    ) -> list[Entry]:
        role = self._config.network_functions.get(pdu.nfid or "")
        if role is None or pdu.timestamp_ns is None:
            raise DecodeError(DecodeError.MISSING_FIELD, "a PDU names its network function and its time")
        time_us = pdu.timestamp_ns // 1000
        faults = self.faults
        direction = convert.DIRECTIONS.get(int(pdu.payload_direction))
        state = self._counters.communication(xid, pdu.correlation_id)
        sends = None if direction is None else direction == "fromTarget"
        content = pdu.pdu_type == PduType.X3
        service = convert.service_of(role, pdu)
        event = ScopeEvent(time_us, service, content, sends, state.opens_sent)
        verdict = allow(
            faults.as_judged(order), event, faults.slack_us(order.liid), faults.overdelivers(order.liid, service)
        )
        if verdict.scope is not Scope.WITHHOLD and self.laes.dialect_of(order.liid) is not None:
            said = self.laes.convert(role, pdu, order, xid, state, verdict.scope is Scope.WHOLE)
            # What it gives shows that the task has begun, if nobody said so yet.
            begun = self._status(order, xid, time_us, True)
            counts.iri += len(said.entries)
            counts.cc += said.packets
            counts.unmapped += not (said.entries or said.packets or said.counted)
            return begun + said.entries
        made = None
        if verdict.scope is not Scope.WITHHOLD:
            made = convert.product(role, pdu, state, verdict.scope is Scope.METADATA, granted(order))
        if made is None:
            counts.scoped_out += 1
            return []
        header = PsHeader(
            liid=order.liid.encode(),
            authorization_country=self._config.authorization_country,
            delivery_country=self._config.delivery_country,
            operator_id=self._config.operator_id.encode(),
            network_element_id=self._config.network_element_id.encode(),
            cin=state.cin,
            time_us=time_us,
            time_qualifier="timeOfInterception",
            extended_interception_point_id=pdu.ipid.encode() if pdu.ipid else None,
            network_function_id=pdu.nfid.encode() if pdu.nfid else None,
        )
        product = Outgoing(
            xid, pdu.correlation_id, state, header, made.contents, made.direction, made.iri_type,
            faults.skips(order.liid),
        )  # fmt: skip
        entries = self._sender.put(product, now_us, real_us)
        counts.cc += made.iri_type is None
        counts.iri += made.iri_type is not None
        convert.advance(pdu, state, made)
        if frame is not None and made.iri_type is None and self._bulk_may:
            self._learn(pdu, frame, product, order, service, entries)
        # What a restart must know is how things stand behind this PDU.
        note = (xid, pdu.correlation_id, plain(state))
        return [one if one.note is None or one.note[:2] != note[:2] else one._replace(note=note) for one in entries]

    def _learn(
        self, pdu: X2X3Pdu, frame: bytes, product: Outgoing, order: CourtOrder, service: Service, entries: list[Entry]
    ) -> None:
        """What was decided of this PDU, where the next of its context would be treated alike."""
        window = whole_window(order, service)
        if window is None or len(entries) != 1 or entries[0].stream != HI3:
            return
        header = self._sender.as_sent(product.header)._replace(sequence_number=product.state.next_cc - 1 & 0xFFFFFFFF)
        contents, direction = product.contents, product.direction
        said = Learned(product.xid, header, contents, direction, product.state, window, entries[0].octets)
        self._bulk.learn(pdu, frame, said)

    def status(self, intake: Intake) -> dict[str, Any]:
        self._bulk.settle()
        per_liid = {}
        backlog: dict[str, int] = {}
        tris = 0
        for stream in (HI2, HI3):
            for held in self._journal.held(stream):
                if held.tri:
                    tris += 1
                for liid, records in held.each:
                    backlog[liid] = backlog.get(liid, 0) + records
        for liid, count in self.laes.waiting(self._journal).items():
            backlog[liid] = backlog.get(liid, 0) + count
        numbered: dict[str, int] = {}
        for xid, order in self._admf.orders.items():
            numbered[order.liid] = numbered.get(order.liid, 0) + self._counters.numbered(str(xid))
        liids = {*self.totals.per_liid, *backlog, *(order.liid for order in self._admf.orders.values())}
        for liid in sorted(liids):
            counted = asdict(self.totals.of(liid))
            for name in ("sent", "resent", "acknowledged"):
                counted[name] = sum(getattr(link.status, name).get(liid, 0) for link in self.links)
            per_liid[liid] = counted | {
                "numbered": numbered.get(liid, 0),
                "backlog": backlog.get(liid, 0),
                "dropped": self._journal.dropped.get(liid, 0) + self.laes.dropped(liid),
            }
        waiting = sum(backlog.values()) + tris + self.faults.held_back + self._sender.waiting + self.laes.counted
        return {
            "simulation": True,
            "per_liid": per_liid,
            "links": {link.name: link.as_dict() for link in self.links},
            "orders": len(self._admf.orders),
            "orders_refused": self._admf.refused,
            "tasks": self._admf.active_tasks,
            "inbox_looks": self._admf.inbox_looks,
            "activations": {
                str(one.order.order_id): {"state": str(one.state), "employee": one.employee}
                for one in self._admf.activations.values()
                if one.order is not None
            },
            "faults": self.faults.model.active(),
            "held_back": self.faults.held_back,
            "unknown_xid": self.totals.unknown_xid,
            "not_convertible": dict(self.totals.not_convertible),
            "intake_connections": intake.connections,
            "broken_streams": intake.broken,
            "unacknowledged_total": waiting,
            "journal_octets": self._journal.held_octets,
            "idle": waiting == 0,
        }

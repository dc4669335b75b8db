"""What became of every delivered record, counted: per batch for the commit frame, and summed for the whole store.

Rules. delivered = accepted + flagged + masked + quarantined + rejected + duplicate, for every order and every batch;
`BatchAccount.close` raises when it is not so, since then a record got no verdict, or two. The blob of a batch is
canonical JSON: who reads the commit frames again gets the totals again. Never content: counts, codes, labels, keyed
digests. A peer chooses LIIDs, so what is kept by LIID is bounded and the rest summed. Rows that the collector makes
itself (R-004) were never delivered: they are counted beside the balance, in `synthetic`, and make up the rows.

    {"v": 1, "n": batch number, "orders": [{"order", "version", "liid", "delivered", "accepted", …, "reasons": {…}}],
     "unknown": [{"liid", "delivered", "rejected", …, "reasons"}], "refusals": [{"order", "liid", "kind", "verdict",
     "reasons", "rules", "count", "octets", "first", "last", "hmac": […]}],
     "marks": [[liid, cin, kind, epoch, mark, target state]], "sides": [[liid, cin, target originates 0 or 1]],
     "gaps": [[liid, cin, kind, epoch, first, last]], "filled": the same, "segments": the same, of records that are one
     content, "resets": [[liid, cin, stamp of its CIN reset]],
     "claims": [[group, keyed digest of a channel, liid, cin, side, 1 opened or 0 closed]],
     "synthetic": [{"order", "version", "liid", "count"}],
     "moved": [[liid, cin, kind, token, epoch, mark, open gaps [[epoch, first, last]] or null]],
     "knows": [[liid, cin, target, originates, answered, first content, last reset]], "once": [[digest, row]],
     "closes": [[row, liid, cin, kind]]}

The last four are for other collectors that share streams with this one (`collector.fleet.stage`). A void
(`collector.voids`) has a record of its own, without a number: {"voided": [[order uid, LIID, verdict, records]]}. What
it names stays counted where it was delivered and is counted once more in `voided`; kept - voided is what is here.

Keys whose value would be empty are left out; LIIDs of the lists are hexadecimal. CIN -2 stands for a counter over all
of a LIID's records.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from asn1.columns import KIND_CC, KIND_IRI
from asn1.errors import LocalError
from asn1.ps_pdu import liid_text
from collector.account_lines import write_lines
from collector.fleet.names import Known, Moved, StreamName
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason, Verdict, VerdictKind

BLOB_VERSION: Final = 1

FIELD_OF: Final = {
    VerdictKind.ACCEPT: "accepted",
    VerdictKind.ACCEPT_FLAGGED: "flagged",
    VerdictKind.MASK: "masked",
    VerdictKind.QUARANTINE: "quarantined",
    VerdictKind.REJECT: "rejected",
    VerdictKind.DUPLICATE: "duplicate",
}
FIELDS: Final = tuple(FIELD_OF.values())
_BESIDE: Final = tuple(name for name in FIELDS if name != "accepted")

MAX_UNKNOWN_LIIDS: Final = 64
"""LIIDs without an order that are told apart, in a batch and in the totals; the others share `OTHER`."""
MAX_REFUSALS: Final = 512
"""Kinds of refusal told apart in one batch; the others are summed by verdict."""
MAX_DIGESTS: Final = 8
"""Digests of withheld originals kept for one kind of refusal in one batch: enough to prove samples, not a flood."""
OTHER: Final = "(other)"


@dataclass(slots=True)
class Counts:
    """`delivered` is counted on its own, not as the sum of the others."""

    delivered: int = 0
    accepted: int = 0
    flagged: int = 0
    masked: int = 0
    quarantined: int = 0
    rejected: int = 0
    duplicate: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def judged(self) -> int:
        return self.accepted + self.flagged + self.masked + self.quarantined + self.rejected + self.duplicate

    @property
    def kept(self) -> int:
        """How many of them have a leaf."""
        return self.accepted + self.flagged + self.masked + self.quarantined

    @property
    def balanced(self) -> bool:
        return self.delivered == self.judged

    def count(self, verdict: VerdictKind, reasons: Iterable[Reason], times: int = 1) -> None:
        """Add to the verdict and its reasons; `delivered` is for the caller to count."""
        name = FIELD_OF[verdict]
        setattr(self, name, getattr(self, name) + times)
        for reason in reasons:
            if reason is not Reason.OK:
                self.reasons[reason.name] = self.reasons.get(reason.name, 0) + times

    def add(self, other: dict[str, Any]) -> None:
        """Add counts read from a blob."""
        self.delivered += int(other.get("delivered", 0))
        self.accepted += int(other.get("accepted", 0))
        for name in _BESIDE:
            if name in other:
                setattr(self, name, getattr(self, name) + int(other[name]))
        for reason, times in other.get("reasons", {}).items():
            self.reasons[reason] = self.reasons.get(reason, 0) + int(times)

    def values(self, sparse: bool = False) -> dict[str, Any]:
        found: dict[str, Any] = {"delivered": self.delivered}
        found |= {name: value for name in FIELDS if (value := getattr(self, name)) or not sparse}
        if self.reasons or not sparse:
            found["reasons"] = dict(sorted(self.reasons.items()))
        return found


class StreamMark(NamedTuple):
    """Where a stream stands though no stored row says so: refused records, resets. `mark` -1: a fresh epoch. `target`:
    the communication's TARGET_* state, so that content of a wrong target stays refused behind a restart."""

    liid: bytes
    cin: int
    kind: int
    epoch: int
    mark: int
    target: int


class StreamRange(NamedTuple):
    """Sequence numbers `first` to `last`, both included, of a stream's epoch."""

    liid: bytes
    cin: int
    kind: int
    epoch: int
    first: int
    last: int


@dataclass(slots=True)
class _Refusal:
    count: int = 0
    octets: int = 0
    first: int = -1
    last: int = -1
    digests: list[str] = field(default_factory=list)


class BatchAccount:
    """The account of one batch while it is open. `number` is the batch's, ascending without end."""

    def __init__(self) -> None:
        self.delivered = 0
        self._orders: dict[tuple[str, int, str], Counts] = {}
        self._bulk: list[tuple[int, bytes]] = []
        """Of orders of which nothing but the bulk lane has anything, how much, and the rest of the line: there may be
        as many as records."""
        self._unknown: dict[str, Counts] = {}
        self._refusals: dict[tuple[str, str, int, int, tuple[Reason, ...], tuple[str, ...]], _Refusal] = {}
        self._marks: dict[tuple[bytes, int, int], StreamMark] = {}
        self._sides: dict[tuple[bytes, int], bool] = {}
        self._claims: dict[tuple[str, bytes, bytes, int], tuple[int, bool]] = {}
        self._made: Counter[tuple[str, int, str]] = Counter()
        self.gaps: list[StreamRange] = []
        self.filled: list[StreamRange] = []
        self.segments: list[StreamRange] = []
        self.resets: dict[tuple[bytes, int], int] = {}
        self.repeats: set[StreamName] = set()
        """Streams of which a record came again."""
        self.once: list[tuple[bytes, int]] = []
        """Digests of what only one collector may store, each with its row."""
        self.moved: tuple[Moved, ...] = ()
        self.known: tuple[Known, ...] = ()
        self.closes: tuple[tuple[int, StreamName], ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing in it that must become durable."""
        told = self._marks or self._sides or self._claims or self._ranges
        return not (self.delivered or self._made or told)

    @property
    def _ranges(self) -> int:
        return len(self.gaps) + len(self.filled) + len(self.segments) + len(self.resets) + len(self.once)

    @property
    def octets(self) -> int:
        """What the blob will take, roughly from above."""
        lists = len(self._marks) + len(self._sides) + len(self._claims) + self._ranges
        named = len(self._orders) + len(self._unknown) + len(self._made)
        return 512 + 224 * lists + 512 * named + 1280 * len(self._refusals)

    @property
    def of_bulk_alone(self) -> bool:
        """Whether nothing but the bulk lane has had records of any order."""
        return not self._orders

    def bulk_lines(self, lines: list[tuple[int, bytes]]) -> None:
        """`bulk` of many at once, where it is `of_bulk_alone`: records and line of each."""
        self._bulk += lines

    def bulk(self, order: str, version: int, liid: str, records: int, line: bytes) -> bool:
        """`records` of the bulk lane, accepted; their delivery is counted with the chunk. `line`: what
        `account_lines.line_of` says of the order. Once for an order, behind everything else in the batch. Whether it is
        a line of its own, of which the blob as a value says nothing."""
        counts = self._orders.get((order, version, liid))
        if counts is None:
            self._bulk.append((records, line))
            return True
        counts.delivered += records
        counts.accepted += records
        return False

    def verdict(self, order: str | None, version: int, liid: str, verdict: Verdict) -> None:
        """One record of the careful lane; `order` None when no order has its LIID."""
        counts = self._of_unknown(liid) if order is None else self.counts(order, version, liid)
        counts.delivered += 1
        counts.count(verdict.kind, verdict.reasons)

    def refusal(
        self,
        order: str | None,
        liid: str,
        kind: int,
        number: int,
        octets: int,
        verdict: Verdict,
        digest: bytes | None,
    ) -> None:
        """What is kept of a record that is not stored (or stored without its octets): equal refusals are summed."""
        found = self._refusal(order, liid, kind, verdict)
        found.count += 1
        found.octets += octets
        if number >= 0:
            found.first = number if found.first < 0 else min(found.first, number)
            found.last = max(found.last, number)
        if digest is not None and len(found.digests) < MAX_DIGESTS:
            found.digests.append(digest.hex())

    def refused_alike(
        self,
        order: str | None,
        version: int,
        liid: str,
        kind: int,
        verdict: Verdict,
        numbers: tuple[int, int],
        octets: int,
        times: int,
        digest: Callable[[int], bytes],
    ) -> None:
        """`times` records with one refusal, of `octets` together and sequence numbers in `numbers` (-1 none): their
        verdicts and what is kept of them. `digest(i)` is that of the i-th, for the first MAX_DIGESTS."""
        counts = self._of_unknown(liid) if order is None else self.counts(order, version, liid)
        counts.delivered += times
        counts.count(verdict.kind, verdict.reasons, times)
        found = self._refusal(order, liid, kind, verdict)
        wanted = min(times, MAX_DIGESTS - len(found.digests))
        found.digests.extend(digest(index).hex() for index in range(wanted))
        found.count += times
        found.octets += octets
        first, last = numbers
        if first >= 0:
            found.first = first if found.first < 0 else min(found.first, first)
            found.last = max(found.last, last)

    def _refusal(self, order: str | None, liid: str, kind: int, verdict: Verdict) -> _Refusal:
        label = liid if order is not None or liid in self._unknown else OTHER
        key = (order or "", label, kind, int(verdict.kind), verdict.reasons, verdict.rules)
        if key not in self._refusals and len(self._refusals) >= MAX_REFUSALS:
            key = (OTHER, OTHER, -1, int(verdict.kind), (), ())
        return self._refusals.setdefault(key, _Refusal())

    def mark(self, mark: StreamMark) -> None:
        self._marks[(mark.liid, mark.cin, mark.kind)] = mark

    def side(self, liid: bytes, cin: int, originates: bool) -> None:
        """Who called whom has been established for a communication."""
        self._sides[(liid, cin)] = originates

    def claim(self, group: str, channel: bytes, liid: bytes, cin: int, side: int, opens: bool) -> None:
        """A call of a case has opened or closed a channel of content (US dialects)."""
        self._claims[group, channel, liid, cin] = (side, opens)

    def made(self, order: str, version: int, liid: str) -> None:
        """A row that the collector made itself (R-004): stored, and never delivered."""
        self._made[order, version, liid] += 1

    @property
    def has_made(self) -> bool:
        return bool(self._made)

    def streams(self) -> list[StreamName]:
        """Streams of which something is told that no row says."""
        ranges = [StreamName(one.liid, one.cin, one.kind) for one in (*self.gaps, *self.filled, *self.segments)]
        both = [StreamName(*one, kind) for one in (*self.resets, *self._sides) for kind in (KIND_IRI, KIND_CC)]
        return [*(StreamName(*one) for one in self._marks), *self.repeats, *ranges, *both]

    def gap_streams(self) -> list[StreamName]:
        """Streams whose open gaps are others than before."""
        return [StreamName(one.liid, one.cin, one.kind) for one in (*self.gaps, *self.filled)]

    def refused(self) -> dict[str, int]:
        """Records by verdict of which something was withheld, for the audit log; empty when there are none."""
        found: dict[str, int] = {}
        for key, refusal in self._refusals.items():
            name = VerdictKind(key[3]).name
            found[name] = found.get(name, 0) + refusal.count
        return found

    def reasons(self) -> dict[str, int]:
        """How often each reason was given in this batch."""
        found: dict[str, int] = {}
        for counts in (*self._orders.values(), *self._unknown.values()):
            for reason, times in counts.reasons.items():
                found[reason] = found.get(reason, 0) + times
        return found

    def close(self, number: int, rows: int) -> tuple[dict[str, Any], bytes]:
        """The blob, as a value without the lines of the bulk lane, and as octets. Raises LocalError when the counts do
        not balance or `rows` are not how many were kept."""
        everything = (*self._orders.values(), *self._unknown.values())
        bulk = sum([one[0] for one in self._bulk])
        delivered = sum(counts.delivered for counts in everything) + bulk
        kept = sum(counts.kept for counts in everything) + self._made.total() + bulk
        if delivered != self.delivered or kept != rows or not all(counts.balanced for counts in everything):
            raise LocalError(
                f"a batch of {self.delivered} delivered records has {delivered} counted, {kept} to keep, {rows} rows; "
                "this is a defect of the collector"
            )
        blob: dict[str, Any] = {"v": BLOB_VERSION, "n": number}
        blob["orders"] = [
            {"order": order, "version": version, "liid": liid, **counts.values(sparse=True)}
            for (order, version, liid), counts in self._orders.items()
        ]
        blob["unknown"] = [{"liid": liid, **counts.values(sparse=True)} for liid, counts in self._unknown.items()]
        blob["refusals"] = [
            {
                "order": key[0],
                "liid": key[1],
                "kind": key[2],
                "verdict": VerdictKind(key[3]).name,
                "reasons": [reason.name for reason in key[4]],
                "rules": list(key[5]),
                "count": found.count,
                "octets": found.octets,
                "first": found.first,
                "last": found.last,
                "hmac": found.digests,
            }
            for key, found in self._refusals.items()
        ]
        blob["marks"] = [[one.liid.hex(), *one[1:]] for one in self._marks.values()]
        blob["sides"] = [[liid.hex(), cin, int(originates)] for (liid, cin), originates in self._sides.items()]
        blob["gaps"] = [[one.liid.hex(), *one[1:]] for one in self.gaps]
        blob["filled"] = [[one.liid.hex(), *one[1:]] for one in self.filled]
        blob["claims"] = [
            [group, channel.hex(), liid.hex(), cin, side, int(opens)]
            for (group, channel, liid, cin), (side, opens) in self._claims.items()
        ]
        blob["segments"] = [[one.liid.hex(), *one[1:]] for one in self.segments]
        blob["resets"] = [[liid.hex(), cin, stamp_us] for (liid, cin), stamp_us in self.resets.items()]
        blob["synthetic"] = [
            {"order": order, "version": version, "liid": liid, "count": count}
            for (order, version, liid), count in self._made.items()
        ]
        blob["moved"] = [[one.name.liid.hex(), *one.name[1:], *one[1:]] for one in self.moved]
        blob["knows"] = [[one.liid.hex(), *one[1:]] for one in self.known]
        blob["once"] = [[digest.hex(), row] for digest, row in self.once]
        blob["closes"] = [[row, name.liid.hex(), *name[1:]] for row, name in self.closes]
        kept_keys = {key: value for key, value in blob.items() if value != []}
        if not self._bulk:
            return kept_keys, _canonical(kept_keys)
        # No text of JSON has a key's quotation marks in it.
        before, key, behind = _canonical(kept_keys | {"orders": blob["orders"]}).partition(b'"orders":[')
        lines = write_lines(self._bulk) + (b"," if blob["orders"] else b"")
        return kept_keys, b"".join((before, key, lines, behind))

    def counts(self, order: str, version: int, liid: str) -> Counts:
        """Those of an order, for who counts many records of it."""
        found = self._orders.get((order, version, liid))
        if found is None:
            found = self._orders[order, version, liid] = Counts()
        return found

    def _of_unknown(self, liid: str) -> Counts:
        if liid not in self._unknown and len(self._unknown) >= MAX_UNKNOWN_LIIDS:
            liid = OTHER
        return self._unknown.setdefault(liid, Counts())


def _canonical(blob: dict[str, Any]) -> bytes:
    return json.dumps(blob, sort_keys=True, separators=(",", ":")).encode()


class Totals:
    """The sums over all batches ever made durable. Owned by the event loop's thread."""

    def __init__(self) -> None:
        self.orders: dict[str, Counts] = {}
        self.liids: dict[str, str] = {}
        self.unknown: dict[str, Counts] = {}
        self.synthetic: Counter[str] = Counter()
        self.voided: Counter[tuple[str, str, str]] = Counter()
        """Voided records by order uid and LIID, both hexadecimal, and name of their verdict."""
        self.last_batch = -1
        self.delivered = 0
        """Of all orders."""
        self._unsure: set[str] = set()
        """Orders whose balance has to be looked at again."""
        self._unbalanced: set[str] = set()

    def apply(self, blob: dict[str, Any]) -> None:
        """Add a batch's blob, a void's, or a summary. Blobs of one store come in ascending order of `n`."""
        for order, liid, verdict, records in blob.get("voided", ()):
            self.voided[str(order), str(liid), str(verdict)] += int(records)
        if "n" not in blob:
            return
        self.last_batch = max(self.last_batch, int(blob["n"]))
        for one in blob.get("orders", ()):
            found = self.orders.get(one["order"])
            if found is None:
                found = self.orders[one["order"]] = Counts()
            found.add(one)
            self.delivered += int(one.get("delivered", 0))
            self._unsure.add(one["order"])
            self.liids[one["order"]] = one["liid"]
        for one in blob.get("unknown", ()):
            liid = one["liid"]
            if liid not in self.unknown and len(self.unknown) >= MAX_UNKNOWN_LIIDS:
                liid = OTHER
            self.unknown.setdefault(liid, Counts()).add(one)
        for one in blob.get("synthetic", ()):
            self.synthetic[one["order"]] += int(one["count"])

    def voided_of(self, order: str) -> int:
        """Records of an order that were kept here and are another shard's."""
        uid = order_uid(OrderId(order)).hex()
        return sum(records for (of, _, _), records in self.voided.items() if of == uid)

    def accepted(self, lines: Iterable[tuple[str, str, int]]) -> None:
        """Add what lines of the bulk lane tell, of which a blob as a value says nothing: order, LIID, records. They
        change no balance."""
        orders, liids, total = self.orders, self.liids, 0
        for order, liid, records in lines:
            found = orders.get(order)
            if found is None:
                found = orders[order] = Counts()
            found.delivered += records
            found.accepted += records
            liids[order] = liid
            total += records
        self.delivered += total

    @property
    def balanced(self) -> bool:
        """Asked for each second, and there may be many orders: only those of which something came are looked at."""
        for order in self._unsure:
            (self._unbalanced.discard if self.orders[order].balanced else self._unbalanced.add)(order)
        self._unsure.clear()
        return not self._unbalanced and all(counts.balanced for counts in self.unknown.values())

    @property
    def unknown_counts(self) -> Counts:
        total = Counts()
        for counts in self.unknown.values():
            total.add(counts.values())
        return total


def summarise(records: Iterable[bytes]) -> dict[str, Any]:
    """One blob in place of many: the totals and the last number. The audit log keeps it when a segment is evicted."""
    totals = Totals()
    refusals = 0
    for record in records:
        blob = json.loads(record)
        totals.apply(blob)
        refusals += sum(int(one["count"]) for one in blob.get("refusals", ()))
    return {
        "v": BLOB_VERSION,
        "n": totals.last_batch,
        "orders": [
            {"order": order, "liid": totals.liids[order], **counts.values(sparse=True)}
            for order, counts in totals.orders.items()
        ],
        "unknown": [{"liid": liid, **counts.values(sparse=True)} for liid, counts in totals.unknown.items()],
        "refused": refusals,
        "synthetic": [{"order": order, "count": count} for order, count in totals.synthetic.items()],
        **({"voided": [[*key, records] for key, records in sorted(totals.voided.items())]} if totals.voided else {}),
    }


def label(liid: bytes) -> str:
    """A LIID as it stands in accounts and logs."""
    return liid_text(liid)

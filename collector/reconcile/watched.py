"""One collector as the reconciler looks at it, cycle by cycle: its streams, its two ledgers, what could not be read.

Of a fleet each collector is watched by itself, under its own key, which is pinned when it is first there. What was seen
of a ledger only moves forward by a sound look: a rollback stays one until the old state is back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from asn1.errors import LabError
from collector.reconcile.compare import Ledger, LedgerFact, StreamFact, source_name
from collector.reconcile.config import CollectorPaths
from collector.reconcile.findings import Seen
from collector.reconcile.ledgers import AuditWatch, Mark, StoreWatch
from collector.store.epochs import TrustOnDisk
from collector.store.private_files import read_public_key
from mediation.runtime.config import NotReadyError


class Looked(NamedTuple):
    """What one cycle saw of it. `unseen`: why a ledger could not be read, by source."""

    streams: tuple[StreamFact, ...]
    facts: tuple[LedgerFact, ...]
    unseen: dict[str, str]


class Watched:
    """`name` in its fleet, blank where there is one alone; `pinned` puts a key on record when it is first there."""

    def __init__(
        self,
        name: str,
        paths: CollectorPaths,
        before: Seen,
        pinned: Callable[[str, Ed25519PublicKey], None],
        started_us: int,
    ) -> None:
        self.name = name
        self._paths = paths
        self._pinned = pinned
        self._started_us = started_us
        self.seen: dict[Ledger, Mark | None] = {Ledger.STORE: before.store, Ledger.AUDIT: before.audit}
        self._streams: tuple[StreamFact, ...] = ()
        self._watches: tuple[StoreWatch, AuditWatch] | None = None
        if before.key is not None:
            self._watch(Ed25519PublicKey.from_public_bytes(before.key))

    def look(self) -> Looked:
        watches = self._watches or self._first_watch()
        if watches is None:
            why = f"the collector's public key {self._paths.public_key} is not there yet"
            return Looked((), (), {source_name(self.name, ledger): why for ledger in Ledger})
        facts: list[LedgerFact] = []
        unseen: dict[str, str] = {}
        for ledger, read in ((Ledger.STORE, self._read_store), (Ledger.AUDIT, self._read_audit)):
            try:
                facts.append(read(*watches))
            except (OSError, LabError) as error:
                unseen[source_name(self.name, ledger)] = str(error)
        return Looked(self._streams, tuple(facts), unseen)

    def _read_store(self, store: StoreWatch, _: AuditWatch) -> LedgerFact:
        seen = self.seen[Ledger.STORE]
        look = store.look(seen)
        self._streams = store.streams.facts()
        size = self._saw(Ledger.STORE, look.newest, look.holds and not look.faults)
        return LedgerFact(
            Ledger.STORE,
            size,
            seen.size if seen else 0,
            look.holds,
            self._started_us,
            look.faults,
            collector=self.name,
        )

    def _read_audit(self, _: StoreWatch, audit: AuditWatch) -> LedgerFact:
        seen = self.seen[Ledger.AUDIT]
        look = audit.look(seen)
        size = self._saw(Ledger.AUDIT, look.newest, look.holds and not look.faults)
        return LedgerFact(
            Ledger.AUDIT,
            size,
            seen.size if seen else 0,
            look.holds,
            self._started_us,
            look.faults,
            look.beat_us,
            look.stopped,
            self.name,
        )

    def _saw(self, ledger: Ledger, newest: Mark | None, sound: bool) -> int:
        """The size. Only a sound look moves what is remembered."""
        if sound and newest is not None:
            self.seen[ledger] = newest
        return newest.size if newest else 0

    def _first_watch(self) -> tuple[StoreWatch, AuditWatch] | None:
        try:
            key = read_public_key(self._paths.public_key)
        except NotReadyError:
            # Being written just now, or no key: either way not there yet.
            return None
        self._pinned(self.name, key)
        return self._watch(key)

    def _watch(self, key: Ed25519PublicKey) -> tuple[StoreWatch, AuditWatch]:
        paths = self._paths
        trust = TrustOnDisk(paths.public_key.parent, key)
        self._watches = (
            StoreWatch(paths.store, trust, paths.origin, self.seen[Ledger.STORE]),
            AuditWatch(paths.audit, trust, paths.audit_octets),
        )
        return self._watches


def together(streams: Iterable[StreamFact]) -> tuple[StreamFact, ...]:
    """What came under each LIID at all collectors: a record that two of them were sent is delivered twice."""
    found: dict[str, StreamFact] = {}
    for one in streams:
        other = found.get(one.liid)
        found[one.liid] = one if other is None else _added(other, one)
    return tuple(found[liid] for liid in sorted(found))


def _added(one: StreamFact, other: StreamFact) -> StreamFact:
    return StreamFact(
        one.liid,
        one.delivered + other.delivered,
        one.stored + other.stored,
        min((at for at in (one.first_event_us, other.first_event_us) if at is not None), default=None),
        max((at for at in (one.last_event_us, other.last_event_us) if at is not None), default=None),
        max(one.seen_us, other.seen_us),
        max((at for at in (one.outside_us, other.outside_us) if at is not None), default=None),
        one.fresh or other.fresh,
    )

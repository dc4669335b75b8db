"""Findings over time: opened when first met, closed when gone, every change an entry of the reconciler's own audit log.

The log is the collector's mechanism under an origin and a key of its own, so nothing that was found can be taken
back unnoticed. It also remembers what no comparison may forget over a restart: the collector's key, the newest
checkpoints seen, the findings still open. Where a pin is configured, its newest checkpoint is kept there too: then
neither an old copy nor an empty directory passes for the log.

    watching        {"key": the collector's Ed25519 key, hex, and in a fleet "collector": its name}
    seen            {"store": [commit, size, root] or null, "audit": [0, size, root] or null, "collector" as above}
    finding_opened  {"code", "subject", "sentence", "rules"}
    finding_closed  {"code", "subject", "opened_us"}
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from collector.reconcile.compare import Code, Finding
from collector.reconcile.ledgers import Mark
from collector.store.audit_log import AuditLog, OneKey, read_audit
from collector.store.pin import check_pin, pinned_size, write_pin
from collector.store.private_files import own_signing_key
from mediation.ledger.kernel import CompactRange, leaf_hash

ORIGIN: Final = "calea-lab/reconcile"
MAX_CLOSED: Final = 256
"""Closed findings kept at hand for the status page; the log has them all."""
_OF_ELEMENTS: Final = frozenset(
    {
        Code.TASK_WITHOUT_ORDER,
        Code.ORDER_WITHOUT_TASK,
        Code.WRONG_NUMBER,
        Code.TASK_OUTLIVES_ORDER,
        Code.NUMBERS_UNSEEN,
    }
)
_OF_STORE: Final = frozenset({(Code.ROLLBACK, "store")})
_OF_AUDIT: Final = frozenset({(Code.ROLLBACK, "audit"), (Code.AUDIT_SILENCED, "audit")})
"""By the ledger, whosever it is."""


class Opened(NamedTuple):
    finding: Finding
    opened_us: int


class Closed(NamedTuple):
    finding: Finding
    opened_us: int
    closed_us: int


class Changes(NamedTuple):
    opened: tuple[Finding, ...]
    closed: tuple[Closed, ...]


class Unseen(NamedTuple):
    """What could not be read this cycle, of any collector: a finding that rests on it is not closed for want of
    looking."""

    elements: bool = False
    store: bool = False
    audit: bool = False

    def keeps(self, finding: Finding) -> bool:
        key = finding.code, finding.subject.rpartition("/")[2]
        return (
            (self.elements and finding.code in _OF_ELEMENTS)
            or (self.store and (key in _OF_STORE or finding.code is Code.STREAM_WITHOUT_EITHER))
            or (self.audit and key in _OF_AUDIT)
        )


class FindingBook:
    """The findings that are open, and how they change from cycle to cycle. Pure."""

    def __init__(self, opened: Iterable[Opened] = ()) -> None:
        self._open = {one.finding.key: one for one in opened}
        self.closed: deque[Closed] = deque(maxlen=MAX_CLOSED)

    @property
    def open(self) -> tuple[Opened, ...]:
        return tuple(self._open.values())

    def advance(self, found: Iterable[Finding], unseen: Unseen, now_us: int) -> Changes:
        """The sentence of an open finding follows what is found now; the log keeps the first."""
        now = {finding.key: finding for finding in found}
        fresh = tuple(finding for key, finding in now.items() if key not in self._open)
        gone = tuple(
            Closed(one.finding, one.opened_us, now_us)
            for key, one in self._open.items()
            if key not in now and not unseen.keeps(one.finding)
        )
        for one in gone:
            del self._open[one.finding.key]
        for key, finding in now.items():
            known = self._open.get(key)
            self._open[key] = Opened(finding, now_us if known is None else known.opened_us)
        self.closed.extend(gone)
        return Changes(fresh, gone)


class Seen(NamedTuple):
    """What is remembered of one collector: its key, the newest checkpoints seen."""

    key: bytes | None = None
    store: Mark | None = None
    audit: Mark | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What the log says from before; `collectors` by name, blank where there is one alone."""

    open: tuple[Opened, ...] = ()
    collectors: Mapping[str, Seen] = field(default_factory=dict)

    def of(self, collector: str = "") -> Seen:
        return self.collectors.get(collector, Seen())


class FindingsLog:
    """The reconciler's own log, open for appending; `memory` is what it held at the opening."""

    def __init__(self, directory: Path, pin: Path | None, capacity_octets: int) -> None:
        """Raises NotReadyError and StoreError for what the machine lacks, IntegrityError when the log was changed or
        is older than its pin."""
        self._signing = own_signing_key(directory / "keys", "reconciler")
        self._directory = directory / "findings"
        self._pin = pin
        # An audit log uses nothing of the collector's keys but the signing one, and the others are none of ours.
        self._log = AuditLog(self._directory, OneKey(self._signing), capacity_octets, ORIGIN)
        self._check_pin()
        self.memory = recall(read_audit(self._directory))

    @property
    def entries(self) -> int:
        return self._log.entries

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self._signing.public_key()

    def append(self, kind: str, fields: dict[str, Any], now_us: int) -> None:
        self._log.append(kind, fields, now_us)

    def watching(self, key: Ed25519PublicKey, now_us: int, collector: str = "") -> None:
        self.append("watching", {"key": key.public_bytes_raw().hex(), **_whose(collector)}, now_us)

    def seen(self, store: Mark | None, audit: Mark | None, now_us: int, collector: str = "") -> None:
        self.append("seen", {"store": store, "audit": audit, **_whose(collector)}, now_us)

    def changes(self, changes: Changes, now_us: int) -> None:
        for one in changes.opened:
            fields = {"code": one.code, "subject": one.subject, "sentence": one.sentence, "rules": list(one.rules)}
            self.append("finding_opened", fields, now_us)
        for gone in changes.closed:
            ended = {"code": gone.finding.code, "subject": gone.finding.subject, "opened_us": gone.opened_us}
            self.append("finding_closed", ended, now_us)

    def flush(self) -> None:
        """Durable and signed; then pinned."""
        self._log.flush()
        if self._pin is not None:
            notes = (self._directory / "checkpoints.txt").read_text("utf-8")
            if ORIGIN in notes:
                write_pin(self._pin, notes[notes.rindex(f"{ORIGIN}\n") :].rstrip("\n") + "\n")

    def close(self) -> None:
        self.flush()
        self._log.close()

    def _check_pin(self) -> None:
        if self._pin is None:
            return
        path = self._directory / "audit.jsonl"
        tree = CompactRange()
        pinned = pinned_size(self._pin)
        for line in path.read_bytes().splitlines()[:pinned]:
            tree.append(leaf_hash(line))
        check_pin(self._pin, ORIGIN, self.public_key, tree)


def _whose(collector: str) -> dict[str, str]:
    return {"collector": collector} if collector else {}


def recall(entries: Iterable[dict[str, Any]]) -> Memory:
    """What the entries of a findings log amount to."""
    found: dict[tuple[Code, str], Opened] = {}
    collectors: dict[str, Seen] = {}
    for entry in entries:
        kind, fields = entry["kind"], entry["fields"]
        collector = str(fields.get("collector", ""))
        before = collectors.get(collector, Seen())
        if kind == "watching":
            collectors[collector] = before._replace(key=bytes.fromhex(fields["key"]))
        elif kind == "seen":
            store, audit = (None if fields[name] is None else Mark(*fields[name]) for name in ("store", "audit"))
            collectors[collector] = before._replace(store=store, audit=audit)
        elif kind == "finding_opened":
            finding = Finding(Code(fields["code"]), fields["subject"], fields["sentence"], tuple(fields["rules"]))
            found[finding.key] = Opened(finding, entry["utc_us"])
        elif kind == "finding_closed":
            found.pop((Code(fields["code"]), fields["subject"]), None)
    return Memory(tuple(found.values()), collectors)

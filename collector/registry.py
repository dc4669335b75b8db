"""The agency's own orders: court documents from the inbox, checked here, every version kept.

The carrier's word counts for nothing; this directory of signed documents is the registry. A document gets in when the
court's key signed it, its order is a lawful one, its papers are complete (R-028, R-050), no other agency has its LIID
(R-026), and it may follow the version before it. Otherwise it is moved to `refused/` and reported with every reason. A
higher version of an order replaces the lower one for judging; the lower one stays on record, and one that comes late
goes on record and never judges. The order in which versions come makes no difference: one that was there first goes
when it may not follow the one that came late; one that may follow the last before it only if something between them is
true waits for that (ends do not wait); and an end, which needs no papers, authorises nothing before a version with
papers is there. Reading the directory is the only effect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from asn1.errors import LabError, RefusedError
from mediation.law.acts import check_successor
from mediation.law.admission import admit
from mediation.law.documents import (
    MAX_DOCUMENT_OCTETS,
    CourtDocument,
    DocumentAction,
    missing_in,
    needs_papers,
    read_document,
)
from mediation.law.extensions import check_next_version
from mediation.law.hi1_workflows import ENDING
from mediation.law.orders import CourtOrder, OrderId
from mediation.law.papers import Papers
from mediation.law.settings import DEFAULTS, LawSettings

LOOKS_MORE: Final = 5
"""Listings after the last change: at one every 200 ms, a second, far above the grain of any file system's stamps."""

Report = Callable[[str, dict[str, object]], None]


class Registry:
    """`report(kind, fields)` hears of `order_entered`, `order_waiting` and `order_refused`."""

    def __init__(
        self,
        inbox: Path,
        public_key: Ed25519PublicKey,
        report: Report = lambda kind, fields: None,
        law: LawSettings = DEFAULTS,
        reads_only: bool = False,
        more: Sequence[Path] = (),
    ) -> None:
        """With `reads_only` a refused document stays where it is: moving it is the collector's alone. `more` inboxes
        are read as well, of a fleet's collectors: each has every document, and one that is met again says nothing
        new."""
        self._reads_only = reads_only
        self._inboxes = (inbox, *more)
        self._public_key = public_key
        self._report = report
        self._law = law
        self._seen: set[Path] = set()
        self._versions: dict[OrderId, dict[int, CourtDocument]] = {}
        self._named: dict[str, set[OrderId]] = {}
        """Orders of which some version names, or named, a LIID."""
        self._listed_ns: tuple[int, ...] = ()
        self._looks = 0
        self._paths: dict[tuple[OrderId, int], Path] = {}
        self._waiting: dict[tuple[OrderId, int], tuple[Path, CourtDocument]] = {}
        self._by_liid: dict[str, tuple[CourtOrder, ...]] = {}

    def reload(self) -> bool:
        """Read what is new; whether anything changed."""
        if self._unchanged():
            return False
        fresh: list[tuple[int, Path, CourtDocument]] = []
        for path in sorted(path for inbox in self._inboxes for path in inbox.glob("*.json")):
            if path not in self._seen:
                self._seen.add(path)
                document = self._read(path)
                if document is not None:
                    fresh.append((document.order.version, path, document))
        # By version, not by name, so that each is held against the one before it ("v10" sorts before "v2").
        entered = [self._enter(path, document) for _, path, document in sorted(fresh, key=lambda one: one[:2])]
        if any(entered):
            self._index()
        return any(entered)

    def _unchanged(self) -> bool:
        """Whether nothing was put into the inbox, or taken out of it, since it was last listed: a hundred thousand
        names are not read five times a second. What comes within the grain of the directory's time stamp is not told by
        it, so that it is listed a few times more."""
        try:
            stamp_ns = tuple(inbox.stat().st_mtime_ns for inbox in self._inboxes)
        except OSError:
            return False
        self._looks = self._looks + 1 if stamp_ns == self._listed_ns else 0
        self._listed_ns = stamp_ns
        return self._looks > LOOKS_MORE

    def orders_for(self, liid: str) -> tuple[CourtOrder, ...]:
        """The newest versions of the orders that name this LIID; several may (R-025)."""
        return self._by_liid.get(liid, ())

    def current(self) -> tuple[CourtOrder, ...]:
        """The newest version of every order whose papers are there, by id (R-028, R-050)."""
        return tuple(
            versions[max(versions)].order
            for _, versions in sorted(self._versions.items())
            if any(needs_papers(document) for document in versions.values())
        )

    def version(self, order_id: str, version: int) -> CourtOrder | None:
        document = self.document(order_id, version)
        return None if document is None else document.order

    def document(self, order_id: str, version: int) -> CourtDocument | None:
        """What the court signed as this version."""
        return self._versions.get(OrderId(order_id), {}).get(version)

    def documents(self, order_id: str) -> tuple[CourtDocument, ...]:
        """Every version that was let in, lowest first."""
        versions = self._versions.get(OrderId(order_id), {})
        return tuple(versions[number] for number in sorted(versions))

    def papers(self, order_id: str) -> Papers | None:
        """The papers of the newest version that came with some."""
        versions = self._versions.get(OrderId(order_id), {})
        found = (versions[number].papers for number in sorted(versions, reverse=True))
        return next((papers for papers in found if papers is not None), None)

    def releases(self) -> tuple[CourtDocument, ...]:
        """The documents by which a court released what was held (R-041), each with the order's data key."""
        found = (document for _, versions in sorted(self._versions.items()) for document in versions.values())
        return tuple(document for document in found if document.action is DocumentAction.RELEASE)

    def _read(self, path: Path) -> CourtDocument | None:
        try:
            with path.open("rb") as file:
                return read_document(file.read(MAX_DOCUMENT_OCTETS + 1), self._public_key)
        except LabError as error:
            self._refuse(path, [str(error)])
        except OSError as error:
            why = f"cannot be read: {error.strerror}"
            self._report("order_refused", {"document": path.name, "why": why, "reasons": [why]})
        return None

    def _enter(self, path: Path, document: CourtDocument) -> bool:
        order = document.order
        known = self.document(order.order_id, order.version)
        if known is None:
            reasons = self._reasons(document)
            if not reasons and (why := self._lacks_between(document)):
                self._wait(path, document, why)
                return False
        elif known == document:
            reasons = []
        else:
            reasons = [f"version {order.version} of {order.order_id} is there already and says otherwise"]
        if reasons:
            self._refuse(path, reasons, document)
            return False
        versions = self._versions.setdefault(order.order_id, {})
        versions[order.version] = document
        self._named.setdefault(order.liid, set()).add(order.order_id)
        self._paths[order.order_id, order.version] = path
        # Who waited before this version came is tried again; whom it makes wait is not.
        waited = sorted(one for one in self._waiting if one[0] == order.order_id)
        self._settle(order)
        fields = {"order": order.order_id, "version": order.version, "liid": order.liid}
        self._report("order_entered", fields | {"action": str(document.action), "signed_at_us": document.issued_at_us})
        for name in waited:
            if name in self._waiting:
                self._enter(*self._waiting.pop(name))
        return known is None

    def _settle(self, order: CourtOrder) -> None:
        """The next version after one that came late, if it is there: it goes when it may not follow, and waits when
        something between the two may still be missing."""
        versions = self._versions[order.order_id]
        number = min((one for one in versions if one > order.version), default=None)
        if number is None or not (late := self._unlawful(order, versions[number])):
            return
        following, path = versions[number], self._paths[order.order_id, number]
        if number == order.version + 1:
            del versions[number]
            self._refuse(path, late, following)
        elif following.action not in ENDING:
            del versions[number]
            self._wait(path, following, late)

    def _lacks_between(self, document: CourtDocument) -> list[str]:
        """R-012, R-015: why a document may not follow the last version before it, where the one right before it has not
        come. An end binds whatever is missing, and what issues an order may be the first of it."""
        order = document.order
        before = [one for one in self._versions.get(order.order_id, {}) if one < order.version]
        if document.action in ENDING or (before and max(before) == order.version - 1):
            return []
        if not before:
            alone = document.action is DocumentAction.ISSUE or order.version == 1
            return [] if alone else [f"a document that does {document.action} does it to a version that is there"]
        return self._unlawful(self._versions[order.order_id][max(before)].order, document)

    def _wait(self, path: Path, document: CourtDocument, reasons: list[str]) -> None:
        order = document.order
        self._waiting[order.order_id, order.version] = path, document
        why = f"it waits for the version before it: {'; '.join(reasons)}"
        fields = {"document": path.name, "order": order.order_id, "version": order.version, "why": why}
        self._report("order_waiting", fields)

    def _reasons(self, document: CourtDocument) -> list[str]:
        """Everything that keeps a document out, in plain words."""
        found = [f"{one.code} ({one.rule}): {one.says}" for one in missing_in(document, self._law)]
        order = document.order
        try:
            # Of all orders there are, those that could keep it out: on its LIID, and its own.
            names = self._named.get(order.liid, set()) | {order.order_id}
            near = (self._versions[name] for name in sorted(names) if name in self._versions)
            admit((one.order for versions in near for one in versions.values()), order, self._law)
        except RefusedError as error:
            found.append(str(error))
        former = self.version(order.order_id, order.version - 1)
        if former is not None:
            found += self._unlawful(former, document)
        return list(dict.fromkeys(found))

    @staticmethod
    def _unlawful(former: CourtOrder, document: CourtDocument) -> list[str]:
        """Why a document may not follow the version right before it."""
        order = document.order
        checks: tuple[Callable[[], None], ...] = (
            partial(check_next_version, former, order),
            partial(check_successor, former, order, document.action, document.issued_at_us, document.papers),
        )
        found = []
        for check in checks:
            try:
                check()
            except RefusedError as error:
                found.append(str(error))
        return found

    def _refuse(self, path: Path, reasons: list[str], document: CourtDocument | None = None) -> None:
        if not self._reads_only:
            reasons = self._put_aside(path, reasons)
        fields: dict[str, object] = {"document": path.name, "why": "; ".join(reasons), "reasons": reasons}
        if document is not None:
            fields |= {"order": document.order.order_id, "version": document.order.version}
        self._report("order_refused", fields)

    def _put_aside(self, path: Path, reasons: list[str]) -> list[str]:
        refused = path.parent / "refused"
        try:
            refused.mkdir(exist_ok=True)
            path.replace(refused / path.name)
        except OSError as error:
            return [*reasons, f"it cannot be moved away: {error.strerror}"]
        # Out of the way: a corrected document may come under the same name.
        self._seen.discard(path)
        return reasons

    def _index(self) -> None:
        grouped: dict[str, list[CourtOrder]] = {}
        for order in self.current():
            grouped.setdefault(order.liid, []).append(order)
        self._by_liid = {liid: tuple(orders) for liid, orders in grouped.items()}

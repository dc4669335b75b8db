"""A shard that comes back: what it stored behind its last mark is marked now, and what others have by now is voided.

Rules. Nothing behind the last mark was acknowledged, so a peer may have sent it again, to whichever shard. The batches
are marked under the tokens they were stored under, as they would have been: what is still this shard's is kept, and a
stream that another one has taken meanwhile is voided here, for its successor has it. What was told before to void and
may not have been is voided too; what is voided already stays so. Pure but for the two calls that `bring_back` is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from asn1.errors import LocalError
from collector.batch import CommitInfo
from collector.fleet.names import Known, MarkBatch, Marked, Moved, Registered, StreamName
from collector.fleet.stage import Voided, account_of, as_ranges
from collector.store.reader import CommitView, DataView
from collector.voids import Range, Why


class Batch(NamedTuple):
    """A batch of the store by its account: `data` is None where it kept no rows."""

    mark: MarkBatch
    once: dict[bytes, int]
    closes: tuple[tuple[int, StreamName], ...]
    data: DataView | None


class Store(Protocol):
    """What of the store is needed here."""

    def void(
        self, ranges: Sequence[Range], why: Why, shard: str, on_durable: Callable[[CommitInfo], None]
    ) -> Sequence[Voided]: ...


class Returned(NamedTuple):
    """`batches` were marked now, `lost` streams of them are others'; `voided` is for the totals, `newest` the last
    batch that is marked."""

    batches: int
    lost: int
    newest: int
    voided: tuple[dict[str, Any], ...]

    def told(self) -> dict[str, int]:
        """For the audit log."""
        records = sum(one[-1] for account in self.voided for one in account["voided"])
        return {"batches": self.batches, "lost": self.lost, "newest": self.newest, "voided": records}


class Returning:
    """Collects, while a store is read, the batches that are not marked and those that something is owed of."""

    def __init__(self, registered: Registered) -> None:
        self._marked = registered.last_commit
        self._owed = {one.commit: one for one in registered.owed}
        self._batches: list[Batch] = []
        self._held: list[Batch] = []

    def commit(self, commit: CommitView, accounts: Sequence[dict[str, Any]]) -> None:
        """The next commit of the store, and the accounts of its batches."""
        frames = iter(commit.data)
        for account in accounts:
            data = next(frames) if rows_of(account) else None
            if "n" not in account:
                continue
            if account["n"] > self._marked:
                self._batches.append(_batch(account, commit, data))
            elif account["n"] in self._owed:
                self._held.append(_batch(account, commit, data))

    def bring_back(
        self, mark: Callable[[Sequence[MarkBatch]], list[Marked]], store: Store, note: str, durable: Callable[[], None]
    ) -> Returned:
        """Mark, then void. `durable` is called on the store's thread once for every void that is on disk; as many
        calls come as `Returned.voided` has entries."""
        answers = mark([one.mark._replace(note=note) for one in self._batches]) if self._batches else []
        found: list[Range] = []
        for batch, answer in zip(self._batches, answers, strict=True):
            found += ranges_of(batch, answer)
        for batch in self._held:
            found += ranges_of(batch, self._owed[batch.mark.commit])
        newest = self._batches[-1].mark.commit if self._batches else self._marked
        lost = sum(len(answer.lost) for answer in answers)
        sums = store.void(found, Why.RETURNED, "", lambda info: durable()) if found else ()
        return Returned(len(self._batches), lost, newest, (account_of(sums),) if sums else ())


def ranges_of(batch: Batch, answer: Marked) -> list[Range]:
    """Which stored rows of a batch the answer takes away."""
    data = batch.data
    if data is None:
        return []
    rows, chosen = data.rows, np.zeros(len(data.rows), bool)
    counted = rows["number"] >= 0
    for name in answer.lost:
        if name.liid in data.liids:
            here = (rows["liid"] == data.liids.index(name.liid)) & (rows["cin"] == name.cin)
            chosen |= counted & here & (rows["kind"] == name.kind)
    for place, name in batch.closes:
        chosen[place] = name in answer.lost
    for digest, place in batch.once.items():
        if digest in answer.twice:
            chosen[place] = True
    return as_ranges(data.first_sequence + np.flatnonzero(chosen)) if chosen.any() else []


def rows_of(account: dict[str, Any]) -> int:
    """How many rows stand in the store for an account; of a record that is no batch's, those of its leaf."""
    if "n" not in account:
        return 1
    kept = ("accepted", "flagged", "masked", "quarantined")
    judged = sum(
        int(one.get(name, 0)) for one in (*account.get("orders", ()), *account.get("unknown", ())) for name in kept
    )
    return judged + sum(int(one["count"]) for one in account.get("synthetic", ()))


def _batch(account: dict[str, Any], commit: CommitView, data: DataView | None) -> Batch:
    if (0 if data is None else len(data.rows)) != rows_of(account):
        raise LocalError(f"batch {account['n']} does not have the rows that its account says")
    mark = MarkBatch(
        int(account["n"]),
        commit.size,
        "",
        tuple(
            Moved(StreamName(bytes.fromhex(liid), cin, kind), token, epoch, mark, _gaps(gaps))
            for liid, cin, kind, token, epoch, mark, gaps in account.get("moved", ())
        ),
        tuple(Known(bytes.fromhex(one[0]), *one[1:]) for one in account.get("knows", ())),
        tuple(bytes.fromhex(digest) for digest, _ in account.get("once", ())),
    )
    once = {bytes.fromhex(digest): place for digest, place in account.get("once", ())}
    closes = tuple((place, StreamName(bytes.fromhex(one[0]), *one[1:])) for place, *one in account.get("closes", ()))
    return Batch(mark, once, closes, data)


def _gaps(said: Iterable[Sequence[int]] | None) -> tuple[tuple[int, int, int], ...] | None:
    return None if said is None else tuple((epoch, first, last) for epoch, first, last in said)

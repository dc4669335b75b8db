"""Findings over time, and a log of them that nobody bends unnoticed."""

import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.reconcile.compare import Code, Finding
from collector.reconcile.findings import MAX_CLOSED, ORIGIN, Changes, FindingBook, FindingsLog, Unseen, recall
from collector.reconcile.ledgers import Mark
from collector.store.audit_log import read_audit, verify_audit
from collector.store.gauge import StoreError
from mediation.runtime.config import NotReadyError
from mediation.runtime.process import IntegrityError

SHADOW = Finding(Code.TASK_WITHOUT_ORDER, "ne-1/x", "a task", ("R-058",))
GHOST = Finding(Code.STREAM_WITHOUT_EITHER, "GHOST", "a stream", ())
SILENT = Finding(Code.AUDIT_SILENCED, "audit", "silence", ("R-092",))
NOTHING = Unseen()


def opened(book: FindingBook) -> set[tuple[Code, str]]:
    return {one.finding.key for one in book.open}


def test_a_finding_opens_once_and_closes_when_gone() -> None:
    book = FindingBook()
    assert book.advance([SHADOW], NOTHING, 10).opened == (SHADOW,)
    assert book.advance([SHADOW._replace(sentence="said anew")], NOTHING, 20) == Changes((), ())
    assert book.open[0].opened_us == 10 and book.open[0].finding.sentence == "said anew"
    (gone,) = book.advance([], NOTHING, 30).closed
    assert (gone.opened_us, gone.closed_us) == (10, 30)
    assert not book.open and book.closed[0].finding.key == SHADOW.key


def test_closed_findings_at_hand_are_bounded() -> None:
    book = FindingBook()
    for number in range(MAX_CLOSED + 10):
        book.advance([SHADOW._replace(subject=str(number))], NOTHING, number)
    assert len(book.closed) == MAX_CLOSED


@pytest.mark.parametrize(
    ("unseen", "kept"),
    [
        (NOTHING, set()),
        (Unseen(elements=True), {SHADOW.key}),
        (Unseen(store=True), {GHOST.key}),
        (Unseen(audit=True), {SILENT.key}),
    ],
)
def test_blinding_the_reconciler_closes_no_finding(unseen: Unseen, kept: set[tuple[Code, str]]) -> None:
    book = FindingBook()
    book.advance([SHADOW, GHOST, SILENT], NOTHING, 1)
    book.advance([], unseen, 2)
    assert opened(book) == kept


def log_at(root: Path) -> FindingsLog:
    return FindingsLog(root / "own", root / "pin", 1 << 20)


def filled(root: Path) -> None:
    log = log_at(root)
    log.watching(Ed25519PrivateKey.generate().public_key(), 1)
    log.seen(Mark(3, 10, "aa"), None, 2)
    book = FindingBook()
    log.changes(book.advance([SHADOW, GHOST], NOTHING, 3), 3)
    log.changes(book.advance([GHOST], NOTHING, 4), 4)
    log.close()


def test_the_log_remembers_over_a_restart(tmp_path: Path) -> None:
    filled(tmp_path)
    log = log_at(tmp_path)
    memory = log.memory
    assert [one.finding for one in memory.open] == [GHOST] and memory.open[0].opened_us == 3
    key, store, audit = memory.of()
    assert store == Mark(3, 10, "aa") and audit is None
    assert key is not None and len(key) == 32
    log.close()
    kinds = [entry["kind"] for entry in read_audit(tmp_path / "own" / "findings")]
    assert kinds.count("finding_opened") == 2 and kinds.count("finding_closed") == 1


def test_the_log_has_an_origin_and_a_key_of_its_own(tmp_path: Path) -> None:
    filled(tmp_path)
    log = log_at(tmp_path)
    directory = tmp_path / "own" / "findings"
    assert (directory / "checkpoints.txt").read_text().startswith(f"{ORIGIN}\n")
    report = verify_audit(directory, log.public_key, name=ORIGIN)
    assert report.ok and report.signed_entries == report.entries == 5
    assert not verify_audit(directory, Ed25519PrivateKey.generate().public_key(), name=ORIGIN).ok
    log.close()


def test_removed_finding_stops_the_reconciler(tmp_path: Path) -> None:
    filled(tmp_path)
    path = tmp_path / "own" / "findings" / "audit.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b"GHOST" not in line))
    with pytest.raises(IntegrityError):
        log_at(tmp_path)


def test_findings_log_restored_from_an_old_copy_is_refused(tmp_path: Path) -> None:
    filled(tmp_path)
    shutil.copytree(tmp_path / "own", tmp_path / "old")
    log = log_at(tmp_path)
    log.append("start", {}, 9)
    log.close()
    shutil.rmtree(tmp_path / "own")
    shutil.copytree(tmp_path / "old", tmp_path / "own")
    with pytest.raises(IntegrityError, match="rolled"):
        log_at(tmp_path)


def test_wiped_findings_log_is_refused(tmp_path: Path) -> None:
    filled(tmp_path)
    shutil.rmtree(tmp_path / "own")
    with pytest.raises(IntegrityError):
        log_at(tmp_path)


def test_findings_log_rewritten_with_the_key_is_refused(tmp_path: Path) -> None:
    filled(tmp_path)
    findings = tmp_path / "own" / "findings"
    entries = len(read_audit(findings))
    shutil.rmtree(findings)
    forged = FindingsLog(tmp_path / "own", None, 1 << 20)
    for number in range(entries):
        forged.append("start", {"open": 0}, number)
    forged.close()
    with pytest.raises(IntegrityError):
        log_at(tmp_path)


def test_unusable_key_and_pin_are_said_in_words(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "pin").write_text("nothing")
    with pytest.raises(StoreError, match="pinned checkpoint"):
        log_at(tmp_path)
    (tmp_path / "own" / "keys" / "signing.key").write_text("nothing")
    with pytest.raises(NotReadyError, match="key"):
        log_at(tmp_path)


def test_recall_of_nothing_is_nothing() -> None:
    memory = recall([])
    assert (memory.open, *memory.of()) == ((), None, None, None)


def test_entries_are_plain_json(tmp_path: Path) -> None:
    filled(tmp_path)
    lines = (tmp_path / "own" / "findings" / "audit.jsonl").read_text().splitlines()
    fields = next(json.loads(line)["fields"] for line in lines if "finding_opened" in line)
    assert fields == {"code": "TASK_WITHOUT_ORDER", "subject": "ne-1/x", "sentence": "a task", "rules": ["R-058"]}

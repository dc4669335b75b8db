"""`calea-lab ca`: epochs of the signing key, from the command line to what `verify` says of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collector.store.audit_log import AuditLog
from collector.store.epochs import read_trust
from collector.store.lock import lock_directory
from collector.witness.feed import Feed
from collector.witness.memory import Memory
from lab.ordeal.subject import Subject
from lab.ordeal.tamper import fill
from lab.pins import pin_directory
from mediation.ledger.witness import cosign, judge

Cli = Callable[..., Any]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A run's data directory with a store that nobody writes."""
    collector = tmp_path / "collector"
    pin = pin_directory(collector / "store") / "none.checkpoint"
    subject = Subject.make(collector, pin, 3)
    fill(subject, 4, 3)
    log = AuditLog(collector / "audit", subject.keys())
    log.append("start", {}, 1)
    log.close()
    return tmp_path


def test_a_new_epoch_is_begun_shown_and_verified(cli: Cli, data: Path) -> None:
    assert "no root certifies it" in cli("ca", "show", "--data", data).out
    begun = cli("ca", "rollover", "--data", data, "--json")
    assert begun.code == 0, begun.err
    said = json.loads(begun.out)
    assert said["epoch"] == 2 and said["from"]["calea-lab/audit"]["size"] == 1
    assert "signs from record" in cli("ca", "rollover", "--data", data).out
    shown = json.loads(cli("ca", "show", "--data", data, "--json").out)
    assert [one["epoch"] for one in shown["epochs"]] == [1, 2, 3] and shown["root"] == said["root"]
    assert "epoch 3: key" in cli("ca", "show", "--data", data).out
    verified = cli("verify", data)
    assert verified.code == 0, verified.out
    assert "Signed by 3 keys in turn under the root" in " ".join(verified.out.split())


def test_the_root_key_may_lie_elsewhere_and_must_be_the_one(cli: Cli, data: Path, tmp_path: Path) -> None:
    assert cli("ca", "rollover", "--data", data).code == 0
    kept = tmp_path / "safe.key"
    (data / "ca" / "ledger-root.key").rename(kept)
    assert cli("ca", "rollover", "--data", data, "--root", kept).code == 0
    refused = cli("ca", "rollover", "--data", data)
    assert refused.code == 3 and "not the root key" in refused.err
    assert "Cannot read the root key" in cli("ca", "rollover", "--data", data, "--root", tmp_path / "none").err


def test_not_while_the_collector_runs(cli: Cli, data: Path) -> None:
    lock = lock_directory(data / "collector" / "store")
    assert lock > 0
    refused = cli("ca", "rollover", "--data", data)
    assert refused.code == 3 and "Stop it first" in refused.err


def test_verify_holds_the_store_against_what_the_witness_saw(cli: Cli, data: Path) -> None:
    """Over a new epoch, and when the store is older than what was seen."""
    collector, place = data / "collector", data / "witness"
    keys = read_trust(collector / "keys")
    memory, feed = Memory(place, "calea-lab/witness"), Feed(collector / "store", lambda: 1 << 40)
    submission = feed.next(0)
    assert submission is not None
    found = judge(memory.state, submission, "calea-lab/collector", keys)
    memory.keep(submission.note + cosign("calea-lab/witness", memory.key, submission.note, 1_780_000_000), found.state)
    feed.close()
    assert cli("ca", "rollover", "--data", data).code == 0
    said = cli("verify", data)
    assert said.code == 0, said.out
    assert f"saw the first {found.state.size} records" in " ".join(said.out.split())
    for path in (collector / "store").glob("seg-*"):
        path.unlink()
    gone = cli("verify", data, "--json")
    assert gone.code == 4 and json.loads(gone.out)["missing"] == found.state.size
    (place / "checkpoint").write_text("nothing")
    assert "is not signed by it" in " ".join(cli("verify", data).out.split())


def test_verify_of_one_record_says_what_is_proven_and_by_which_key(cli: Cli, data: Path) -> None:
    found = cli("verify", data, "--record", 1)
    assert found.code == 0, found.out
    words = " ".join(found.out.split())
    assert "Record 1 is the one that was signed" in words and "signed by the key" in words
    said = json.loads(cli("verify", data, "--record", 0, "--json").out)
    assert (said["ok"], said["state"]) == (True, "proven") and said["proof"]
    none = cli("verify", data, "--record", 10_000)
    assert none.code == 4 and "NOT PROVEN: never stored" in none.out

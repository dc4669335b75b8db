"""What a signer signs besides checkpoints: manifests and epochs, each for its own purpose and no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from asn1.errors import DecodeError, RefusedError
from collector.export import bundle_check, sealed
from collector.export.sealed import seal_order, verify_sealed
from collector.signer.client import RemoteEpochKeys, SignerError, ask_certificate, ask_public_key, sign_manifest
from collector.signer.config import SignerConfig
from collector.signer.memory import AUDIT, SignerMemory
from collector.signer.purposes import FORMS, Signed, canonical, read_manifest
from collector.store.audit_log import ORIGIN as COLLECTOR_AUDIT
from collector.store.audit_log import read_audit, verify_audit
from collector.store.epochs import add_certificate, begin_epoch, read_trust
from collector.store.keys import Keys
from collector.store.reader import StoreReader
from collector.store.verifier import verify_store
from mediation.law.orders import OrderId
from mediation.ledger.checkpoint import Checkpoint, parse_body
from mediation.ledger.epochs import (
    ROOT_NAME,
    LedgerState,
    certificate,
    certify,
    following,
    read_certificate,
    signature_line,
)
from mediation.ledger.kernel import EMPTY_ROOT
from mediation.runtime.config import NotReadyError
from tests.collector.signer.running import STORE, Running

ROOT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NOTHING = {name: LedgerState(0, EMPTY_ROOT) for name in (STORE, COLLECTOR_AUDIT)}
SIGNED = {STORE: Signed(LedgerState(5, b"5" * 32), LedgerState(9, b"9" * 32))}


def manifest(form: str = FORMS[0], **changes: Any) -> bytes:
    said: dict[str, Any] = {
        "simulation": True,
        "format": form,
        "order": "O-1",
        "made_by": "rivera",
        "ledger": {"origin": STORE, "size": 9, "root": (b"9" * 32).hex()},
        "files": {"index.html": "00" * 32},
    }
    return form.encode() + b"\n" + canonical(said | changes)


def public_pem(key: Ed25519PrivateKey) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


def test_the_forms_are_those_of_what_is_exported() -> None:
    assert FORMS == (bundle_check.FORMAT, sealed.FORMAT)


def test_a_manifest_says_what_goes_on_record_of_it() -> None:
    assert read_manifest(manifest(), SIGNED) == (FORMS[0], "O-1", "rivera", 9)
    older = manifest(ledger={"origin": STORE, "size": 7})
    assert read_manifest(older, SIGNED).size == 7


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\n{}",
        manifest("calea-lab checkpoint 1"),
        manifest().replace(b'"simulation":true', b'"simulation":1'),
        manifest(format=FORMS[1]),
        manifest(order=""),
        manifest(order="x" * 201),
        manifest(made_by="") + b"",
        manifest(ledger={"origin": STORE, "size": 10}),
        manifest(ledger={"origin": STORE, "size": 0}),
        manifest(ledger={"origin": STORE, "size": True}),
        manifest(ledger={"origin": STORE, "size": "9"}),
        manifest(ledger={"origin": "calea-lab/other", "size": 1}),
        manifest(ledger={"origin": STORE, "size": 9, "root": "00" * 32}),
        manifest(ledger={"origin": STORE, "size": 5, "root": "00" * 32}),
        manifest(ledger=[]),
        manifest() + b" ",
        manifest().replace(b"{", b'{"order":"O-2",', 1),
        FORMS[0].encode() + b"\n" + b"[" * 100_000,
        FORMS[0].encode() + b"\n\xff",
    ],
    ids=range(20),
)
def test_attack_a_manifest_that_is_none(octets: bytes) -> None:
    with pytest.raises(RefusedError):
        read_manifest(octets, SIGNED)


@settings(max_examples=80, deadline=None)
@given(octets=st.binary(max_size=300) | st.builds(lambda rest: FORMS[0].encode() + b"\n" + rest, st.binary()))
def test_any_octets_are_a_manifest_or_refused(octets: bytes) -> None:
    with pytest.raises(RefusedError):
        read_manifest(octets, SIGNED)


def test_attack_one_purpose_does_not_pass_for_another() -> None:
    """Of the octets that are signed for each purpose, none can be read as those of another."""
    epoch = following(bytes(32), bytes(32), None, NOTHING).body().encode()
    body = Checkpoint(STORE, 9, b"9" * 32, ("commits 00",)).body().encode()
    made = [manifest(form) for form in FORMS]
    for octets in (*made, epoch):
        with pytest.raises(DecodeError):
            parse_body(octets)
    for octets in (*made, body):
        with pytest.raises(DecodeError):
            read_certificate(octets.decode() + "\n" + "x\n", unnamed=True)
    for octets in (body, epoch):
        with pytest.raises(RefusedError):
            read_manifest(octets, SIGNED)


@pytest.mark.parametrize("origin", ["key", "epoch", "calea-lab/epochs", AUDIT, FORMS[0]])
def test_a_word_of_the_wire_is_no_ledger(tmp_path: Path, origin: str) -> None:
    with pytest.raises(ValidationError, match="no ledger of a collector's"):
        SignerConfig(data_dir=tmp_path, socket=tmp_path / "s", origins=(origin,))
    with pytest.raises(ValidationError, match="choose a shorter one"):
        SignerConfig(data_dir=tmp_path, socket=tmp_path / ("s" * 120))


# On the socket


def signed_up_to(running: Running, size: int, root: bytes = b"9" * 32) -> None:
    remote = running.remote()
    remote.sign(Checkpoint(STORE, size, root))
    remote.close()


def recorded(running: Running) -> list[dict[str, Any]]:
    return read_audit(running.config.data_dir / "audit")


def test_a_manifest_is_signed_and_on_record(running: Running) -> None:
    signed_up_to(running, 9)
    key = ask_public_key(running.place)
    octets = manifest(files={f"file-{number}": "00" * 32 for number in range(5_000)})
    signature = sign_manifest(running.place, octets, [key])
    key.verify(signature, octets)
    with pytest.raises(InvalidSignature):
        key.verify(signature, octets.partition(b"\n")[2])
    (entry,) = recorded(running)
    assert (entry["kind"], entry["fields"]["order"], entry["fields"]["by"]) == ("manifest", "O-1", "rivera")
    assert verify_audit(running.config.data_dir / "audit", key, name=AUDIT).ok


def test_attack_a_manifest_of_a_state_that_was_never_signed(running: Running) -> None:
    signed_up_to(running, 9)
    key = ask_public_key(running.place)
    for octets in (manifest(ledger={"origin": STORE, "size": 10}), b"anything\nat all"):
        with pytest.raises(SignerError, match="refuses"):
            sign_manifest(running.place, octets, [key])
    with pytest.raises(SignerError, match="another key"):
        sign_manifest(running.place, manifest(), [ROOT.public_key()])
    assert len(recorded(running)) == 1


def test_what_was_taken_back_is_on_record_with_both_states(running: Running) -> None:
    signed_up_to(running, 9)
    signed_up_to(running, 8, b"8" * 32)
    (entry,) = recorded(running)
    assert entry["kind"] == "taken_back"
    assert entry["fields"]["given_up"] == [9, (b"9" * 32).hex()] and entry["fields"]["signed"] == [8, (b"8" * 32).hex()]


def test_a_full_log_stops_manifests_and_no_ledger_that_grows(tmp_path: Path) -> None:
    memory = SignerMemory(tmp_path, audit_octets=400)
    memory.record("manifest", {"order": "O-1"}, 1)
    with pytest.raises(RefusedError, match="is full"):
        memory.record("manifest", {"order": "x" * 300}, 2)
    memory.close()


# Behind a store


@pytest.fixture
def behind(running: Running, bench: Any) -> Any:
    """A store whose key the signer has, with ten records of each of three orders."""
    bench.keys = Keys.create(bench.root / "keys2", bench.root / "quarantine.pem", running.place)
    put(bench)
    return bench


def put(bench: Any) -> None:
    store = bench.open()
    bench.put(store, [b"record %d" % number for number in range(30)])
    store.close()
    assert bench.failures == []


def keys_of(bench: Any, running: Running) -> Keys:
    return Keys(bench.root / "keys2", running.place)


def test_a_sealed_copy_is_signed_by_the_signer(behind: Any, running: Running, tmp_path: Path) -> None:
    keys = keys_of(behind, running)
    made = seal_order(
        StoreReader(behind.directory, keys), OrderId("O-1"), tmp_path / "copy", keys=keys, by="chen", now_us=7,
        audit=lambda kind, fields: None,
    )  # fmt: skip
    assert made.records == 10 and verify_sealed(made.directory, ask_public_key(running.place)).ok
    assert recorded(running)[-1]["fields"]["manifest_sha256"] == made.manifest_sha256


def change(bench: Any, running: Running, root: Ed25519PrivateKey = ROOT) -> None:
    keys = keys_of(bench, running)
    if keys.history is None:
        begin_epoch(keys.directory, keys.epoch_keys, None, root, NOTHING)
        keys = keys_of(bench, running)
    bench.keys = keys
    store = bench.open()
    store.close()
    size = store.size
    states = {STORE: LedgerState(size, store._tree.root()), COLLECTOR_AUDIT: LedgerState(0, EMPTY_ROOT)}
    begin_epoch(keys.directory, keys.epoch_keys, keys.history, root, states)


def test_the_key_is_changed_at_the_signer_and_the_store_goes_on(behind: Any, running: Running) -> None:
    (running.config.data_dir / "root.pub").write_bytes(public_pem(ROOT))
    before = (running.config.data_dir / "signing.key").read_bytes()
    for turn in range(2):
        change(behind, running)
        behind.keys = keys_of(behind, running)
        put(behind)
        assert behind.keys.history is not None and behind.keys.history.newest.number == turn + 2
    assert (running.config.data_dir / "signing.key").read_bytes() != before
    assert not (behind.root / "keys2" / "signing.key").exists()
    report = verify_store(behind.directory, read_trust(behind.root / "keys2"), behind.keys, behind.pin)
    assert report.ok and report.records == 90
    kinds = [one["kind"] for one in recorded(running)]
    assert kinds == ["root", "epoch", "epoch", "epoch"]
    assert verify_audit(running.config.data_dir / "audit", behind.keys.trust, name=AUDIT).ok
    running.stop()
    again = SignerMemory(running.config.data_dir)
    assert len(again.epochs) == 3 and again.key.public_key() == behind.keys.trust.keys_at(STORE, 1_000)[0]
    again.close()


def test_a_crash_between_signer_and_collector_leaves_a_certificate_that_is_fetched(
    behind: Any, running: Running
) -> None:
    (running.config.data_dir / "root.pub").write_bytes(public_pem(ROOT))
    change(behind, running)
    for path in (behind.root / "keys2" / "epochs").glob("*.cert"):
        path.unlink()
    behind.keys = keys_of(behind, running)
    assert behind.keys.history is not None and len(behind.keys.history.epochs) == 2
    put(behind)
    assert verify_store(behind.directory, behind.keys.trust, behind.keys, behind.pin).ok


def test_attack_a_root_that_the_operator_did_not_name(behind: Any, running: Running) -> None:
    """Who has the collector makes a root of his own, to give the ledger to a key of his own."""
    with pytest.raises(SignerError, match=r"root\.pub"):
        change(behind, running)
    (running.config.data_dir / "root.pub").write_bytes(public_pem(ROOT))
    with pytest.raises(SignerError, match="not the root that the signer's operator"):
        change(behind, running, Ed25519PrivateKey.generate())
    change(behind, running)
    with pytest.raises(NotReadyError, match="not the root key"):
        change(behind, running, Ed25519PrivateKey.generate())
    with pytest.raises(SignerError, match="named before"):
        remote = RemoteEpochKeys(running.place)
        epoch = following(remote.public_key().public_bytes_raw(), ROOT.public_key().public_bytes_raw(), None, NOTHING)
        remote.name_root(certificate(epoch, signature_line(ROOT_NAME, ROOT, epoch)))
    assert ask_certificate(running.place, 3) == ""


def notes(running: Running) -> dict[str, Callable[[], str]]:
    """Certificates that the signer must not take, though the root signed each."""
    remote, newest = RemoteEpochKeys(running.place), read_certificate(ask_certificate(running.place, 2))
    states = dict(newest.ledgers)
    root = ROOT.public_key().public_bytes_raw()

    def by_root(key: bytes, ledgers: dict[str, LedgerState]) -> str:
        epoch = following(key, root, newest, ledgers)
        return certificate(epoch, signature_line(ROOT_NAME, ROOT, epoch))

    fresh = remote.next_key().public_bytes_raw()
    stranger = Ed25519PrivateKey.generate()
    return {
        "another key than the next one": lambda: by_root(stranger.public_key().public_bytes_raw(), states),
        "begins elsewhere": lambda: by_root(fresh, {**states, STORE: LedgerState(99, bytes(32))}),
        "does not follow": lambda: certify(stranger, ROOT, None, NOTHING),
        "does not hold": lambda: by_root(fresh, states).replace(ROOT_NAME, "calea-lab/toor"),
        "not the certificate": lambda: "nothing",
    }


def test_attack_certificates_that_do_not_fit(behind: Any, running: Running) -> None:
    (running.config.data_dir / "root.pub").write_bytes(public_pem(ROOT))
    change(behind, running)
    for why, note in notes(running).items():
        with pytest.raises(SignerError, match=why):
            RemoteEpochKeys(running.place).begin(note())
    behind.keys = keys_of(behind, running)
    put(behind)
    assert verify_store(behind.directory, behind.keys.trust, behind.keys, behind.pin).ok


def test_a_signer_of_another_collector_is_not_believed(behind: Any, running: Running) -> None:
    (running.config.data_dir / "root.pub").write_bytes(public_pem(ROOT))
    change(behind, running)
    stranger = Ed25519PrivateKey.generate()
    directory = behind.root / "keys2"
    for path in (directory / "epochs").glob("*.cert"):
        path.unlink()
    (directory / "signing.pub").write_bytes(public_pem(stranger))
    with pytest.raises(NotReadyError, match="none of this collector's"):
        keys_of(behind, running)
    assert not list((directory / "epochs").glob("*.cert"))
    with pytest.raises(DecodeError):
        add_certificate(directory, json.dumps({}))

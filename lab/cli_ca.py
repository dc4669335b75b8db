"""`calea-lab ca root | rollover | show`: the offline root of a collector's ledgers, and the epochs of its signing key.

The root's private key lies with the lab's CA, never with the collector; bring it from elsewhere with `--root`. Where a
signer has the signing key, its operator puts the root's public key beside it first (`ca root --out SIGNER/root.pub`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.store.audit_log import ORIGIN as AUDIT
from collector.store.audit_log import AuditLog
from collector.store.epochs import begin_epoch, read_history
from collector.store.gauge import StoreError
from collector.store.keys import Keys
from collector.store.lock import lock_directory
from collector.store.private_files import private_pem, read_public_key, write_private
from collector.store.recovery import recover
from collector.store.settings import StoreConfig
from lab.cli_verify import StorePlace, find_store
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json
from lab.paths import RunPaths
from mediation.ledger.epochs import Epoch, LedgerState
from mediation.ledger.kernel import CompactRange
from mediation.runtime.config import ConfigError

STORE = StoreConfig().origin
NOTHING = LedgerState(0, CompactRange().root())
RootOption = Annotated[Path | None, typer.Option("--root", help="the root's private key, where it is kept elsewhere")]


def public_root(
    root: RootOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="a file; printed when not given")] = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """The root's public key (PEM), for a signer's operator; a root is made where there is none."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = _root_key(root, data).public_key().public_bytes(serialization.Encoding.PEM, form)
    if out is None:
        typer.echo(pem.decode().rstrip())
    else:
        out.write_bytes(pem)


def rollover(root: RootOption = None, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Begin an epoch: a new key signs from now on, the old one is gone. The collector must not run."""
    place = find_store(data)
    key = _root_key(root, data)
    lock = lock_directory(place.store)
    try:
        keys = place.signing_keys()
        ledgers = _states(place, keys)
        if keys.history is None:
            begin_epoch(place.keys, keys.epoch_keys, None, key, {STORE: NOTHING, AUDIT: NOTHING})
            keys = place.signing_keys()
        epoch = begin_epoch(place.keys, keys.epoch_keys, keys.history, key, ledgers)
        # Opening the keys once puts the new one in its place.
        place.signing_keys()
    finally:
        os.close(lock)
    if as_json:
        print_json(_shown(epoch))
    else:
        store, audit = ledgers[STORE], ledgers[AUDIT]
        console().print(
            f"epoch {epoch.number}: key {epoch.public_key.hex()[:16]} signs from record {store.size} and audit entry "
            f"{audit.size} on; the key before it is gone",
            markup=False,
        )


def show(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Which key signs from when on, under which root."""
    place = find_store(data)
    history = read_history(place.keys, read_public_key(place.keys / "signing.pub"))
    epochs = () if history is None else history.epochs
    if as_json:
        print_json({"root": epochs[0].root_key.hex() if epochs else None, "epochs": [_shown(one) for one in epochs]})
        return
    if not epochs:
        console().print("one key signs since the beginning; no root certifies it (calea-lab ca rollover)", markup=False)
        return
    console().print(f"root {epochs[0].root_key.hex()[:16]}", markup=False)
    for one in epochs:
        states = ", ".join(f"{name} from {state.size}" for name, state in one.ledgers)
        console().print(f"epoch {one.number}: key {one.public_key.hex()[:16]}, {states}", markup=False)


def _shown(epoch: Epoch) -> dict[str, Any]:
    states = {name: {"size": state.size, "root": state.root.hex()} for name, state in epoch.ledgers}
    return {"epoch": epoch.number, "key": epoch.public_key.hex(), "root": epoch.root_key.hex(), "from": states}


def _states(place: StorePlace, keys: Keys) -> dict[str, LedgerState]:
    """Both ledgers as they stand, all of it signed by the key that goes."""
    found = recover(place.store, STORE, keys)
    if found.discarded_at is not None or found.torn:
        raise StoreError("The collector ended in the middle of a commit: start it once and stop it, then try again.")
    log = AuditLog(place.audit, keys)
    log.close()
    return {STORE: LedgerState(found.tree.size, found.tree.root()), AUDIT: log.state}


def _root_key(given: Path | None, data: Path) -> Ed25519PrivateKey:
    path = given or RunPaths(data).ca / "ledger-root.key"
    if given is None and not path.exists():
        write_private(path, private_pem(Ed25519PrivateKey.generate()))
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise ConfigError(f"Cannot read the root key {path}: {error}. Give its file to --root.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} holds another kind of key than Ed25519.")
    return key

"""The collector's keys, one file each, readable by its owner alone.

signing.key                 Ed25519, signs checkpoints: the key of the newest epoch; not here where a signer has it
signing.pub                 the first epoch's public key, which names this collector for good
epochs/NNNN.cert            which key signs from when on, certified by a root that is not here (`store.epochs`)
hmac.key                    32 octets, digests of withheld octets
quarantine.pub              X25519; the private half is never here
orders/<uid>.key            AES-256 data key of an order
orders/<uid>.held           in its place once it was withdrawn (R-041): sealed to the quarantine key, which is not here
orders/<uid>-<id>.held|key  the same for keys made after that: what still came in is stored, and unreadable here

A withdrawal makes the box durable before the key goes, so one of the two is always there; with both there, the key
counts as withdrawn. What a medium remembers of a deleted file is for whoever keeps the medium.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from asn1.errors import DecodeError, RefusedError
from collector.seal import open_box, seal_box
from collector.signer.client import RemoteEpochKeys, RemoteSigner, ask_certificate, ask_public_key, sign_manifest
from collector.store.epochs import EpochKeys, OwnEpochKeys, add_certificate, certificates, current_key, read_history
from collector.store.private_files import (
    private_pem,
    read_public_key,
    sync_directory,
    write_private,
    write_private_anew,
)
from mediation.law.orders import OrderUid
from mediation.ledger.checkpoint import NoteSigner, Signer, Trust, keys_of
from mediation.ledger.epochs import KeyHistory
from mediation.runtime.config import NotReadyError

KEY_OCTETS: Final = 32
KEY_ID_OCTETS: Final = 8
_HELD: Final = b"CLHELD01"
_UID_OCTETS: Final = 16
SETTLED_NS: Final = 3_000_000_000
"""A directory that was last changed so long ago shows every change from now on by another time: far above the grain of
any file system's stamps."""


def data_key_id(key: bytes) -> bytes:
    """Eight octets that name a data key without telling anything about it."""
    return hashlib.sha256(b"calea-lab data key\n" + key).digest()[:8]


def pin_name(public_key: Ed25519PublicKey) -> str:
    """The file name of the pinned checkpoint of the store that this key signs."""
    octets = public_key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"{hashlib.sha256(octets).hexdigest()[:16]}.checkpoint"


class Keys:
    """The keys of one collector directory. `data_key` makes a new order's key on first use."""

    def __init__(self, directory: Path, signer: Path | None = None) -> None:
        """`signer`: the socket of the process that has the signing key in its place (`collector.signer`). Certificates
        that it has and a crash kept from coming here are fetched. Raises NotReadyError."""
        self.directory = directory
        self._signer = signer
        private = directory / "signing.key"
        if signer is not None and private.exists():
            raise NotReadyError(
                f"A signer is configured, and {private} is here all the same: move it to the signer's directory."
            )
        there = private.exists() or not (directory / "signing.pub").exists()
        try:
            signing = serialization.load_pem_private_key(private.read_bytes(), None) if there else None
            self.hmac_key = (directory / "hmac.key").read_bytes()
            quarantine = serialization.load_pem_public_key((directory / "quarantine.pub").read_bytes())
        except (OSError, ValueError) as error:
            raise NotReadyError(f"Cannot read the collector's keys in {directory}: {error}.") from error
        if not isinstance(signing, Ed25519PrivateKey | None) or not isinstance(quarantine, X25519PublicKey):
            raise NotReadyError(f"The keys in {directory} are of the wrong kind: Ed25519 signs, X25519 seals.")
        self._public = read_public_key(directory / "signing.pub")
        self._signing: Ed25519PrivateKey | None = None
        self.history: KeyHistory | None
        if signing is None:
            if signer is not None:
                _fetch_epochs(directory, signer, self._public)
            self.history = read_history(directory, self._public)
        else:
            self._signing, self.history = current_key(directory, signing)
        self.quarantine = quarantine
        self._lock = threading.RLock()
        self._data: dict[OrderUid, dict[bytes, bytes]] = {}
        """By order, its first key first."""
        self._boxes: dict[OrderUid, Path] = {}
        self._sealed: dict[OrderUid, bytes] = {}
        """Keys of withdrawn orders that this process writes under. They are on no disk."""

    @classmethod
    def create(cls, directory: Path, quarantine_public_key: Path, signer: Path | None = None) -> Keys:
        """Make a fresh set; `quarantine_public_key` is a PEM X25519 public key made elsewhere. With a `signer`, its
        public key is asked for and remembered for good."""
        try:
            quarantine = quarantine_public_key.read_bytes()
        except OSError as error:
            raise NotReadyError(
                f"Cannot read the quarantine public key {quarantine_public_key}: {error.strerror}. "
                "Make an X25519 key pair away from the collector and give its public half."
            ) from error
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        signing = Ed25519PrivateKey.generate() if signer is None else None
        public = ask_public_key(signer) if signer is not None else None
        if signing is not None:
            public = signing.public_key()
        assert public is not None
        write_private(directory / "hmac.key", os.urandom(KEY_OCTETS))
        (directory / "quarantine.pub").write_bytes(quarantine)
        (directory / "signing.pub").write_bytes(
            public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        # The signing key comes last: it is what `exists` looks for.
        if signing is not None:
            write_private(directory / "signing.key", private_pem(signing))
        return cls(directory, signer)

    @property
    def signing(self) -> Ed25519PrivateKey:
        """Raises NotReadyError where a signer has it."""
        if self._signing is None:
            raise NotReadyError(
                f"The signing key is not in {self.directory}: a signer process holds it. Say where it is: the "
                "collector's configuration has it as signer."
            )
        return self._signing

    def sign_manifest(self, form: str, manifest: bytes, origin: str, size: int) -> bytes:
        """The signature over a manifest behind its own words, so that it is one over nothing else. `size`: the state of
        ledger `origin` that the manifest speaks of. Raises NotReadyError."""
        octets = form.encode() + b"\n" + manifest
        if self._signer is None:
            return self.signing.sign(octets)
        return sign_manifest(self._signer, octets, keys_of(self.trust, origin, size))

    @property
    def epoch_keys(self) -> EpochKeys:
        """Who begins an epoch."""
        return RemoteEpochKeys(self._signer) if self._signer else OwnEpochKeys(self.directory, self.signing)

    def signer(self, name: str) -> NoteSigner:
        """Who signs the checkpoints of ledger `name`. Raises NotReadyError when that process is not there."""
        if self._signer is not None:
            return RemoteSigner(self._signer, name, self.trust)
        return Signer(name, self.signing)

    @property
    def trust(self) -> Trust:
        """Whom readers of this collector's ledgers believe."""
        return self.identity if self.history is None else self.history

    @property
    def identity(self) -> Ed25519PublicKey:
        """The first epoch's key."""
        return self._public if self.history is None else self.history.identity

    @staticmethod
    def exists(directory: Path) -> bool:
        """Also without the signing key, where it was moved to a signer."""
        return all((directory / name).exists() for name in ("signing.pub", "hmac.key", "quarantine.pub"))

    def data_key(self, uid: OrderUid) -> bytes:
        """The key to write an order's octets under, made when there is none. Of a withdrawn order it is one that was
        sealed to the quarantine key before its first use, and that nobody here reads with."""
        with self._lock:
            if self.withdrawn(uid):
                if uid not in self._sealed:
                    key = os.urandom(KEY_OCTETS)
                    write_private(self._held_path(uid, data_key_id(key)), self._held(uid, key))
                    self._sealed[uid] = key
                return self._sealed[uid]
            found = self._own(uid)
            if found is None:
                found = os.urandom(KEY_OCTETS)
                write_private(self._path(uid), found)
                self._data[uid] = {data_key_id(found): found}
            return found

    def find_data_key(self, uid: OrderUid, key_id: bytes | None = None) -> bytes | None:
        """A data key of an order: the one named, or its first. None when it was withdrawn or is not here."""
        with self._lock:
            if self.withdrawn(uid):
                return None
            own = self._own(uid)
            if key_id is None or own is None:
                return own
            if key_id not in self._data[uid]:
                later = self._read(self._path(uid, key_id))
                if later is not None:
                    self._data[uid][key_id] = later
            return self._data[uid].get(key_id)

    def withdrawn(self, uid: OrderUid) -> bool:
        """Asked of the disk each time: another process may have withdrawn it."""
        box = self._boxes.get(uid)
        if box is None:
            box = self._boxes[uid] = self._held_path(uid)
        found = os.path.exists(box)  # noqa: PTH110  asked for every order of every unit
        if found:
            self._data.pop(uid, None)
        return found

    def settled(self, now_ns: int) -> int | None:
        """When a key was last made, withdrawn or given back: as long as the answer is the same, every order's key is
        what it was, whichever process asks. None when that was so lately that the next change might not show."""
        try:
            changed_ns = (self.directory / "orders").stat().st_mtime_ns
        except FileNotFoundError:
            return None
        return changed_ns if 0 <= changed_ns < now_ns - SETTLED_NS else None

    def withdraw(self, uid: OrderUid) -> None:
        """R-041: replace an order's keys by boxes that only the court opens. Once done, doing it again does nothing."""
        with self._lock:
            own = self._read(self._path(uid)) if not self._held_path(uid).exists() else None
            for path in sorted(self.directory.glob(f"orders/{uid.hex()}-*.key")):
                later = self._read(path)
                if later is not None:
                    write_private_anew(self._held_path(uid, data_key_id(later)), self._held(uid, later))
            if not self._held_path(uid).exists():
                write_private(self._held_path(uid), self._held(uid, own or os.urandom(KEY_OCTETS)))
            self._data.pop(uid, None)
            # A crash between the link and the unlink of `write_private` leaves the key under its first name too.
            kept = (f"{uid.hex()}.key.tmp", f"{uid.hex()}-*.key", f"{uid.hex()}-*.key.tmp")
            left = [path for name in kept for path in self.directory.glob(f"orders/{name}")]
            for path in (self._path(uid), *left):
                path.unlink(missing_ok=True)
            sync_directory(self._path(uid).parent)

    def restore(self, uid: OrderUid, key: bytes, key_ids: Collection[bytes]) -> None:
        """Take a key back that a court opened and released. `key_ids`: what the segments say the order's octets are
        encrypted under. The withdrawal ends with the order's first key; those made since may come before or after it.

        Raises RefusedError for a key that opens nothing here.
        """
        with self._lock:
            name = data_key_id(key)
            boxes = {_held_id(path.read_bytes(), uid): path for path in self.held_boxes(uid)}
            if len(key) != KEY_OCTETS or name not in boxes or (key_ids and name not in key_ids):
                raise RefusedError(
                    f"This is not a key that was withdrawn of order {uid.hex()}: no box and no record names it. "
                    "Open the box of this collector's orders directory with the court's key."
                )
            box = boxes[name]
            path = box.with_suffix(".key")
            write_private_anew(path, key)
            box.unlink()
            sync_directory(path.parent)
            for cache in (self._sealed, self._data):
                cache.pop(uid, None)

    def held_boxes(self, uid: OrderUid) -> list[Path]:
        """The boxes of a withdrawn order, its first key's last: `open_held` opens each with the court's key."""
        return held_boxes(self.directory, uid)

    def _own(self, uid: OrderUid) -> bytes | None:
        if uid not in self._data:
            key = self._read(self._path(uid))
            if key is None:
                return None
            self._data[uid] = {data_key_id(key): key}
        return next(iter(self._data[uid].values()))

    @staticmethod
    def _read(path: Path) -> bytes | None:
        try:
            key = path.read_bytes()
        except FileNotFoundError:
            return None
        if len(key) != KEY_OCTETS:
            raise NotReadyError(f"The data key {path} is damaged. Restore it from a copy.")
        return key

    def _held(self, uid: OrderUid, key: bytes) -> bytes:
        return _HELD + uid + data_key_id(key) + seal_box(self.quarantine, key)

    def _path(self, uid: OrderUid, key_id: bytes = b"") -> Path:
        return self.directory / "orders" / f"{uid.hex()}{'-' + key_id.hex() if key_id else ''}.key"

    def _held_path(self, uid: OrderUid, key_id: bytes = b"") -> Path:
        return self._path(uid, key_id).with_suffix(".held")


def _fetch_epochs(directory: Path, signer: Path, identity: Ed25519PublicKey) -> None:
    """Certificates that the signer has and this directory has not. Raises NotReadyError."""
    have = certificates(directory)
    for number in itertools.count(len(have) + 1):
        note = ask_certificate(signer, number)
        if not note:
            return
        try:
            KeyHistory.of([*have, note], identity)
            add_certificate(directory, note)
        except DecodeError as error:
            raise NotReadyError(
                f"Epoch {number} of the signer at {signer} is none of this collector's: {error.message}."
            ) from error
        have.append(note)


def held_boxes(directory: Path, uid: OrderUid) -> list[Path]:
    """The boxes of a withdrawn order in a collector's directory of keys, for who has no business with the others."""
    later = sorted(directory.glob(f"orders/{uid.hex()}-*.held"))
    first = directory / "orders" / f"{uid.hex()}.held"
    return [*later, first] if first.exists() else later


def open_held(box: bytes, quarantine: X25519PrivateKey) -> bytes:
    """The court's side: the data key in a `.held` file. Raises DecodeError when it is none, was changed, or was sealed
    to another key."""
    at = len(_HELD) + _UID_OCTETS
    if not box.startswith(_HELD) or len(box) < at + KEY_ID_OCTETS:
        raise DecodeError(DecodeError.BAD_VALUE, "not the box of a withdrawn key")
    key = open_box(quarantine, box[at + KEY_ID_OCTETS :])
    if data_key_id(key) != box[at : at + KEY_ID_OCTETS]:
        raise DecodeError(DecodeError.BAD_VALUE, "the box holds another key than it says", at)
    return key


def _held_id(box: bytes, uid: OrderUid) -> bytes:
    """The key id that a box names; empty when it is none of this order."""
    at = len(_HELD) + _UID_OCTETS
    return box[at : at + KEY_ID_OCTETS] if box.startswith(_HELD + uid) else b""

"""The lab's court: its key pair, the documents it signed, and the two ways a document takes.

The court signs; reconciler, carrier and agency each get the same file in their own inbox, by temporary name and rename,
and check the signature themselves. The private half of the quarantine key lies here too: away from the collector.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from asn1.errors import LabError
from lab.paths import RunPaths
from mediation.law.documents import make_document, order_from_fields, parse_document
from mediation.law.orders import CourtOrder
from mediation.runtime.config import ConfigError, NotReadyError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VERSIONED = re.compile(r"(.+)\.v(\d+)\.json")


class Court:
    def __init__(self, paths: RunPaths) -> None:
        self._paths = paths
        self._directory = paths.court

    @property
    def public_key_path(self) -> Path:
        return self._directory / "court.pub"

    @property
    def quarantine_key_path(self) -> Path:
        return self._directory / "quarantine.key"

    def make_keys(self) -> None:
        """Make the key pairs that are not there yet."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._paths.mark_file.touch()
            if not (self._directory / "court.key").exists():
                _write_pair(self._directory, "court", Ed25519PrivateKey.generate())
            if not self.quarantine_key_path.exists():
                _write_pair(self._directory, "quarantine", X25519PrivateKey.generate())
        except OSError as error:
            raise NotReadyError(f"Cannot write {self._directory}: {error.strerror}. Give another --data.") from error

    def issue(self, fields: Mapping[str, Any]) -> CourtOrder:
        """Sign a new version of an order and send it both ways.

        Raises `ConfigError` with the field that is wrong.
        """
        name = str(fields.get("order_id", ""))
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{name!r} cannot name an order: use letters, digits, dot, dash and underscore.")
        self.make_keys()
        try:
            order = order_from_fields(fields)
        except ValueError as error:
            raise ConfigError(f"The order {name} is not complete: {error}.") from error
        return self.sign(order)

    def sign(self, order: CourtOrder) -> CourtOrder:
        """Sign one version and send it both ways. Raises `ConfigError` when that version was signed before."""
        name = order.order_id
        document = make_document(order, self._signing_key())
        try:
            parse_document(document, self.public_key())
        except LabError as error:
            raise ConfigError(f"The order {name} would be refused by all who read it: {error}.") from error
        file = f"{name}.v{order.version}.json"
        if (self._directory / file).exists():
            raise ConfigError(f"{name} has a version {order.version} already: give the file a higher version, or none.")
        for directory in (self._directory, *self._paths.inboxes):
            directory.mkdir(parents=True, exist_ok=True)
            _put(directory, file, document)
        return order

    def orders(self) -> Iterator[CourtOrder]:
        """Every version of every order that was signed here, by name and version."""
        public = self.public_key()
        found = sorted(
            (match.group(1), int(match.group(2)), path)
            for path in self._directory.glob("*.json")
            if (match := _VERSIONED.fullmatch(path.name))
        )
        for _, _, path in found:
            yield parse_document(path.read_bytes(), public)

    def newest_version(self, order_id: str) -> int:
        """0 when there is none."""
        return max((one.version for one in self.orders() if one.order_id == order_id), default=0)

    def _signing_key(self) -> Ed25519PrivateKey:
        loaded = serialization.load_pem_private_key((self._directory / "court.key").read_bytes(), None)
        if not isinstance(loaded, Ed25519PrivateKey):
            raise NotReadyError(f"{self._directory / 'court.key'} is not an Ed25519 key: remove it to make a new one.")
        return loaded

    def public_key(self) -> Ed25519PublicKey:
        """Raises `NotReadyError` when there is no court in this directory."""
        try:
            loaded = serialization.load_pem_public_key(self.public_key_path.read_bytes())
        except OSError as error:
            raise NotReadyError(
                f"No court in {self._directory}: `calea-lab order create` or `calea-lab up` makes one."
            ) from error
        if not isinstance(loaded, Ed25519PublicKey):
            raise NotReadyError(f"{self.public_key_path} is not an Ed25519 key.")
        return loaded


def _write_pair(directory: Path, name: str, key: Ed25519PrivateKey | X25519PrivateKey) -> None:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (directory / f"{name}.pub").write_bytes(public)
    descriptor = os.open(directory / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(private)


def _put(directory: Path, file: str, document: bytes) -> None:
    """Nobody who looks into the directory sees half a document."""
    temporary = directory / f".{file}.tmp"
    temporary.write_bytes(document)
    temporary.replace(directory / file)


def read_fields(path: Path) -> dict[str, Any]:
    """The fields of an order from a YAML or JSON file. Raises `ConfigError`."""
    import yaml

    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}. Give a YAML or JSON file.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: give a YAML or JSON text file.") from error
    try:
        value = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} is neither YAML nor JSON: {str(error).splitlines()[0]}.") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{path} has to hold the fields of one order, by name.")
    return {str(key): field for key, field in value.items()}

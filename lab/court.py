"""The lab's court: its key pair, the documents it signed, and the two ways a document takes.

The court signs; carrier and agency each get the same document over HI1 (`hi1_client`), store it in their own inbox and
check the signature themselves. Who does not answer, and the reconciler, who has no way but this, finds it in its inbox,
put there by temporary name and rename. Of a fleet's collectors one is told over HI1, the others by their inboxes. The
private half of the quarantine key lies here too: away from the collector.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from asn1.errors import DecodeError, LabError
from collector.store.keys import held_boxes, open_held
from lab.fleet.of_run import COLLECTOR, base, collectors_of
from lab.hi1_client import Hi1Client, refusal_text
from lab.papers import lab_papers
from lab.paths import RECEIVERS, RunPaths
from mediation.law.documents import (
    CourtDocument,
    DocumentAction,
    check_successor,
    make_document,
    missing_in,
    order_from_fields,
    read_document,
)
from mediation.law.extensions import check_next_version
from mediation.law.order_yaml import MAX_YAML_CHARACTERS, PAPERS, fields_from_yaml
from mediation.law.orders import CourtOrder, OrderKind
from mediation.law.papers import Papers, check_papers, papers_from_fields
from mediation.law.settings import DEFAULTS
from mediation.runtime.config import ConfigError, NotReadyError

OVER_HI1 = frozenset({"mediation", "collector"})
CARRIER = "mediation"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_EXIGENT = frozenset(str(kind) for kind in OrderKind if kind.exigent)
_VERSIONED = re.compile(r"(.+)\.v(\d+)\.json")


class Court:
    def __init__(self, paths: RunPaths) -> None:
        self._paths = paths
        self._directory = paths.court
        self._hi1 = Hi1Client(paths)
        self.refusals: dict[str, str] = {}
        """What the receivers of the last document had against it, by process; one that took it is not named."""

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

    def issue(
        self,
        fields: Mapping[str, Any],
        papers: Papers | None = None,
        issued_at_us: int | None = None,
        complete: bool = False,
    ) -> CourtOrder:
        """Sign a new version of an order and send it both ways. Papers are those given, or those under `papers` in the
        fields; without any, the lab's own. Whoever gets them looks whether they are complete, and so do we if asked to.

        Raises `ConfigError` with the field that is wrong, PapersRefusedError naming every item that is missing.
        """
        name = str(fields.get("order_id", ""))
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{name!r} cannot name an order: use letters, digits, dot, dash and underscore.")
        self.make_keys()
        try:
            order, own = order_and_papers(fields)
        except ValueError as error:
            raise ConfigError(f"The order {name} is not complete: {error}.") from error
        papers = own if papers is None else papers
        if complete and papers is not None:
            check_papers(order, papers, DEFAULTS)
        return self.sign(order, issued_at_us=issued_at_us, papers=papers)

    def sign(
        self,
        order: CourtOrder,
        action: DocumentAction = DocumentAction.ISSUE,
        issued_at_us: int | None = None,
        papers: Papers | None = None,
        data_key: bytes | None = None,
    ) -> CourtOrder:
        """Sign one version and send it both ways; a release, which holds a key, goes to the agency alone.

        Raises `ConfigError` when that version was signed before, RefusedError when it may not follow the last one that
        had its papers. Papers that are not given are those of that version, completed for what is new.
        """
        name = order.order_id
        file = f"{name}.v{order.version}.json"
        if (self._directory / file).exists():
            raise ConfigError(f"{name} has a version {order.version} already: give the file a higher version, or none.")
        former = self._former(order)
        papers = _completed(order, former) if papers is None else papers
        document = make_document(order, self._signing_key(), action, issued_at_us, papers, data_key)
        try:
            read = read_document(document, self.public_key())
        except LabError as error:
            raise ConfigError(f"The order {name} would be refused by all who read it: {error}.") from error
        if former is not None:
            check_next_version(former.order, order)
            check_successor(former.order, order, action, read.issued_at_us, papers)
        _put(self._directory, file, document)
        self.refusals = {}
        told = set[str]()
        for process in self._receivers(RECEIVERS if data_key is None else RECEIVERS[-1:]):
            if order.kind.for_device and process == CARRIER:
                # It asks nothing of a carrier, who is not to learn of it.
                continue
            role = base(process)
            if role in self.refusals:
                # What one of a fleet refuses is nothing for the others.
                continue
            answer = self._hi1.send(process, document) if role in OVER_HI1 - told else None
            if answer is None:
                _put(self._paths.inbox(process), file, document)
                continue
            told.add(role)
            if answer.error is not None:
                self.refusals[role] = refusal_text(answer)
        return order

    def _receivers(self, roles: tuple[str, ...]) -> Iterator[str]:
        for role in roles:
            yield from collectors_of(self._paths.data) if role == COLLECTOR else (role,)

    def held_keys(self, order: CourtOrder) -> tuple[bytes, ...]:
        """R-041: the data keys of what the collector holds of a lapsed order, out of the boxes that only this court
        opens; the first key's last. Raises ConfigError when there is none, or one that this court does not open."""
        boxes = [
            box
            for collector in collectors_of(self._paths.data)
            for box in held_boxes(self._paths.data / collector / "keys", order.uid)
        ]
        if not boxes:
            raise ConfigError(f"Nothing of {order.order_id} is held: there is no key to release.")
        try:
            quarantine = serialization.load_pem_private_key(self.quarantine_key_path.read_bytes(), None)
            assert isinstance(quarantine, X25519PrivateKey), "we made it"
            return tuple(open_held(box.read_bytes(), quarantine) for box in boxes)
        except (DecodeError, OSError, ValueError) as error:
            raise ConfigError(f"The court's key does not open what is held of {order.order_id}: {error}.") from error

    def _former(self, order: CourtOrder) -> CourtDocument | None:
        """The last version before this one that had its papers: what came without was let in by nobody."""
        found = [
            one
            for one in self.documents()
            if one.order.order_id == order.order_id and one.order.version < order.version and not missing_in(one)
        ]
        return max(found, key=lambda one: one.order.version, default=None)

    def documents(self) -> Iterator[CourtDocument]:
        """Every document that was signed here, by name and version of the order."""
        public = self.public_key()
        found = sorted(
            (match.group(1), int(match.group(2)), path)
            for path in self._directory.glob("*.json")
            if (match := _VERSIONED.fullmatch(path.name))
        )
        for _, _, path in found:
            yield read_document(path.read_bytes(), public)

    def orders(self) -> Iterator[CourtOrder]:
        """Every version of every order that was signed here, by name and version."""
        return (document.order for document in self.documents())

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
    directory.mkdir(parents=True, exist_ok=True)
    temporary = directory / f".{file}.tmp"
    temporary.write_bytes(document)
    temporary.replace(directory / file)


def order_and_papers(fields: Mapping[str, Any]) -> tuple[CourtOrder, Papers | None]:
    """An order and its papers from plain values; an exigent use begins with the order, and a federal kind is federal,
    unless something else is said. Raises ValueError naming the field, or DocumentRefusedError."""
    given = {name: value for name, value in fields.items() if name != PAPERS}
    kind = str(given.get("kind", ""))
    if kind in _EXIGENT:
        given.setdefault("activated_at", given.get("start"))
    if kind == OrderKind.EXIGENT_EAV_FEDERAL:
        given.setdefault("jurisdiction", "FEDERAL")
    papers = fields.get(PAPERS)
    return order_from_fields(given), None if papers is None else papers_from_fields(papers)


def _completed(order: CourtOrder, former: CourtDocument | None) -> Papers:
    """The papers of the version before, or the lab's own; with an application for each extension, and with the
    emergency order as soon as it was issued and not before."""
    whole = lab_papers(order)
    awaited = order.kind.exigent and (order.exigent is None or order.exigent.order_issued_at_us is None)
    if former is None or former.papers is None:
        return replace(whole, order_paper=None) if awaited else whole
    known = former.papers
    return replace(
        known,
        order_paper=known.order_paper if awaited else known.order_paper or whole.order_paper,
        extensions=known.extensions + whole.extensions[len(known.extensions) :],
    )


def read_fields(path: Path) -> dict[str, Any]:
    """The fields of an order from a YAML or JSON file, its papers under `papers`. Raises `ConfigError`."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_YAML_CHARACTERS + 1).decode()
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}. Give a YAML or JSON file.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: give a YAML or JSON text file.") from error
    try:
        return fields_from_yaml(text)
    except DecodeError as error:
        raise ConfigError(f"{path} is neither YAML nor JSON of one order: {error.message}.") from error

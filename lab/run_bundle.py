"""A run as one file that others can play again: story, seed, what was delivered digest by digest, captures, versions.

    manifest.json      format, scenario, seed, versions, environment card, SHA-256 of every other member
    manifest.sig       Ed25519 over "calea-lab run bundle 1\\n" + manifest.json, by the key in signing.pub
    scenario.json      the story as it was played
    outcome.json       its checks
    account.json       what the run came to (`lab.comparison`)
    delivered.jsonl    a line a stored record: LIID, kind, form, octets, SHA-256; sorted
    captures/*.records the octets of what was delivered and kept whole, as they came, a file an interception; of a pen
                       register and of all that was refused the withheld octets are nowhere, and in no capture either

A plain tar. Whoever reads one trusts nothing in it: names, sizes and digests are checked before anything is used, and
nothing is unpacked. What a run keys with a secret of its own is no part of a digest: of a masked record the keyed
digest of its original, and a US call's number. What was refused has no octets to compare, only its counts and reasons.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from collector.rows import FORM_MASKED, FORM_RECEIVED
from collector.store.keys import Keys
from collector.store.reader import StoredRecord, StoreReader
from lab.bench.environment import environment_card
from lab.cli_verify import find_store
from lab.comparison import account_of
from lab.kernels import ROOT, kernel_names, missing_kernels
from lab.scenario.engine import OUTCOME, STORY
from lab.scenario.model import Scenario
from mediation.runtime.config import ConfigError, NotReadyError
from mediation.runtime.process import IntegrityError

FORMAT: Final = "calea-lab run bundle 1"
MAX_MEMBERS: Final = 1_000
MAX_OCTETS: Final = 4 << 30
MAX_TEXT_OCTETS: Final = 64 << 20
PACKAGES: Final = ("asn1", "mediation", "carrier_sim", "collector", "lab")
KEYED: Final = frozenset({"cin", "original_hmac"})
"""Of a masked record."""
_FORMS: Final = {FORM_RECEIVED: "received", FORM_MASKED: "masked"}
_MEMBER: Final = re.compile(r"(manifest\.(json|sig)|signing\.pub|(scenario|outcome|account)\.json|delivered\.jsonl)")
_CAPTURE: Final = re.compile(r"captures/[A-Za-z0-9._-]{1,64}\.records")

Delivered = Counter[str]
"""Lines of `delivered.jsonl`, and how often each is there."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """One that was read and whose digests and signature hold. `signer`: fingerprint of the key it came with."""

    manifest: Mapping[str, Any]
    scenario: Scenario
    account: Mapping[str, Any]
    delivered: Delivered
    signer: str


def write_bundle(data: Path, path: Path, date: str) -> dict[str, Any]:
    """Bundle the played run in `data`; the manifest. `date`: when, ISO 8601. Raises ConfigError for a directory that no
    scenario was played in, NotReadyError when the file cannot be written."""
    members = dict(_members(data))
    scenario = _scenario(members[STORY], data / STORY)
    keys = Keys(find_store(data).keys)
    public = keys.signing.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    manifest = {
        "format": FORMAT,
        "simulation": True,
        "scenario": scenario.id,
        "title": scenario.title,
        "seed": scenario.seed,
        "versions": versions(),
        "environment": environment_card(date, {name: name not in missing_kernels() for name in kernel_names()}),
        "sha256": {name: hashlib.sha256(octets).hexdigest() for name, octets in sorted(members.items())},
    }
    said = json.dumps(manifest, indent=2, sort_keys=True).encode()
    members |= {"manifest.json": said, "manifest.sig": keys.signing.sign(_signed(said)), "signing.pub": public}
    try:
        with tarfile.open(path, "x", format=tarfile.USTAR_FORMAT) as tar:
            for name in sorted(members):
                about = tarfile.TarInfo(name)
                about.size, about.mode = len(members[name]), 0o644
                tar.addfile(about, io.BytesIO(members[name]))
    except OSError as error:
        raise NotReadyError(f"Cannot write {path}: {error.strerror}. Give another --out.") from error
    return manifest


def read_bundle(path: Path) -> Bundle:
    """Raises ConfigError for what is no bundle, IntegrityError for one that was changed."""
    members = _read(path)
    for name in ("manifest.json", "manifest.sig", "signing.pub", STORY, "account.json", "delivered.jsonl"):
        if name not in members:
            raise ConfigError(f"{path} is no bundle of a run: it has no {name}.")
    try:
        key = serialization.load_pem_public_key(members["signing.pub"])
        if not isinstance(key, Ed25519PublicKey):
            raise IntegrityError(f"{path}: signing.pub is no Ed25519 key.")
        key.verify(members["manifest.sig"], _signed(members["manifest.json"]))
        manifest = json.loads(members["manifest.json"])
        wanted = dict(manifest["sha256"])
        if manifest["format"] != FORMAT:
            raise ConfigError(f"{path} is of another format than this lab reads: {FORMAT}.")
    except InvalidSignature as error:
        raise IntegrityError(f"{path}: the manifest is not what was signed.") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigError(f"{path} is no bundle of a run: its manifest cannot be read.") from error
    held = {name: hashlib.sha256(octets).hexdigest() for name, octets in members.items() if name in wanted}
    beside = members.keys() - wanted.keys() - {"manifest.json", "manifest.sig", "signing.pub"}
    if held != wanted or beside:
        odd = sorted({name for name in wanted if held.get(name) != wanted[name]} | beside)
        raise IntegrityError(f"{path}: {', '.join(odd[:5])} is not what the manifest says.")
    try:
        account = json.loads(members["account.json"])
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: its account cannot be read.") from error
    scenario = _scenario(members[STORY], path)
    lines = Counter(members["delivered.jsonl"].decode("utf-8", "replace").splitlines())
    return Bundle(manifest, scenario, account, lines, hashlib.sha256(members["signing.pub"]).hexdigest())


def delivered_of(data: Path) -> Delivered:
    """A line for each record that the run's store holds whole or masked, without its times and numbers of the run."""
    place = find_store(data)
    return Counter(
        _line(record)
        for record in StoreReader(place.store, Keys(place.keys)).records()
        if record.form in _FORMS and record.octets is not None
    )


def versions() -> dict[str, str]:
    """Of what was played with: the lab's own sources by their digest, and the packages they rest on."""
    sources = hashlib.sha256()
    for package in PACKAGES:
        for source in sorted((ROOT / package).rglob("*.py")):
            sources.update(source.relative_to(ROOT).as_posix().encode() + b"\0" + source.read_bytes())
    names = ("cryptography", "numpy", "aiohttp", "scapy", "pydantic", "SQLAlchemy")
    return {"calea-lab sources": sources.hexdigest(), **{name: metadata.version(name) for name in names}}


def _members(data: Path) -> Iterator[tuple[str, bytes]]:
    for name in (STORY, OUTCOME):
        try:
            yield name, (data / name).read_bytes()
        except OSError as error:
            raise ConfigError(f"No scenario was played to its end in {data}: {name} is not there.") from error
    yield "account.json", json.dumps(account_of(data), indent=2, sort_keys=True).encode()
    yield "delivered.jsonl", "".join(f"{line}\n" for line in sorted(delivered_of(data).elements())).encode()
    place = find_store(data)
    captures: dict[bytes, list[StoredRecord]] = {}
    for record in StoreReader(place.store, Keys(place.keys)).records():
        if record.form == FORM_RECEIVED and record.octets is not None:
            captures.setdefault(record.liid, []).append(record)
    for liid, records in sorted(captures.items()):
        # Arrival is a matter of the moment; by time and digest they are the same in every run.
        ordered = sorted(records, key=lambda one: (one.event_us, hashlib.sha256(one.octets or b"").digest()))
        name = re.sub(rb"[^A-Za-z0-9._-]", b"_", liid).decode()[:64]
        yield f"captures/{name}.records", b"".join(one.octets or b"" for one in ordered)


def _scenario(octets: bytes, path: Path) -> Scenario:
    try:
        return Scenario.model_validate_json(octets)
    except ValidationError as error:
        raise ConfigError(f"{path}: the scenario in it cannot be read by this version of the lab.") from error


def _line(record: StoredRecord) -> str:
    octets = record.octets or b""
    if record.form == FORM_MASKED:
        held = json.loads(octets)
        octets = json.dumps({name: held[name] for name in held.keys() - KEYED}, sort_keys=True).encode()
    told = {
        "liid": record.liid.decode("ascii", "replace"),
        "kind": record.kind,
        "form": _FORMS[record.form],
        "event_us": record.event_us,
        "octets": len(octets),
        "sha256": hashlib.sha256(octets).hexdigest(),
    }
    return json.dumps(told, sort_keys=True)


def _signed(manifest: bytes) -> bytes:
    return FORMAT.encode() + b"\n" + manifest


def _read(path: Path) -> dict[str, bytes]:
    """The members we know, by name. Raises ConfigError for anything else in the file."""
    members: dict[str, bytes] = {}
    left = MAX_OCTETS
    try:
        with tarfile.open(path, "r:") as tar:
            for about in tar:
                known = _MEMBER.fullmatch(about.name) or _CAPTURE.fullmatch(about.name)
                if not known or not about.isreg() or about.name in members or len(members) >= MAX_MEMBERS:
                    raise ConfigError(f"{path} is no bundle of a run: {about.name[:80]!r} has no place in one.")
                most = left if about.name.startswith("captures/") else MAX_TEXT_OCTETS
                if about.size > min(most, left):
                    raise ConfigError(f"{path}: {about.name} is larger than a bundle's may be.")
                left -= about.size
                held = tar.extractfile(about)
                members[about.name] = b"" if held is None else held.read(about.size)
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise ConfigError(f"Cannot read {path} as a bundle of a run: {error}.") from error
    return members

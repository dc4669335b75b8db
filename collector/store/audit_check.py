"""The check of an audit log: its chain, its tree, its checkpoints; all of it, or on from where it was verified before.

    look(directory, key, name)              everything, from the first octet
    look(directory, key, name, known)       on from `known`, which whoever looked before kept

Rules. Going on skips no octet: what was verified is held against its SHA-256, lines and checkpoints alike, and when it
is not that any more everything is checked from the start, so that whatever was done to it is found and named. `known`
ends at a signed entry, so no later checkpoint lies before it. It may be kept on disk only signed by the log's own key
(`sealed`, `opened`).
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from asn1.errors import DecodeError
from mediation.ledger.checkpoint import Trust, parse_note, verify_note
from mediation.ledger.kernel import CompactRange, leaf_hash

_NOTE_END: Final = re.compile(rb"\n\xe2\x80\x94 [^\n]+\n\n?")
_DOMAIN: Final = b"calea-lab audit verified so far\n"
MAX_KEPT_OCTETS: Final = 1 << 16
"""Of what `sealed` writes; it has a few thousand."""


class AuditReport(NamedTuple):
    """`faults` are sentences; empty when every line is under a signed checkpoint or behind the newest one."""

    entries: int
    signed_entries: int
    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.faults


class Known(NamedTuple):
    """How far a log was verified: `size` entries in `octets` octets of lines, all under the checkpoint of that size,
    which ends `note_octets` octets of notes; their digests; hash of the last line and the tree's peaks."""

    size: int
    octets: int
    digest: bytes
    note_octets: int
    note_digest: bytes
    previous: bytes
    peaks: tuple[bytes, ...]


NOTHING: Final = Known(0, 0, hashlib.sha256().digest(), 0, hashlib.sha256().digest(), bytes(32), ())


class Looked(NamedTuple):
    """`start` is what it went on from, `NOTHING` where everything was checked; `before` are the lines up to there,
    `lines` came behind. `known` is how far it may be kept; `tree`, `previous`, `octets` are of all whole lines,
    `note_octets` of all whole notes."""

    report: AuditReport
    start: Known
    before: memoryview
    lines: tuple[bytes, ...]
    known: Known
    tree: CompactRange
    previous: bytes
    octets: int
    note_octets: int


def look(directory: Path, public_key: Trust, name: str, known: Known = NOTHING, whole: bool = True) -> Looked:
    """With `whole` false, lines that no checkpoint covers yet are in order (a crash leaves them)."""
    path, notes_path = directory / "audit.jsonl", directory / "checkpoints.txt"
    if not path.exists():
        return Looked(AuditReport(0, 0, ()), NOTHING, memoryview(b""), (), NOTHING, CompactRange(), bytes(32), 0, 0)
    # In this order: what is appended in between is behind the notes, never missing under them.
    notes = notes_path.read_bytes() if notes_path.exists() else b""
    data = path.read_bytes()
    start = known if _is_still(known, data, notes) else NOTHING
    faults: list[str] = []
    signed = _notes(notes[start.note_octets :], public_key, faults, name)
    if any(size < start.size for size in signed):
        # Nothing of ours is signed so late; from the start it is found out what that is.
        start, faults = NOTHING, []
        signed = _notes(notes, public_key, faults, name)
    if start.size and signed.pop(start.size, root := _root(start)) != root:
        faults.append(f"the entries up to {start.size - 1} are not the signed ones")
    last = max(signed, default=start.size)
    reached = start
    tree, previous, offset = CompactRange(start.size, start.peaks), start.previous, start.octets
    lines = tuple(data[start.octets : data.rfind(b"\n") + 1].splitlines())
    note_octets = _whole_notes(notes, start.note_octets)
    for number, line in enumerate(lines, start=start.size):
        if not _continues(line, number, previous):
            faults.append(f"entry {number} does not continue the chain")
            break
        tree.append(leaf_hash(line))
        previous = hashlib.sha256(line).digest()
        offset += len(line) + 1
        if tree.size in signed:
            if signed.pop(tree.size) != tree.root():
                faults.append(f"the entries up to {number} are not the signed ones")
                break
            reached = reached._replace(size=tree.size)
            if tree.size == last:
                digests = hashlib.sha256(data[:offset]).digest(), hashlib.sha256(notes[:note_octets]).digest()
                reached = Known(tree.size, offset, digests[0], note_octets, digests[1], previous, tree.peaks())
    if signed and not faults:
        faults.append(f"{max(signed)} entries were signed, {tree.size} are there")
    if whole and not faults and reached.size != tree.size:
        faults.append(f"the entries behind {reached.size} are not signed")
    report = AuditReport(tree.size, reached.size, tuple(faults))
    sound = reached if not faults and reached.octets else start
    return Looked(report, start, memoryview(data)[: start.octets], lines, sound, tree, previous, offset, note_octets)


def tree_at(found: Looked, size: int) -> CompactRange:
    """The tree of the first `size` entries; of all, where there are not so many."""
    if size >= found.tree.size:
        return found.tree
    if size == 0:
        return CompactRange()
    start, lines = found.start, found.lines
    if size < start.size:
        start, lines = NOTHING, tuple(bytes(found.before).splitlines())
    tree = CompactRange(start.size, start.peaks)
    for line in lines[: size - start.size]:
        tree.append(leaf_hash(line))
    return tree


def _root(known: Known) -> bytes:
    return CompactRange(known.size, known.peaks).root()


def _is_still(known: Known, data: bytes, notes: bytes) -> bool:
    """Whether what was verified is what stands there."""
    return (
        len(data) >= known.octets
        and len(notes) >= known.note_octets
        and hashlib.sha256(memoryview(data)[: known.octets]).digest() == known.digest
        and hashlib.sha256(memoryview(notes)[: known.note_octets]).digest() == known.note_digest
    )


def _continues(line: bytes, number: int, previous: bytes) -> bool:
    try:
        entry = json.loads(line)
        return bool(entry["seq"] == number and entry["previous"] == previous.hex())
    except (ValueError, KeyError, TypeError):
        return False


def _whole_notes(notes: bytes, start: int) -> int:
    """Where the last whole checkpoint ends."""
    return max((one.end() for one in _NOTE_END.finditer(notes, start)), default=start)


def _notes(octets: bytes, public_key: Trust, faults: list[str], name: str) -> dict[int, bytes]:
    """Size to root of every checkpoint. A last note that is cut off is what a crash leaves."""
    text = octets.decode("utf-8", "replace")
    found: dict[int, bytes] = {}
    parts = text.split(f"{name}\n")[1:]
    for index, part in enumerate(parts):
        checkpoint = verify_note(note := f"{name}\n{part.rstrip()}\n", name, public_key)
        if checkpoint is None:
            if index == len(parts) - 1 and not parses(note):
                break
            faults.append(f"checkpoint {index} is not signed by this log's key")
            break
        found[checkpoint.size] = checkpoint.root
    return found


def parses(note: str) -> bool:
    try:
        parse_note(note)
    except DecodeError:
        return False
    return True


def sealed(known: Known, name: str, key: Ed25519PrivateKey) -> bytes:
    """`known` for the disk, signed by the log's key."""
    value: dict[str, Any] = {
        field: one.hex() if isinstance(one, bytes) else one
        for field, one in known._asdict().items()
        if field != "peaks"
    }
    body = json.dumps({"log": name, **value, "peaks": [one.hex() for one in known.peaks]}, sort_keys=True).encode()
    return json.dumps({"body": body.decode(), "signature": key.sign(_DOMAIN + body).hex()}).encode() + b"\n"


def opened(octets: bytes, name: str, key: Ed25519PublicKey) -> Known:
    """What `sealed` wrote; NOTHING for whatever is not that, since then everything is checked."""
    try:
        value = json.loads(octets)
        body = value["body"].encode()
        key.verify(bytes.fromhex(value["signature"]), _DOMAIN + body)
        said = json.loads(body)
        if said.pop("log") != name:
            return NOTHING
        return Known(
            int(said["size"]), int(said["octets"]), bytes.fromhex(said["digest"]), int(said["note_octets"]),
            bytes.fromhex(said["note_digest"]), bytes.fromhex(said["previous"]),
            tuple(bytes.fromhex(one) for one in said["peaks"]),
        )  # fmt: skip
    except (InvalidSignature, DecodeError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return NOTHING

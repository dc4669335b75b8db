"""A witness: somebody else who remembers the newest checkpoint of a ledger and signs only what grew out of it.

Forms of C2SP tlog-witness and tlog-cosignature (third-party reading). A submission:

    old <size>\\n[<base64 node>\\n …]\\n<signed note of the ledger>

and the answer is one more signature line for the note: key id (first four octets of SHA-256(name || 0x0A || 0x04 ||
public key)), time in seconds since 1970 as eight octets, Ed25519 over `cosignature/v1\\ntime <seconds>\\n<note body>`.

Rules. A witness signs a checkpoint once it is signed by the ledger's key and proven to continue the one it remembers;
what it remembers only grows. A submission that starts from another size is answered with the right one (409), a proof
that does not hold with 422, a stranger's signature with 403: the last two are what a witness is there to see. Pure.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from asn1.errors import DecodeError
from mediation.ledger.checkpoint import Checkpoint, Trust, parse_note, verify_note
from mediation.ledger.epochs import LedgerState
from mediation.ledger.kernel import CompactRange
from mediation.ledger.proofs import verify_consistency

MAX_SUBMISSION_OCTETS: Final = 16 * 1024
MAX_NODES: Final = 63
"""Of a consistency proof: C2SP's bound, and more than a tree of 2^62 leaves needs."""
_COSIGNATURE: Final = b"\x04"
_DASH: Final = "— "

NOTHING: Final = LedgerState(0, CompactRange().root())


class Submission(NamedTuple):
    """`nodes` prove that the tree of the note continues the one of `old_size`."""

    old_size: int
    nodes: tuple[bytes, ...]
    note: str


class Judgement(NamedTuple):
    """`status` as HTTP has it: 200 with what is remembered from now on; 409 with what is remembered; 403, 422."""

    status: int
    state: LedgerState
    why: str = ""


def format_submission(old_size: int, nodes: Sequence[bytes], note: str) -> bytes:
    lines = [f"old {old_size}", *(base64.b64encode(node).decode() for node in nodes)]
    return ("\n".join(lines) + "\n\n" + note).encode()


def parse_submission(octets: bytes) -> Submission:
    """Raises DecodeError."""
    if len(octets) > MAX_SUBMISSION_OCTETS:
        raise DecodeError(DecodeError.OVERSIZED, f"a submission has at most {MAX_SUBMISSION_OCTETS} octets")
    try:
        head, gap, note = octets.decode("utf-8").partition("\n\n")
        first, *nodes = head.split("\n")
        old = first.removeprefix("old ")
        if not gap or first == old or not (old.isascii() and old.isdigit()) or len(old) > 19 or len(nodes) > MAX_NODES:
            raise DecodeError(DecodeError.BAD_VALUE, "not the submission of a checkpoint")
        proof = tuple(base64.b64decode(node, validate=True) for node in nodes)
    except (UnicodeError, binascii.Error) as error:
        raise DecodeError(DecodeError.BAD_VALUE, "not the submission of a checkpoint") from error
    if any(len(node) != 32 for node in proof):
        raise DecodeError(DecodeError.BAD_VALUE, "a node of a proof has 32 octets")
    return Submission(int(old), proof, note)


def judge(remembered: LedgerState, submission: Submission, origin: str, trust: Trust) -> Judgement:
    """Whether the checkpoint may be signed, and what is remembered then."""
    checkpoint = verify_note(submission.note, origin, trust)
    if checkpoint is None or checkpoint.origin != origin:
        return Judgement(403, remembered, "the checkpoint is not signed by this ledger's key")
    if submission.old_size != remembered.size:
        return Judgement(409, remembered, f"the newest checkpoint seen here is of {remembered.size} entries")
    if checkpoint.size < remembered.size:
        return Judgement(422, remembered, "the ledger was shortened")
    if not verify_consistency(remembered.size, remembered.root, checkpoint.size, checkpoint.root, submission.nodes):
        return Judgement(422, remembered, "the ledger does not continue the one seen before")
    return Judgement(200, LedgerState(checkpoint.size, checkpoint.root))


def cosign(name: str, key: Ed25519PrivateKey, note: str, time_s: int) -> str:
    """One signature line for `note`. Raises DecodeError for what is no note."""
    body = parse_note(note).checkpoint.body()
    blob = (
        cosigner_id(name, key.public_key().public_bytes_raw())
        + time_s.to_bytes(8, "big")
        + key.sign(_message(body, time_s))
    )
    return f"{_DASH}{name} {base64.b64encode(blob).decode()}\n"


class Cosigned(NamedTuple):
    """What a witness signed, and when it did, in seconds since 1970 UTC by its own clock."""

    checkpoint: Checkpoint
    time_s: int


def verify_cosigned(note: str | bytes, name: str, public_key: Ed25519PublicKey) -> Cosigned | None:
    """What the witness `name` signed of a note; None when it did not, or the note is malformed."""
    try:
        signed = parse_note(note)
    except DecodeError:
        return None
    hint = cosigner_id(name, public_key.public_bytes_raw())
    for signature in signed.signatures:
        if signature.name != name or signature.key_id != hint or len(signature.octets) != 72:
            continue
        time_s = int.from_bytes(signature.octets[:8], "big")
        try:
            public_key.verify(signature.octets[8:], _message(signed.checkpoint.body(), time_s))
        except InvalidSignature:
            continue
        return Cosigned(signed.checkpoint, time_s)
    return None


def cosigner_id(name: str, public_key: bytes) -> bytes:
    """Four octets that hint at a witness's key; `public_key` is the raw 32 octets."""
    return hashlib.sha256(name.encode() + b"\n" + _COSIGNATURE + public_key).digest()[:4]


def _message(body: str, time_s: int) -> bytes:
    return f"cosignature/v1\ntime {time_s}\n{body}".encode()

"""What a signer signs, and what has to hold for it. Pure; whatever is asked for may be hostile.

Checkpoints of a ledger that only grows: no shorter tree, no two roots for one size. One state may be taken back: the
newest, by who connects anew, for a collector that crashed between a signature and its disk does not have what it asked
to sign. A state is confirmed, and never taken back, once a larger one is asked for on top of it: the writer begins a
unit only when the one before is on disk.

Manifests of sealed copies and evidence bundles, that say of themselves what they are and speak of a state which
this signer has signed. The root of the epochs, once, if it is the one that the signer's own operator put beside the
key. The next epoch, if that root certifies it and it begins at the states that were signed last. Nothing else, so that
a signature which was had for one purpose is of no use for another.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from asn1.errors import DecodeError, RefusedError
from mediation.ledger.epochs import Epoch, KeyHistory, LedgerState, read_certificate
from mediation.ledger.kernel import EMPTY_ROOT

FORMS: Final = ("calea-lab evidence 1", "calea-lab sealed copy 1")
"""First lines of what may be signed as a manifest: those of `export.bundle_check` and `export.sealed`."""
MAX_NAME: Final = 200
_NOTHING: Final = LedgerState(0, EMPTY_ROOT)


class Signed(NamedTuple):
    """Of one ledger. `pending` is the newest state that was signed; `taken_back` how often one was given up."""

    confirmed: LedgerState = _NOTHING
    pending: LedgerState = _NOTHING
    taken_back: int = 0


def judge(signed: Signed, asked: LedgerState, fresh: bool) -> Signed:
    """What is remembered once `asked` is signed; `fresh`: it is the first that its connection asks for. Raises
    RefusedError."""
    if asked == signed.pending:
        return signed
    if asked.size > signed.pending.size:
        return Signed(signed.pending, asked, signed.taken_back)
    confirmed = signed.confirmed
    if fresh and (asked.size > confirmed.size or asked == confirmed):
        return Signed(confirmed, asked, signed.taken_back + 1)
    if asked.size == signed.pending.size:
        raise RefusedError(f"another root was signed for {asked.size} entries: nobody gets two for one size")
    raise RefusedError(f"{signed.pending.size} entries were signed, and {asked.size} are fewer: a ledger only grows")


class Manifest(NamedTuple):
    """What goes on record of one."""

    form: str
    order: str
    by: str
    size: int


def read_manifest(octets: bytes, signed: Mapping[str, Signed]) -> Manifest:
    """A manifest that may be signed; `octets`: its form, LF, the manifest. Raises RefusedError."""
    line, _, body = octets.partition(b"\n")
    form = line.decode("utf-8", "replace")
    if form not in FORMS:
        raise RefusedError("this is no manifest of a form that is signed here")
    try:
        said = json.loads(body)
        ledger, size = said["ledger"], said["ledger"]["size"]
        origin, root = str(ledger["origin"]), ledger.get("root")
        order, by = str(said["order"]), str(said.get("made_by") or said["sealed_by"])
        whole = said["simulation"] is True and said["format"] == form and type(size) is int
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedError(f"the manifest cannot be read: {type(error).__name__}") from error
    if not whole or body != canonical(said):
        raise RefusedError("the manifest is not in its one form")
    if not 0 < len(order) <= MAX_NAME or not 0 < len(by) <= MAX_NAME:
        raise RefusedError("a manifest says whose records it is about, and who made it")
    known = signed.get(origin, Signed())
    if not 0 < size <= known.pending.size:
        raise RefusedError(f"the manifest speaks of {size} records of {origin}; {known.pending.size} were signed")
    for state in (known.pending, known.confirmed):
        if root is not None and state.size == size and state.root.hex() != root:
            raise RefusedError(f"the manifest speaks of another tree of {size} records than the one that was signed")
    return Manifest(form, order, by, size)


def canonical(value: Any) -> bytes:  # noqa: ANN401  whatever JSON holds
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def judge_root(note: str, key: Ed25519PublicKey, root: Ed25519PublicKey | None, epochs: Collection[str]) -> Epoch:
    """The first certificate, before its own key signed it. Raises RefusedError, DecodeError."""
    epoch = read_certificate(note, unnamed=True)
    if epochs:
        raise RefusedError("the root of this key was named before, and for good")
    if root is None or epoch.root_key != root.public_bytes_raw():
        raise RefusedError(
            "this is not the root that the signer's operator put beside the key: put its public key there as root.pub"
        )
    if epoch.number != 1 or epoch.public_key != key.public_bytes_raw():
        raise RefusedError("the first certificate is of another key than this signer's")
    if any(state != _NOTHING for _, state in epoch.ledgers):
        raise RefusedError("the first key signed from the beginning on: its epoch begins with nothing")
    return epoch


def judge_epoch(
    note: str,
    epochs: Sequence[str],
    identity: Ed25519PublicKey,
    following: Ed25519PublicKey | None,
    signed: Mapping[str, Signed],
) -> Epoch:
    """The certificate of the epoch that begins now. `following`: the next key, where one was made; `signed`: the
    ledgers that this signer has signed. Raises RefusedError, DecodeError."""
    epoch = read_certificate(note)
    if epoch.number != len(epochs) + 1:
        raise RefusedError(
            f"epoch {epoch.number} does not follow the {len(epochs)} that this signer knows: give it the collector's "
            "signing.pub and epochs"
        )
    KeyHistory.of([*epochs, note], identity)
    if epoch.number == 1:
        return epoch
    if following is None or epoch.public_key != following.public_bytes_raw():
        raise RefusedError("the certificate is of another key than the next one that this signer made")
    for origin, known in signed.items():
        if epoch.state(origin) != known.pending:
            raise RefusedError(
                f"{origin} was signed last at {known.pending.size} entries, and the epoch begins elsewhere: start the "
                "collector once and stop it, then try again"
            )
    return epoch


def certificate_of(epochs: Sequence[str], number: str) -> str:
    """The certificate of that epoch; empty when there is none. Raises DecodeError for what is no number."""
    if not (number.isascii() and number.isdigit() and len(number) <= 4):
        raise DecodeError(DecodeError.BAD_VALUE, "not the number of an epoch")
    return epochs[int(number) - 1] if 0 < int(number) <= len(epochs) else ""

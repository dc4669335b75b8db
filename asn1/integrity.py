"""Integrity checks of TS 102 232-1 clause 7.2.3: what is digested, what is signed, and both halves of the work. Pure.

A chain is one (LIID, CIN, IRI or CC). The sender takes its records in order, says their digest in a hash TRI after so
many or so long, and signs over several hash TRIs. Where the clause's prose was not read there is a choice, in
`IntegrityProfile`, and its default is what OpenLI does: the digest is over whole PS-PDUs, one behind the other. What is
signed is "openli": the TRI's own octets with the numbers of the hash TRIs and no value, which binds no data; or
"hashes", the same with the hash values in it, under LIID and CIN (our own, assumed; the default). TRIs of a chain are
numbered on their own, hashes and signatures apart, from 1.

SHA-1 and DSA are read and never written. Nothing here decides what becomes of a record: `Checker` gives findings.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final, Literal, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPublicKey
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey, Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm

from asn1 import tlv
from asn1.errors import DecodeError, LocalError
from asn1.ps_tables import TRI_PAYLOAD
from asn1.table import encode

HASHES: Final = {"sHA-1": "sha1", "sHA-256": "sha256", "sHA-384": "sha384", "sHA-512": "sha512"}
"""HashAlgorithm by its name in hashlib."""
WRITTEN_HASHES: Final = ("sHA-256", "sHA-384", "sHA-512")
_SIGNED_WITH: Final[dict[str, type[HashAlgorithm]]] = {
    "sHA-1": SHA1, "sHA-256": SHA256, "sHA-384": SHA384, "sHA-512": SHA512,
}  # fmt: skip

Scope = Literal["pdu", "payload"]
SigningInput = Literal["hashes", "openli"]
PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey | Ed448PrivateKey
PublicKey = EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey | DSAPublicKey

MAX_RECORDS: Final = 65_535
"""Records in one hash, and hashes in one signature: what one record can list."""


class IntegrityProfile(NamedTuple):
    """`scope`: "pdu" the whole PS-PDU as sent, "payload" its payload element alone. `plain`: of an encrypted record,
    the form with encryptionType none, before ciphering, as OpenLI has it, instead of the one that is sent.
    `hash_algorithm` is also what ECDSA digests with. `signing`: see above."""

    scope: Scope = "pdu"
    plain: bool = True
    hash_algorithm: str = "sHA-256"
    signing: SigningInput = "hashes"
    named: bool = True
    """Whether a check says its algorithm; module versions before the field do not (both ends then know it)."""
    flags: bool = False
    """Whether segment flags are digested too, among the records that they bracket; a hash lists each by its number,
    which is that of its record, so that a number comes twice or three times. OpenLI does so."""


class Chain(NamedTuple):
    """`kind`: 0 IRI, 1 CC. `cin` -1 for none."""

    liid: bytes
    cin: int
    kind: int

    @property
    def data_type(self) -> str:
        return "iRI" if self.kind == 0 else "cC"


def digested(record: bytes, scope: Scope) -> bytes:
    """What of a record goes into the digest. Raises DecodeError."""
    if scope == "pdu":
        return record
    whole = tlv.read_tlv(record, 0, len(record))
    payload = next((one for one in tlv.children(record, whole) if one.number == 2), None)
    if payload is None:
        raise DecodeError(DecodeError.MISSING_FIELD, "a record without a payload")
    return record[payload.start : payload.end]


def signed_octets(
    chain: Chain, numbers: list[int], values: list[bytes], algorithm: str | None, signing: SigningInput
) -> bytes:
    """What a signature is made over: `numbers` and `values` of the hash TRIs, in their order."""
    check: dict[str, Any] = {
        "includedSequenceNumbers": numbers,
        "checkType": "signature",
        "dataType": chain.data_type,
        "checkValue": b"".join(values) if signing == "hashes" else b"",
    }
    if algorithm is not None:
        check["signatureAlgorithm"] = algorithm
    octets = encode(TRI_PAYLOAD, ("integrityCheck", check))
    if signing == "openli":
        return octets
    return bytes((len(chain.liid),)) + chain.liid + chain.cin.to_bytes(8, "big", signed=True) + octets


def signature_algorithm(key: PrivateKey) -> str:
    return "eCDSA" if isinstance(key, EllipticCurvePrivateKey) else "edDSA"


def sign(key: PrivateKey, octets: bytes, hash_algorithm: str) -> bytes:
    if isinstance(key, EllipticCurvePrivateKey):
        return key.sign(octets, ECDSA(_SIGNED_WITH[hash_algorithm]()))
    return key.sign(octets)


def verify(key: PublicKey, signature: bytes, octets: bytes, algorithm: str | None, hash_algorithm: str) -> bool:
    """Whether the signature is this key's. An algorithm that is another kind of key than this one is not."""
    kinds = {"eCDSA": EllipticCurvePublicKey, "edDSA": (Ed25519PublicKey, Ed448PublicKey), "dSA": DSAPublicKey}
    wanted = kinds.get(algorithm) if algorithm is not None else object
    if wanted is None or not isinstance(key, wanted):  # type: ignore[arg-type]  # a class or a tuple of them
        return False
    digest = _SIGNED_WITH[hash_algorithm]()
    try:
        if isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, octets, ECDSA(digest))
        elif isinstance(key, DSAPublicKey):
            key.verify(signature, octets, digest)
        else:
            key.verify(signature, octets)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


class Check(NamedTuple):
    """An IntegrityCheck TRI to send: its own number, and its value."""

    number: int
    value: dict[str, Any]


class ChainWriter:
    """The sender's half of one chain. Times are microseconds of any clock that only goes forward."""

    def __init__(self, chain: Chain, profile: IntegrityProfile, key: PrivateKey | None = None) -> None:
        if profile.hash_algorithm not in WRITTEN_HASHES:
            raise LocalError(f"{profile.hash_algorithm} is read only; write one of {', '.join(WRITTEN_HASHES)}.")
        self.chain = chain
        self._profile = profile
        self._key = key
        self._digest = hashlib.new(HASHES[profile.hash_algorithm])
        self._included: list[int] = []
        self._hashes: list[tuple[int, bytes]] = []
        self._hash_number = self._signature_number = 0
        self.since_us: int | None = None
        """Of the oldest record that no hash has; None when every one has."""
        self.unsigned_since_us: int | None = None

    @property
    def records(self) -> int:
        """Records that no hash has yet."""
        return len(self._included)

    @property
    def hashes(self) -> int:
        """Hashes that no signature has yet."""
        return len(self._hashes)

    def record(self, number: int, octets: bytes, now_us: int) -> None:
        """A data record, or a segment flag where flags are digested, in the form that is digested."""
        self._digest.update(digested(octets, self._profile.scope))
        self._included.append(number)
        if self.since_us is None:
            self.since_us = now_us

    def hash(self, now_us: int) -> Check | None:
        """The hash TRI over what came since the last; None for nothing."""
        if not self._included:
            return None
        self._hash_number = self._hash_number % 0xFFFFFFFF + 1
        value = self._digest.digest()
        check: dict[str, Any] = {
            "includedSequenceNumbers": self._included,
            "checkType": "hash",
            "dataType": self.chain.data_type,
            "checkValue": value,
        }
        if self._profile.named:
            check["hashAlgorithm"] = self._profile.hash_algorithm
        self._digest, self._included, self.since_us = hashlib.new(HASHES[self._profile.hash_algorithm]), [], None
        if self._key is not None:
            self._hashes.append((self._hash_number, value))
            if self.unsigned_since_us is None:
                self.unsigned_since_us = now_us
        return Check(self._hash_number, check)

    def signature(self) -> Check | None:
        """The signature TRI over the hashes since the last; None for none, or without a key."""
        if not self._hashes or self._key is None:
            return None
        self._signature_number = self._signature_number % 0xFFFFFFFF + 1
        numbers, values = [number for number, _ in self._hashes], [value for _, value in self._hashes]
        algorithm = signature_algorithm(self._key) if self._profile.named else None
        octets = signed_octets(self.chain, numbers, values, algorithm, self._profile.signing)
        check: dict[str, Any] = {
            "includedSequenceNumbers": numbers,
            "checkType": "signature",
            "dataType": self.chain.data_type,
            "checkValue": sign(self._key, octets, self._profile.hash_algorithm),
        }
        if algorithm is not None:
            check["signatureAlgorithm"] = algorithm
        self._hashes, self.unsigned_since_us = [], None
        return Check(self._signature_number, check)

"""The encryption container of TS 102 232-1: AES in CBC mode around an EncryptedPayload, both directions. Pure.

What is not told by the record is agreed between the two ends and stands in a `Profile`: algorithm, where the
initialisation vector comes from, how the last block is filled. `nl` is the Dutch profile as OpenLI has it (a third
party's practice): AES-192, the sequence number four times as the vector, zero octets as padding. Its vectors come
again (IRI and CC of one LIID count alike, and so does every communication); `iv` "prefix", a fresh vector in front of
the ciphertext, has not that weakness and is our own assumption. CBC proves nothing: who changes ciphertext changes
plaintext. What proves is the integrity check, and its digest is taken over `plain_form` (`asn1.integrity`).

A container of encryptionType none is read like any other. Of what cannot be deciphered nothing is handed out.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final, Literal, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from asn1 import tlv
from asn1.errors import DecodeError, LocalError
from asn1.ps_pdu import PsHeader, PsPdu, encode_encrypted_payload, encode_ps_pdu
from asn1.ps_tables import ENCRYPTED_PAYLOAD
from asn1.table import Value, decode

BLOCK_OCTETS: Final = 16
NONE: Final = "none"
KEY_OCTETS: Final = {"aES-192-CBC": 24, "aES-256-CBC": 32}
"""The algorithms that are ciphered and deciphered here, by the standard's name, and their key lengths."""
NO_KEY: Final = "NO_KEY"
WRONG_KEY: Final = "WRONG_KEY"
NO_ALGORITHM: Final = "NO_ALGORITHM"

Iv = Literal["sequence", "prefix"]
Padding = Literal["zero", "pkcs7"]


class Profile(NamedTuple):
    """What both ends have agreed. `iv`: "sequence" the header's sequence number, 32 bit big endian, four times;
    "prefix" the first block of encryptedPayload. `padding`: "zero" up to the next whole block, none where it is whole;
    "pkcs7" as RFC 5652 6.3 has it."""

    algorithm: str = "aES-192-CBC"
    iv: Iv = "sequence"
    padding: Padding = "zero"


PROFILES: Final = {
    "nl": Profile("aES-192-CBC", "sequence", "zero"),
    "lab-256": Profile("aES-256-CBC", "prefix", "pkcs7"),
}
"""`nl`: read in OpenLI, which ties it to the Dutch profile. `lab-256`: our own."""


class Deciphered(NamedTuple):
    """`octets`: the PS-PDU as it would have been sent without a container, its header as received; `plain_form`: the
    one received, with encryptionType none, before ciphering; `byte_counter` as the sender counts."""

    octets: bytes
    plain_form: bytes
    byte_counter: int


class UndecipherableError(DecodeError):
    """A container that stays closed. `why` is NO_KEY, WRONG_KEY or NO_ALGORITHM, for counting."""

    def __init__(self, why: str, message: str) -> None:
        super().__init__(DecodeError.BAD_VALUE, message, 0, "payload.encryptionContainer")
        self.why = why


def check_key(profile: Profile, key: bytes) -> bytes:
    """The key, where its length is the algorithm's. Raises LocalError, which does not show it."""
    wanted = KEY_OCTETS.get(profile.algorithm)
    if wanted is None:
        raise LocalError(f"{profile.algorithm} is not ciphered here; choose one of {', '.join(KEY_OCTETS)}.")
    if len(key) != wanted:
        raise LocalError(f"A key for {profile.algorithm} has {wanted} octets, and this one {len(key)}: give another.")
    return key


class Sealed(NamedTuple):
    """A record to send, and what a digest over it is taken of."""

    octets: bytes
    plain_form: bytes


def encrypt(
    header: PsHeader,
    payload: tuple[str, Value],
    profile: Profile,
    key: bytes,
    byte_counter: int,
    payload_type: str | None = None,
    fresh: bytes = b"",
) -> Sealed:
    """One record with its payload ciphered. `fresh`: 16 octets from a random source, for a profile with prefix.
    Raises EncodeError, LocalError."""
    plain = _padded(encode_encrypted_payload(byte_counter, payload), profile)
    vector = _vector(profile, header.sequence_number, fresh)
    encryptor = Cipher(AES(check_key(profile, key)), CBC(vector)).encryptor()
    ciphered = encryptor.update(plain) + encryptor.finalize()
    if profile.iv == "prefix":
        ciphered = vector + ciphered

    def container(kind: str, octets: bytes) -> bytes:
        value: dict[str, Any] = {"encryptionType": kind, "encryptedPayload": octets}
        if payload_type is not None:
            value["encryptedPayloadType"] = payload_type
        return encode_ps_pdu(header, ("encryptionContainer", value))

    return Sealed(container(profile.algorithm, ciphered), container(NONE, plain))


def decipher(pdu: PsPdu, profile: Profile, key: bytes | None) -> Deciphered:
    """What a record with an encryption container holds. Raises UndecipherableError; a container in a container, and
    plaintext that is not one EncryptedPayload and its padding, are taken for a wrong key."""
    name, value = pdu.payload
    if name != "encryptionContainer":
        raise LocalError("the record has no encryption container")
    kind, octets = value["encryptionType"], value["encryptedPayload"]
    if kind == NONE:
        plain = octets
    elif kind != profile.algorithm:
        raise UndecipherableError(NO_ALGORITHM, f"{kind} is not what was agreed for this link ({profile.algorithm})")
    elif key is None:
        raise UndecipherableError(NO_KEY, "no key is configured for this LIID")
    else:
        plain = _open(pdu.header.sequence_number, octets, profile, key)
    try:
        element = tlv.read_tlv(plain, 0, len(plain))
        counter, content = _encrypted_payload(plain, element)
        if kind != NONE or any(plain[element.end :]):
            _check_padding(plain[element.end :], profile.padding)
        elif len(plain) - element.end >= BLOCK_OCTETS:
            raise DecodeError(DecodeError.BAD_LENGTH, "more behind the payload than fills a block")
    except DecodeError as error:
        raise UndecipherableError(WRONG_KEY, "what came out is no payload: another key, or octets changed") from error
    header = _header_octets(pdu.octets)
    inner = header + tlv.encode_tlv(tlv.CONTEXT, True, 2, content)
    whole = tlv.encode_tlv(tlv.UNIVERSAL, True, 16, inner)
    form = pdu.octets if kind == NONE else _with_type_none(pdu, header, plain)
    return Deciphered(whole, form, counter)


class ByteCounter:
    """byteCounter of one sequence of records: the first is the unix second shifted left 32 bits, each further one the
    sum of the last and the size of the record before. `size()` is annex G's, which nobody here has read: the whole
    record in its encryptionType none form, as OpenLI counts, its low 32 bits without carry (assumed)."""

    def __init__(self, second: int) -> None:
        self._high = (second & 0xFFFFFFFF) << 32
        self._low = 0

    @property
    def next(self) -> int:
        return self._high | self._low

    def sent(self, plain_octets: int) -> None:
        self._low = self._low + plain_octets & 0xFFFFFFFF

    def received(self, counter: int, plain_octets: int) -> bool:
        """Whether a received record says what was expected; goes on from what it said."""
        as_expected = counter == self.next
        self._high, self._low = counter & ~0xFFFFFFFF, counter & 0xFFFFFFFF
        self.sent(plain_octets)
        return as_expected


def key_id(key: bytes) -> str:
    """Eight hexadecimal digits that name a key in a log without telling anything about it."""
    return hashlib.sha256(b"calea-lab handover key\n" + key).hexdigest()[:8]


def _vector(profile: Profile, number: int, fresh: bytes) -> bytes:
    if profile.iv == "sequence":
        return (number & 0xFFFFFFFF).to_bytes(4, "big") * 4
    if len(fresh) != BLOCK_OCTETS:
        raise LocalError(f"this profile wants {BLOCK_OCTETS} fresh octets for each record")
    return fresh


def _padded(plain: bytes, profile: Profile) -> bytes:
    if profile.padding == "zero":
        return plain + bytes(-len(plain) % BLOCK_OCTETS)
    count = BLOCK_OCTETS - len(plain) % BLOCK_OCTETS
    return plain + bytes((count,)) * count


def _open(number: int, octets: bytes, profile: Profile, key: bytes) -> bytes:
    check_key(profile, key)
    if profile.iv == "prefix":
        vector, octets = octets[:BLOCK_OCTETS], octets[BLOCK_OCTETS:]
    else:
        vector = _vector(profile, number, b"")
    if not octets or len(octets) % BLOCK_OCTETS or len(vector) != BLOCK_OCTETS:
        raise UndecipherableError(WRONG_KEY, "the ciphertext is not a number of whole blocks")
    decryptor = Cipher(AES(key), CBC(vector)).decryptor()
    return decryptor.update(octets) + decryptor.finalize()


def _check_padding(padding: bytes, how: Padding) -> None:
    """One answer for every fault, so that padding tells a prober nothing that a wrong key would not."""
    pkcs7 = how == "pkcs7"
    wanted = bytes((len(padding) if pkcs7 else 0,)) * len(padding) if len(padding) <= BLOCK_OCTETS else b""
    if padding != wanted or not int(pkcs7) <= len(padding) <= BLOCK_OCTETS:
        raise DecodeError(DecodeError.BAD_VALUE, "padding")


def _encrypted_payload(plain: bytes, element: tlv.Tlv) -> tuple[int, bytes]:
    """byteCounter, and the octets of the payload inside its tag."""
    value = decode(ENCRYPTED_PAYLOAD, plain[: element.end])
    if value["payload"][0] == "encryptionContainer":
        raise DecodeError(DecodeError.BAD_VALUE, "a container in a container")
    payload = next(one for one in tlv.children(plain, element) if one.tag_class == tlv.CONTEXT and one.number == 1)
    return value["byteCounter"], plain[payload.content : payload.content_end]


def _header_octets(record: bytes) -> bytes:
    whole = tlv.read_tlv(record, 0, len(record))
    first = next(tlv.children(record, whole))
    return record[first.start : first.end]


def _with_type_none(pdu: PsPdu, header: bytes, plain: bytes) -> bytes:
    """The record as it was before ciphering. Where nothing but two contents differ they are put in place, so that
    lengths stay as the sender wrote them, which need not be as short as ours."""
    record = pdu.octets
    body = tlv.read_tlv(record, 0, len(record))
    payload = list(tlv.children(record, body))[1]
    container = next(tlv.children(record, payload))
    found = {one.number: one for one in tlv.children(record, container) if one.tag_class == tlv.CONTEXT}
    kind, octets = found[0], found[1]
    if not octets.constructed and octets.content_end - octets.content == len(plain):
        out = bytearray(record)
        out[kind.content : kind.content_end] = (1).to_bytes(kind.content_end - kind.content, "big")
        out[octets.content : octets.content_end] = plain
        return bytes(out)
    value = {**pdu.payload[1], "encryptionType": NONE, "encryptedPayload": plain}
    made = encode_ps_pdu(pdu.header, ("encryptionContainer", value))
    outer = tlv.read_tlv(made, 0, len(made))
    rest = list(tlv.children(made, outer))[1]
    return tlv.encode_tlv(tlv.UNIVERSAL, True, 16, header + made[rest.start : rest.end])

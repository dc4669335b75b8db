"""The encryption container: both directions, the form a digest is taken of, and what a prober learns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn1.encryption import (
    NO_ALGORITHM,
    NO_KEY,
    PROFILES,
    WRONG_KEY,
    ByteCounter,
    Profile,
    UndecipherableError,
    check_key,
    decipher,
    encrypt,
    key_id,
)
from asn1.errors import DecodeError, LocalError
from asn1.ip import ipcc
from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu, encode_ps_pdu

T0 = 1_750_000_000_000_000
HEADER = PsHeader(liid=b"LAB-1", operator_id=b"OP", cin=1, sequence_number=7, time_us=T0)
PAYLOAD = ("cCPayloadSequence", [{"payloadDirection": "toTarget", "cCContents": ipcc(b"E" * 50)}])
KEYS = {"aES-192-CBC": bytes(range(24)), "aES-256-CBC": bytes(range(32))}
FRESH = bytes(range(100, 116))
EVERY = [Profile(name, iv, padding) for name in KEYS for iv in ("sequence", "prefix") for padding in ("zero", "pkcs7")]


def sealed(profile: Profile, payload: tuple[str, object] = PAYLOAD) -> bytes:
    key = KEYS[profile.algorithm]
    return encrypt(HEADER, payload, profile, key, T0 // 1_000_000 << 32, "part3", FRESH).octets


@pytest.mark.parametrize("profile", EVERY)
def test_what_is_ciphered_comes_back_as_the_record_without_a_container(profile: Profile) -> None:
    key = KEYS[profile.algorithm]
    made = encrypt(HEADER, PAYLOAD, profile, key, T0 // 1_000_000 << 32, "part3", FRESH)
    assert b"E" * 50 not in made.octets and b"E" * 50 in made.plain_form
    found = decipher(decode_ps_pdu(made.octets), profile, key)
    assert found.octets == encode_ps_pdu(HEADER, PAYLOAD)
    assert found.byte_counter == T0 // 1_000_000 << 32
    assert found.plain_form == made.plain_form
    assert decode_ps_pdu(made.plain_form).payload[1]["encryptionType"] == "none"
    assert decipher(decode_ps_pdu(made.plain_form), profile, None) == found._replace(plain_form=made.plain_form)


def test_the_dutch_profile_is_aes_192_with_the_number_four_times_and_zeros() -> None:
    """The third party's reading, octet by octet: an independent CBC over single blocks."""
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import ECB

    profile, key = PROFILES["nl"], KEYS["aES-192-CBC"]
    pdu = decode_ps_pdu(sealed(profile))
    assert pdu.payload[1]["encryptionType"] == "aES-192-CBC"
    block, ciphered = (7).to_bytes(4, "big") * 4, pdu.payload[1]["encryptedPayload"]
    plain = b""
    for at in range(0, len(ciphered), 16):
        opened = Cipher(AES(key), ECB()).decryptor().update(ciphered[at : at + 16])
        plain += bytes(a ^ b for a, b in zip(opened, block, strict=True))
        block = ciphered[at : at + 16]
    assert plain[0] == 0x30 and plain[2:4] == b"\x80\x08" and plain.rstrip(b"\0").endswith(b"E" * 50)


def test_lengths_stay_as_the_sender_wrote_them_in_the_form_of_type_none() -> None:
    profile = PROFILES["nl"]
    made = encrypt(HEADER, PAYLOAD, profile, KEYS[profile.algorithm], 1 << 32)
    assert made.octets[1] == 0x81
    longer = b"\x30\x83\x00\x00" + made.octets[2:]
    found = decipher(decode_ps_pdu(longer), profile, KEYS[profile.algorithm])
    assert found.plain_form == b"\x30\x83\x00\x00" + made.plain_form[2:]


@pytest.mark.parametrize("profile", EVERY)
def test_attack_wrong_key_no_key_and_another_algorithm_open_nothing(profile: Profile) -> None:
    pdu = decode_ps_pdu(sealed(profile))
    other = bytes(len(KEYS[profile.algorithm]))
    for key, agreed, why in (
        (other, profile, WRONG_KEY),
        (None, profile, NO_KEY),
        (other, profile._replace(algorithm="blowfish-192-CBC"), NO_ALGORITHM),
    ):
        with pytest.raises(UndecipherableError) as caught:
            decipher(pdu, agreed, key)
        assert caught.value.why == why
        assert key is None or key.hex() not in str(caught.value)


def test_attack_a_padding_oracle_learns_one_answer() -> None:
    """Every octet of the last two blocks changed to every value: deciphered whole, or the one error with one text."""
    profile = PROFILES["lab-256"]
    pdu = decode_ps_pdu(sealed(profile))
    ciphered = pdu.payload[1]["encryptedPayload"]
    texts = set()
    for at in range(len(ciphered) - 32, len(ciphered) - 16):
        for value in range(0, 256, 5):
            changed = bytearray(ciphered)
            changed[at] = value
            again = ("encryptionContainer", {**pdu.payload[1], "encryptedPayload": bytes(changed)})
            try:
                decipher(pdu._replace(payload=again), profile, KEYS[profile.algorithm])
            except UndecipherableError as error:
                texts.add((error.why, str(error)))
    assert len(texts) == 1


@given(at=st.integers(0, 400), value=st.integers(1, 255), which=st.sampled_from(EVERY))
def test_attack_tampered_records_raise_only_the_decoders_error(at: int, value: int, which: Profile) -> None:
    record = bytearray(sealed(which))
    record[at % len(record)] ^= value
    try:
        pdu = decode_ps_pdu(bytes(record))
        if pdu.payload[0] == "encryptionContainer":
            decipher(pdu, which, KEYS[which.algorithm])
    except DecodeError:
        return


@given(octets=st.binary(max_size=200), which=st.sampled_from(EVERY))
def test_attack_any_octets_for_ciphertext(octets: bytes, which: Profile) -> None:
    for kind in (which.algorithm, "none", "national-option"):
        value = {"encryptionType": kind, "encryptedPayload": octets}
        pdu = decode_ps_pdu(encode_ps_pdu(HEADER, ("encryptionContainer", value)))
        with pytest.raises(UndecipherableError):
            decipher(pdu, which, KEYS[which.algorithm])


def test_attack_a_container_in_a_container_stays_closed() -> None:
    profile = PROFILES["nl"]
    inner = decode_ps_pdu(sealed(profile)).payload
    with pytest.raises(UndecipherableError):
        decipher(decode_ps_pdu(sealed(profile, inner)), profile, KEYS[profile.algorithm])


def test_keys_and_vectors_of_a_wrong_size_are_refused_without_being_shown() -> None:
    with pytest.raises(LocalError, match="24 octets"):
        check_key(PROFILES["nl"], b"secret")
    with pytest.raises(LocalError, match="not ciphered here"):
        check_key(Profile("threedes-cbc"), bytes(24))
    with pytest.raises(LocalError, match="fresh"):
        encrypt(HEADER, PAYLOAD, PROFILES["lab-256"], KEYS["aES-256-CBC"], 0)
    with pytest.raises(LocalError):
        decipher(decode_ps_pdu(cc_pdu(HEADER, ipcc(b"E"))), PROFILES["nl"], None)
    assert len(key_id(b"secret")) == 8 and b"secret".hex() not in key_id(b"secret")


def test_the_counter_starts_with_the_second_and_adds_sizes_without_carry() -> None:
    counter, reader = ByteCounter(1_750_000_000), ByteCounter(0)
    first = counter.next
    assert first == 1_750_000_000 << 32
    assert not reader.received(first, 100)
    counter.sent(100)
    assert counter.next == first + 100 and reader.received(counter.next, 100)
    counter.sent(0xFFFFFFFF)
    assert counter.next == first + 99
    assert not reader.received(counter.next, 1)

"""Keys: one file each, its owner's alone, whole or not at all, and never silently replaced."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from collector.store.keys import Keys, data_key_id, pin_name, read_public_key, write_private
from mediation.law.orders import OrderId, order_uid
from mediation.runtime.config import NotReadyError

UID, OTHER = order_uid(OrderId("O-1")), order_uid(OrderId("O-2"))


def pem(key: Any) -> bytes:
    octets: bytes = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return octets


@pytest.fixture
def quarantine(tmp_path: Path) -> Path:
    path = tmp_path / "quarantine.pub"
    path.write_bytes(pem(X25519PrivateKey.generate().public_key()))
    return path


@pytest.fixture
def keys(tmp_path: Path, quarantine: Path) -> Keys:
    return Keys.create(tmp_path / "keys", quarantine)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_fresh_set_reads_back_as_itself(tmp_path: Path, keys: Keys, quarantine: Path) -> None:
    assert Keys.exists(tmp_path / "keys") and not Keys.exists(tmp_path)
    again = Keys(tmp_path / "keys")
    assert again.signing.private_bytes_raw() == keys.signing.private_bytes_raw()
    assert again.hmac_key == keys.hmac_key and len(keys.hmac_key) == 32
    assert pem(again.quarantine) == quarantine.read_bytes()
    assert pem(read_public_key(tmp_path / "keys" / "signing.pub")) == pem(keys.signing.public_key())


def test_two_sets_share_nothing(tmp_path: Path, keys: Keys, quarantine: Path) -> None:
    other = Keys.create(tmp_path / "other", quarantine)
    assert other.hmac_key != keys.hmac_key
    assert pin_name(other.signing.public_key()) != pin_name(keys.signing.public_key())
    assert other.data_key(UID) != keys.data_key(UID)


def test_every_secret_is_its_owners_alone_even_under_a_wide_umask(tmp_path: Path, quarantine: Path) -> None:
    before = os.umask(0)
    try:
        keys = Keys.create(tmp_path / "keys", quarantine)
        keys.data_key(UID)
    finally:
        os.umask(before)
    secrets = list((tmp_path / "keys").rglob("*.key"))
    assert len(secrets) == 3 and {mode(path) for path in secrets} == {0o600}
    assert mode(tmp_path / "keys") == mode(tmp_path / "keys" / "orders") == 0o700


def test_private_half_of_the_quarantine_key_is_nowhere_in_the_directory(tmp_path: Path) -> None:
    private = X25519PrivateKey.generate()
    path = tmp_path / "q.pub"
    path.write_bytes(pem(private.public_key()))
    Keys.create(tmp_path / "keys", path)
    assert not any(
        private.private_bytes_raw() in one.read_bytes() for one in (tmp_path / "keys").rglob("*") if one.is_file()
    )


def test_an_orders_key_is_made_once_and_outlives_the_process(tmp_path: Path, keys: Keys) -> None:
    assert keys.find_data_key(UID) is None
    key = keys.data_key(UID)
    assert len(key) == 32 and keys.data_key(UID) == keys.find_data_key(UID) == key
    assert keys.data_key(OTHER) != key
    again = Keys(tmp_path / "keys")
    assert again.find_data_key(UID) == again.data_key(UID) == key


def test_withdrawn_key_is_gone_for_the_next_process(tmp_path: Path, keys: Keys) -> None:
    keys.data_key(UID)
    (tmp_path / "keys" / "orders" / f"{UID.hex()}.key").unlink()
    assert Keys(tmp_path / "keys").find_data_key(UID) is None


@pytest.mark.parametrize("octets", [b"", bytes(31), bytes(33)])
def test_a_damaged_data_key_is_said_and_not_replaced(tmp_path: Path, keys: Keys, octets: bytes) -> None:
    keys.data_key(UID)
    path = tmp_path / "keys" / "orders" / f"{UID.hex()}.key"
    path.write_bytes(octets)
    with pytest.raises(NotReadyError, match="damaged"):
        Keys(tmp_path / "keys").data_key(UID)
    assert path.read_bytes() == octets


def test_the_id_of_a_data_key_tells_keys_apart_and_nothing_else() -> None:
    first, second = bytes(32), bytes(31) + b"\x01"
    assert len(data_key_id(first)) == 8 and data_key_id(first) != data_key_id(second)
    assert data_key_id(first) not in first


def test_name_of_a_pin_follows_from_the_public_key(keys: Keys, tmp_path: Path) -> None:
    name = pin_name(keys.signing.public_key())
    assert name == pin_name(read_public_key(tmp_path / "keys" / "signing.pub"))
    assert name.endswith(".checkpoint") and "/" not in name


# --- writing ------------------------------------------------------------------------------------------------------


def test_an_existing_file_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "secret.key"
    write_private(path, b"first")
    with pytest.raises(FileExistsError):
        write_private(path, b"second")
    assert path.read_bytes() == b"first" and mode(path) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["secret.key"], "nothing temporary is left"


def test_a_second_set_over_a_first_one_changes_no_key(tmp_path: Path, keys: Keys, quarantine: Path) -> None:
    with pytest.raises(FileExistsError):
        Keys.create(tmp_path / "keys", quarantine)
    assert Keys(tmp_path / "keys").hmac_key == keys.hmac_key


def test_what_a_crash_left_under_the_temporary_name_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.with_name("secret.key.tmp").write_bytes(b"half of somethi")
    write_private(path, b"whole")
    assert path.read_bytes() == b"whole" and [one.name for one in tmp_path.iterdir()] == ["secret.key"]


# --- reading what is not right ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["signing.key", "hmac.key", "quarantine.pub"])
@pytest.mark.parametrize("how", ["missing", "garbage"])
def test_a_set_that_is_not_whole_is_one_sentence(tmp_path: Path, keys: Keys, name: str, how: str) -> None:
    path = tmp_path / "keys" / name
    path.unlink()
    if how == "garbage":
        if name == "hmac.key":
            path.mkdir()
        else:
            path.write_bytes(b"garbage")
    with pytest.raises(NotReadyError, match=r"keys"):
        Keys(tmp_path / "keys")


@pytest.mark.parametrize(("name", "key"), [("signing.key", "x25519"), ("quarantine.pub", "ed25519")])
def test_keys_of_the_wrong_kind_are_refused(tmp_path: Path, keys: Keys, name: str, key: str) -> None:
    made = X25519PrivateKey.generate() if key == "x25519" else Ed25519PrivateKey.generate()
    octets = pem(made.public_key())
    if name == "signing.key":
        octets = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    (tmp_path / "keys" / name).write_bytes(octets)
    with pytest.raises(NotReadyError, match="wrong kind"):
        Keys(tmp_path / "keys")


def test_a_quarantine_key_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="Make an X25519 key pair away from the collector"):
        Keys.create(tmp_path / "keys", tmp_path / "nowhere.pub")
    assert not Keys.exists(tmp_path / "keys")


def test_a_public_key_that_is_none_or_another_kind_is_one_sentence(tmp_path: Path, quarantine: Path) -> None:
    with pytest.raises(NotReadyError, match="Cannot read the public key"):
        read_public_key(tmp_path / "nowhere.pub")
    (tmp_path / "garbage.pub").write_bytes(b"garbage")
    with pytest.raises(NotReadyError, match="Cannot read the public key"):
        read_public_key(tmp_path / "garbage.pub")
    with pytest.raises(NotReadyError, match="another kind"):
        read_public_key(quarantine)

"""Keys: one file each, its owner's alone, whole or not at all, and never silently replaced."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from asn1.errors import DecodeError, RefusedError
from collector.seal import open_box
from collector.store import keys as keys_module
from collector.store.keys import Keys, data_key_id, open_held, pin_name
from collector.store.private_files import read_public_key, write_private
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
        _ = Keys(tmp_path / "keys").signing


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


# Withdrawing


@pytest.fixture
def court(tmp_path: Path) -> X25519PrivateKey:
    return X25519PrivateKey.generate()


@pytest.fixture
def held(tmp_path: Path, court: X25519PrivateKey) -> Keys:
    path = tmp_path / "court.pub"
    path.write_bytes(pem(court.public_key()))
    return Keys.create(tmp_path / "withdrawing", path)


def files(keys: Keys) -> list[str]:
    return sorted(path.name.replace(UID.hex(), "O-1") for path in (keys.directory / "orders").iterdir())


@pytest.mark.rule("R-041")
def test_attack_a_crash_left_the_key_under_its_first_name_before_it_was_withdrawn(tmp_path: Path, keys: Keys) -> None:
    path = tmp_path / "keys" / "orders" / f"{UID.hex()}.key"
    key = keys.data_key(UID)
    os.link(path, path.with_name(path.name + ".tmp"))
    later = path.with_name(f"{UID.hex()}-{'00' * 8}.key.tmp")
    later.write_bytes(key)
    Keys(tmp_path / "keys").withdraw(UID)
    assert not [one for one in path.parent.iterdir() if key in one.read_bytes()]


def test_what_a_crash_left_beside_a_key_is_not_emptied_with_it(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    write_private(path, b"first")
    os.link(path, tmp_path / "a.key.tmp")
    with pytest.raises(FileExistsError):
        write_private(path, b"second")
    assert path.read_bytes() == b"first" and not (tmp_path / "a.key.tmp").exists()


@pytest.mark.rule("R-041")
def test_a_withdrawn_key_is_nowhere_here_and_the_court_opens_its_box(held: Keys, court: X25519PrivateKey) -> None:
    key, other = held.data_key(UID), held.data_key(OTHER)
    held.withdraw(UID)
    assert held.withdrawn(UID) and not held.withdrawn(OTHER)
    assert held.find_data_key(UID) is None and held.find_data_key(UID, data_key_id(key)) is None
    assert held.find_data_key(OTHER) == other
    assert files(held) == sorted(["O-1.held", f"{OTHER.hex()}.key"])
    assert all(key not in path.read_bytes() for path in held.directory.rglob("*") if path.is_file())
    (box,) = held.held_boxes(UID)
    assert open_held(box.read_bytes(), court) == key and mode(box) == 0o600
    held.withdraw(UID)
    assert [path.read_bytes() for path in held.held_boxes(UID)] == [box.read_bytes()]


@pytest.mark.rule("R-041")
def test_another_process_that_had_the_key_in_memory_stops_reading_at_once(held: Keys) -> None:
    other = Keys(held.directory)
    assert held.data_key(UID) == other.find_data_key(UID)
    held.withdraw(UID)
    assert other.find_data_key(UID) is None


def test_a_writer_of_a_withdrawn_order_gets_a_key_that_only_the_court_has_a_copy_of(
    held: Keys, court: X25519PrivateKey
) -> None:
    first = held.data_key(UID)
    held.withdraw(UID)
    later = held.data_key(UID)
    assert later != first and held.data_key(UID) == later
    assert held.find_data_key(UID) is None and held.find_data_key(UID, data_key_id(later)) is None
    assert files(held) == sorted(["O-1.held", f"O-1-{data_key_id(later).hex()}.held"])
    assert [open_held(path.read_bytes(), court) for path in held.held_boxes(UID)] == [later, first]
    assert Keys(held.directory).data_key(UID) not in (first, later)


def test_an_order_without_records_can_be_withdrawn_before_its_first(held: Keys) -> None:
    held.withdraw(UID)
    key = held.data_key(UID)
    assert held.find_data_key(UID) is None and len(held.held_boxes(UID)) == 2 and len(key) == 32


def test_all_keys_come_back_and_are_withdrawn_again(held: Keys, court: X25519PrivateKey) -> None:
    first = held.data_key(UID)
    held.withdraw(UID)
    later = held.data_key(UID)
    names = {data_key_id(first), data_key_id(later)}
    held.restore(UID, first, names)
    assert not held.withdrawn(UID) and held.data_key(UID) == first
    assert held.find_data_key(UID, data_key_id(later)) is None
    held.restore(UID, later, names)
    for keys in (held, Keys(held.directory)):
        assert [keys.find_data_key(UID, data_key_id(key)) for key in (first, later)] == [first, later]
    held.withdraw(UID)
    assert held.find_data_key(UID, data_key_id(later)) is None and not [name for name in files(held) if "key" in name]
    assert {open_held(path.read_bytes(), court) for path in held.held_boxes(UID)} == {first, later}


def test_attack_a_key_nobody_withdrew_is_handed_in_as_the_court_s(held: Keys) -> None:
    key = held.data_key(UID)
    held.withdraw(UID)
    for wrong, names in ((os.urandom(32), ()), (key[:31], ()), (key, {b"anothers"})):
        with pytest.raises(RefusedError, match="not a key that was withdrawn"):
            held.restore(UID, wrong, names)
    with pytest.raises(RefusedError):
        held.restore(OTHER, key, ())
    assert held.withdrawn(UID)


def test_attack_a_box_is_changed_swapped_or_opened_by_somebody_else(held: Keys, court: X25519PrivateKey) -> None:
    key = held.data_key(UID)
    held.withdraw(UID)
    box = held.held_boxes(UID)[0].read_bytes()
    with pytest.raises(DecodeError):
        open_held(box, X25519PrivateKey.generate())
    for at in (0, 25, len(box) - 1):
        changed = bytearray(box)
        changed[at] ^= 1
        with pytest.raises(DecodeError):
            open_held(bytes(changed), court)
    with pytest.raises(DecodeError, match="not the box"):
        open_held(box[:30], court)
    assert open_box(court, box[32:]) == key


class CrashError(Exception):
    pass


@pytest.mark.rule("R-041")
@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("step", range(8))
def test_a_crash_at_any_step_of_a_withdrawal_loses_neither_key_nor_box(
    held: Keys, court: X25519PrivateKey, monkeypatch: pytest.MonkeyPatch, step: int, again: bool
) -> None:
    """Every call that touches the disk fails in turn; what is left says either that nothing happened or that it did."""
    key = held.data_key(UID)
    if again:
        held.withdraw(UID)
        held.restore(UID, key, ())
    left = step

    def failing(inner: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise CrashError
            return inner(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        for name in ("link", "fsync", "write"):
            patch.setattr(keys_module.os, name, failing(getattr(os, name)))
        patch.setattr(Path, "unlink", failing(Path.unlink))
        with contextlib.suppress(CrashError):
            held.withdraw(UID)
    after = Keys(held.directory)
    if after.withdrawn(UID):
        assert {open_held(path.read_bytes(), court) for path in after.held_boxes(UID)} == {key}
        assert after.find_data_key(UID) is None
    else:
        assert after.find_data_key(UID) == key
    after.withdraw(UID)
    assert after.find_data_key(UID) is None and not [name for name in files(after) if name.startswith("O-1.key")]
    after.restore(UID, key, {data_key_id(key)})
    assert after.find_data_key(UID) == key

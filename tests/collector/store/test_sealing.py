"""Many short extents encrypted in one call are what each is alone; and a key that was withdrawn is used no more."""

from __future__ import annotations

import os
import time
from array import array
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import LocalError
from collector.store import sealing as imported
from collector.store.framing import Framer
from collector.store.keys import SETTLED_NS, Keys
from mediation.law.orders import OrderUid

UID, OTHER = OrderUid(bytes(16)), OrderUid(bytes(15) + b"\x01")


@pytest.fixture(scope="module", params=["compiled", "interpreted"])
def kernel(request, interpreted_twin) -> ModuleType:
    if request.param == "interpreted":
        found = interpreted_twin("collector.store.sealing")["collector.store.sealing"]
        assert not found.COMPILED
        return found
    assert imported.COMPILED
    return imported


@settings(max_examples=60)
@given(seed=st.integers(0, 1 << 32), sizes=st.lists(st.sampled_from([0, 1, 15, 16, 17, 311, 5000]), max_size=9))
def test_extents_together_are_what_each_is_alone(kernel: ModuleType, seed: int, sizes: list[int]) -> None:
    chance = seed.to_bytes(8)
    keys = [AESGCM.generate_key(256) for _ in sizes]
    nonces = [chance + number.to_bytes(4) for number in range(len(sizes))]
    bindings = [b"%d %d " % (seed, number) + bytes(16) for number in range(len(sizes))]
    plain = memoryview(os.urandom(sum(sizes) + 1))
    area, places, start, bound = bytearray(sum(sizes) + 7), array("q"), 0, 0
    for size, binding in zip(sizes, bindings, strict=True):
        places.extend((start, size, start + 3, bound, len(binding)))
        start, bound = start + size, bound + len(binding)
    tags = kernel.seal(b"".join(keys), b"".join(nonces), b"".join(bindings), places, plain, memoryview(area))
    assert len(tags) == 16 * len(sizes) and area[:3] == bytes(3) and area[start + 3 :] == bytes(4)
    at = 0
    for number, size in enumerate(sizes):
        alone = AESGCM(keys[number]).encrypt(nonces[number], plain[at : at + size], bindings[number])
        assert area[at + 3 : at + 3 + size] + tags[16 * number : 16 * (number + 1)] == alone
        at += size


@pytest.mark.parametrize(
    "place", [(-1, 5, 0), (0, -1, 0), (6, 5, 0), (0, 11, 0), (0, 5, 8), (0, 5, -1), (1 << 62, 1 << 62, 0)]
)
@pytest.mark.parametrize("bound", [(0, 4), (3, 2), (-1, 2), (0, -1)])
def test_attack_places_outside_of_their_memory_are_refused(
    kernel: ModuleType, place: tuple[int, int, int], bound: tuple[int, int]
) -> None:
    plain, area = memoryview(bytes(10)), memoryview(bytearray(12))
    for one in ((*place, 0, 4), (0, 5, 0, *bound)):
        if one == (0, 5, 0, 0, 4):
            continue
        with pytest.raises(LocalError):
            kernel.seal(bytes(32), bytes(12), bytes(4), array("q", one), plain, area)
    with pytest.raises(LocalError, match="not equally many"):
        kernel.seal(bytes(64), bytes(12), bytes(4), array("q", (0, 5, 0, 0, 4)), plain, area)
    assert bytes(area) == bytes(12)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    path = tmp_path / "quarantine.pub"
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = X25519PrivateKey.generate().public_key()
    path.write_bytes(public.public_bytes(serialization.Encoding.PEM, form))
    return Keys.create(tmp_path / "keys", path)


def test_attack_a_key_that_another_process_withdrew_is_not_written_under_in_the_next_unit(
    tmp_path: Path, keys: Keys
) -> None:
    framer = Framer(keys, True)
    framer.begin()
    before, beside = framer._key(UID), framer._key(OTHER)
    settle(tmp_path)
    for _ in range(2):
        framer.begin()
        assert framer._key(UID) == before
    Keys(tmp_path / "keys").withdraw(UID)
    framer.begin()
    assert framer._key(UID) != before and framer._key(OTHER) == beside


def test_keys_are_asked_for_each_time_until_their_directory_has_been_still(
    tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[OrderUid] = []
    data_key = Keys.data_key

    def counted(self: Keys, uid: OrderUid) -> bytes:
        asked.append(uid)
        return data_key(self, uid)

    monkeypatch.setattr(Keys, "data_key", counted)
    framer = Framer(keys, True)
    framer.begin()
    framer._key(UID)
    assert keys.settled(time.time_ns()) is None, "just made"
    framer.begin()
    framer._key(UID)
    assert len(asked) == 2
    settle(tmp_path)
    for _ in range(3):
        framer.begin()
        framer._key(UID)
    assert len(asked) == 3
    # A clock that was set back makes the stamp one of the future.
    assert keys.settled(time.time_ns() - 4 * SETTLED_NS) is None


def settle(tmp_path: Path) -> None:
    """The directory of keys was last changed long enough ago."""
    then_ns = time.time_ns() - 2 * SETTLED_NS
    os.utime(tmp_path / "keys" / "orders", ns=(then_ns, then_ns))

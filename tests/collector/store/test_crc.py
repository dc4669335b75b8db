"""CRC-32 by folding is zlib's, whatever the length and whatever came before."""

from __future__ import annotations

import random
import re
import zlib
from pathlib import Path
from types import ModuleType

import pytest

from collector.store import crc

REVERSED_POLYNOMIAL = 0xEDB88320


@pytest.fixture(scope="module", params=["compiled", "interpreted"])
def kernel(request, interpreted_twin) -> ModuleType:
    if request.param == "compiled":
        assert crc.COMPILED
        return crc
    module = interpreted_twin("collector.store.crc")["collector.store.crc"]
    assert not module.COMPILED
    return module


def test_every_short_length_and_some_long_ones(kernel: ModuleType) -> None:
    rng = random.Random(2)
    octets = memoryview(rng.randbytes(100_000))
    for length in (*range(400), 511, 512, 513, 4095, 4096, 65_536, 99_999):
        start = rng.randrange(len(octets) - length)
        piece, before = octets[start : start + length], rng.choice([0, 0xFFFFFFFF, rng.randrange(1 << 32)])
        assert kernel.crc32(piece, before) == zlib.crc32(piece, before), length
        assert kernel.crc32(bytes(piece), before) == zlib.crc32(piece, before)
    assert kernel.crc32(octets) == zlib.crc32(octets)


def test_pieces_make_the_whole(kernel: ModuleType) -> None:
    octets = random.Random(3).randbytes(9_000)
    for cut in (0, 1, 255, 256, 257, 5_000, 9_000):
        assert kernel.crc32(octets[cut:], kernel.crc32(octets[:cut])) == zlib.crc32(octets)


def test_what_is_no_octets_is_refused(kernel: ModuleType) -> None:
    with pytest.raises(TypeError):
        kernel.crc32("text")


def test_the_constants_are_the_powers_they_say() -> None:
    """x**n modulo the polynomial, bits reversed, and one to the left (`fold.pxd`)."""
    source = (Path(crc.__file__).parent / "fold.pxd").read_text()
    said = {int(power): int(value, 16) for power, value in re.findall(r"CALEA_X(\d+) 0x([0-9a-f]+)ll", source)}
    assert sorted(said) == [96, 160, 480, 544]
    for power, value in said.items():
        # The lowest bit is the coefficient of x**31: a shift to the right multiplies by x.
        register = 1 << 31
        for _ in range(power):
            register = register >> 1 ^ (REVERSED_POLYNOMIAL if register & 1 else 0)
        assert (register << 1) & 0x1FFFFFFFF == value, power

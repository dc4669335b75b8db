"""Mutants: sound records with the changes that break parsers. Fast, since a run makes tens of millions.

Blind changes (flips, cuts, copies) find little behind a length or a tag, so a record that is BER is walked once and its
elements remembered. Half of its mutants have an element changed, empty, twice, missing, nested or from another record
with all lengths put right, so that they reach what is deep inside; a quarter have lengths that lie. Texts get the words
their grammars turn on.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from asn1 import tlv
from asn1.errors import DecodeError

MAX_OCTETS: Final = 1 << 16
_MAX_ELEMENTS: Final = 200
_EDGES: Final = bytes.fromhex("00 01 02 05 0a 0d 1f 30 3f 7f 80 81 82 84 88 a0 ff")
_LENGTHS: Final = tuple(
    bytes.fromhex(text)
    for text in (
        "00", "01", "7f", "80", "8100", "81ff", "82ffff", "847fffffff", "84ffffffff", "880000000000000002",
        "88ffffffffffffffff", "89000000000000000000", "ff",
    )
)  # fmt: skip
_CONTENTS: Final = (
    *(b"", b"\0", b"\xff", b"\x80", b"\x7f" * 5, b"\xff" * 9, b"\x80" * 20),
    *(
        b"A" * 300,
        b"\xc3\x28",
        b"9" * 15,
        b"-1",
        b"0",
        b"2026-02-30T25:61:61Z",
        b"00000000-0000-0000-0000-00000000000g",
    ),
)
WORDS: Final = (
    *(b"\r\n", b"\r\n\r\n", b"\n", b":", b";", b",", b"<", b">", b'"', b"=", b"/", b"?", b"&", b"%00", b"%", b"\0"),
    *(
        b"Content-Length: 99999999\r\n",
        b"Content-Length: -1\r\n",
        b"SIP/2.0",
        b"sip:",
        b"tel:+",
        b"m=audio 0 RTP 0\r\n",
    ),
    *(b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"<![CDATA[", b"]]>", b"<!--", b"xmlns=''", b"xsi:type='x'", b" "),
    *(b"\xc3\x28", b"\xef\xbf\xbf", "\u202e".encode(), b"99999999999999999999", b"-1", b"1e9", b"0x", b"A" * 300),
)
_XML: Final = re.compile(rb"<([A-Za-z][\w:.-]*)[^<>]*(?<!/)>([^<>]*)</\1>")


class Element(NamedTuple):
    """Where one element of a record is: its first octet, its length octets, its content, its end; and its parent."""

    start: int
    length_at: int
    content: int
    content_end: int
    end: int
    parent: int | None


class Seed(NamedTuple):
    """`leaves` of an XML document: where each element that holds text alone begins and ends, and its text."""

    octets: bytes
    elements: tuple[Element, ...]
    leaves: tuple[tuple[int, int, int, int], ...] = ()


def seed_of(octets: bytes) -> Seed:
    """A record with its elements, outermost first; none where it is no BER."""
    if octets.lstrip().startswith(b"<"):
        return Seed(octets, (), tuple((*one.span(), *one.span(2)) for one in _XML.finditer(octets)))
    found: list[Element] = []
    waiting: list[tuple[int, int, int | None]] = [(0, len(octets), None)]
    while waiting and len(found) < _MAX_ELEMENTS:
        at, end, parent = waiting.pop(0)
        while at < end and len(found) < _MAX_ELEMENTS:
            try:
                one = tlv.read_tlv(octets, at, end)
            except DecodeError:
                break
            length_at = at + 1
            if octets[at] & 0x1F == 0x1F:
                while octets[length_at] & 0x80:
                    length_at += 1
                length_at += 1
            found.append(Element(at, length_at, one.content, one.content_end, one.end, parent))
            if one.constructed:
                waiting.append((one.content, one.content_end, len(found) - 1))
            at = one.end
    whole = found and found[0].end == len(octets)
    return Seed(octets, tuple(found) if whole else ())


def rebuilt(seed: Seed, child: Element, octets: bytes) -> bytes:
    """The record with `octets` in place of an element, and the lengths of all that it is in put right."""
    while child.parent is not None:
        parent = seed.elements[child.parent]
        content = seed.octets[parent.content : child.start] + octets + seed.octets[child.end : parent.content_end]
        octets = seed.octets[parent.start : parent.length_at] + tlv.encode_length(len(content)) + content
        child = parent
    return octets


class Mutator:
    """An endless row of mutants; the same chance gives the same ones."""

    def __init__(self, seeds: Sequence[bytes], others: Sequence[bytes], chance: random.Random) -> None:
        """`seeds` are changed; pieces of `others` are put into them."""
        self._seeds = [seed_of(octets) for octets in seeds]
        self._others = [seed_of(octets) for octets in (*seeds, *others)]
        self._random = chance.random
        self._randbytes = chance.randbytes

    def next(self) -> bytes:
        rnd = self._random
        seed = self._seeds[int(rnd() * len(self._seeds))]
        kind = rnd()
        if seed.elements and kind < 0.75:
            if kind < 0.5:
                return self._consistent(seed)[:MAX_OCTETS]
            return bytes(self._lying(seed)[:MAX_OCTETS])
        out = bytearray(seed.octets)
        if seed.leaves and kind < 0.75:
            self._leaf(out, seed)
            return bytes(out[:MAX_OCTETS])
        for _ in range(1 + int(rnd() * 3)):
            self._blind(out)
        return bytes(out[:MAX_OCTETS])

    def _leaf(self, out: bytearray, seed: Seed) -> None:
        """A change of one element of an XML document that leaves the document well formed, for the most part."""
        rnd = self._random
        start, end, text, text_end = seed.leaves[int(rnd() * len(seed.leaves))]
        kind = int(rnd() * 6)
        if kind == 0:
            out[text:text_end] = _CONTENTS[int(rnd() * len(_CONTENTS))]
        elif kind == 1:
            changed = out[text:text_end]
            self._blind(changed)
            out[text:text_end] = changed
        elif kind == 2:
            del out[start:end]
        elif kind == 3:
            out[start:start] = out[start:end] * (1 + int(rnd() * 3))
        elif kind == 4:
            other = seed.leaves[int(rnd() * len(seed.leaves))]
            out[start:end] = seed.octets[other[0] : other[1]]
        else:
            other = seed.leaves[int(rnd() * len(seed.leaves))]
            out[text:text_end] = seed.octets[other[2] : other[3]]

    def _consistent(self, seed: Seed) -> bytes:
        """A change inside, and lengths that say so: what is wrong is met deep in the decoder."""
        rnd = self._random
        one = seed.elements[int(rnd() * len(seed.elements))]
        octets = seed.octets[one.start : one.end]
        tag = seed.octets[one.start : one.length_at]
        kind = int(rnd() * 10)
        if kind < 4:
            content = bytearray(seed.octets[one.content : one.content_end])
            self._blind(content)
            octets = tag + tlv.encode_length(len(content)) + content
        elif kind == 4:
            edge = _CONTENTS[int(rnd() * len(_CONTENTS))]
            octets = tag + tlv.encode_length(len(edge)) + edge
        elif kind == 5:
            octets = b""
        elif kind == 6:
            octets *= 2 + int(rnd() * 3)
        elif kind == 7:
            octets = bytes((int(rnd() * 256),)) + octets[1:]
        elif kind == 8:
            octets = self._element()
        else:
            for _ in range(1 + int(rnd() * 40)):
                octets = tag + tlv.encode_length(len(octets)) + octets
        return rebuilt(seed, one, octets)

    def _lying(self, seed: Seed) -> bytearray:
        """A change of one element, and everything around it as it was."""
        rnd = self._random
        out = bytearray(seed.octets)
        one = seed.elements[int(rnd() * len(seed.elements))]
        kind = int(rnd() * 6)
        if kind < 2:
            out[one.length_at : one.content] = _LENGTHS[int(rnd() * len(_LENGTHS))]
        elif kind == 2:
            out[one.length_at] = (out[one.length_at] + int(rnd() * 7) - 3) & 0xFF
        elif kind == 3:
            del out[one.start : one.end]
        elif kind == 4:
            del out[one.start + int(rnd() * (one.end - one.start)) :]
        else:
            out[one.start : one.end] = self._element()
        return out

    def _element(self) -> bytes:
        other = self._others[int(self._random() * len(self._others))]
        if not other.elements:
            return other.octets[:64]
        one = other.elements[int(self._random() * len(other.elements))]
        return other.octets[one.start : one.end]

    def _blind(self, out: bytearray) -> None:
        rnd = self._random
        size = len(out)
        at = int(rnd() * size)
        kind = int(rnd() * 9)
        if size and kind < 2:
            out[at] ^= 1 << int(rnd() * 8)
        elif size and kind == 2:
            out[at] = _EDGES[int(rnd() * len(_EDGES))]
        elif kind == 3:
            del out[at:]
        elif kind == 4:
            out[at:at] = self._randbytes(1 + int(rnd() * 8))
        elif kind == 5:
            del out[at : at + 1 + int(rnd() * 8)]
        elif kind == 6:
            out[at:at] = out[at : at + 1 + int(rnd() * 64)] * (1 + int(rnd() * 3))
        elif kind == 7:
            out[at:at] = WORDS[int(rnd() * len(WORDS))]
        else:
            other = self._others[int(rnd() * len(self._others))].octets
            out[at:] = other[int(rnd() * len(other)) :]

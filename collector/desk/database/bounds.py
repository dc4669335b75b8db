"""How much of what people write is kept, and what of it no database takes. Checked before anything is written."""

from __future__ import annotations

from typing import Final

from asn1.errors import RefusedError

ID_CHARACTERS: Final = 128
"""Of users, stations, cases, requests, orders, categories, alarms."""
NAME_CHARACTERS: Final = 200
"""Of views, files, facilities; a note to an acknowledgement."""
LIID_CHARACTERS: Final = 64
"""As in the index: 25 octets, printable or in hexadecimal."""
QUERY_CHARACTERS: Final = 4_096
HASH_CHARACTERS: Final = 256
"""An argon2id string has about 100."""
TEXT_CHARACTERS: Final = 64_000
"""A synopsis, an instruction."""
REPORT_CHARACTERS: Final = 1_000_000
PAPER_OCTETS: Final = 16 << 20
"""One file. A scanned order of fifty pages has about ten megabytes."""
PAPERS_A_REQUEST: Final = 64
VIEWS_A_USER: Final = 200
REVISIONS: Final = 10_000
"""Of one thing; what follows is refused, so that nobody fills the disk with one synopsis."""

_SIXTY_FOUR_BITS: Final = 1 << 63
_HEX: Final = frozenset("0123456789abcdef")


class BoundError(RefusedError):
    """What was to be written is too long, or is nothing that can be kept. The sentence may be shown as it is."""


class ConflictError(RefusedError):
    """Somebody else wrote meanwhile. `newest` is the revision that is there now."""

    def __init__(self, what: str, newest: int) -> None:
        super().__init__(f"Somebody changed {what} meanwhile: look at revision {newest}, then save again.")
        self.newest = newest


def text(value: str, what: str, characters: int, empty: bool = False) -> str:
    """`value`, if it can be kept. Line feeds and tabs are the only control characters that can."""
    if not value and not empty:
        raise BoundError(f"{what} is empty.")
    if len(value) > characters:
        raise BoundError(f"{what} has {len(value)} characters; {characters} are kept. Shorten it.")
    if any((one < " " and one not in "\n\t") or one == "\x7f" or "\ud800" <= one <= "\udfff" for one in value):
        raise BoundError(f"{what} has control characters in it. Take them out.")
    return value


def identifier(value: str, what: str) -> str:
    return text(value, what, ID_CHARACTERS)


def number(value: int, what: str) -> int:
    """A whole number of 64 bits, as CINs and times are."""
    if not -_SIXTY_FOUR_BITS <= value < _SIXTY_FOUR_BITS:
        raise BoundError(f"{what} is no number of 64 bits.")
    return value


def sha256_hex(value: str, what: str) -> str:
    if len(value) != 64 or not _HEX.issuperset(value):
        raise BoundError(f"{what} is no SHA-256 in lower-case hexadecimal.")
    return value


def communication(liid: str, cin: int) -> dict[str, str | int]:
    """The key of a communication."""
    return {"liid": text(liid, "The LIID", LIID_CHARACTERS), "cin": number(cin, "The CIN")}

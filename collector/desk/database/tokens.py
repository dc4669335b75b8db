"""Tokens of programs that use the API: whose they are, what they may do, until when. Kept by their hash alone.

A token never opens more than its user may do by himself: `actions` are words that narrow it, and whoever checks a
request asks the desk as well. Making and revoking are noted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select

from collector.desk.database.bounds import NAME_CHARACTERS, BoundError, identifier, number, sha256_hex, text
from collector.desk.database.tables import API_TOKEN, TOKENS
from collector.desk.database.writing import Reading, Writing, newest_row

MAX_ACTIONS = 64


class Token(NamedTuple):
    """`station_id` is empty for a token that is bound to none; `actions` sorted."""

    token_sha256: str
    revision: int
    user_id: str
    station_id: str
    label: str
    actions: tuple[str, ...]
    created_by: str
    created_us: int
    until_us: int
    revoked_by: str | None
    revoked_us: int | None

    def usable(self, now_us: int) -> bool:
        return self.revoked_us is None and now_us < self.until_us


def make(
    writing: Writing,
    token_sha256: str,
    user_id: str,
    label: str,
    actions: Iterable[str],
    until_us: int,
    by: str,
    at_us: int,
    station_id: str = "",
) -> Token:
    """Raises BoundError for a token that was used before, or that is to do nothing."""
    words = sorted({identifier(action, "The action") for action in actions})
    if not 0 < len(words) <= MAX_ACTIONS or any(" " in word for word in words):
        raise BoundError(f"A token is for 1 to {MAX_ACTIONS} actions, each one word.")
    row: dict[str, Any] = {
        "token_sha256": sha256_hex(token_sha256, "The token's hash"),
        "user_id": identifier(user_id, "The user"),
        "station_id": identifier(station_id, "The station") if station_id else "",
        "label": text(label, "The label", NAME_CHARACTERS),
        "actions": " ".join(words),
        "created_by": identifier(by, "Who makes it"),
        "created_us": number(at_us, "The time"),
        "until_us": number(until_us, "The end"),
        "revoked_by": None,
        "revoked_us": None,
    }
    if not writing.add(TOKENS, row, by):
        raise BoundError("There is such a token already: make another.")
    return _token({**row, "revision": 1})


def find(reading: Reading, token_sha256: str) -> Token | None:
    """Revoked and ended ones too (`Token.usable`)."""
    row = newest_row(reading, TOKENS, {"token_sha256": token_sha256})
    return None if row is None else _token(row)


def revoke(writing: Writing, token_sha256: str, by: str, at_us: int) -> bool:
    """False when there is none, or it was revoked before."""
    old = newest_row(writing, TOKENS, {"token_sha256": token_sha256})
    if old is None or old["revoked_us"] is not None:
        return False
    ended = {"revoked_by": identifier(by, "Who revokes it"), "revoked_us": number(at_us, "The time")}
    writing.change(TOKENS, old, ended, by)
    return True


def of_user(reading: Reading, user_id: str) -> Sequence[Token]:
    """All, ended ones too, the newest first."""
    return _all(reading, API_TOKEN.c.user_id == user_id)


def listed(reading: Reading) -> Sequence[Token]:
    """Everybody's, ended ones too, the newest first."""
    return _all(reading)


def _all(reading: Reading, *where: ColumnElement[bool]) -> Sequence[Token]:
    columns = API_TOKEN.c
    query = select(API_TOKEN).where(*where).order_by(columns.created_us.desc(), columns.token_sha256)
    return [_token(row._asdict()) for row in reading.connection.execute(query)]


def _token(row: Mapping[str, Any]) -> Token:
    return Token(**{**row, "actions": tuple(row["actions"].split(" "))})

"""Console sessions: on the server, by the hash of a token that the browser alone has, ended by whoever may end them.

Beginning and ending are noted; when somebody was last seen, or showed his password again, is not. A session is never
deleted: who was signed in where, and until when, stays to be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select, update

from collector.desk.database.bounds import NAME_CHARACTERS, BoundError, identifier, number, sha256_hex, text
from collector.desk.database.tables import CONSOLE_SESSION, SESSIONS
from collector.desk.database.writing import Reading, Writing, newest_row


class Session(NamedTuple):
    """`seen_us`: the newest request; `reauthenticated_us`: when the password was shown last. `revoked_why` is a code or
    a word, for the page that says why."""

    token_sha256: str
    revision: int
    user_id: str
    station_id: str
    created_us: int
    seen_us: int
    reauthenticated_us: int
    revoked_us: int | None
    revoked_why: str | None

    @property
    def live(self) -> bool:
        return self.revoked_us is None


def begin(writing: Writing, token_sha256: str, user_id: str, station_id: str, at_us: int) -> Session:
    """Raises BoundError for a token that was used before."""
    at_us = number(at_us, "The time")
    token = sha256_hex(token_sha256, "The token's hash")
    user, station = identifier(user_id, "The user"), identifier(station_id, "The station")
    session = Session(token, 1, user, station, at_us, at_us, at_us, None, None)
    if not writing.add(SESSIONS, session._asdict(), user):
        raise BoundError("There is a session with that token already: make another token.")
    return session


def find(reading: Reading, token_sha256: str) -> Session | None:
    """Revoked ones too: the page says why."""
    row = newest_row(reading, SESSIONS, {"token_sha256": token_sha256})
    return None if row is None else Session(**row)


def live(reading: Reading, user_id: str | None = None) -> Sequence[Session]:
    """Those of a user, or all, the newest first."""
    columns = CONSOLE_SESSION.c
    query = select(CONSOLE_SESSION).where(columns.revoked_us.is_(None))
    if user_id is not None:
        query = query.where(columns.user_id == user_id)
    found = reading.connection.execute(query.order_by(columns.created_us.desc(), columns.token_sha256))
    return [Session(**row) for row in found.mappings()]


def of_user(reading: Reading, user_id: str, limit: int = 100) -> Sequence[Session]:
    """The newest of a user, ended ones too."""
    columns = CONSOLE_SESSION.c
    query = select(CONSOLE_SESSION).where(columns.user_id == user_id)
    found = reading.connection.execute(query.order_by(columns.created_us.desc(), columns.token_sha256).limit(limit))
    return [Session(**row) for row in found.mappings()]


def seen(writing: Writing, token_sha256: str, at_us: int) -> None:
    """A request came. Never earlier than before, whichever of two threads is the last to say so."""
    _touch(writing, token_sha256, "seen_us", at_us)


def reauthenticated(writing: Writing, token_sha256: str, at_us: int) -> None:
    _touch(writing, token_sha256, "reauthenticated_us", at_us)


def revoke(writing: Writing, token_sha256: str, why: str, by: str, at_us: int) -> bool:
    """False when there is none, or it was revoked before."""
    old = newest_row(writing, SESSIONS, {"token_sha256": token_sha256})
    if old is None or old["revoked_us"] is not None:
        return False
    ended = {"revoked_us": number(at_us, "The time"), "revoked_why": text(why, "The reason", NAME_CHARACTERS)}
    writing.change(SESSIONS, old, ended, by)
    return True


def revoke_all(writing: Writing, user_id: str, why: str, by: str, at_us: int, but: str = "") -> int:
    """All of a user, `but` that of one token; how many there were."""
    tokens = [one.token_sha256 for one in live(writing, user_id) if one.token_sha256 != but]
    return sum(revoke(writing, token, why, by, at_us) for token in tokens)


def _touch(writing: Writing, token_sha256: str, column: str, at_us: int) -> None:
    columns = CONSOLE_SESSION.c
    mine = (columns.token_sha256 == token_sha256, columns.revoked_us.is_(None), columns[column] < at_us)
    at_us = number(at_us, "The time")
    writing.connection.execute(update(CONSOLE_SESSION).where(*mine).values({column: at_us}))


def count_live(reading: Reading) -> int:
    """For the gauge of the health page."""
    query = select(func.count()).select_from(CONSOLE_SESSION).where(CONSOLE_SESSION.c.revoked_us.is_(None))
    return reading.connection.execute(query).scalar() or 0

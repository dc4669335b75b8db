"""How somebody proves who he is: the argon2id string of a password, and a TOTP secret where the policy wants one.

Hashing and verifying are the console's; here no password ever comes. Who somebody is and what he may do is the
ledger's. Failures, the lock and the newest TOTP step that was used change without a note; the rest is noted, so that a
hash which was put in past the console can be told (`checking.is_on_record`).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import or_, update

from collector.desk.database.bounds import HASH_CHARACTERS, ID_CHARACTERS, BoundError, identifier, number, text
from collector.desk.database.tables import CREDENTIAL, CREDENTIALS
from collector.desk.database.writing import Reading, Writing, newest_row

_ARGON2ID: Final = "$argon2id$"


class Credential(NamedTuple):
    """`totp_step`: the newest 30 s step whose code was taken; no code is taken twice."""

    user_id: str
    revision: int
    password_hash: str
    totp_secret: str | None
    must_change: bool
    changed_us: int
    changed_by: str
    failures: int
    locked_until_us: int | None
    totp_step: int | None

    def locked(self, now_us: int) -> bool:
        return self.locked_until_us is not None and now_us < self.locked_until_us


def find(reading: Reading, user_id: str) -> Credential | None:
    row = newest_row(reading, CREDENTIALS, {"user_id": user_id})
    return None if row is None else Credential(**row)


def set_password(
    writing: Writing, user_id: str, password_hash: str, by: str, at_us: int, must_change: bool = False
) -> None:
    """The first or another one; ends a lock. `must_change` when somebody else chose it. Raises BoundError."""
    if not password_hash.startswith(_ARGON2ID):
        raise BoundError("The password hash is no argon2id string.")
    values = {
        "password_hash": text(password_hash, "The password hash", HASH_CHARACTERS),
        "must_change": must_change,
        **_changed(by, at_us),
        "failures": 0,
        "locked_until_us": None,
    }
    old = newest_row(writing, CREDENTIALS, {"user_id": identifier(user_id, "The user")})
    if old is not None:
        writing.change(CREDENTIALS, old, values, by)
    elif not writing.add(CREDENTIALS, {"user_id": user_id, "totp_secret": None, "totp_step": None, **values}, by):
        raise BoundError(f"Somebody gave {user_id} a password meanwhile. Look again.")


def set_totp(writing: Writing, user_id: str, secret: str | None, by: str, at_us: int) -> None:
    """Base32 text of the secret, or None to do without. Raises BoundError for somebody without a password."""
    old = newest_row(writing, CREDENTIALS, {"user_id": user_id})
    if old is None:
        raise BoundError(f"{user_id} has no password yet: set one first.")
    kept = None if secret is None else text(secret, "The TOTP secret", ID_CHARACTERS)
    writing.change(CREDENTIALS, old, {"totp_secret": kept, "totp_step": None, **_changed(by, at_us)}, by)


def failed(writing: Writing, user_id: str, now_us: int, limit: int, lock_us: int) -> int:
    """One more failure; the `limit`-th locks for `lock_us`. How many there were in a row; 0 for nobody we know."""
    columns = CREDENTIAL.c
    mine = columns.user_id == user_id
    counted = update(CREDENTIAL).where(mine).values(failures=columns.failures + 1).returning(columns.failures)
    failures = writing.connection.execute(counted).scalar() or 0
    if failures and failures % limit == 0:
        locked = number(now_us + lock_us, "The end of the lock")
        writing.connection.execute(update(CREDENTIAL).where(mine).values(locked_until_us=locked))
    return failures


def succeeded(writing: Writing, user_id: str) -> None:
    mine = CREDENTIAL.c.user_id == user_id
    writing.connection.execute(update(CREDENTIAL).where(mine).values(failures=0, locked_until_us=None))


def use_totp_step(writing: Writing, user_id: str, step: int) -> bool:
    """Take a code of that step; False when it, or a later one, was taken before."""
    columns = CREDENTIAL.c
    newer = or_(columns.totp_step.is_(None), columns.totp_step < number(step, "The TOTP step"))
    taken = update(CREDENTIAL).where(columns.user_id == user_id, newer).values(totp_step=step)
    return writing.connection.execute(taken).rowcount == 1


def _changed(by: str, at_us: int) -> dict[str, Any]:
    return {"changed_by": identifier(by, "The author"), "changed_us": number(at_us, "The time")}

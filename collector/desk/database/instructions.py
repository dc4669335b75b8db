"""Minimisation instructions: the words of a case, revision by revision, and who has signed which.

Nobody listens before he has signed the newest. A signature names the words by their SHA-256, so that it says what was
signed whatever became of the instructions since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select

from collector.desk.database.bounds import TEXT_CHARACTERS, BoundError, identifier, number, text
from collector.desk.database.tables import INSTRUCTION_SIGNATURE, INSTRUCTIONS, SIGNATURES
from collector.desk.database.writing import Reading, Writing, newest_row, revisions


class Instruction(NamedTuple):
    """`sha256` of the text in UTF-8."""

    case_id: str
    revision: int
    text: str
    sha256: str
    by: str
    at_us: int


class Signature(NamedTuple):
    user_id: str
    case_id: str
    sha256: str
    at_us: int


def write(writing: Writing, case_id: str, words: str, seen: int, by: str, at_us: int) -> Instruction:
    """The revision behind `seen` (0: the first). All have to sign again. Raises ConflictError, BoundError."""
    kept = text(words, "The instructions", TEXT_CHARACTERS)
    values = {
        "text": kept,
        "sha256": hashlib.sha256(kept.encode()).hexdigest(),
        "by": identifier(by, "The author"),
        "at_us": number(at_us, "The time"),
    }
    revision = writing.append(INSTRUCTIONS, {"case_id": identifier(case_id, "The case")}, values, by, seen)
    return Instruction(case_id, revision, kept, str(values["sha256"]), by, at_us)


def newest(reading: Reading, case_id: str) -> Instruction | None:
    row = newest_row(reading, INSTRUCTIONS, {"case_id": case_id})
    return None if row is None else Instruction(**row)


def history(reading: Reading, case_id: str) -> Sequence[Instruction]:
    """Every revision, oldest first."""
    return [Instruction(**row) for row in revisions(reading, INSTRUCTIONS, {"case_id": case_id})]


def sign(writing: Writing, user_id: str, case_id: str, sha256: str, at_us: int) -> bool:
    """Sign the words that the user was shown; False when he has. Raises BoundError when they are not the newest."""
    now = newest(writing, case_id)
    if now is None or now.sha256 != sha256:
        raise BoundError(f"The instructions of {case_id} are others now: read them, then sign.")
    row = Signature(identifier(user_id, "The user"), case_id, sha256, number(at_us, "The time"))
    return writing.add(SIGNATURES, row._asdict(), user_id)


def has_signed(reading: Reading, user_id: str, case_id: str) -> bool:
    """Whether the user has signed the newest instructions; False where there are none."""
    now = newest(reading, case_id)
    return now is not None and any(
        (one.user_id, one.sha256) == (user_id, now.sha256) for one in signatures(reading, case_id)
    )


def signatures(reading: Reading, case_id: str) -> Sequence[Signature]:
    """All of a case, whichever revision they are of, oldest first."""
    table = INSTRUCTION_SIGNATURE
    columns = [table.c[name] for name in Signature._fields]
    query = select(*columns).where(table.c.case_id == case_id).order_by(table.c.at_us, table.c.user_id)
    return [Signature(**row) for row in reading.connection.execute(query).mappings()]

"""Synopses: what was said in a communication, in the words of whoever listened. Every revision is kept.

A save names the revision that its author saw, and is refused when there is a newer one. While he types, his text is
kept as a draft of his own, which nobody else is shown and no note is made of; a save takes it away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import delete, insert, select, update

from collector.desk.database.bounds import TEXT_CHARACTERS, communication, identifier, number, text
from collector.desk.database.tables import SYNOPSES, SYNOPSIS, SYNOPSIS_DRAFT
from collector.desk.database.writing import Reading, Writing, newest_row, newest_rows, revisions


class Synopsis(NamedTuple):
    liid: str
    cin: int
    revision: int
    text: str
    by: str
    at_us: int


class Draft(NamedTuple):
    """`base`: the revision that its author saw, 0 for none."""

    liid: str
    cin: int
    by: str
    base: int
    text: str
    at_us: int


def newest(reading: Reading, liid: str, cin: int) -> Synopsis | None:
    row = newest_row(reading, SYNOPSES, {"liid": liid, "cin": cin})
    return None if row is None else Synopsis(**row)


def of_liid(reading: Reading, liid: str) -> Mapping[int, Synopsis]:
    """The newest of each communication, by CIN."""
    return {row["cin"]: Synopsis(**row) for row in newest_rows(reading, SYNOPSES, SYNOPSIS.c.liid == liid)}


def history(reading: Reading, liid: str, cin: int) -> Sequence[Synopsis]:
    """Every revision, oldest first."""
    return [Synopsis(**row) for row in revisions(reading, SYNOPSES, {"liid": liid, "cin": cin})]


def save(writing: Writing, liid: str, cin: int, words: str, seen: int, by: str, at_us: int) -> Synopsis:
    """The revision behind `seen` (0: the first). Raises ConflictError when there is a newer one, BoundError."""
    key = communication(liid, cin)
    values = {
        "text": text(words, "The synopsis", TEXT_CHARACTERS, empty=True),
        "by": identifier(by, "The author"),
        "at_us": number(at_us, "The time"),
    }
    revision = writing.append(SYNOPSES, key, values, by, seen)
    discard(writing, liid, cin, by)
    return Synopsis(liid, cin, revision, words, by, at_us)


def autosave(writing: Writing, liid: str, cin: int, words: str, base: int, by: str, at_us: int) -> None:
    """The author's draft as it stands, in place of the one before. Raises BoundError."""
    key = {**communication(liid, cin), "by": identifier(by, "The author")}
    values = {
        "base": number(base, "The revision"),
        "text": text(words, "The synopsis", TEXT_CHARACTERS, empty=True),
        "at_us": number(at_us, "The time"),
    }
    mine = [SYNOPSIS_DRAFT.c[name] == value for name, value in key.items()]
    if writing.connection.execute(update(SYNOPSIS_DRAFT).where(*mine).values(values)).rowcount == 0:
        writing.connection.execute(insert(SYNOPSIS_DRAFT), {**key, **values})


def draft(reading: Reading, liid: str, cin: int, by: str) -> Draft | None:
    """What this author had typed and not saved."""
    columns = SYNOPSIS_DRAFT.c
    query = select(SYNOPSIS_DRAFT).where(columns.liid == liid, columns.cin == cin, columns.by == by)
    row = reading.connection.execute(query).mappings().first()
    return None if row is None else Draft(**row)


def discard(writing: Writing, liid: str, cin: int, by: str) -> None:
    columns = SYNOPSIS_DRAFT.c
    mine = (columns.liid == liid, columns.cin == cin, columns.by == by)
    writing.connection.execute(delete(SYNOPSIS_DRAFT).where(*mine))

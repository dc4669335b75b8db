"""Saved views: a name for a query string, each of one user's own. Nothing of lasting meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete, func, insert, select, update

from collector.desk.database.bounds import (
    NAME_CHARACTERS,
    QUERY_CHARACTERS,
    VIEWS_A_USER,
    BoundError,
    identifier,
    number,
    text,
)
from collector.desk.database.tables import SAVED_VIEW
from collector.desk.database.writing import Reading, Writing


class View(NamedTuple):
    user_id: str
    name: str
    query: str
    changed_us: int


def save(writing: Writing, user_id: str, name: str, query: str, at_us: int) -> None:
    """Under a name that is new, or in place of the view that has it. Raises BoundError."""
    key = {"user_id": identifier(user_id, "The user"), "name": text(name, "The name", NAME_CHARACTERS)}
    values = {
        "query": text(query, "The query", QUERY_CHARACTERS, empty=True),
        "changed_us": number(at_us, "The time"),
    }
    mine = [SAVED_VIEW.c[column] == value for column, value in key.items()]
    if writing.connection.execute(update(SAVED_VIEW).where(*mine).values(values)).rowcount:
        return
    count = select(func.count()).select_from(SAVED_VIEW).where(SAVED_VIEW.c.user_id == user_id)
    if (writing.connection.execute(count).scalar() or 0) >= VIEWS_A_USER:
        raise BoundError(f"{user_id} has {VIEWS_A_USER} saved views: remove one first.")
    writing.connection.execute(insert(SAVED_VIEW), {**key, **values})


def of_user(reading: Reading, user_id: str) -> Sequence[View]:
    """By name."""
    query = select(SAVED_VIEW).where(SAVED_VIEW.c.user_id == user_id).order_by(SAVED_VIEW.c.name)
    return [View(**row) for row in reading.connection.execute(query).mappings()]


def remove(writing: Writing, user_id: str, name: str) -> bool:
    """False when there is none of that name."""
    mine = (SAVED_VIEW.c.user_id == user_id, SAVED_VIEW.c.name == name)
    return writing.connection.execute(delete(SAVED_VIEW).where(*mine)).rowcount > 0

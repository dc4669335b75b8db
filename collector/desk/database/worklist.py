"""The worklist: how far people are with a communication. What nobody has touched is new and has no row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from collector.desk.database.bounds import communication, identifier, number
from collector.desk.database.tables import WORKLIST, WORKLIST_ITEM
from collector.desk.database.writing import Reading, Writing, newest_row, newest_rows, revisions


class WorkState(StrEnum):
    NEW = "new"
    HEARD = "heard"
    DONE = "done"


class WorkItem(NamedTuple):
    liid: str
    cin: int
    revision: int
    state: WorkState
    by: str
    at_us: int


def mark(writing: Writing, liid: str, cin: int, state: WorkState, by: str, at_us: int) -> bool:
    """False when it is so already. The last of two who mark at once has it."""
    key = communication(liid, cin)
    now = newest_row(writing, WORKLIST, key)
    if state == (WorkState.NEW if now is None else now["state"]):
        return False
    values = {"state": str(WorkState(state)), "by": identifier(by, "Who marks it"), "at_us": number(at_us, "The time")}
    writing.append(WORKLIST, key, values, by)
    return True


def of(reading: Reading, liid: str, cin: int) -> WorkItem | None:
    row = newest_row(reading, WORKLIST, {"liid": liid, "cin": cin})
    return None if row is None else _item(**row)


def of_liid(reading: Reading, liid: str) -> Mapping[int, WorkItem]:
    """By CIN; a communication that is not in it is new."""
    return {row["cin"]: _item(**row) for row in newest_rows(reading, WORKLIST, WORKLIST_ITEM.c.liid == liid)}


def history(reading: Reading, liid: str, cin: int) -> Sequence[WorkItem]:
    """Every turn, oldest first."""
    return [_item(**row) for row in revisions(reading, WORKLIST, {"liid": liid, "cin": cin})]


def _item(state: str, **row: object) -> WorkItem:
    return WorkItem(state=WorkState(state), **row)  # type: ignore[arg-type]

"""Papers: the files that a request came with, as they came. Whether they are complete is `mediation.law.papers`'.

A file is hostile: its name and media type are what somebody said they were, and its octets are never looked into here.
They are hashed when they come and again when they are read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import func, select

from collector.desk.database.bounds import (
    ID_CHARACTERS,
    NAME_CHARACTERS,
    PAPER_OCTETS,
    PAPERS_A_REQUEST,
    BoundError,
    identifier,
    number,
    text,
)
from collector.desk.database.tables import PAPER, PAPERS
from collector.desk.database.writing import Reading, Writing
from mediation.runtime.process import IntegrityError

_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")


class Paper(NamedTuple):
    """One file; `number` counts the request's from 1."""

    request_id: str
    number: int
    name: str
    media_type: str
    size_octets: int
    sha256: str
    uploaded_by: str
    uploaded_us: int


_FACTS: Final = [PAPER.c[name] for name in Paper._fields]


def add(writing: Writing, request_id: str, name: str, media_type: str, octets: bytes, by: str, at_us: int) -> Paper:
    """Raises BoundError when it is empty or too large, or the request has as many as are kept."""
    if not 0 < len(octets) <= PAPER_OCTETS:
        raise BoundError(f"The file has {len(octets)} octets; 1 to {PAPER_OCTETS} are taken.")
    if not _MEDIA_TYPE.fullmatch(text(media_type, "The media type", ID_CHARACTERS)):
        raise BoundError("The media type is not of the form type/subtype.")
    request = identifier(request_id, "The request")
    for _ in range(PAPERS_A_REQUEST):
        count = select(func.max(PAPER.c.number)).where(PAPER.c.request_id == request)
        following = (writing.connection.execute(count).scalar() or 0) + 1
        if following > PAPERS_A_REQUEST:
            break
        paper = Paper(
            request,
            following,
            text(name, "The file's name", NAME_CHARACTERS),
            media_type,
            len(octets),
            hashlib.sha256(octets).hexdigest(),
            identifier(by, "Who brings it"),
            number(at_us, "The time"),
        )
        if writing.add(PAPERS, {**paper._asdict(), "octets": octets}, by):
            return paper
    raise BoundError(f"The request {request_id} has {PAPERS_A_REQUEST} files; no more are kept.")


def listed(reading: Reading, request_id: str) -> Sequence[Paper]:
    """In the order they came, without their octets."""
    query = select(*_FACTS).where(PAPER.c.request_id == request_id).order_by(PAPER.c.number)
    return [Paper(**row) for row in reading.connection.execute(query).mappings()]


def octets(reading: Reading, request_id: str, number: int) -> bytes | None:
    """A file as it came, None when there is none. Raises IntegrityError when it is no longer that."""
    query = select(PAPER.c.octets, PAPER.c.sha256).where(PAPER.c.request_id == request_id, PAPER.c.number == number)
    row = reading.connection.execute(query).first()
    if row is None:
        return None
    if hashlib.sha256(row.octets).hexdigest() != row.sha256:
        raise IntegrityError(f"Paper {number} of {request_id} is not what was uploaded: the database was changed.")
    return bytes(row.octets)

"""A route as data: what it answers, who may, what it takes. Pages, API, OpenAPI document and the test of the permission
matrix over HTTP are all made from these declarations.

Rules. A route says its action; there is no default that lets anybody in. It only asks or adds: GET and POST (R-167).
What a handler gets has been decided, put on record and parsed before it runs (`dispatch.py`).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Final

from aiohttp import web
from pydantic import BaseModel

from asn1.errors import LocalError
from mediation.law.access_facts import Circumstances
from mediation.law.actors import MATRIX, Action, Role

if TYPE_CHECKING:
    from collector.console.page import Page

API_PREFIX: Final = "/api/v1/"
_PARAMETER: Final = re.compile(r"\{(\w+)(?::[^}]*)?\}")


class Door(Enum):
    """Access that no row of the table is about."""

    OPEN = "open"
    """Nobody has to be signed in: signing in itself, the CA, pictures and style."""
    SIGNED_IN = "signed in"
    """Whoever is signed in, about themselves and nothing else."""


class Asks(StrEnum):
    """How a route's question is put to the law."""

    WHOLE = "whole"
    """An attempt: decided and put on record, whatever the answer."""
    PART = "part"
    """Part of a page whose own attempt is on record (a row that comes live, a picture): the same question; only a
    refusal goes on record, and it is no sign of life of who sits there."""
    CELL = "cell"
    """The act itself is an attempt of the desk (`Desk.grant`, `open_request`, …) and records itself; here only whether
    the role has a cell for it, on a case that they may know of."""


Handler = Callable[["Page"], Awaitable["web.StreamResponse | BaseModel"]]
Facts = Callable[["Page"], Circumstances]


@dataclass(frozen=True, slots=True)
class Route:
    """`path`: aiohttp's form, `/cases/{case_id}`. `case`: the parameter of the path or field of the form that names the
    case. `object`: type and parameter of what else it is about, for the audit. `title` names the page, `nav` puts it
    into the navigation under that word, in `area`. `query`, `form`: pydantic models that what is asked and sent is
    checked by; `answer` what an API route answers. `facts` adds what the answer of the law rests on from the form."""

    method: str
    path: str
    handler: Handler
    access: Action | Door
    case: str = ""
    asks: Asks = Asks.WHOLE
    object: tuple[str, str] = ("", "")
    title: str = ""
    nav: str = ""
    area: str = ""
    query: type[BaseModel] | None = None
    form: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    facts: Facts | None = None
    roles: frozenset[Role] | None = None
    """Narrower than the table, for what a rule of its own gives to some roles alone (R-084, R-085)."""
    rule: str = ""
    """That rule's number."""
    locked: bool = False
    """Whether it is answered to a session that waits for its password or code."""
    most_octets: int = 256 * 1024
    """Of the body; larger ones are answered 413."""

    def __post_init__(self) -> None:
        if self.method not in ("GET", "POST"):
            raise LocalError(f"{self.method} {self.path}: a route asks or adds (R-167).")
        if (self.roles is None) != (not self.rule):
            raise LocalError(f"{self.path}: roles of its own come with the rule that says so.")
        if self.case and self.case not in (*self.parameters, *_fields(self.form)):
            raise LocalError(f"{self.path}: there is no {self.case} in its path or form.")

    @property
    def api(self) -> bool:
        return self.path.startswith(API_PREFIX)

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(_PARAMETER.findall(self.path))

    def cell(self, role: Role | None) -> bool:
        """Whether this role may ever come through here."""
        if not isinstance(self.access, Action):
            return role is not None or self.access is Door.OPEN
        if role is None or MATRIX[self.access].get(role) is None:
            return False
        return self.roles is None or role in self.roles


def _fields(model: type[BaseModel] | None) -> Iterable[str]:
    return () if model is None else model.model_fields

"""The deeds of record management by name, each from the fields that a form, a command or a test gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from asn1.errors import RefusedError
from lab.agency.records.office import Done, Office
from mediation.law.orders import Window

MAX_TEXT: Final = 4000


class Asked:
    """Fields from outside: text with a length, whole numbers, yes or no. Raises RefusedError for anything else."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields = fields

    def text(self, name: str) -> str:
        value = self.fields.get(name, "")
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise RefusedError(f"{name} is text of at most {MAX_TEXT} characters.")
        return value.strip()

    def number(self, name: str) -> int | None:
        value = self.fields.get(name)
        if value in (None, ""):
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise RefusedError(f"{name} is a whole number.")
        return value

    def flag(self, name: str) -> bool:
        return self.fields.get(name) is True

    @property
    def by(self) -> str:
        return self.text("by")


def _search(office: Office, asked: Asked) -> Done:
    terms = {name: asked.text(name) for name in ("case_id", "who", "kind")}
    return office.search(
        asked.by,
        asked.text("need"),
        {**terms, "from_us": asked.number("from_us"), "until_us": asked.number("until_us")},
    )


def _share(office: Office, asked: Asked) -> Done:
    for name in asked.fields:
        if isinstance(asked.fields[name], str):
            asked.text(name)
    return office.share(asked.by, asked.text("case_id"), asked.fields)


def _summary(office: Office, asked: Asked) -> Done:
    return office.summary(asked.by, Window(asked.number("from_us") or 0, asked.number("until_us") or 1 << 62))


DEEDS: Final[dict[str, Callable[[Office, Asked], Done]]] = {
    "give": lambda office, asked: office.give(
        asked.by, asked.text("user_id"), asked.text("case_id"), asked.text("need")
    ),
    "read": lambda office, asked: office.read(asked.by, asked.text("case_id"), asked.text("need")),
    "search": _search,
    "verify": lambda office, asked: office.verify(asked.by, asked.text("package_id"), asked.text("need")),
    "dispose": lambda office, asked: office.dispose(
        asked.by, asked.text("case_id"), asked.text("outcome").upper(), asked.text("classification"),
        asked.flag("appeal_pending"),
    ),
    "close": lambda office, asked: office.close(asked.by, asked.text("case_id")),
    "share": _share,
    "agree": lambda office, asked: office.agree(asked.by, asked.text("agency"), asked.text("agreement")),
    "public-request": lambda office, asked: office.requested(
        asked.text("case_id"), asked.text("requester"), asked.text("asks")
    ),
    "review": lambda office, asked: office.review(
        asked.by, asked.text("request_id"), asked.flag("release"), asked.text("why")
    ),
    "incident": lambda office, asked: office.incident(
        asked.by, asked.text("case_id"), asked.text("says"), asked.number("aware_us")
    ),
    "report": lambda office, asked: office.report(asked.by, asked.text("incident_id"), asked.text("reference")),
    "told": lambda office, asked: office.told(asked.by, asked.text("disclosure_id")),
    "summary": _summary,
}  # fmt: skip

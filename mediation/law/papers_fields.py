"""Papers as plain values, for files and documents: read strictly, written so that they read back.

A mapping of names to texts, yes or no, times, lists and one level of mappings. Nothing is guessed: "no" is a text and
not a no, a number that lost its zeros is no complaint number, and a name that does not exist is an error, since a
misspelt field would look like a missing one. Absent and blank are the same. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields as fields_of
from enum import StrEnum
from typing import Any, Final, TypeVar

from mediation.law.fields import time_us
from mediation.law.papers_values import (
    Application,
    Declaration,
    Finding,
    Ground,
    OrderPaper,
    Papers,
    Standard,
    SupervisorNote,
)

MAX_TEXT: Final = 4_000
"""Characters in one text: a page."""
MAX_LIST: Final = 64

_Read = Callable[[Any, str], Any]
_Value = TypeVar("_Value")
_Member = TypeVar("_Member", bound=StrEnum)


def papers_from_fields(fields: Mapping[str, Any]) -> Papers:
    """Papers from plain values; the names are those of `Papers`, times without `_us`. Raises ValueError naming the
    field (`declaration.standard: …`)."""
    return _read(Papers, _PAPERS, fields, "")


def papers_to_fields(papers: Papers) -> dict[str, Any]:
    """The fields that `papers_from_fields` reads back: what is blank is left out, times are microseconds."""
    return _written(papers)


def _read(kind: type[_Value], row: Mapping[str, _Read], fields: object, path: str) -> _Value:
    if not isinstance(fields, Mapping):
        raise ValueError(f"{path.rstrip('.') or 'papers'}: a mapping of names to values is needed")
    unknown = sorted(str(name) for name in fields if name not in row)
    if unknown:
        raise ValueError(f"{path}{unknown[0]}: no such field")
    return kind(
        **{
            _ATTRIBUTE.get(name, name): reader(fields[name], path + name)
            for name, reader in row.items()
            if fields.get(name) not in (None, "")
        }
    )


def _written(value: Any) -> dict[str, Any]:  # noqa: ANN401  any of the values above
    found = {field.name: getattr(value, field.name) for field in fields_of(value)}
    return {
        _NAME.get(name, name): _plain(one)
        for name, one in found.items()
        if one is not None and one not in ("", (), frozenset())
    }


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(str(one) for one in value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return _written(value)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name}: a text is needed; put it in quotes")
    if len(value) > MAX_TEXT or not value.isprintable():
        raise ValueError(f"{name}: a text is one line of at most {MAX_TEXT} characters that can be printed")
    return value.strip()


def _yes_or_no(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name}: {value!r} is neither true nor false")
    return value


def _list(value: object, name: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{name}: a list is needed")
    if len(value) > MAX_LIST:
        raise ValueError(f"{name}: at most {MAX_LIST} entries")
    return list(value)


def _texts(value: object, name: str) -> tuple[str, ...]:
    return tuple(_text(one, name) for one in _list(value, name))


def _words(value: object, name: str) -> frozenset[str]:
    return frozenset(_texts(value, name))


def _member(kind: type[_Member]) -> Callable[[object, str], _Member]:
    def read(value: object, name: str) -> _Member:
        try:
            return kind(str(value))
        except ValueError as error:
            raise ValueError(f"{name}: {value!r} is none of {', '.join(str(one) for one in kind)}") from error

    return read


def _members(kind: type[_Member]) -> Callable[[object, str], frozenset[_Member]]:
    one = _member(kind)
    return lambda value, name: frozenset(one(each, name) for each in _list(value, name))


def _part(kind: type[_Value], row: Mapping[str, _Read]) -> Callable[[object, str], _Value]:
    return lambda value, name: _read(kind, row, value, f"{name}.")


def _applications(value: object, name: str) -> tuple[Application, ...]:
    return tuple(
        _read(Application, _APPLICATION, one, f"{name}.{number}.")
        for number, one in enumerate(_list(value, name), start=1)
    )


_ATTRIBUTE: Final = {"at": "at_us", "date": "date_us"}
_NAME: Final = {attribute: name for name, attribute in _ATTRIBUTE.items()}

_SUPERVISOR: Final[dict[str, _Read]] = {"supervisor": _text, "reasons": _text, "at": time_us}
_APPLICATION: Final[dict[str, _Read]] = {
    "investigator": _text,
    "prosecutor": _text,
    "investigator_swore": _yes_or_no,
    "prosecutor_swore": _yes_or_no,
    "offences": _texts,
    "findings": _members(Finding),
    "results": _text,
    "explanation": _text,
}
_DECLARATION: Final[dict[str, _Read]] = {
    "declared_by": _text,
    "at": time_us,
    "offence": _text,
    "emergency": _yes_or_no,
    "urgent_need": _yes_or_no,
    "primary_purpose": _yes_or_no,
    "grounds": _members(Ground),
    "standard": _member(Standard),
}
_ORDER_PAPER: Final[dict[str, _Read]] = {
    "reference": _text,
    "signed": _yes_or_no,
    "applicant": _text,
    "date": time_us,
    "judge": _text,
    "judge_title": _text,
    "agency": _text,
    "subscriber": _text,
    "subject": _text,
    "number": _text,
    "location": _text,
    "not_known": _words,
    "geographic_limits": _text,
    "offence_statement": _text,
    "offences": _texts,
    "types": _words,
    "period": _text,
    "auto_termination": _text,
    "minimisation": _text,
    "minimise_afterwards": _yes_or_no,
    "entry_needed": _yes_or_no,
    "entry_authority": _text,
    "device": _text,
}
_PAPERS: Final[dict[str, _Read]] = {
    "complaint_number": _text,
    "queried": _text,
    "purpose": _text,
    "requesting_unit": _text,
    "political_activity": _yes_or_no,
    "supervisor": _part(SupervisorNote, _SUPERVISOR),
    "application": _part(Application, _APPLICATION),
    "declaration": _part(Declaration, _DECLARATION),
    "order_paper": _part(OrderPaper, _ORDER_PAPER),
    "extensions": _applications,
}

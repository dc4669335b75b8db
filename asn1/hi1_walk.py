"""XML by description: one table an element type, one walker that reads and writes it. Used by HI1 and X1.

What a table describes must stand in the schema's order, and once where it may be once: of two answers none is chosen.
What it does not describe is kept as it came, at its place. What is written is read again first, so nothing goes out
that would not come in.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from asn1.errors import DecodeError, EncodeError
from asn1.hi1_xml import RawXml, Writer, local, no_attributes, no_text, raw_of

MAX_REPEATS: Final = 1024
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATE_TIME: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
_ZONE: Final = r"(Z|[+-][0-9]{2}:[0-9]{2})"
_MOMENT: Final = re.compile(rf"{_DATE_TIME}(\.[0-9]{{1,6}})?{_ZONE}")
_MICRO: Final = re.compile(rf"{_DATE_TIME}\.[0-9]{{6}}{_ZONE}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Kind(Protocol):
    """What an element holds. `kept` are the undescribed elements of the record around it."""

    def read(self, element: Any, path: str, kept: list[RawXml]) -> Any: ...  # noqa: ANN401

    def write(self, out: Writer, tag: str, value: Any, kept: tuple[RawXml, ...]) -> None: ...  # noqa: ANN401


@dataclass(frozen=True, slots=True)
class Leaf:
    """Text alone. What is written is read again first: nothing goes out that would not come in."""

    what: str
    to_value: Callable[[str], Any]
    to_text: Callable[[Any], str]

    def read(self, element: Any, path: str, _kept: list[RawXml]) -> Any:  # noqa: ANN401
        no_attributes(element, path, ())
        if len(element):
            raise DecodeError(DecodeError.BAD_VALUE, "text was expected, not elements", 0, path)
        try:
            return self.to_value(element.text or "")
        except (ValueError, OverflowError) as error:
            raise DecodeError(DecodeError.BAD_VALUE, self.what, 0, path) from error

    def write(self, out: Writer, tag: str, value: Any, _kept: tuple[RawXml, ...]) -> None:  # noqa: ANN401
        try:
            text = self.to_text(value)
            same = self.to_value(text) == value
        except (ValueError, OverflowError, TypeError, AttributeError) as error:
            raise EncodeError(f"{local(tag)}: {self.what}") from error
        if not same:
            raise EncodeError(f"{local(tag)}: {self.what}")
        out.leaf(tag, text)


@dataclass(frozen=True, slots=True)
class Field:
    """One element of a record: the attribute that holds it, its name, and how often it comes (`most` 1, or more)."""

    attribute: str
    tag: str
    kind: Kind
    least: int = 0
    most: int = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """An element that only wraps others: a tuple of `least` to `most`."""

    item: str
    kind: Kind
    least: int = 0
    most: int = MAX_REPEATS

    def read(self, element: Any, path: str, kept: list[RawXml]) -> tuple[Any, ...]:  # noqa: ANN401
        no_attributes(element, path, ())
        no_text(element, path)
        found = []
        for child in element:
            if child.tag == self.item:
                found.append(self.kind.read(child, f"{path}.{local(self.item)}", kept))
            else:
                kept.append(raw_of(child, f"{local(element.tag)}/", path))
        if not self.least <= len(found) <= self.most:
            code = DecodeError.TOO_MANY if found else DecodeError.MISSING_FIELD
            raise DecodeError(code, f"{self.least} to {self.most} are needed", 0, path)
        return tuple(found)

    def write(self, out: Writer, tag: str, value: Any, kept: tuple[RawXml, ...]) -> None:  # noqa: ANN401
        if not self.least <= len(value) <= self.most:
            raise EncodeError(f"{local(tag)}: {self.least} to {self.most} are needed")
        out.open(tag)
        for one in value:
            self.kind.write(out, self.item, one, ())
        for raw in kept:
            if raw.after == f"{local(tag)}/":
                out.raw(raw)
        out.close(tag)


class Opaque:
    """An element whose inside is somebody else's: kept as it came."""

    def read(self, element: Any, path: str, _kept: list[RawXml]) -> RawXml:  # noqa: ANN401
        return raw_of(element, "", path)

    def write(self, out: Writer, tag: str, value: RawXml, _kept: tuple[RawXml, ...]) -> None:
        if value.name != tag:
            raise EncodeError(f"{local(value.name)} is no {local(tag)}")
        out.raw(value)


class Choice:
    """An element that holds exactly one of several: (its local name, its value). One that is not described is there
    under its whole name, as RawXml."""

    def __init__(self, space: str, kinds: dict[str, Kind]) -> None:
        self._kinds = {f"{{{space}}}{name}": kind for name, kind in kinds.items()}
        self._space = space

    def read(self, element: Any, path: str, _kept: list[RawXml]) -> tuple[str, Any]:  # noqa: ANN401
        no_attributes(element, path, ())
        no_text(element, path)
        if len(element) != 1:
            raise DecodeError(DecodeError.MISSING_FIELD, "exactly one of a choice is needed", 0, path)
        (child,) = element
        kind = self._kinds.get(child.tag)
        if kind is None:
            return str(child.tag), raw_of(child, "", path)
        return local(child.tag), kind.read(child, f"{path}.{local(child.tag)}", [])

    def write(self, out: Writer, tag: str, value: tuple[str, Any], _kept: tuple[RawXml, ...]) -> None:
        name, held = value
        kind = self._kinds.get(f"{{{self._space}}}{name}")
        out.open(tag)
        if kind is not None:
            kind.write(out, f"{{{self._space}}}{name}", held, ())
        elif isinstance(held, RawXml):
            out.raw(held)
        else:
            raise EncodeError(f"{name} is none of {', '.join(local(one) for one in self._kinds)}")
        out.close(tag)


class Record:
    """A value type and its elements in the schema's order. The type has a field `unknown` for what is kept.

    `choice`, where there is one, stands behind the fields: exactly one of its elements, held in `body`; the type of
    the value says which, and an element outside the choice is held as RawXml.
    """

    def __init__(
        self, cls: type[Any], elements: Iterable[Field], choice: Iterable[tuple[str, Kind, type[Any]]] = ()
    ) -> None:
        self.cls = cls
        self.fields = tuple(elements)
        self.choice = {tag: kind for tag, kind, _ in choice}
        self._choice_of = {of: tag for tag, _, of in choice}
        self._places = {field.tag: place for place, field in enumerate(self.fields)}

    def read(self, element: Any, path: str, _kept: list[RawXml]) -> Any:  # noqa: ANN401
        no_attributes(element, path, ())
        return self.read_typed(element, path, self.cls)

    def read_typed(self, element: Any, path: str, cls: type[Any], **given: Any) -> Any:  # noqa: ANN401
        """`element` whatever its attributes, as `cls`, with values the attributes gave."""
        no_text(element, path)
        kept: list[RawXml] = []
        values: dict[str, Any] = dict(given)
        many: dict[str, list[Any]] = {field.attribute: [] for field in self.fields if field.most > 1}
        bodies: list[Any] = []
        place, last = 0, ""
        for child in element:
            here = f"{path}.{local(child.tag)}"
            found = self._places.get(child.tag)
            if found is None:
                if child.tag in self.choice:
                    bodies.append(self.choice[child.tag].read(child, here, kept))
                else:
                    kept.append(raw_of(child, last, here))
                continue
            field = self.fields[found]
            if found < place or bodies:
                raise DecodeError(DecodeError.BAD_TAG, "repeated, or not at its place", 0, here)
            place, last = (found if field.most > 1 else found + 1), local(child.tag)
            value = field.kind.read(child, here, kept)
            if field.most > 1:
                many[field.attribute].append(value)
            else:
                values[field.attribute] = value
        if self.choice:
            values["body"] = _one(bodies, kept, last, path)
        for field in self.fields:
            if field.most > 1:
                values[field.attribute] = tuple(many[field.attribute])
            count = len(many[field.attribute]) if field.most > 1 else int(field.attribute in values)
            if not field.least <= count <= field.most:
                code = DecodeError.TOO_MANY if count else DecodeError.MISSING_FIELD
                raise DecodeError(code, f"{local(field.tag)} comes {field.least} to {field.most} times", 0, path)
        return cls(**values, unknown=tuple(kept))

    def write(self, out: Writer, tag: str, value: Any, _kept: tuple[RawXml, ...]) -> None:  # noqa: ANN401
        self.write_typed(out, tag, value, None)

    def write_typed(self, out: Writer, tag: str, value: Any, xsi_type: str | None) -> None:  # noqa: ANN401
        out.open(tag, xsi_type)
        self.write_inside(out, value)
        out.close(tag)

    def write_inside(self, out: Writer, value: Any) -> None:  # noqa: ANN401
        kept: tuple[RawXml, ...] = value.unknown
        places = {""}
        if self.fields or not self.choice:
            _write_kept(out, kept, "")
        for field in self.fields:
            held = getattr(value, field.attribute)
            many = held if field.most > 1 else () if held is None else (held,)
            if not field.least <= len(many) <= field.most:
                raise EncodeError(f"{local(field.tag)} comes {field.least} to {field.most} times")
            for one in many:
                field.kind.write(out, field.tag, one, kept)
            if many:
                places |= {local(field.tag), f"{local(field.tag)}/"}
                if not self.choice:
                    _write_kept(out, kept, local(field.tag))
        if self.choice:
            behind = places - {""} if self.fields else set(places)
            places |= self._write_choice(out, value.body, kept)
            for after in sorted(behind):
                if not after.endswith("/"):
                    _write_kept(out, kept, after)
        lost = [raw.name for raw in kept if raw.after not in places]
        if lost:
            raise EncodeError(f"{lost[0]} was kept behind an element that is not there")

    def _write_choice(self, out: Writer, body: Any, kept: tuple[RawXml, ...]) -> set[str]:  # noqa: ANN401
        """The place this opens for what was kept."""
        if isinstance(body, RawXml):
            out.raw(body)
            return set()
        tag = self._choice_of.get(type(body))
        if tag is None:
            raise EncodeError(f"{type(body).__name__} is none of {', '.join(local(one) for one in self.choice)}")
        self.choice[tag].write(out, tag, body, kept)
        return {f"{local(tag)}/"}


def moment(time_us: int) -> str:
    """QualifiedDateTime in UTC: whole seconds, as in the published examples, unless there is a fraction."""
    text = stamp(time_us)
    return text if time_us % 1_000_000 else f"{text[:19]}Z"


def stamp(time_us: int) -> str:
    """QualifiedMicrosecondDateTime in UTC: exactly six fraction digits."""
    return (_EPOCH + timedelta(microseconds=time_us)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _time(pattern: re.Pattern[str]) -> Callable[[str], int]:
    def to_us(text: str) -> int:
        if not pattern.fullmatch(text.strip()):
            raise ValueError("no such time")
        time_us = (datetime.fromisoformat(text.strip()) - _EPOCH) // timedelta(microseconds=1)
        if stamp(time_us) < "1970":
            raise ValueError("before 1970")
        return time_us

    return to_us


def text_of(least: int, most: int, pattern: str | None = None) -> Leaf:
    """A string of that many characters, taken as it is, never trimmed."""
    form = None if pattern is None else re.compile(pattern)

    def same(text: str) -> str:
        if not least <= len(text) <= most or (form is not None and not form.fullmatch(text)):
            raise ValueError("no such text")
        return text

    return Leaf(f"{least} to {most} characters{f' of the form {pattern}' if pattern else ''}", same, same)


def token_of(what: str, pattern: str, most: int = 255) -> Leaf:
    """A string whose surrounding white space does not count (xs:token)."""
    form = re.compile(pattern)

    def to_value(text: str) -> str:
        token = text.strip(" \t\r\n")
        if len(token) > most or not form.fullmatch(token):
            raise ValueError("no such token")
        return token

    return Leaf(what, to_value, str)


def word_of(*words: str) -> Leaf:
    """One of the words of an enumeration."""

    def to_value(text: str) -> str:
        if text not in words:
            raise ValueError("no such word")
        return text

    return Leaf(f"one of {', '.join(words)} is needed", to_value, str)


def number_of(least: int) -> Leaf:
    def to_value(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", text.strip()) or int(text) < least:
            raise ValueError("no such number")
        return int(text)

    return Leaf(f"a whole number of at most 18 digits from {least} on is needed", to_value, str)


def whole_of(least: int, most: int) -> Leaf:
    """A whole number between bounds, with its sign."""

    def to_value(text: str) -> int:
        if not re.fullmatch(r"[-+]?[0-9]{1,18}", text.strip()) or not least <= int(text) <= most:
            raise ValueError("no such number")
        return int(text)

    return Leaf(f"a whole number from {least} to {most} is needed", to_value, str)


def _uuid(text: str) -> uuid.UUID:
    if not _UUID.fullmatch(text.strip()):
        raise ValueError("no such identifier")
    return uuid.UUID(text.strip())


def _yes_or_no(text: str) -> bool:
    if text.strip() not in ("true", "1", "false", "0"):
        raise ValueError("neither true nor false")
    return text.strip() in ("true", "1")


def _hex(text: str) -> bytes:
    if not re.fullmatch(r"([0-9A-Fa-f]{2})*", text.strip()):
        raise ValueError("no hexadecimal digits")
    return bytes.fromhex(text.strip())


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()).encode(), validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


SHORT: Final = text_of(0, 255)
LONG: Final = text_of(0, 65_535)
UUID: Final = Leaf("a UUID in lower case is needed", _uuid, str)
MOMENT: Final = Leaf("a time with its zone, in 1970 or later, is needed", _time(_MOMENT), moment)
MICRO: Final = Leaf("a time with six fraction digits and its zone is needed", _time(_MICRO), stamp)
STAMP: Final = Leaf("a time with its zone, in 1970 or later, is needed", _time(_MOMENT), stamp)
"""Written with six fraction digits, read with any."""
COUNT: Final = number_of(0)
WHOLE: Final = whole_of(-(10**18) + 1, 10**18 - 1)
YES_NO: Final = Leaf("true or false is needed", _yes_or_no, lambda value: {True: "true", False: "false"}[value])
HEX: Final = Leaf("an even number of hexadecimal digits is needed", _hex, lambda value: value.hex())
OCTETS: Final = Leaf("base64 is needed", _octets, lambda value: base64.b64encode(value).decode())


def _one(bodies: list[Any], kept: list[RawXml], last: str, path: str) -> Any:  # noqa: ANN401
    """What was chosen; something undescribed only when nothing described was."""
    if not bodies:
        bodies = [raw for raw in kept if raw.after == last]
        kept[:] = [raw for raw in kept if raw.after != last]
    if len(bodies) != 1:
        raise DecodeError(DecodeError.MISSING_FIELD, "exactly one of a choice is needed", 0, path)
    return bodies[0]


def _write_kept(out: Writer, kept: tuple[RawXml, ...], after: str) -> None:
    for raw in kept:
        if raw.after == after:
            out.raw(raw)

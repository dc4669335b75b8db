"""XML in and out for HI1 and X1: what a peer can send, within bounds, and how text is written.

Hostile input: bounded octets, elements and depth; UTF-8 only, so that a scan of the octets sees what the parser sees;
no DTD, no entities, no network; anything unsound raises DecodeError and nothing else. What nobody describes is kept
as it came (`RawXml`, exclusive C14N). Text is written here and not through a tree, because a tree renames the
namespace prefixes that kept octets may refer to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final
from xml.sax.saxutils import escape

from lxml import etree

from asn1.errors import DecodeError, EncodeError

XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
MAX_OCTETS: Final = 4 << 20
"""A warrant with its papers; error 3022 is for more."""
MAX_ELEMENTS: Final = 20_000
MAX_DEPTH: Final = 32
"""The deepest described element stands at 16."""

_TYPE: Final = f"{{{XSI}}}type"
_SCHEMA_LOCATION: Final = f"{{{XSI}}}schemaLocation"
_NO_CHARACTER: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FIRST_NAME: Final = re.compile(r"<[^\s/>]+")
_QNAME: Final = re.compile(r"(?:([A-Za-z_][\w.-]{0,63}):)?([A-Za-z_][\w.-]{0,127})")


@dataclass(frozen=True, slots=True)
class RawXml:
    """An element nobody here describes, as it came. `after` is the described element it followed ("" for none), with
    a slash when it stood at the end of the list of that name."""

    name: str
    octets: bytes
    after: str = ""


class Writer:
    """Collects the text of one message. Every namespace has a fixed prefix; the prefix "" makes it the default."""

    def __init__(self, prefixes: dict[str, str]) -> None:
        self._prefixes = prefixes
        self._parts: list[str] = []

    def open(self, tag: str, xsi_type: str | None = None) -> None:
        self._parts.append(f"<{self._name(tag)}{'' if xsi_type is None else self._type(xsi_type)}>")

    def open_root(self, tag: str) -> None:
        spaces = "".join(f' xmlns{":" if prefix else ""}{prefix}="{space}"' for space, prefix in self._prefixes.items())
        self._parts.append(f"<?xml version='1.0' encoding='UTF-8'?>\n<{self._name(tag)}{spaces}>")

    def close(self, tag: str) -> None:
        self._parts.append(f"</{self._name(tag)}>")

    def leaf(self, tag: str, text: str) -> None:
        name = self._name(tag)
        self._parts.append(f"<{name}>{_escaped(text)}</{name}>")

    def raw(self, raw: RawXml) -> None:
        try:
            text = raw.octets.decode()
        except UnicodeDecodeError as error:
            raise EncodeError(f"what was kept of {raw.name} is no text") from error
        if "" in self._prefixes.values():
            # What was kept for itself must not come under our default namespace. Canonical XML declares its own first.
            name = _FIRST_NAME.match(text)
            if name is not None and not text.startswith(' xmlns="', name.end()):
                text = f'{name[0]} xmlns=""{text[name.end() :]}'
        self._parts.append(text)

    def octets(self) -> bytes:
        return "".join(self._parts).encode()

    def _type(self, xsi_type: str) -> str:
        space, name = split_tag(xsi_type)
        if not space:
            return f' xsi:type="{name}"'
        if space in self._prefixes:
            prefix = self._prefixes[space]
            return f' xsi:type="{prefix}:{name}"' if prefix else f' xsi:type="{name}"'
        return f' xmlns:t="{_escaped(space)}" xsi:type="t:{name}"'

    def _name(self, tag: str) -> str:
        space, name = split_tag(tag)
        prefix = self._prefixes[space]
        return f"{prefix}:{name}" if prefix else name


def parse(octets: bytes, wanted: str) -> Any:  # noqa: ANN401  lxml has no public element type
    """The root element `wanted` (Clark notation) of octets that keep within every bound."""
    if len(octets) > MAX_OCTETS:
        raise DecodeError(DecodeError.OVERSIZED, f"a message has at most {MAX_OCTETS} octets", MAX_OCTETS)
    # Before the parser builds anything: a quarter of the octets could be elements otherwise.
    if octets.count(b"<") > 2 * MAX_ELEMENTS + 64:
        raise DecodeError(DecodeError.TOO_MANY, f"a message has at most {MAX_ELEMENTS} elements")
    try:
        octets.decode()
    except UnicodeDecodeError as error:
        raise DecodeError(DecodeError.BAD_VALUE, "only UTF-8 is read", error.start) from error
    if b"<!DOCTYPE" in octets or b"<!ENTITY" in octets:
        raise DecodeError(DecodeError.BAD_VALUE, "a document type definition is refused")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(octets, parser)
    except (etree.LxmlError, ValueError) as error:
        raise DecodeError(DecodeError.BAD_VALUE, "not well-formed XML") from error
    if root is None or root.tag != wanted or root.getroottree().docinfo.internalDTD is not None:
        raise DecodeError(DecodeError.BAD_TAG, f"{local(wanted)} was expected")
    depth = elements = 0
    for event, _element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        elements += event == "start"
        if depth > MAX_DEPTH:
            raise DecodeError(DecodeError.TOO_DEEP, f"elements stand at most {MAX_DEPTH} deep")
    if elements > MAX_ELEMENTS:
        raise DecodeError(DecodeError.TOO_MANY, f"a message has at most {MAX_ELEMENTS} elements")
    return root


def xsi_type(element: Any, path: str) -> str:  # noqa: ANN401
    """The type an element names, in Clark notation, whatever prefix it used."""
    no_attributes(element, path, (_TYPE,))
    named = _QNAME.fullmatch(str(element.get(_TYPE) or "").strip())
    if named is None:
        raise DecodeError(DecodeError.MISSING_FIELD, "the element names no type", 0, path)
    space = element.nsmap.get(named[1], "" if named[1] is None else None)
    if space is None:
        raise DecodeError(DecodeError.BAD_VALUE, "the type's prefix stands for nothing", 0, path)
    return f"{{{space}}}{named[2]}"


def raw_of(element: Any, after: str, path: str) -> RawXml:  # noqa: ANN401
    """An element as it stands, for itself: with the prefixes that its type names refer to."""
    prefixes = set()
    for one in element.iter():
        named = _QNAME.fullmatch(str(one.get(_TYPE) or "").strip())
        if named is not None and named[1] is not None:
            prefixes.add(named[1])
    try:
        octets = etree.tostring(
            element,
            method="c14n",
            exclusive=True,
            with_comments=False,
            with_tail=False,
            inclusive_ns_prefixes=sorted(prefixes),
        )
    except (etree.LxmlError, ValueError) as error:
        raise DecodeError(DecodeError.BAD_VALUE, "it has no canonical form", 0, path) from error
    return RawXml(str(element.tag), bytes(octets), after)


def unknown_of(value: object, path: str = "") -> tuple[str, ...]:
    """Where in a value something was kept that nobody here understands: paths, in order."""
    if isinstance(value, RawXml):
        return (f"{path}.{local(value.name)}".lstrip("."),)
    if isinstance(value, tuple):
        return tuple(found for one in value for found in unknown_of(one, path))
    if not is_dataclass(value):
        return ()
    found: list[str] = []
    for field in fields(value):
        held = getattr(value, field.name)
        own = field.name == "unknown" or isinstance(held, RawXml)
        found += unknown_of(held, path if own else f"{path}.{field.name}".lstrip("."))
    return tuple(found)


def split_tag(tag: str) -> tuple[str, str]:
    space, _, name = tag.removeprefix("{").rpartition("}")
    return space, name


def local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _escaped(text: str) -> str:
    bad = _NO_CHARACTER.search(text)
    if bad is not None:
        raise EncodeError(f"U+{ord(bad[0]):04X} has no place in XML")
    return escape(text, {"\r": "&#13;", '"': "&quot;"})


def no_attributes(element: Any, path: str, allowed: tuple[str, ...]) -> None:  # noqa: ANN401
    for name in element.attrib:
        if name not in allowed and not (name == _SCHEMA_LOCATION and element.getparent() is None):
            raise DecodeError(DecodeError.BAD_TAG, f"the attribute {local(str(name))} has no place here", 0, path)


def no_text(element: Any, path: str) -> None:  # noqa: ANN401
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        raise DecodeError(DecodeError.BAD_VALUE, "text between elements", 0, path)

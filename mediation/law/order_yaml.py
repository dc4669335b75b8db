"""An order as YAML, for people: plain fields by name (`fields.order_from_fields`), and `papers:` where there are some.

    order_from_yaml(text) -> (order, papers)      order_to_yaml(order, papers) -> text      fields_from_yaml(text)

What stands there is what is read: every scalar of the order is its text, `no` is a word and `0123` four digits. In the
papers, which say yes or no and hold numbers, a plain `true`, `false` or whole number is one; whatever is in quotes is a
text. Anchors, tags and a name given twice are refused; so are deep and large texts. JSON is read too, being YAML.
DecodeError for what is no such YAML, RefusedError for an order the law does not let in. Pure.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from asn1.errors import DecodeError, RefusedError
from mediation.law.fields import order_from_fields
from mediation.law.order_text import fields_of_texts, order_texts
from mediation.law.orders import CourtOrder
from mediation.law.papers import Papers, papers_from_fields, papers_to_fields

MAX_YAML_CHARACTERS: Final = 256 * 1024
PAPERS: Final = "papers"
_MAX_DEPTH: Final = 8
"""The mapping, its papers, a list of applications, one of them, a list in it, a text; with room."""
_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_WORDS: Final = {"true": True, "false": False}


class _Loader(yaml.BaseLoader):
    """Composes nodes alone: nothing shared, nothing typed, nothing deep."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401  PyYAML's own signature
        event: object = self.peek_event()  # type: ignore[no-untyped-call]  # of PyYAML
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise yaml.YAMLError("anchors and aliases are refused")
        if getattr(event, "tag", None) is not None:
            raise yaml.YAMLError("tags are refused")
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise yaml.YAMLError("an order is not that deep")
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def fields_from_yaml(text: str) -> dict[str, Any]:
    """What `fields.order_from_fields` reads, and under `papers` what `papers_from_fields` reads, of any part of an
    order. An empty value is an absent one. Raises DecodeError."""
    if len(text) > MAX_YAML_CHARACTERS:
        raise DecodeError(DecodeError.OVERSIZED, f"an order has at most {MAX_YAML_CHARACTERS} characters")
    try:
        node = yaml.compose(text, _Loader)
        if not isinstance(node, yaml.MappingNode):
            raise yaml.YAMLError("an order is a mapping of names to values")
        papers = [value for name, value in node.value if name.value == PAPERS]
        built = _built(node, False)
        fields = fields_of_texts({name: value for name, value in built.items() if value != "" and name != PAPERS})
        if papers:
            fields[PAPERS] = _built(papers[0], True)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        why = str(error).splitlines()[0] if str(error) else "it cannot be read"
        raise DecodeError(DecodeError.BAD_VALUE, f"this is no YAML of one plain mapping: {why}") from error
    return fields


def order_from_yaml(text: str) -> tuple[CourtOrder, Papers | None]:
    """The order that the text is, with its papers where it has some."""
    fields = fields_from_yaml(text)
    papers = fields.pop(PAPERS, None)
    try:
        return order_from_fields(fields), None if papers is None else papers_from_fields(papers)
    except ValueError as error:
        raise RefusedError(f"DOC_MISSING:{error}") from error


def order_to_yaml(order: CourtOrder, papers: Papers | None = None) -> str:
    """The text that reads back as this order and these papers."""
    values: dict[str, Any] = dict(order_texts(order))
    if papers is not None:
        values[PAPERS] = papers_to_fields(papers)
    return str(yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=1_000))


def _built(node: yaml.Node, typed: bool) -> Any:  # noqa: ANN401
    if isinstance(node, yaml.MappingNode):
        found = {}
        for name, value in node.value:
            if not isinstance(name, yaml.ScalarNode) or name.value in found:
                raise yaml.YAMLError("a name is given twice, or is no text")
            found[name.value] = _built(value, typed)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_built(one, typed) for one in node.value]
    text = str(node.value)
    if typed and isinstance(node, yaml.ScalarNode) and node.style is None:
        if _WHOLE.fullmatch(text):
            return int(text)
        return _WORDS.get(text, text)
    return text

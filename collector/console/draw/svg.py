"""What all drawings share: elements with escaped text, class names, and the table beside every picture. Pure.

A drawing stands inside a page whose content security policy allows no style attribute, no script and nothing from
elsewhere: elements have presentation attributes and classes, colours come from the page's style sheet and fall back on
the colour of the text. Whatever a peer called itself is text. Every drawing has a title, and the table that says the
same (`Table`) beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from markupsafe import Markup

MAX_LABEL: Final = 48


class Table(NamedTuple):
    """The equal of a picture, for whoever does not see it."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def element(name: str, *inside: Markup | str, **attributes: str | float | int) -> Markup:
    """`class_` is the class; an underscore in a name is a hyphen. Text is escaped, markup is not."""
    told = Markup().join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _number(value))
        for key, value in attributes.items()
    )
    held = (one if isinstance(one, Markup) else plain(one) for one in inside)
    return Markup("<{0}{1}>{2}</{0}>").format(name, told, Markup().join(held))


def plain(words: str) -> str:
    """One line of characters that every reader of XML takes, and none that turns the others around."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in words)


def _number(value: str | float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else plain(str(value))


def text(x: float, y: float, words: str, class_: str = "label", anchor: str = "start") -> Markup:
    """Words at a place, cut to what fits, whole in a tooltip."""
    shown = words if len(words) <= MAX_LABEL else f"{words[: MAX_LABEL - 1]}…"
    tip = element("title", words) if shown != words else ""
    return element("text", tip, shown, x=x, y=y, class_=class_, text_anchor=anchor, fill="currentColor")


def line(x: float, y: float, to_x: float, to_y: float, class_: str, **more: str | float | int) -> Markup:
    return element("line", x1=x, y1=y, x2=to_x, y2=to_y, class_=class_, stroke="currentColor", **more)


def drawing(width: float, height: float, title: str, said: str, inside: Iterable[Markup], class_: str) -> Markup:
    """One `svg` element that scales with its place."""
    return element(
        "svg", element("title", title), element("desc", said), *inside, xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_number(float(width))} {_number(float(height))}", class_=f"draw {class_}", role="img",
        aria_label=title, preserveAspectRatio="xMidYMin meet",
    )  # fmt: skip

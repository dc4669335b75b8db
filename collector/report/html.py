"""A report as one HTML page: no script, nothing from elsewhere, made to be printed. Everything in it is text.

The style stands in the page, so that a saved report looks as it was; a server with a strict content security policy
allows it by `style_hash`.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import Final

import jinja2

from collector.export.service import time_text
from collector.report.model import MARK, Report, digest

TEMPLATE: Final = "report.html"
LONG_WORD: Final = 24
"""Characters of a word that no column can be as wide as: a digest, an address. Such a word is broken, no other is."""


def style() -> str:
    return (resources.files("collector.report") / "templates" / "report.css").read_text("utf-8")


def style_hash() -> str:
    """What a content security policy calls the style: `'sha256-…'` in style-src."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()}'"


def has_long_word(cell: object) -> bool:
    """Whether a cell has a word that must be broken, so that it does not widen its column beyond the page."""
    return any(len(word) > LONG_WORD for word in str(cell).split())


def render_html(report: Report) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("collector.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["utc"] = time_text
    environment.tests["long"] = has_long_word
    return environment.get_template(TEMPLATE).render(
        report=report, mark=MARK, digest=digest(report), style=style(), nothing="none"
    )

"""Parts of multimedia messages as a browser may have them: pictures drawn anew, all else as plain text or octets.

What a party sent is hostile until it has been made harmless: a picture of a known kind and of bounded size is decoded
and written again as PNG, so that nothing but its dots gets through; text is handed out as text/plain, whatever it says
it is; the rest as an attachment of octets without a kind. Nothing is ever handed out under a media type that a peer
chose.
"""

from __future__ import annotations

import io
import re
import warnings
from typing import Final, NamedTuple

from PIL import Image, UnidentifiedImageError

from asn1.mime import Part
from collector.export.multimedia import SMIL

PICTURES: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/jpg": "JPEG", "image/gif": "GIF"}
MAX_PICTURE_OCTETS: Final = 8 << 20
MAX_PIXELS: Final = 16 << 20
MAX_SIDE: Final = 1_600
"""Dots; what is larger is shown smaller."""
MAX_TEXT: Final = 65_536
OCTETS: Final = "application/octet-stream"
TEXT: Final = "text/plain; charset=utf-8"
PNG: Final = "image/png"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9-]+")
_MAX_NAME: Final = 40


class MediaPart(NamedTuple):
    """`content_type` is one of PNG, TEXT and OCTETS. `inline`: whether it may be shown in a page; else it is saved."""

    content_type: str
    octets: bytes
    name: str
    inline: bool


def shown_part(part: Part, stem: str) -> MediaPart:
    """A part as it may leave. `stem` begins its name."""
    own = _UNSAFE.sub("-", (part.name or "").rpartition(".")[0] or part.name or "part").strip("-")[:_MAX_NAME]
    name = f"{stem}-{own or 'part'}"
    drawn = redrawn(part.body) if part.content_type in PICTURES else None
    if drawn is not None:
        return MediaPart(PNG, drawn, f"{name}.png", True)
    text = part_text(part)
    if text is not None:
        return MediaPart(TEXT, text.encode("utf-8", "replace"), f"{name}.txt", True)
    return MediaPart(OCTETS, part.body, f"{name}.bin", False)


def part_text(part: Part) -> str | None:
    """What of a part is text, as text: SMIL and HTML too. None for anything else."""
    text = part.body.decode("utf-8", "replace") if part.content_type == SMIL else part.text
    return None if text is None else text[:MAX_TEXT]


def redrawn(octets: bytes) -> bytes | None:
    """The first picture in the octets as PNG; None for what is none, or too large to be looked at."""
    if len(octets) > MAX_PICTURE_OCTETS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(octets), formats=tuple(dict.fromkeys(PICTURES.values()))) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    return None
                plain = picture.convert("RGBA")
                plain.thumbnail((MAX_SIDE, MAX_SIDE))
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Warning, Image.DecompressionBombError):
        # What PIL raises for broken pictures is of many kinds; every one means that it cannot be shown.
        return None
    out = io.BytesIO()
    plain.save(out, "PNG")
    return out.getvalue()

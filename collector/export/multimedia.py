"""Multimedia messages as files: one sheet a message that says who, when and in which order, and each part beside it.

The octets of a part are written as they came, under a name made of letters and numbers and an ending that its media
type is known by; a page or a script gets no ending that anything would open by itself. The order of showing is read
from the SMIL part (W3C SMIL 2.0, of which messages use `par`, `img`, `text`, `audio`, `video`, `ref`) without building
a tree.
"""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Final, NamedTuple

from asn1.errors import DecodeError
from asn1.mime import Part
from asn1.mms import MmsPdu, read_content
from collector.export.communications import Communication
from collector.export.contents import MMS

MAX_SMIL_OCTETS: Final = 65_536
SMIL: Final = "application/smil"
_ENDINGS: Final = {
    "image/png": "png", "image/jpeg": "jpg", "image/jpg": "jpg", "image/gif": "gif", "image/vnd.wap.wbmp": "wbmp",
    "text/plain": "txt", "text/x-vcard": "vcf", "text/x-vcalendar": "vcs", SMIL: "smil.txt", "audio/amr": "amr",
    "audio/midi": "mid", "audio/mp4": "m4a", "video/3gpp": "3gp", "video/mp4": "mp4",
}  # fmt: skip
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9-]+")
_SLIDE: Final = re.compile(r"<par\b[^>]*>(.*?)</par>", re.IGNORECASE | re.DOTALL)
_MEDIA: Final = re.compile(
    r"<(?:img|text|audio|video|ref)\b[^>]*?\bsrc\s*=\s*(?:\"([^\"]{1,200})\"|'([^']{1,200})')", re.IGNORECASE
)
_MAX_NAME: Final = 40
_NO_TEXT: Final = "(none)"


class Written(NamedTuple):
    files: list[Path]
    messages: int


def write(communication: Communication, directory: Path, mark: str) -> Written:
    """The messages of one communication, in the order they came. Raises OSError."""
    written: list[Path] = []
    count = 0
    for packet in communication.packets:
        if packet.frame != MMS:
            continue
        count += 1
        stem = f"mms-{communication.cin}-{count}"
        heading = f"{mark} LIID {communication.liid} CIN {communication.cin} record {packet.sequence}"
        try:
            message = read_content(packet.octets)
        except DecodeError as error:
            path = directory / f"{stem}.bin"
            path.write_bytes(packet.octets)
            sheet = directory / f"{stem}.txt"
            sheet.write_text(
                f"{heading}\n\nThe message cannot be read ({error.code}); its octets are in {path.name}.\n",
                "utf-8",
            )
            written += [sheet, path]
            continue
        names = [_file_name(stem, number, part) for number, part in enumerate(message.parts, 1)]
        for name, part in zip(names, message.parts, strict=True):
            (directory / name).write_bytes(part.body)
        sheet = directory / f"{stem}.txt"
        sheet.write_text(_sheet(heading, packet.event_us, message, names), "utf-8")
        written += [sheet, *(directory / name for name in names)]
    return Written(written, count)


def _file_name(stem: str, number: int, part: Part) -> str:
    own = _UNSAFE.sub("-", (part.name or "").rpartition(".")[0] or part.name or "part").strip("-")[:_MAX_NAME]
    return f"{stem}-{number}-{own or 'part'}.{_ENDINGS.get(part.content_type, 'bin')}"


def _sheet(heading: str, time_us: int, message: MmsPdu, names: list[str]) -> str:
    when = datetime.datetime.fromtimestamp(max(time_us, 0) / 1e6, datetime.UTC)
    lines = [heading, f"{when:%Y-%m-%d %H:%M:%S}Z", ""]
    lines += [f"{name}: {_one_line(str(value))}" for name, value in message.headers]
    lines += ["", "parts:"]
    for number, (name, part) in enumerate(zip(names, message.parts, strict=True), 1):
        lines.append(f"{number}. {name}  {_one_line(part.content_type)}, {len(part.body)} octets")
    for index, slide in enumerate(slides(message.parts), 1):
        lines += ["", f"slide {index}:"]
        for number in slide:
            text = message.parts[number].text
            lines.append(f"  {names[number]}" + (f"  {_one_line(text)}" if text is not None else ""))
    return "\n".join(lines) + "\n"


def slides(parts: tuple[Part, ...]) -> list[list[int]]:
    """What is shown together, as indexes of parts; without a SMIL part one slide with everything."""
    shown = next((part for part in parts if part.content_type == SMIL), None)
    everything = [index for index, part in enumerate(parts) if part is not shown]
    if shown is None:
        return [everything]
    text = shown.body[:MAX_SMIL_OCTETS].decode("utf-8", "replace")
    found = []
    for slide in _SLIDE.finditer(text):
        wanted = [first or second for first, second in _MEDIA.findall(slide.group(1))]
        found.append([index for source in wanted if (index := _named(parts, source)) is not None])
    missing = [index for index in everything if not any(index in slide for slide in found)]
    return [*(slide for slide in found if slide), *([missing] if missing else [])]


def _named(parts: tuple[Part, ...], source: str) -> int | None:
    bare = source.removeprefix("cid:").strip("<>")
    for index, part in enumerate(parts):
        if part.content_type != SMIL and bare in (part.content_id, part.header("content-location"), part.name):
            return index
    return None


def _one_line(text: str) -> str:
    """No text can pass for another line of the sheet."""
    return "".join(char if char.isprintable() else "⏎" if char == "\n" else "�" for char in text) or _NO_TEXT

"""A hand-off package as it arrives: a tar of an evidence bundle, unpacked within bounds, verified, and read for search.

Rules. What comes is hostile until it is verified: names are those of files below one directory, sizes and numbers are
bounded, and nothing but plain files is taken. A bundle whose own proofs do not hold under the collector's known key is
not taken at all. What is verified stays as it came, so that it can be verified again when the collector has let go of
everything.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, NamedTuple

from asn1.errors import RefusedError
from collector.export.bundle_check import Report, check_bundle
from mediation.law.orders import normalise_e164

MAX_FILES: Final = 20_000
MAX_OCTETS: Final = 4 << 30
MAX_NAME: Final = 200
MAX_FOUND: Final = 500_000
MAX_WHO: Final = 8
"""Identities of one record that are searched by."""
_EVENT_US: Final = struct.Struct(">q")
_EVENT_AT: Final = 32
"""Where an envelope has the event's time (docs/store.md)."""
_NO_TIME: Final = -(1 << 63)
_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])\+?1[2-9][0-9]{9}(?![0-9A-Za-z])")
_NAMED: Final = re.compile(r"sips?:[^\s\"'<>;?]{1,120}")


class Row(NamedTuple):
    """One thing that a search can find. `record`: the line of the bundle that it is about."""

    record: int | None
    kind: str
    time_us: int | None
    who: str | None


class Bundle(NamedTuple):
    """`package_id`: the SHA-256 of its signed manifest, which names it for good."""

    package_id: str
    case_id: str
    order_id: str
    report: Report


def unpack(stream: BinaryIO, directory: Path) -> None:
    """The files of a tar, below `directory`, which is new. Raises RefusedError for anything else than plain files with
    plain names, and for too many or too large ones."""
    directory.mkdir(parents=True)
    files, octets = 0, 0
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                if member.isdir():
                    continue
                path = PurePosixPath(member.name)
                plain = member.isreg() and not path.is_absolute() and ".." not in path.parts and path.parts
                if not plain or len(member.name) > MAX_NAME or "\\" in member.name:
                    raise RefusedError(f"A package holds plain files alone, and {member.name[:80]!r} is none.")
                files, octets = files + 1, octets + member.size
                if files > MAX_FILES or octets > MAX_OCTETS:
                    raise RefusedError(f"A package has at most {MAX_FILES} files and {MAX_OCTETS} octets.")
                held = archive.extractfile(member)
                target = directory.joinpath(*path.parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("xb") as file:
                    while held is not None and (piece := held.read(1 << 20)):
                        file.write(piece)
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        raise RefusedError(f"This is no package: {error}.") from error


def checked(directory: Path, collector_keys: Sequence[bytes]) -> Report:
    """A bundle under the key of the collector that made it; of a fleet's collectors it is one's alone."""
    reports = [check_bundle(directory, key) for key in collector_keys]
    return next((one for one in reports if not one.faults), reports[0])


def verified(directory: Path, collector_keys: Sequence[bytes]) -> Bundle:
    """Raises RefusedError for one whose proofs do not hold, naming what is wrong."""
    report = checked(directory, collector_keys)
    if report.faults:
        raise RefusedError(f"The package does not prove itself: {report.faults[0]}.")
    octets = (directory / "manifest.json").read_bytes()
    manifest = json.loads(octets)
    return Bundle(hashlib.sha256(octets).hexdigest(), str(manifest["case"]), str(manifest["order"]), report)


def rows_of(directory: Path) -> Iterator[Row]:
    """What can be searched: a row for each record and identity that its decoded line names. Of a verified bundle."""
    made = 0
    with (
        (directory / "records" / "records.jsonl").open(encoding="utf-8") as records,
        (directory / "views" / "decoded.jsonl").open(encoding="utf-8") as decoded,
    ):
        for number, (record, line) in enumerate(zip(records, decoded, strict=False)):
            time_us = _event_us(json.loads(record))
            said = json.loads(line)
            for who in _identities(said, line) or [None]:
                made += 1
                if made > MAX_FOUND:
                    return
                yield Row(number, _kind(said), time_us, who)


def _event_us(record: dict[str, Any]) -> int | None:
    found: int = _EVENT_US.unpack_from(bytes.fromhex(record["envelope"]), _EVENT_AT)[0]
    return None if found == _NO_TIME else found


def _kind(said: dict[str, Any]) -> str:
    if "sound" in said:
        return "covert audio"
    held = said.get("masked") or said.get("collector") or said
    return str(held.get("payload") or held.get("kind") or "record")[:128]


def _identities(said: dict[str, Any], line: str) -> list[str | None]:
    found: dict[str | None, None] = {}
    if "device" in said:
        found[str(said["device"])] = None
    for text in _NUMBER.findall(line):
        number = normalise_e164(text)
        if number is not None:
            found[f"+{number}"] = None
    for text in _NAMED.findall(line):
        found[text.lower()] = None
    return list(found)[:MAX_WHO]

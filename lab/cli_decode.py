"""`calea-lab decode`: one JSON object a line for each record of a stream (docs/decode.md)."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from asn1 import view, x2x3_view
from asn1.laes import describe as laes
from lab.kernels import interpreted, require_compiled
from mediation.runtime.config import ConfigError

_CHUNK_OCTETS = 1 << 18


def _chunks(source: str) -> Iterator[bytes]:
    """What has come so far, as it comes: a pipe that is still being written gives lines at once."""
    if source == "-":
        while chunk := os.read(sys.stdin.fileno(), _CHUNK_OCTETS):
            yield chunk
        return
    try:
        with Path(source).open("rb") as file:
            while chunk := file.read(_CHUNK_OCTETS):
                yield chunk
    except OSError as error:
        raise ConfigError(
            f"Cannot read {source}: {error.strerror}. Give a file of records, or - for a pipe."
        ) from error


def _lines(chunks: Iterator[bytes], dialect: str, slow: bool) -> Iterator[dict[str, Any]]:
    if dialect in laes.DIALECTS:
        return laes.describe_stream(chunks, dialect)
    if dialect == x2x3_view.DIALECT:
        return x2x3_view.describe_stream(chunks)
    if dialect != "etsi":
        raise ConfigError(f"Unknown dialect {dialect!r}: choose one of etsi, {', '.join(laes.DIALECTS)}, x2x3.")
    if slow:
        (twin,) = interpreted("asn1.view")
        lines: Iterator[dict[str, Any]] = twin.describe_stream(chunks)
        return lines
    require_compiled()
    return view.describe_stream(chunks)


def decode(
    source: Annotated[str, typer.Argument(metavar="FILE|-", help="records as they came over the wire; - reads a pipe")],
    dialect: Annotated[
        str, typer.Option(help="etsi, t1678, pcesp, ias, jstd025 (reconstructed), x2x3; never guessed")
    ] = "etsi",
    slow: Annotated[bool, typer.Option("--interpreted", help="scan with the interpreted kernels; same lines")] = False,
) -> None:
    """Print one JSON object a line for each record. Exit code 1 when a record is malformed."""
    errors = 0
    for line in _lines(_chunks(source), dialect, slow):
        errors += "error" in line
        sys.stdout.write(json.dumps(line) + "\n")
        if source == "-":
            sys.stdout.flush()
    raise typer.Exit(1 if errors else 0)

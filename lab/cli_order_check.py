"""`calea-lab order check FILE`: what an order and its papers still lack, every item with its rule, in plain words.

FILE is YAML or JSON with the fields of an order and, under `papers`, those of its papers (docs/papers.md), or a court's
signed document. Exit 0: complete; 1: something is missing; 2: not readable, or not signed by the court's key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from asn1.errors import DecodeError, RefusedError
from lab.court import Court, read_fields
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json, table
from lab.paths import RunPaths
from lab.times import iso, when_us
from mediation.law.documents import missing_in, read_document
from mediation.law.entry import DocumentRefusedError
from mediation.law.exigent import deadline_us
from mediation.law.fields import order_from_fields
from mediation.law.missing import Missing
from mediation.law.orders import CaseId, CourtOrder, Liid, OrderId, OrderKind, Window
from mediation.law.papers import Papers, missing_papers, papers_from_fields
from mediation.law.settings import LawSettings
from mediation.runtime.config import ConfigError

EXIT_MISSING: Final = 1
MAX_FILE_OCTETS: Final = 1 << 20
"""An order with all its papers fills a few pages."""


class Checked(NamedTuple):
    """`order` is None when the file does not even say what kind of order it is."""

    order: CourtOrder | None
    papers: Papers | None
    missing: tuple[Missing, ...]


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML or JSON with papers, or a signed document")],
    up_front: Annotated[
        bool, typer.Option("--up-front", help="exigent: the emergency order may not follow, it must be there")
    ] = False,
    at: Annotated[
        str | None, typer.Option(help="ISO 8601 with a zone: what is missing then, past a deadline or not")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="the court's public key (PEM) for a signed document; else the run's court")
    ] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Say what an order and its papers lack: each item, the rule that asks for it, and why."""
    settings = LawSettings(order_may_follow=not up_front)
    now_us = None if at is None else when_us(at, 0, "--at")
    octets = _octets(file)
    checked = (
        check_document(octets, _public_key(key, data), settings, now_us)
        if _is_document(octets)
        else check_fields(read_fields(file), settings, now_us)
    )
    _show(file, checked, as_json)
    if checked.missing:
        raise typer.Exit(EXIT_MISSING)


def check_fields(fields: Mapping[str, Any], settings: LawSettings, now_us: int | None = None) -> Checked:
    """An order and its papers from plain values. What cannot be read is told as the item it stands in."""
    own = {name: value for name, value in fields.items() if name != "papers"}
    missing: list[Missing] = []
    order: CourtOrder | None = None
    try:
        order = order_from_fields(own)
    except DocumentRefusedError as error:
        missing.append(Missing(error.item, error.rule, str(error).split(": ", 1)[-1]))
    except (ValueError, OverflowError) as error:
        missing.append(_unread(str(error)))
    papers: Papers | None = None
    try:
        papers = papers_from_fields(fields["papers"]) if fields.get("papers") else None
    except ValueError as error:
        said = str(error)
        missing.append(_unread(said if said.startswith("papers:") else f"papers.{said}"))
        return Checked(order, None, tuple(missing))
    probe = order or _outline(own)
    if probe is not None:
        known = {one.item for one in missing}
        if order is None and own.get("targets"):
            known.add("target")
        missing += [one for one in missing_papers(probe, papers, settings, now_us) if one.item not in known]
    return Checked(order, papers, tuple(missing))


def check_document(
    octets: bytes, public_key: Ed25519PublicKey, settings: LawSettings, now_us: int | None = None
) -> Checked:
    """A signed document. Raises ConfigError for what is none, or is not signed by this key."""
    try:
        document = read_document(octets, public_key)
    except DecodeError as error:
        raise ConfigError(f"This is no court document: {error.message}.") from error
    except DocumentRefusedError as error:
        return Checked(None, None, (Missing(error.item, error.rule, str(error).split(": ", 1)[-1]),))
    except RefusedError as error:
        raise ConfigError(str(error)) from error
    due_us = deadline_us(document.order)
    if now_us is not None and due_us is not None and now_us > due_us:
        settings = replace(settings, order_may_follow=False)
    return Checked(document.order, document.papers, missing_in(document, settings))


def _octets(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_FILE_OCTETS:
            raise ConfigError(f"{file} is larger than an order with its papers ({MAX_FILE_OCTETS} octets).")
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"Cannot read {file}: {error.strerror}. Give a YAML or JSON file.") from error


def _is_document(octets: bytes) -> bool:
    """Whatever claims a signature is judged by it, and never read as plain fields."""
    if octets.lstrip().startswith(b"<"):
        return True
    try:
        held = json.loads(octets)
    except (ValueError, RecursionError):
        return False
    return isinstance(held, dict) and "signature" in held


def _public_key(key: Path | None, data: Path) -> Ed25519PublicKey:
    if key is None:
        return Court(RunPaths(data)).public_key()
    try:
        loaded = serialization.load_pem_public_key(key.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{key} is no readable public key: give the court's court.pub.") from error
    if not isinstance(loaded, Ed25519PublicKey):
        raise ConfigError(f"{key} is not an Ed25519 key: give the court's court.pub.")
    return loaded


def _unread(message: str) -> Missing:
    item, _, says = message.partition(": ")
    return Missing(item, "R-028", says or "cannot be read")


def _outline(fields: Mapping[str, Any]) -> CourtOrder | None:
    """Enough of an order that is none yet to say which papers its kind needs; None when the kind is not known."""
    try:
        kind = OrderKind(str(fields.get("kind")))
    except ValueError:
        return None
    latest = Window((1 << 62) - 1, 1 << 62)
    return CourtOrder(OrderId("-"), 1, kind, CaseId("-"), Liid("-"), "-", latest, ())


def _show(file: Path, checked: Checked, as_json: bool) -> None:
    order, missing = checked.order, checked.missing
    awaited = _awaited(checked)
    if as_json:
        print_json(
            {
                "file": str(file),
                "order_id": None if order is None else order.order_id,
                "kind": None if order is None else str(order.kind),
                "complete": not missing,
                "emergency_order_due": awaited,
                "missing": [
                    {"item": one.item, "rule": one.rule, "says": one.says, "code": one.code} for one in missing
                ],
            }
        )
        return
    out = console()
    if not missing:
        name = "the order" if order is None else f"{order.order_id} ({order.kind})"
        out.print(f"{file}: {name} is complete.", markup=False)
    else:
        title = f"{file}: {len(missing)} item{'s are' if len(missing) > 1 else ' is'} missing"
        table(title, ("item", "rule", "what is needed"), [(one.item, one.rule, one.says) for one in missing], out)
    if awaited is not None:
        out.print(f"The emergency order has to be issued by {awaited}.", markup=False)


def _awaited(checked: Checked) -> str | None:
    """Until when the emergency order has to come, where it is not among the papers."""
    order, papers = checked.order, checked.papers
    due_us = None if order is None else deadline_us(order)
    if due_us is None or papers is None or papers.order_paper is not None:
        return None
    return iso(due_us)

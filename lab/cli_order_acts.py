"""`calea-lab order approve | deny | obtained | ended | terminate | release | export | import`: what a court does to an
order, what an emergency use reports, how an order travels."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from asn1.errors import DecodeError
from asn1.hi1 import MAX_OCTETS, build_message, parse_message
from lab.cli_order import newest, now_of, tell
from lab.court import Court
from lab.court_acts import act
from lab.court_acts import release as release_held
from lab.output import DEFAULT_DATA, DataOption, JsonOption
from lab.paths import RunPaths
from lab.times import when_us
from mediation.law.documents import CourtDocument, DocumentAction
from mediation.law.hi1_orders import OrderMessage, message_of, read_message
from mediation.law.order_yaml import order_from_yaml, order_to_yaml
from mediation.runtime.config import ConfigError

IdArgument = Annotated[str, typer.Argument(metavar="ID")]
AtOption = Annotated[str, typer.Option(help="now, +90s, or ISO 8601 with a zone")]


class Form(StrEnum):
    HI1 = "hi1"
    YAML = "yaml"


def _act(name: str, order_id: str, at: str, data: Path, word: str, as_json: bool) -> None:
    court, now_us = Court(RunPaths(data)), now_of(data)
    order = act(court, newest(court, order_id, data), name, when_us(at, now_us, "--at"), now_us)
    tell(order, now_us, word, as_json, court.refusals)


def approve(
    order_id: IdArgument, at: AtOption = "now", data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """The emergency order of an exigent use was issued. Later than its deadline is refused: that reopens nothing."""
    _act("approve", order_id, at, data, "Approved", as_json)


def deny(
    order_id: IdArgument, at: AtOption = "now", data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """The emergency order of an exigent use was refused: it ends then, although its hours are not over."""
    _act("deny", order_id, at, data, "Denied", as_json)


def terminate(
    order_id: IdArgument, at: AtOption = "now", data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """The objective of an order is attained: nothing from that time on is covered."""
    _act("terminate", order_id, at, data, "Terminated", as_json)


def obtained(
    order_id: IdArgument, at: AtOption = "now", data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """The information sought by an emergency use was obtained: the use ends then (R-039)."""
    _act("obtained", order_id, at, data, "Obtained", as_json)


def ended(
    order_id: IdArgument, at: AtOption = "now", data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """The emergency is over, and the use with it (R-040)."""
    _act("ended", order_id, at, data, "Ended", as_json)


def release(order_id: IdArgument, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Open with the court's key what is held of a lapsed order, and give its data keys back to the agency alone: a
    document for each (R-041)."""
    court, now_us = Court(RunPaths(data)), now_of(data)
    order = release_held(court, newest(court, order_id, data), now_us)
    tell(order, now_us, "Released", as_json, court.refusals)


def export(
    order_id: IdArgument,
    form: Annotated[Form, typer.Option(help="the XML of TS 103 120, or YAML for people")] = Form.YAML,
    version: Annotated[int | None, typer.Option(help="the newest when not given")] = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Print one version of an order, with its papers and without its signature."""
    document = _document(Court(RunPaths(data)), order_id, version, data)
    if form is Form.YAML:
        typer.echo(order_to_yaml(document.order, document.papers), nl=False)
        return
    said = OrderMessage(document.order, document.action, document.issued_at_us, document.papers, document.data_key)
    typer.echo(build_message(message_of(said)))


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="what `order export` printed")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Sign the order of an HI1 message (XML) or of YAML with this lab's court key, and send it."""
    court, now_us = Court(RunPaths(data)), now_of(data)
    try:
        with file.open("rb") as opened:
            octets = opened.read(MAX_OCTETS + 1)
    except OSError as error:
        raise ConfigError(f"Cannot read {file}: {error.strerror}. Give the XML or the YAML of an order.") from error
    said = _said(file, octets, now_us)
    court.make_keys()
    order = court.sign(said.order, said.action, said.signed_at_us, said.papers, said.data_key)
    tell(order, now_us, "Signed and sent", as_json, court.refusals)


def _said(file: Path, octets: bytes, now_us: int) -> OrderMessage:
    try:
        if octets.lstrip().startswith(b"<"):
            return read_message(parse_message(octets))
        order, papers = order_from_yaml(octets.decode())
    except (DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is neither an HI1 message nor the YAML of an order: {error}.") from error
    return OrderMessage(order, DocumentAction.ISSUE, now_us, papers)


def _document(court: Court, order_id: str, version: int | None, data: Path) -> CourtDocument:
    wanted = newest(court, order_id, data).version if version is None else version
    for document in court.documents():
        if (document.order.order_id, document.order.version) == (order_id, wanted):
            return document
    raise ConfigError(f"{order_id} has no version {wanted}: `calea-lab order show {order_id}` lists them.")

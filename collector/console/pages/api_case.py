"""What a program reads of a case over `/api/v1`: its communications, one of them, a record, who called whom.

The same read model as the pages, and the same question to the law: call-identifying information, and content where its
owner may have it too. What is withheld is named with its reason and has nothing else.
"""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from collector.console.context import Context
from collector.console.model.calls import CallPage
from collector.console.model.lists import EventRow, ListQuery
from collector.console.model.prtt import PrttPicture, prtt
from collector.console.model.records import RecordView, integrity, record_view
from collector.console.page import Page
from collector.console.route import Route
from collector.console.scoping import Look, reason_of, scope_for
from collector.store.stores import record_name
from mediation.law.actors import Action

BASE: Final = "/api/v1/cases/{case_id}"


class ListLook(Look):
    """As the list's page has it in its address; `after` is the `next` of the page before."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True, populate_by_name=True)

    kind: str = Field("", max_length=200)
    party: str = Field("", max_length=200)
    since: str = Field("", max_length=20, alias="from")
    until: str = Field("", max_length=20, alias="to")
    order: str = Field("", max_length=200)
    sort: str = Field("", max_length=20)
    dir: str = Field("", max_length=4)
    after: str = Field("", max_length=200)
    limit: str = Field("", max_length=4)


class WithheldLine(BaseModel):
    records: int
    why: str


class CommunicationRow(BaseModel):
    """Times are microseconds UTC, null where unknown; `records` from which to which, in each store that has any;
    `withheld` says why what is missing is missing."""

    liid: str
    cin: int
    order_id: str
    kind: str | None
    caller: str
    called: str
    parties: list[str]
    begin_us: int | None
    end_us: int | None
    answer_us: int | None
    duration_us: int
    ended: bool
    signalling_records: int
    content_records: int
    records: str
    withheld: str


class Communications(BaseModel):
    """`next` is blank on the last page; `held` are communications of which only that they exist is said. `missing`: a
    sentence for each collector of a fleet whose records are not here."""

    simulation: bool = True
    rows: list[CommunicationRow]
    next: str
    held: list[WithheldLine]
    missing: list[str]


class ParticipantOf(BaseModel):
    name: str
    roles: list[str]
    is_target: bool


class MessageOf(BaseModel):
    record: str
    time_us: int
    source: str
    destination: str
    label: str
    detail: str
    withheld: str


class CommunicationOf(BaseModel):
    simulation: bool = True
    row: CommunicationRow
    participants: list[ParticipantOf]
    messages: list[MessageOf]
    dialled: list[str]
    sound_seconds: float | None
    withheld: list[WithheldLine]
    unreadable: int


class FieldOf(BaseModel):
    """`offset` and `length` are octets of the record, -1 where the field has none of its own."""

    number: int
    parent: int
    name: str
    value: str
    clause: str
    offset: int
    length: int


class StepOf(BaseModel):
    check: str
    fact: str
    rule: str
    outcome: str


class RecordOf(BaseModel):
    """`octets` in hexadecimal; blank where they may not be seen, and `withheld` says why."""

    simulation: bool = True
    record: str
    liid: str
    cin: int
    order_id: str
    version: int
    verdict: str
    reasons: list[str]
    withheld: str
    fields: list[FieldOf]
    octets: str
    explain: list[StepOf]


class ProofOf(BaseModel):
    """`ledger`: in a fleet, whose ledger the record is a leaf of."""

    simulation: bool = True
    record: str
    ledger: str
    state: str
    ok: bool
    steps: list[dict[str, str]]
    faults: list[str]


class PairOf(BaseModel):
    caller: str
    called: str
    calls: int
    answered: int
    messages: int
    talk_us: int
    first_us: int | None
    last_us: int | None


class CommonOf(BaseModel):
    name: str
    orders: list[str]
    communications: int


class PrttOf(BaseModel):
    """`cut`: older communications are not counted in."""

    simulation: bool = True
    communications: int
    cut: bool
    pairs: list[PairOf]
    common: list[CommonOf]
    withheld: list[WithheldLine]


def routes(context: Context) -> list[Route]:
    read = Action.READ_CALL_IDENTIFYING
    one, record = f"{BASE}/communications/{{liid}}/{{cin}}", f"{BASE}/records/{{sequence}}"
    call, about = ("communication", "cin"), ("record", "sequence")
    return [
        Route("GET", f"{BASE}/communications", communications, read, case="case_id", query=ListLook,
              answer=Communications, facts=reason_of),
        Route("GET", one, communication, read, case="case_id", query=Look, answer=CommunicationOf, facts=reason_of,
              object=call),
        Route("GET", record, record_of, read, case="case_id", query=Look, answer=RecordOf, facts=reason_of,
              object=about),
        Route("GET", f"{record}/proof", proof_of, read, case="case_id", query=Look, answer=ProofOf, facts=reason_of,
              object=about),
        Route("GET", f"{BASE}/prtt", prtt_of, read, case="case_id", query=Look, answer=PrttOf, facts=reason_of),
    ]  # fmt: skip


async def communications(page: Page) -> Communications:
    """A page of the case's list of communications."""
    scope = await scope_for(page)
    asked = page.query(ListLook)
    query = ListQuery.parse({name: str(value) for name, value in asked.model_dump(by_alias=True).items()})
    library = page.context.library
    mark = library.mark
    found = await page.work(library.page, scope, query)
    held = await page.work(library.held, scope)
    lines = [WithheldLine(records=one.records, why=one.why) for one in held]
    missing = list(await page.work(library.missed, mark))
    rows = [_row(one) for one in found.rows]
    return Communications(rows=rows, next=found.next, held=lines, missing=missing)


async def communication(page: Page) -> CommunicationOf:
    """One communication: who took part, its signalling, how long its sound is."""
    scope = await scope_for(page)
    return _call(await page.work(page.context.library.call_page, scope, page.path("liid"), page.number("cin")))


async def record_of(page: Page) -> RecordOf:
    """One record: its fields beside its octets, and why it was judged as it was."""
    scope = await scope_for(page)
    library, registry = page.context.library, page.context.desk.registry
    return _record(await page.work(record_view, library, scope, page.record(), registry))


async def proof_of(page: Page) -> ProofOf:
    """Whether a record stands in the ledger as it was signed, checked now."""
    scope = await scope_for(page)
    found = await page.work(integrity, page.context.library, scope, page.record())
    steps = [one._asdict() for one in found.steps]
    return ProofOf(
        record=record_name(found.sequence), ledger=found.ledger, state=found.state, ok=found.ok, steps=steps,
        faults=list(found.faults),
    )  # fmt: skip


async def prtt_of(page: Page) -> PrttOf:
    """Who called whom, over all that is stored of the case."""
    scope = await scope_for(page)
    return _prtt(await page.work(prtt, page.context.library, scope))


def _row(row: EventRow) -> CommunicationRow:
    return CommunicationRow(
        liid=row.liid, cin=row.cin, order_id=row.order_id, kind=None if row.kind is None else str(row.kind),
        caller=row.caller, called=row.called, parties=list(row.parties), begin_us=row.begin_us, end_us=row.end_us,
        answer_us=row.answer_us, duration_us=row.duration_us, ended=row.ended, signalling_records=row.iri,
        content_records=row.content_records, records=row.records, withheld=row.withheld,
    )  # fmt: skip


def _call(found: CallPage) -> CommunicationOf:
    messages = [
        MessageOf(
            record=record_name(one.sequence),
            time_us=one.time_us,
            source=one.source,
            destination=one.destination,
            label=one.label,
            detail=one.detail,
            withheld=one.withheld,
        )
        for one in found.ladder.arrows
    ]
    return CommunicationOf(
        row=_row(found.row),
        participants=[
            ParticipantOf(name=one.name, roles=list(one.roles), is_target=one.is_target) for one in found.participants
        ],
        messages=messages,
        dialled=[one.keys for one in found.dialled],
        sound_seconds=None if found.sound is None else found.sound.seconds,
        withheld=[WithheldLine(records=one.records, why=one.why) for one in found.withheld],
        unreadable=found.unreadable,
    )


def _record(view: RecordView) -> RecordOf:
    fields = [
        FieldOf(
            number=one.number, parent=one.parent, name=one.name, value=one.value, clause=one.clause, offset=one.offset,
            length=one.length,
        )
        for one in view.nodes
    ]  # fmt: skip
    steps = [StepOf(check=one.check, fact=one.fact, rule=one.rule, outcome=one.outcome) for one in view.explain]
    return RecordOf(
        record=record_name(view.sequence), liid=view.liid, cin=view.cin, order_id=view.order_id, version=view.version,
        verdict=view.verdict, reasons=list(view.reasons), withheld=view.withheld, fields=fields,
        octets="".join(octet for row in view.hex for octet in row.octets), explain=steps,
    )  # fmt: skip


def _prtt(found: PrttPicture) -> PrttOf:
    return PrttOf(
        communications=found.rows,
        cut=found.cut,
        pairs=[PairOf(**one._asdict()) for one in found.pairs],
        common=[
            CommonOf(name=one.name, orders=list(one.orders), communications=one.communications) for one in found.common
        ],
        withheld=[WithheldLine(records=one.records, why=one.why) for one in found.withheld],
    )

"""A call: who took part, its ladder, its keys, its sound with waveform, seek and download.

Sound is served by ranges out of what may be heard now: a tone stands where something is withheld, and a record that was
tampered with is never in it. Nobody plays anything before they have signed the minimisation instructions of the case.
"""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web
from pydantic import BaseModel, Field

from collector.console.draw import ladder
from collector.console.errors import HttpError, NotFoundError
from collector.console.forms import FormModel
from collector.console.model.sound import Sound
from collector.console.page import Page
from collector.console.pages.cases.common import ABOUT_CALL, CALL, CASE, base, cin_of
from collector.console.pages.cases.notes import noted_of
from collector.console.route import Asks, Route
from collector.console.scoping import Look, prefix, reading, scope_for
from collector.desk.database import Reading, Writing, instructions
from collector.desk.desk import Desk
from collector.store.stores import record_name
from mediation.law.actors import Action, Role

MAX_RANGE_OCTETS: Final = 4 << 20
"""One answer; a player asks for the rest."""
SIGNS: Final = frozenset({Role.INV, Role.OAG, Role.SUP})
"""Who listens, and so signs first."""
_RANGE: Final = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")
DEFAULT_INSTRUCTIONS: Final = (
    "SIMULATION. Listen only as far as the warrant goes. Stop as soon as it is clear that a conversation has nothing "
    "to do with it (Minimise), look in again only for a moment (Spot check), and never into a conversation with a "
    "lawyer, a spouse, a physician or the clergy: mark it Privileged and leave it to the filter team. Write down what "
    "you heard."
)


class SignForm(FormModel):
    sha256: str = Field("", max_length=64)


class WriteForm(FormModel):
    words: str = Field(min_length=1, max_length=20_000)
    seen: int = Field(0, ge=0)


class PeaksQuery(Look):
    buckets: int = Field(1000, ge=2, le=4000)


class PeaksAnswer(BaseModel):
    """`low` and `high` by channel, -128 to 127; `tones` where something is withheld."""

    seconds: float
    seconds_per_bucket: float
    low: list[list[int]]
    high: list[list[int]]
    tones: list[tuple[float, float, str]]


class AtQuery(Look):
    second: float = Field(0, ge=0, le=1e7)


class Place(BaseModel):
    """`record` as it stands in the address of its page."""

    record: str | None


def routes() -> list[Route]:
    part = Asks.PART
    return [
        *reading(CALL, show, "Communication", object=ABOUT_CALL),
        *reading(f"{CALL}/sound", sound, "Sound", asks=part, object=ABOUT_CALL),
        *reading(f"{CALL}/peaks", peaks, "Waveform", PeaksQuery, asks=part, object=ABOUT_CALL),
        *reading(f"{CALL}/at", at, "Record at a position", AtQuery, asks=part, object=ABOUT_CALL),
        *reading(f"{CALL}/wav", wav, "WAV", object=ABOUT_CALL),
        *reading(f"{CASE}/instructions", show_instructions, "Minimisation instructions"),
        Route(
            "POST", f"{CASE}/instructions/sign", sign, Action.READ_CALL_IDENTIFYING, case="case_id", form=SignForm,
            title="Minimisation instructions",
        ),
        Route(
            "POST", f"{CASE}/instructions", write, Action.READ_CALL_IDENTIFYING, case="case_id", form=WriteForm,
            roles=frozenset({Role.SUP}), rule="R-118", title="Minimisation instructions",
        ),
    ]  # fmt: skip


async def show(page: Page) -> web.Response:
    scope = await scope_for(page)
    library = page.context.library
    found = await page.work(library.call_page, scope, page.path("liid"), cin_of(page))
    since_us = await page.work(library.minimised_since, found.row.liid, found.row.cin)
    return page.render(
        "cases/call.html",
        call=found,
        row=found.row,
        picture=ladder.svg(found.ladder),
        table=ladder.rows(found.ladder),
        scope=scope,
        base=base(page),
        here=page.request.path,
        signed=await has_signed(page),
        live=found.row.live(page.now_us),
        minimised_s=None if since_us is None else max(page.now_us - since_us, 0) // 1_000_000,
        may_minimise=page.may(Action.MINIMISE, page.case_id),
        may_mark=page.may(Action.MARK_PRIVILEGED, page.case_id),
        noted=await noted_of(page, found.row.liid, found.row.cin),
        writes=not prefix(page),
    )


async def _sound(page: Page) -> Sound:
    """Raises NotFoundError where there is none for this reader, HttpError before the instructions are signed."""
    scope = await scope_for(page)
    if not scope.content:
        raise NotFoundError
    if not await has_signed(page):
        raise HttpError(409, "Sign the minimisation instructions of the case before you listen (R-118).")
    made = await page.work(page.context.library.sound, scope, page.path("liid"), cin_of(page))
    if not made.samples:
        raise NotFoundError
    return made


async def sound(page: Page) -> web.Response:
    """The WAV by ranges, as a player asks."""
    made = await _sound(page)
    whole = made.octets
    asked = _RANGE.fullmatch(page.request.headers.get("Range", "bytes=0-"))
    first, last = (int(asked[1]), int(asked[2]) if asked[2] else whole - 1) if asked else (0, whole - 1)
    if first >= whole or last < first:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{whole}"})
    last = min(last, whole - 1, first + MAX_RANGE_OCTETS - 1)
    octets = await page.work(made.read, first, last)
    headers = {"Content-Range": f"bytes {first}-{last}/{whole}", "Accept-Ranges": "bytes"}
    return web.Response(status=206, body=octets, content_type="audio/wav", headers=headers)


async def peaks(page: Page) -> web.Response:
    made = await _sound(page)
    found = await page.work(made.peaks, page.query(PeaksQuery).buckets)
    told = PeaksAnswer(
        seconds=made.seconds,
        seconds_per_bucket=found.seconds_per_bucket,
        low=[list(one) for one in found.low],
        high=[list(one) for one in found.high],
        tones=[(one.start_s, one.end_s, one.why) for one in made.tones],
    )
    return web.json_response(text=told.model_dump_json())


async def at(page: Page) -> web.Response:
    """Which record sounds at a position, for the way from the sound to its proof."""
    made = await _sound(page)
    number = made.sequence_at(page.query(AtQuery).second)
    found = Place(record=None if number is None else record_name(number))
    return web.json_response(text=found.model_dump_json())


async def wav(page: Page) -> web.Response:
    """The file of an export: it begins with a mark that is heard."""
    made = await _sound(page)
    octets = await page.work(lambda: b"".join(made.marked_wav()))
    return page.download(octets, f"SIMULATION-{page.path('liid')}-{page.path('cin')}.wav", "audio/wav")


# Instructions


async def has_signed(page: Page) -> bool:
    if page.role not in SIGNS:
        return True
    return await page.context.memory.read(lambda reading: instructions.has_signed(reading, page.user_id, page.case_id))


async def show_instructions(page: Page) -> web.Response:
    await scope_for(page)

    def find(reading: Reading) -> tuple[instructions.Instruction | None, list[instructions.Signature]]:
        return instructions.newest(reading, page.case_id), list(instructions.signatures(reading, page.case_id))

    newest, signatures = await page.context.memory.read(find)
    return page.render(
        "cases/instructions.html", newest=newest, words=DEFAULT_INSTRUCTIONS if newest is None else newest.text,
        signatures=[one for one in signatures if newest is not None and one.sha256 == newest.sha256],
        signed=await has_signed(page), base=base(page), writes=page.role is Role.SUP and not prefix(page),
        signs=page.role in SIGNS and not prefix(page),
    )  # fmt: skip


async def sign(page: Page) -> web.Response:
    """The words that were shown; where the case has none of its own yet, the agency's."""
    shown = page.form(SignForm).sha256

    def signing(writing: Writing, desk: Desk, now_us: int) -> bool:
        newest = instructions.newest(writing, page.case_id)
        if newest is None:
            newest = instructions.write(writing, page.case_id, DEFAULT_INSTRUCTIONS, 0, "SYS", page.wall_us)
            return instructions.sign(writing, page.user_id, page.case_id, newest.sha256, page.wall_us)
        return instructions.sign(writing, page.user_id, page.case_id, shown, page.wall_us)

    await page.context.memory.record(signing)
    return page.redirect(base(page), "You have signed the minimisation instructions.")


async def write(page: Page) -> web.Response:
    form = page.form(WriteForm)

    def writing_it(writing: Writing, desk: Desk, now_us: int) -> None:
        instructions.write(writing, page.case_id, form.words, form.seen, page.user_id, page.wall_us)

    await page.context.memory.record(writing_it)
    return page.redirect(f"{base(page)}/instructions", "The instructions are changed; everybody signs again.")

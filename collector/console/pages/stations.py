"""Stations, for technical staff: which there are, another one, the end of one (R-075, R-077)."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web
from pydantic import Field

from collector.console.context import Context
from collector.console.errors import NotFoundError
from collector.console.forms import FormModel
from collector.console.lists import Column, Filter
from collector.console.memory import hash_of, token
from collector.console.page import Page
from collector.console.route import Route
from collector.desk.database import Reading, Writing, stations
from collector.desk.desk import Desk
from mediation.law.access_facts import DeviceClass
from mediation.law.actors import Action

AREA: Final = "Technical"
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


class EnrolForm(FormModel):
    station_id: str = Field(max_length=128, pattern=r"^[A-Za-z0-9._-]+$")
    facility: str = Field(max_length=200)
    device: DeviceClass = DeviceClass.CALEA_STATION
    fingerprint: str = Field("", max_length=200)


class RevokeForm(FormModel):
    station_id: str = Field(max_length=128)


def routes(context: Context) -> list[Route]:
    act = Action.ADMINISTER
    return [
        Route("GET", "/stations", show, act, title="Stations", nav="Stations", area=AREA),
        Route("POST", "/stations", enrol, act, title="A station", form=EnrolForm),
        Route("POST", "/stations/revoke", revoke, act, form=RevokeForm),
    ]


async def show(page: Page) -> web.Response:
    def find(reading: Reading) -> list[stations.Station]:
        return list(stations.listed(reading))

    columns = [
        Column[stations.Station]("station_id", "Station", lambda one: one.station_id),
        Column[stations.Station]("facility", "Facility", lambda one: one.facility),
        Column[stations.Station]("device", "Device class", lambda one: str(one.device_class)),
        Column[stations.Station]("known", "Known by", lambda one: "certificate" if one.certificate_sha256 else "token"),
        Column[stations.Station]("enrolled", "Enrolled", lambda one: one.enrolled_us),
        Column[stations.Station]("state", "State", lambda one: "revoked" if one.revoked_us else "enrolled"),
        Column[stations.Station]("end", "End it", lambda one: "", sorts=False),
    ]
    facilities = sorted(page.context.desk.state.facilities)
    filters = [
        Filter("facility", "Facility", {name: name for name in facilities}),
        Filter("state", "State", {"enrolled": "enrolled", "revoked": "revoked"}),
    ]
    found = await page.context.memory.read(find)
    return page.render(
        "stations/show.html",
        listed=page.listed(found, columns, filters, sort="station_id"),
        facilities={name: name for name in facilities},
        devices={str(one): str(one) for one in DeviceClass},
    )


async def enrol(page: Page) -> web.Response:
    """By the fingerprint of a certificate, or by a token that is shown once."""
    form = page.form(EnrolForm)
    fresh = token()
    fingerprint = form.fingerprint.lower().replace(":", "").replace(" ", "")
    if form.facility not in page.context.desk.state.facilities:
        return page.redirect("/stations", f"{form.facility} is none of the four facilities (R-075).", "fail")
    if fingerprint and not _FINGERPRINT.fullmatch(fingerprint):
        return page.redirect("/stations", "A fingerprint is a SHA-256: 64 hexadecimal digits.", "fail")

    def make(writing: Writing, desk: Desk, now_us: int) -> None:
        known = {"certificate_sha256": fingerprint} if fingerprint else {"token_sha256": hash_of(fresh)}
        stations.enrol(writing, form.station_id, form.facility, form.device, page.user_id, page.wall_us, **known)

    await page.context.memory.record(make)
    if fingerprint:
        return page.redirect("/stations", f"{form.station_id} is enrolled by its certificate.")
    return page.render("stations/token.html", token=fresh, station_id=form.station_id, facility=form.facility)


async def revoke(page: Page) -> web.Response:
    wanted = page.form(RevokeForm).station_id

    def end(writing: Writing, desk: Desk, now_us: int) -> bool:
        return stations.revoke(writing, wanted, page.user_id, page.wall_us)

    if not await page.context.memory.record(end):
        raise NotFoundError
    return page.redirect("/stations", f"{wanted} is no station any more.")

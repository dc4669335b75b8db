"""Coming in and going out: sign-in, sign-out, the password again after a while, the enrolment of a station."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from pydantic import Field

from collector.console.context import Context
from collector.console.dispatch import SESSION_COOKIE, STATION_COOKIE, client_of
from collector.console.errors import TooManyError
from collector.console.forms import FormModel
from collector.console.memory import hash_of, token
from collector.console.page import Page
from collector.console.request_keys import STATION
from collector.console.route import Door, Route
from collector.console.sign_in import Given
from collector.console.signed_in import SessionState
from collector.desk.database import Writing, stations
from collector.desk.desk import Desk

STATION_COOKIE_S: Final = 365 * 86_400
"""How long a browser keeps a station's token; until it is revoked, it is the station."""


class SignInForm(FormModel):
    user_id: str = Field(max_length=128)
    password: str = Field(max_length=1024)
    code: str = Field("", max_length=16)


class UnlockForm(FormModel):
    password: str = Field(max_length=1024)
    code: str = Field("", max_length=16)


class StationForm(FormModel):
    token: str = Field(max_length=128)


def routes(context: Context) -> list[Route]:
    return [
        Route("GET", "/sign-in", show, Door.OPEN, title="Sign in"),
        Route("POST", "/sign-in", sign_in, Door.OPEN, title="Sign in", form=SignInForm, most_octets=8192),
        Route("POST", "/sign-out", sign_out, Door.SIGNED_IN, locked=True),
        Route("GET", "/unlock", locked, Door.SIGNED_IN, title="Your password again", locked=True),
        Route(
            "POST", "/unlock", unlock, Door.SIGNED_IN, title="Your password again", form=UnlockForm, locked=True,
            most_octets=8192,
        ),
        Route("GET", "/station", about_station, Door.OPEN, title="This station"),
        Route("POST", "/station", enrol_station, Door.OPEN, title="This station", form=StationForm, most_octets=8192),
    ]  # fmt: skip


async def show(page: Page) -> web.Response:
    if page.signed_in is not None and page.signed_in.state is SessionState.OPEN:
        return page.redirect("/")
    return page.render("entrance/sign_in.html", fault="", user_id="")


async def sign_in(page: Page) -> web.Response:
    form, client = page.form(SignInForm), client_of(page.request)
    context = page.context
    wait_s = context.sign_in.wait_s(client.address, form.user_id, page.wall_us)
    if wait_s:
        raise TooManyError(wait_s)
    station = page.request.get(STATION)
    given = Given(form.user_id, form.password, form.code)
    done = await context.sign_in.sign_in(given, client, station, page.wall_us)
    if not done.token:
        return page.render("entrance/sign_in.html", 401, fault=done.says, user_id=form.user_id)
    response = page.redirect("/")
    _put_cookie(response, SESSION_COOKIE, done.token)
    return response


async def sign_out(page: Page) -> web.Response:
    await page.context.sign_in.sign_out(page.user)
    response = page.redirect("/sign-in")
    response.del_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


async def locked(page: Page) -> web.Response:
    if page.user.state is not SessionState.IDLE:
        return page.redirect("/")
    return page.render("entrance/unlock.html", fault="")


async def unlock(page: Page) -> web.Response:
    form, client = page.form(UnlockForm), client_of(page.request)
    context = page.context
    wait_s = context.sign_in.wait_s(client.address, page.user_id, page.wall_us)
    if wait_s:
        raise TooManyError(wait_s)
    given = Given(page.user_id, form.password, form.code)
    if not await context.sign_in.again(page.user, given, client, page.wall_us):
        return page.render("entrance/unlock.html", 401, fault="That password or code is not right, or it is locked.")
    return page.redirect("/")


async def about_station(page: Page) -> web.Response:
    return page.render("entrance/station.html", fault="")


async def enrol_station(page: Page) -> web.Response:
    """The token that technical staff made, once, for one that only this browser has."""
    wait_s = page.context.sign_in.wait_s(page.request.remote or "", "", page.wall_us)
    if wait_s:
        raise TooManyError(wait_s)
    fresh, given = token(), hash_of(page.form(StationForm).token)

    def exchange(writing: Writing, desk: Desk, now_us: int) -> bool:
        return stations.exchange(writing, given, hash_of(fresh)) is not None

    if not await page.context.memory.record(exchange):
        return page.render("entrance/station.html", 400, fault="That token enrols no station; ask for another.")
    response = page.redirect("/sign-in")
    _put_cookie(response, STATION_COOKIE, fresh, STATION_COOKIE_S)
    return response


def _put_cookie(response: web.Response, name: str, value: str, max_age_s: int | None = None) -> None:
    response.set_cookie(name, value, max_age=max_age_s, path="/", secure=True, httponly=True, samesite="Strict")

"""One's own account: the password, the second factor, where one is signed in, tokens for programs."""

from __future__ import annotations

import base64
import secrets
from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import Field

from collector.console import totp
from collector.console.context import Context
from collector.console.errors import NotFoundError
from collector.console.forms import FormModel
from collector.console.memory import hash_of, token
from collector.console.page import Page
from collector.console.route import Door, Route
from collector.desk.database import Reading, Writing, credentials, sessions, tokens
from collector.desk.desk import Desk
from mediation.law.actors import MATRIX, Action

TOKEN_DAYS: Final = 30
_DAY_US: Final = 86_400_000_000


class PasswordForm(FormModel):
    old: str = Field(max_length=1024)
    new: str = Field(max_length=1024)
    again: str = Field(max_length=1024)


class CodeForm(FormModel):
    secret: str = Field(max_length=128)
    code: str = Field(max_length=16)


class EndForm(FormModel):
    session: str = Field(max_length=64)


class TokenForm(FormModel):
    label: str = Field(max_length=200)
    actions: list[Action] = Field(min_length=1)
    days: Annotated[int, Field(ge=1, le=TOKEN_DAYS)] = 1


class TokenEndForm(FormModel):
    token: str = Field(max_length=64)


def routes(context: Context) -> list[Route]:
    own = Door.SIGNED_IN
    return [
        Route("GET", "/account", show, own, title="Your account"),
        Route("GET", "/account/password", password, own, title="Your password", locked=True),
        Route("POST", "/account/password", change, own, title="Your password", form=PasswordForm, locked=True),
        Route("GET", "/account/code", code, own, title="One-time codes", locked=True),
        Route("POST", "/account/code", enrol, own, title="One-time codes", form=CodeForm, locked=True),
        Route("POST", "/account/sessions/end", end, own, form=EndForm),
        Route("POST", "/account/tokens", make_token, own, title="A token", form=TokenForm),
        Route("POST", "/account/tokens/end", end_token, own, form=TokenEndForm),
    ]


async def show(page: Page) -> web.Response:
    def find(reading: Reading) -> dict[str, Any]:
        return {
            "live": sessions.live(reading, page.user_id),
            "tokens": tokens.of_user(reading, page.user_id),
            "credential": credentials.find(reading, page.user_id),
        }

    found = await page.context.memory.read(find)
    mine = sorted(action for action in Action if MATRIX[action].get(page.role) is not None) if page.role else []
    return page.render("account/show.html", **found, actions=mine, most_days=TOKEN_DAYS, wall_us=page.wall_us)


async def password(page: Page) -> web.Response:
    return page.render("account/password.html", faults={})


async def change(page: Page) -> web.Response:
    form = page.form(PasswordForm)
    faults = {}
    if form.new != form.again:
        faults["again"] = "This is another than the one above."
    else:
        why = await page.context.sign_in.change_password(page.user, form.old, form.new, page.wall_us)
        if why:
            faults["new" if "present password" not in why else "old"] = why
    if faults:
        return page.render("account/password.html", 400, faults=faults)
    return page.redirect("/", "Your password was changed; your other sessions have ended.")


async def code(page: Page) -> web.Response:
    return _code_page(page, secrets.token_bytes(totp.SECRET_OCTETS))


async def enrol(page: Page) -> web.Response:
    form = page.form(CodeForm)
    secret = _secret(form.secret)
    if not await page.context.sign_in.enrol_code(page.user, secret, form.code, page.wall_us):
        return _code_page(page, secret, "That is not the code of now. Look at the authenticator's clock.")
    return page.redirect("/account", "One-time codes are asked for from now on.")


def _code_page(page: Page, secret: bytes, fault: str = "") -> web.Response:
    return page.render(
        "account/code.html",
        400 if fault else 200,
        text=totp.secret_text(secret),
        uri=totp.secret_uri(secret, page.user_id),
        secret=base64.b32encode(secret).decode(),
        fault=fault,
    )


def _secret(text: str) -> bytes:
    """Raises NotFoundError for what our own page did not make."""
    try:
        secret = base64.b32decode(text)
    except ValueError as error:
        raise NotFoundError from error
    if len(secret) != totp.SECRET_OCTETS:
        raise NotFoundError
    return secret


async def end(page: Page) -> web.Response:
    """One of one's own sessions; somebody else's is none."""
    wanted = page.form(EndForm).session

    def revoke(writing: Writing, desk: Desk, now_us: int) -> bool:
        found = sessions.find(writing, wanted)
        if found is None or found.user_id != page.user_id:
            return False
        return sessions.revoke(writing, wanted, "ended by its owner", page.user_id, page.wall_us)

    if not await page.context.memory.record(revoke):
        raise NotFoundError
    return page.redirect("/account", "That session has ended.")


async def make_token(page: Page) -> web.Response:
    """Shown once; only its hash is kept. It opens nothing that its owner may not do."""
    form, fresh = page.form(TokenForm), token()
    station = page.user.station

    def make(writing: Writing, desk: Desk, now_us: int) -> None:
        until_us = page.wall_us + form.days * _DAY_US
        where = "" if station is None else station.station_id
        tokens.make(
            writing, hash_of(fresh), page.user_id, form.label, form.actions, until_us, page.user_id, page.wall_us, where
        )

    await page.context.memory.record(make)
    return page.render("account/token.html", token=fresh, label=form.label, days=form.days, at=station)


async def end_token(page: Page) -> web.Response:
    wanted = page.form(TokenEndForm).token

    def revoke(writing: Writing, desk: Desk, now_us: int) -> bool:
        found = tokens.find(writing, wanted)
        if found is None or found.user_id != page.user_id:
            return False
        return tokens.revoke(writing, wanted, page.user_id, page.wall_us)

    if not await page.context.memory.record(revoke):
        raise NotFoundError
    return page.redirect("/account", "That token has ended.")

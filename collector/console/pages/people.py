"""People, for technical staff: who there is, who is signed in where, the entry log; a password for somebody else."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web
from pydantic import Field

from collector.console.context import Context
from collector.console.errors import NotFoundError
from collector.console.forms import FormModel
from collector.console.lists import Column, Filter
from collector.console.page import Page
from collector.console.passwords import one_time_password
from collector.console.route import Route
from collector.desk.database import Reading, Writing, credentials, sessions
from collector.desk.desk import Desk
from mediation.law.access_facts import Circumstances
from mediation.law.actors import Action, Role
from mediation.law.desk_values import User

AREA: Final = "Technical"


class UserForm(FormModel):
    user_id: str = Field(max_length=128)


class EndForm(FormModel):
    session: str = Field(max_length=64)
    user_id: str = Field(max_length=128)


def routes(context: Context) -> list[Route]:
    act = Action.ADMINISTER
    return [
        Route("GET", "/people", show, act, title="People", nav="People", area=AREA),
        Route("POST", "/people/password", give_password, act, title="A password", form=UserForm, facts=_about_user),
        Route("GET", "/sessions", signed_in, act, title="Who is signed in", nav="Sessions", area=AREA),
        Route("POST", "/sessions/end", end, act, form=EndForm, facts=_about_session),
        Route("GET", "/entry-log", entry_log, act, title="Entry log", nav="Entry log", area=AREA),
    ]


def _about_user(page: Page) -> Circumstances:
    """SD-1: nobody administers themselves."""
    return Circumstances(beneficiary=page.form(UserForm).user_id)


def _about_session(page: Page) -> Circumstances:
    return Circumstances(beneficiary=page.form(EndForm).user_id)


async def show(page: Page) -> web.Response:
    def find(reading: Reading) -> dict[str, credentials.Credential | None]:
        return {name: credentials.find(reading, name) for name in page.context.desk.state.users}

    known = await page.context.memory.read(find)
    now_us, wall_us = page.now_us, page.wall_us

    def account(user: User) -> str:
        credential = known[user.user_id]
        if credential is None:
            return "no password"
        if credential.locked(wall_us):
            return "locked"
        return "one-time password" if credential.must_change else "password"

    columns = [
        Column[User]("user_id", "Id", lambda one: one.user_id),
        Column[User]("role", "Role", lambda one: str(one.duty_at(now_us).role)),
        Column[User]("agency", "Agency", lambda one: one.duty_at(now_us).agency),
        Column[User]("unit", "Unit", lambda one: one.duty_at(now_us).unit),
        Column[User]("trained", "Trained until", lambda one: one.trained_until_us),
        Column[User]("state", "State", lambda one: "suspended" if one.suspended_us is not None else "on duty"),
        Column[User]("account", "Account", account),
        Column[User]("give", "Give", lambda one: "", sorts=False),
    ]
    filters = [Filter("user_id", "Id"), Filter("role", "Role", {str(one): str(one) for one in Role})]
    people = list(page.context.desk.state.users.values())
    return page.render("people/show.html", listed=page.listed(people, columns, filters, sort="user_id"))


async def give_password(page: Page) -> web.Response:
    """Shown once, good for one sign-in; every session of theirs ends."""
    user_id, password = page.form(UserForm).user_id, one_time_password()
    if user_id not in page.context.desk.state.users:
        raise NotFoundError
    hashed = await page.context.passwords.hash(password)

    def give(writing: Writing, desk: Desk, now_us: int) -> None:
        credentials.set_password(writing, user_id, hashed, page.user_id, page.wall_us, must_change=True)
        sessions.revoke_all(writing, user_id, "the password was set anew", page.user_id, page.wall_us)

    await page.context.memory.record(give)
    return page.render("people/password.html", user_id=user_id, password=password)


async def signed_in(page: Page) -> web.Response:
    def find(reading: Reading) -> list[sessions.Session]:
        return list(sessions.live(reading))

    columns = [
        Column[sessions.Session]("user_id", "Id", lambda one: one.user_id),
        Column[sessions.Session]("station_id", "Station", lambda one: one.station_id),
        Column[sessions.Session]("created", "Since", lambda one: one.created_us),
        Column[sessions.Session]("seen", "Last seen", lambda one: one.seen_us),
        Column[sessions.Session]("end", "End it", lambda one: "", sorts=False),
    ]
    found = await page.context.memory.read(find)
    filters = [Filter("user_id", "Id"), Filter("station_id", "Station")]
    return page.render("people/sessions.html", listed=page.listed(found, columns, filters, "created", True))


async def end(page: Page) -> web.Response:
    form = page.form(EndForm)

    def revoke(writing: Writing, desk: Desk, now_us: int) -> bool:
        found = sessions.find(writing, form.session)
        if found is None or found.user_id != form.user_id:
            return False
        return sessions.revoke(writing, form.session, "ended by technical staff", page.user_id, page.wall_us)

    if not await page.context.memory.record(revoke):
        raise NotFoundError
    return page.redirect("/sessions", f"A session of {form.user_id} has ended.")


async def entry_log(page: Page) -> web.Response:
    rows = [one for one in page.context.desk.entries if one["kind"] in ("entry", "exit")]

    def field(name: str) -> Any:  # noqa: ANN401  what stands in the entry
        return lambda row: row["fields"].get(name, "")

    columns = [
        Column[dict[str, Any]]("at", "When", lambda row: row["utc_us"]),
        Column[dict[str, Any]]("kind", "What", lambda row: "came" if row["kind"] == "entry" else "left"),
        Column[dict[str, Any]]("user_id", "Id", field("user_id")),
        Column[dict[str, Any]]("facility", "Facility", field("facility")),
        Column[dict[str, Any]]("device", "Device class", field("device")),
        Column[dict[str, Any]]("segment", "Network", field("segment")),
    ]
    filters = [
        Filter("user_id", "Id"),
        Filter("facility", "Facility", {one: one for one in sorted(page.context.desk.state.facilities)}),
    ]
    return page.render("people/entry_log.html", listed=page.listed(rows, columns, filters, "at", True))

"""The API: tokens, problems, the document against what is served."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from openapi_spec_validator import validate

from mediation.law.actors import Action
from tests.collector.console.world import Browser, World

STATION = {"X-Station": "token of ST-F1"}


async def token_of(console: World, user: str, *actions: Action) -> str:
    browser = await console.as_(user)
    fields = {"label": "a test", "days": "1", "actions": [str(one) for one in actions]}
    answer = await browser.post("/account/tokens", fields)
    assert answer.status == 200, answer.text
    found = re.search(r'id="token">([^<]+)<', answer.text)
    assert found is not None
    return found[1]


async def ask(
    console: World, path: str, token: str = "", headers: dict[str, str] | None = None
) -> tuple[int, Any, str]:
    program: Browser = await console.browser(station="")
    sent = {"Authorization": f"Bearer {token}"} if token else {}
    answer = await program.get(path, headers=sent | (STATION if headers is None else headers))
    return answer.status, json.loads(answer.text), answer.headers["Content-Type"].split(";")[0]


async def test_a_token_is_its_owner_for_its_actions_at_its_station(console: World) -> None:
    token = await token_of(console, "rivera", Action.READ_CALL_IDENTIFYING)
    status, body, _ = await ask(console, "/api/v1/me", token)
    assert (status, body["user_id"], body["role"], body["station"]) == (200, "rivera", "INV", "ST-F1")
    assert body["actions"] == ["read_call_identifying"]
    status, body, _ = await ask(console, "/api/v1/cases", token)
    assert [one["case_id"] for one in body["cases"]] == ["C-1"]


@pytest.mark.parametrize(
    ("token", "headers"),
    [("", STATION), ("nonsense", STATION), ("right", {}), ("right", {"X-Station": "token of ST-F2"})],
)
async def test_attack_no_token_a_wrong_one_or_one_of_another_station_is_401(
    console: World, token: str, headers: dict[str, str]
) -> None:
    if token == "right":
        token = await token_of(console, "rivera", Action.READ_CONTENT)
    status, body, kind = await ask(console, "/api/v1/me", token, headers)
    assert (status, kind) == (401, "application/problem+json") and body["status"] == 401


async def test_attack_a_session_cookie_opens_no_api_and_a_token_no_page(console: World) -> None:
    browser = await console.as_("rivera")
    assert (await browser.get("/api/v1/me")).status == 401
    token = await token_of(console, "rivera", Action.READ_CONTENT)
    program = await console.browser()
    assert (await program.get("/account", headers={"Authorization": f"Bearer {token}"})).status == 303


async def test_a_token_that_was_ended_or_has_run_out_opens_nothing(console: World) -> None:
    token = await token_of(console, "rivera", Action.READ_CONTENT)
    browser = await console.as_("rivera")
    hashed = re.search(r'name="token" value="([0-9a-f]{64})"', (await browser.get("/account")).text)
    assert hashed is not None
    assert (await browser.post("/account/tokens/end", {"token": hashed[1]})).status == 303
    assert (await ask(console, "/api/v1/me", token))[0] == 401
    other = await token_of(console, "rivera", Action.READ_CONTENT)
    console.wall.advance(86_400_000_000)
    assert (await ask(console, "/api/v1/me", other))[0] == 401


async def test_the_document_is_valid_and_says_what_is_served(console: World) -> None:
    status, body, _ = await ask(console, "/api/v1/openapi.json")
    assert status == 200
    validate(body)
    served = {(one.method.lower(), re.sub(r":[^}]*", "", one.path)) for one in console.opened.declared if one.api}
    said = {(method, path) for path, found in body["paths"].items() for method in found}
    assert said == served
    names = [one["operationId"] for found in body["paths"].values() for one in found.values()]
    assert len(names) == len(set(names)), "each operation has a name of its own"


async def test_what_is_not_there_or_not_asked_so_is_a_problem(console: World) -> None:
    assert (await ask(console, "/api/v1/nothing"))[::2] == (404, "application/problem+json")
    program = await console.browser(station="")
    answer = await program.post("/api/v1/me", headers=STATION)
    assert (answer.status, json.loads(answer.text)["title"]) == (405, "This page is not asked that way")


async def test_attack_a_token_for_less_reads_no_more(console: World) -> None:
    token = await token_of(console, "rivera", Action.MINIMISE)
    status, body, _ = await ask(console, "/api/v1/cases/C-1/communications", token)
    assert status == 403 and "R-073" in {one["rule"] for one in body["chain"]}
    token = await token_of(console, "rivera", Action.READ_CALL_IDENTIFYING)
    status, body, _ = await ask(console, "/api/v1/cases/C-1/communications", token)
    assert status == 200
    assert not [one for one in console.entries("access") if one["fields"]["action"] == "read_content"]

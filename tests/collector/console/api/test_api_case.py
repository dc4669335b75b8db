"""A case over the API: the same answers as the pages, the same withheld, the same 404."""

from __future__ import annotations

import pytest

from mediation.law.actors import Action
from tests.collector.console.api.test_api import ask, token_of
from tests.collector.console.world import CASE, World

BASE = f"/api/v1/cases/{CASE}"
BOTH = (Action.READ_CALL_IDENTIFYING, Action.READ_CONTENT)


async def test_a_list_is_filtered_and_paged(console: World) -> None:
    token = await token_of(console, "rivera", *BOTH)
    status, body, _ = await ask(console, f"{BASE}/communications?kind=call&limit=1", token)
    assert status == 200 and len(body["rows"]) == 1 and body["simulation"] and body["held"] == []
    _, rest, _ = await ask(console, f"{BASE}/communications?kind=call&limit=1&after={body['next']}", token)
    keys = [(one["liid"], one["cin"]) for one in (*body["rows"], *rest["rows"])]
    assert sorted(keys) == [("LAB-0001", 1), ("LAB-0001", 3)] and rest["next"] == ""
    assert body["rows"][0]["caller"].startswith("+1212555")
    for wrong in ("kind=x", "from=y", "limit=900", "after=1.2"):
        status, problem, kind = await ask(console, f"{BASE}/communications?{wrong}", token)
        assert status == 409 and kind == "application/problem+json" and problem["detail"]


async def test_a_call_a_record_and_its_proof(console: World) -> None:
    token = await token_of(console, "rivera", *BOTH)
    _, call, _ = await ask(console, f"{BASE}/communications/LAB-0001/1", token)
    assert [one["label"] for one in call["messages"]] == ["INVITE", "BYE"] and call["sound_seconds"] > 0
    name = call["messages"][0]["record"]
    _, record, _ = await ask(console, f"{BASE}/records/{name}", token)
    octets = bytes.fromhex(record["octets"])
    field = next(one for one in record["fields"] if one["name"] == "lawfulInterceptionIdentifier")
    assert octets[field["offset"] : field["offset"] + field["length"]].endswith(b"LAB-0001")
    assert record["verdict"] == "ACCEPT" and record["explain"][0]["check"] == "parse"
    _, proof, _ = await ask(console, f"{BASE}/records/{name}/proof", token)
    assert proof["ok"] and proof["state"] == "proven"
    _, found, _ = await ask(console, f"{BASE}/prtt", token)
    assert found["pairs"][0]["calls"] == 2 and found["communications"] == 3


async def test_attack_a_token_without_content_reads_none(console: World) -> None:
    token = await token_of(console, "rivera", Action.READ_CALL_IDENTIFYING)
    status, call, _ = await ask(console, f"{BASE}/communications/LAB-0001/1", token)
    assert status == 200, call
    assert call["withheld"] and "R-073" in call["withheld"][0]["why"]
    _, record, _ = await ask(console, f"{BASE}/records/{call['messages'][0]['record']}", token)
    assert record["octets"] == "" and record["withheld"] and record["fields"]


@pytest.mark.parametrize(
    "path", ["communications", "communications/LAB-0001/1", "records/0", "records/0/proof", "prtt"]
)
async def test_attack_a_case_that_is_not_one_s_own_is_the_same_404(console: World, path: str) -> None:
    token = await token_of(console, "vega", *BOTH)
    there = await ask(console, f"{BASE}/{path}", token)
    missing = await ask(console, f"/api/v1/cases/C-404/{path}", token)
    assert there[0] == missing[0] == 404 and there[1]["detail"] == missing[1]["detail"]


async def test_attack_another_case_s_records_are_not_found_through_one_s_own(console: World) -> None:
    token = await token_of(console, "rivera", *BOTH)
    for path in ("communications/LAB-0003/7", "records/999", "communications/LAB-0001/9"):
        status, _, kind = await ask(console, f"{BASE}/{path}", token)
        assert (status, kind) == (404, "application/problem+json")

"""R-167: a recording cannot be edited. No route of any process changes one, and the store offers nobody a way to."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

import collector.store
from asn1.errors import LocalError
from mediation.runtime.config import Listen
from mediation.runtime.status import start_http

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("asn1", "carrier_sim", "mediation", "collector", "lab")
EDITING = ("PUT", "PATCH", "DELETE", "*")
WORDS = frozenset(
    {
        "update",
        "edit",
        "modify",
        "change",
        "rewrite",
        "replace",
        "overwrite",
        "amend",
        "patch",
        "put",
        "delete",
        "remove",
        "erase",
        "set",
        "truncate",
    }
)
SERVES = ROOT / "mediation" / "runtime" / "status.py"


@functools.cache
def all_calls() -> dict[str, list[tuple[Path, ast.Call]]]:
    """Every call by attribute in those of our modules that name `web` or add anything, by the attribute's name."""
    found: dict[str, list[tuple[Path, ast.Call]]] = {}
    for path in (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))):
        text = path.read_text("utf-8")
        # No other can hold a call that is asked for here, and to parse all takes seconds.
        if "web" not in text and ".add_" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found.setdefault(node.func.attr, []).append((path, node))
    return found


def calls(name: str) -> list[tuple[Path, ast.Call]]:
    """Every call of `web.<name>`, and of `<anything>.add_…`, in our packages."""
    return all_calls().get(name, [])


def of_web(found: list[tuple[Path, ast.Call]]) -> list[Path]:
    return [
        path
        for path, call in found
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "web"
    ]


@pytest.mark.rule("R-167", "R-167.1")
@pytest.mark.parametrize("method", EDITING)
async def test_no_process_can_be_made_to_serve_an_editing_method(method: str) -> None:
    async def edit(_: web.Request) -> web.Response:
        raise AssertionError("nothing is edited")

    with pytest.raises(LocalError, match="R-167"):
        await start_http(Listen(), [web.route(method, "/records/1", edit)])


@pytest.mark.rule("R-167", "R-167.1")
def test_every_route_of_every_process_asks_or_adds() -> None:
    """All servers are made in one place, which takes no other method; and nobody asks it for one."""
    assert set(of_web(calls("Application"))) == {SERVES}
    for name in ("put", "patch", "delete", "route", "view", "static"):
        assert of_web(calls(name)) == [], name
    assert {path for path, _ in calls("add_routes")} == {SERVES}
    assert not calls("add_route") and not calls("add_put") and not calls("add_patch") and not calls("add_delete")
    routes = of_web(calls("get")) + of_web(calls("post"))
    assert {path.relative_to(ROOT).parts[0] for path in routes} >= {"carrier_sim", "mediation", "collector"}


@pytest.mark.rule("R-167", "R-167.1")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_attack_an_edit_over_http_is_answered_with_a_refusal(method: str) -> None:
    async def show(_: web.Request) -> web.Response:
        return web.Response(text="a recording")

    runner, port = await start_http(Listen(), [web.get("/records/1", show), web.post("/records", show)])
    try:
        async with aiohttp.ClientSession() as session:
            for path in ("/records/1", "/records"):
                async with session.request(method, f"http://127.0.0.1:{port}{path}", data=b"other") as answer:
                    assert answer.status == 405
    finally:
        await runner.cleanup()


def public_names() -> list[tuple[str, str]]:
    """Every public function of the store's modules and every public method of their classes."""
    found: list[tuple[str, str]] = []
    for info in pkgutil.iter_modules(collector.store.__path__):
        module: Any = importlib.import_module(f"collector.store.{info.name}")
        for name, value in vars(module).items():
            if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
                continue
            if inspect.isclass(value):
                found += [
                    (f"{info.name}.{name}", one)
                    for one, member in vars(value).items()
                    if not one.startswith("_") and inspect.isroutine(member)
                ]
            elif callable(value):
                found.append((info.name, name))
    return found


@pytest.mark.rule("R-167", "R-167.1")
def test_no_function_of_the_store_changes_what_is_stored() -> None:
    names = public_names()
    assert ("store.Store", "submit") in names and ("reader.StoreReader", "read") in names
    assert [(where, name) for where, name in names if set(name.split("_")) & WORDS] == []

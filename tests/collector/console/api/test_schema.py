"""What the document says against what is answered, for requests that nobody would think of (schemathesis)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mediation.law.actors import Action, Role
from tests.collector.console.api.test_api import token_of
from tests.collector.console.world import PEOPLE, World

EXAMPLES = 3
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
STATION = {"X-Station": "token of ST-F1"}


def hold(console: World, token: str) -> list[str]:
    """Every operation with some requests; which were asked. Raises where an answer is none that the document has."""
    authority = str(console.template / "ca" / "ca.pem")
    schema = schemathesis.openapi.from_url(f"{console.base}/api/v1/openapi.json", verify=authority)
    headers = STATION | {"Authorization": f"Bearer {token}"}
    asked = []
    for found in schema.get_all_operations():
        operation = found.ok()
        asked.append(operation.label)

        @settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def each(case: Any) -> None:
            answer = case.call(base_url=console.base, headers=headers, verify=authority)
            assert answer.status_code < 500, (case.as_curl_command(), answer.text)
            case.validate_response(answer, checks=CHECKS)

        each()
    return asked


@pytest.mark.parametrize("role", [Role.TARU, Role.INV])
async def test_every_operation_answers_as_the_document_says(console: World, role: Role) -> None:
    user = next(name for name, of, *_ in PEOPLE if of == role)
    token = await token_of(console, user, *Action)
    asked = await asyncio.to_thread(hold, console, token)
    declared = {f"{one.method} {one.path}" for one in console.opened.declared if one.api}
    assert set(asked) == declared - {"GET /api/v1/openapi.json"}, "the document itself is where it was read from"

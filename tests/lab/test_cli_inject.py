"""`calea-lab inject` against a carrier that runs."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.stack import Plan, Stack
from tests.lab.conftest import Cli

SMS = {"kind": "sms", "from": "+12125550101", "to": "+12125550142", "text": "hello"}


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    run = Stack(tmp_path / "var")
    run.prepare(Plan())
    run.launch(["carrier_sim"])
    yield tmp_path / "var"
    run.stop()


def test_items_are_words_or_a_list_on_standard_input(data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    said = cli("inject", json.dumps(SMS), json.dumps([SMS, SMS]), "--data", data, "--json")
    assert said.code == 0 and json.loads(said.out)["communications"] == 3
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps([SMS])))
    said = cli("inject", "--data", data)
    assert said.code == 0 and "4 communications" in said.out


def test_what_is_wrong_is_one_sentence_and_nothing_is_played(data: Path, cli: Cli) -> None:
    for words, sentence in (("{", "no JSON"), (json.dumps({**SMS, "to": "+4930123456"}), "refused POST /inject")):
        said = cli("inject", words, "--data", data)
        assert said.code in (2, 3) and sentence in said.err and said.err.count("\n") == 1
    assert Stack.load(data).status("carrier_sim")["communications"] == 0

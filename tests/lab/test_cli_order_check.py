"""`calea-lab order check FILE`: every missing item with its rule, and a plain word for what cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from lab.papers import lab_papers
from mediation.law.documents import make_document, order_from_fields
from mediation.law.papers import Papers

Cli = Callable[..., Any]
EXAMPLES = Path("lab/data/papers")
COMPLETE, MISSING = EXAMPLES / "complete-warrant.yaml", EXAMPLES / "missing-exigent.yaml"
COURT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def codes(out: str) -> list[str]:
    return [one["code"] for one in json.loads(out)["missing"]]


def written(directory: Path, **changes: Any) -> Path:
    """The complete example with other fields; None takes one out, `papers` are merged."""
    fields: dict[str, Any] = yaml.safe_load(COMPLETE.read_text())
    papers = fields["papers"] | changes.pop("papers", {})
    fields |= changes | {"papers": {name: value for name, value in papers.items() if value is not None}}
    file = directory / "order.json"
    file.write_text(json.dumps({name: value for name, value in fields.items() if value is not None}, default=str))
    return file


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return public_key_file(tmp_path, COURT)


def public_key_file(directory: Path, private: Ed25519PrivateKey | X25519PrivateKey) -> Path:
    file = directory / "court.pub"
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    file.write_bytes(private.public_key().public_bytes(serialization.Encoding.PEM, form))
    return file


def test_the_complete_example_is_complete(cli: Cli) -> None:
    code, out, err = cli("order", "check", COMPLETE)
    assert (code, err) == (0, "")
    assert "O-COMPLETE (EAVESDROPPING) is complete" in out
    said = json.loads(cli("order", "check", COMPLETE, "--json").out)
    assert said == {
        "file": str(COMPLETE),
        "order_id": "O-COMPLETE",
        "kind": "EAVESDROPPING",
        "complete": True,
        "emergency_order_due": None,
        "missing": [],
    }


@pytest.mark.rule("R-045", "R-045.1")
def test_the_other_example_is_refused_item_by_item_although_a_life_is_at_risk(cli: Cli) -> None:
    code, out, err = cli("order", "check", MISSING)
    assert (code, err) == (1, "")
    lines = [line.split() for line in out.splitlines()]
    assert "4 items are missing" in out
    assert ["complaint_number", "R-045"] in [line[:2] for line in lines]
    assert "The emergency order has to be issued by 2026-03-03T14:00:00" in out
    assert codes(cli("order", "check", MISSING, "--json").out) == [
        "DOC_MISSING:complaint_number",
        "DOC_MISSING:supervisor.reasons",
        "DOC_MISSING:declaration.grounds",
        "DOC_MISSING:declaration.standard",
    ]


@pytest.mark.rule("R-051", "R-051.1", "R-051.2")
def test_the_emergency_order_may_follow_until_its_deadline_or_not_at_all(cli: Cli) -> None:
    order_paper = "DOC_MISSING:order_paper"
    assert order_paper in codes(cli("order", "check", MISSING, "--up-front", "--json").out)
    for at, expected in (("2026-03-03T14:00:00Z", False), ("2026-03-03T14:00:00.000001Z", True)):
        assert (order_paper in codes(cli("order", "check", MISSING, "--at", at, "--json").out)) is expected


@pytest.mark.rule("R-050", "R-050.1")
@pytest.mark.parametrize("item", ["complaint_number", "queried", "order_paper", "application", "supervisor"])
def test_one_missing_item_is_one_line(cli: Cli, tmp_path: Path, item: str) -> None:
    code, out, _ = cli("order", "check", written(tmp_path, papers={item: None}))
    assert code == 1 and "1 item is missing" in out and item in out
    assert codes(cli("order", "check", tmp_path / "order.json", "--json").out) == [f"DOC_MISSING:{item}"]


@pytest.mark.parametrize(
    ("changes", "items"),
    [
        ({"targets": []}, ["target"]),
        ({"targets": ["nobody"]}, ["targets"]),
        ({"days": 31}, ["window"]),
        ({"services": []}, ["services"]),
        ({"start": None}, ["start"]),
        ({"liid": "x" * 26}, ["liid"]),
        ({"colour": "red"}, ["colour"]),
        ({"kind": "WISH"}, ["kind"]),
        ({"days": 31, "papers": {"complaint_number": ""}}, ["window", "complaint_number"]),
        ({"papers": {"complaint_number": 12}}, ["papers.complaint_number"]),
        ({"papers": {"colour": "red"}}, ["papers.colour"]),
        ({"papers": {"supervisor": "okafor"}}, ["papers.supervisor"]),
        ({"papers": {"supervisor": ""}}, ["supervisor"]),
    ],
)
def test_what_the_order_itself_lacks_is_told_with_its_papers(
    cli: Cli, tmp_path: Path, changes: dict[str, Any], items: list[str]
) -> None:
    code, out, _ = cli("order", "check", written(tmp_path, **changes), "--json")
    assert code == 1
    assert [one["item"] for one in json.loads(out)["missing"]] == items


def test_an_order_without_any_papers_lacks_all_of_them(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "order.yaml"
    file.write_text("\n".join(line for line in COMPLETE.read_text().splitlines() if not line.startswith(" ")) + "\n")
    found = codes(cli("order", "check", file, "--json").out)
    assert found[0] == "DOC_MISSING:complaint_number" and len(found) == 8


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b"just a text", "mapping of names"),
        (b"a: [", "neither YAML nor JSON"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(cli: Cli, tmp_path: Path, octets: bytes, says: str) -> None:
    file = tmp_path / "order.yaml"
    file.write_bytes(octets)
    code, out, err = cli("order", "check", file)
    assert (code, out) == (2, "") and says in err and len(err.strip().splitlines()) == 1


def test_a_file_that_is_not_there_and_one_too_large(cli: Cli, tmp_path: Path) -> None:
    assert cli("order", "check", tmp_path / "none.yaml").code == 2
    file = tmp_path / "order.yaml"
    file.write_bytes(b"#" * ((1 << 20) + 1))
    code, _, err = cli("order", "check", file)
    assert code == 2 and "larger" in err


# --- signed documents -----------------------------------------------------------------------------------------------


def document(directory: Path, private: Ed25519PrivateKey = COURT, papers: Papers | None = None) -> Path:
    fields: dict[str, Any] = yaml.safe_load(COMPLETE.read_text())
    order = order_from_fields({name: value for name, value in fields.items() if name != "papers"})
    file = directory / "O-COMPLETE.v1.json"
    file.write_bytes(make_document(order, private, papers=papers))
    return file


def test_a_signed_document_is_checked_with_its_papers(cli: Cli, tmp_path: Path, key: Path) -> None:
    fields: dict[str, Any] = yaml.safe_load(COMPLETE.read_text())
    order = order_from_fields({name: value for name, value in fields.items() if name != "papers"})
    assert cli("order", "check", document(tmp_path, papers=lab_papers(order)), "--key", key).code == 0
    code, out, _ = cli("order", "check", document(tmp_path), "--key", key, "--json")
    assert code == 1 and len(codes(out)) == 8


def test_a_document_that_another_court_signed_is_refused(cli: Cli, tmp_path: Path, key: Path) -> None:
    code, out, err = cli("order", "check", document(tmp_path, STRANGER), "--key", key)
    assert (code, out) == (2, "") and "key" in err and len(err.strip().splitlines()) == 1


def test_a_document_with_one_changed_octet_is_refused(cli: Cli, tmp_path: Path, key: Path) -> None:
    file = document(tmp_path)
    octets = bytearray(file.read_bytes())
    for place in (20, len(octets) // 2, len(octets) - 20):
        broken = octets.copy()
        broken[place] ^= 0x01
        file.write_bytes(broken)
        code, out, err = cli("order", "check", file, "--key", key)
        assert (code, out, len(err.strip().splitlines())) == (2, "", 1)


def test_a_forged_signature_beside_plain_fields_does_not_pass_as_plain_fields(
    cli: Cli, tmp_path: Path, key: Path
) -> None:
    file = written(tmp_path, signature="AAAA")
    code, out, err = cli("order", "check", file, "--key", key)
    assert (code, out) == (2, "") and err


@pytest.mark.parametrize("text", ["<order/>", " <HI1Message"])
def test_bare_xml_is_not_signed(cli: Cli, tmp_path: Path, key: Path, text: str) -> None:
    file = tmp_path / "order.xml"
    file.write_text(text)
    assert cli("order", "check", file, "--key", key).code == 2


def test_a_key_that_is_none(cli: Cli, tmp_path: Path) -> None:
    file = document(tmp_path)
    assert cli("order", "check", file, "--key", COMPLETE).code == 2
    other = public_key_file(tmp_path, X25519PrivateKey.generate())
    code, _, err = cli("order", "check", file, "--key", other)
    assert code == 2 and "Ed25519" in err
    assert cli("order", "check", file, "--data", tmp_path).code == 3

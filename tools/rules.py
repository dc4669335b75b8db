"""Writes docs/rules.md: every rule of the law, what it says, which code names it, which tests prove it.

    python tools/rules.py            write the page
    python tools/rules.py --check    say what is missing, and whether the page is the one this tree makes; exit 1 if not

Three sources and no list kept by hand: the rulebook says what a rule is; a module enforces a rule when it names its
number; a test proves a rule, or a boundary case of it, when it carries the mark `rule(number, *cases)`. Marks are read
from the syntax tree, so they are literal strings.
"""

from __future__ import annotations

import argparse
import ast
import csv
import functools
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mediation.law.rulebook.kinds import Hold, Rule  # noqa: E402  the path comes first
from mediation.law.rules import RULES  # noqa: E402

PAGE: Final = ROOT / "docs" / "rules.md"
BOUNDARIES: Final = ROOT / "tests" / "vectors" / "law" / "boundaries.csv"
PACKAGES: Final = ("asn1", "mediation", "carrier_sim", "collector", "lab")
SAYS_ONLY: Final = ("mediation/law/rulebook/", "mediation/law/rules.py")
"""What knows rules without enforcing any."""
_NUMBER: Final = re.compile(r"\b(?:R-\d{3}|SD-\d)\b")
_HEAD: Final = """# Rules

Made by `python tools/rules.py` from the rulebook (`mediation/law/rulebook`), the code that names a rule's number, and
the tests that are marked with it; `make check` fails when this page is not the one the tree makes.

*enforced*: code decides by it. *recorded*: people act; the act or its absence is recorded and alarmed. *waiting*: for a
part that is not built yet. *outside*: nothing software here can decide. Marks of sources: S0 to S4 the five policies
(covert audio, this system, handhelds, cameras, record management), V text read, P partly read, M from memory and
unverified, I inferred, D our design. SD are the separations of duties. Not legal advice.
"""


class Proof(NamedTuple):
    """A test and what it is marked with."""

    test: str
    rule: str
    cases: tuple[str, ...]


class Boundary(NamedTuple):
    rule: str
    case: str
    text: str


def boundaries() -> list[Boundary]:
    with BOUNDARIES.open(newline="") as file:
        return [Boundary(row["rule"], row["case"], row["boundary"]) for row in csv.DictReader(file)]


@functools.cache
def places() -> dict[str, list[str]]:
    """The modules that name each number."""
    found: dict[str, list[str]] = defaultdict(list)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith(SAYS_ONLY):
                continue
            for number in sorted(set(_NUMBER.findall(path.read_text("utf-8")))):
                found[number].append(name)
    return found


@functools.cache
def proofs() -> list[Proof]:
    """Every mark in the tests."""
    return [
        proof
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for proof in _marks(ast.parse(path.read_text("utf-8")), path.relative_to(ROOT / "tests").as_posix())
    ]


def _proofs(test: str, words: list[str]) -> Iterator[Proof]:
    """`R-110` is a rule, `R-110.1` a case of it; one mark may name several."""
    by_rule: dict[str, list[str]] = {}
    for word in words:
        rule, dot, _ = word.partition(".")
        by_rule.setdefault(rule, []).extend([word] if dot else [])
    for rule, cases in by_rule.items():
        yield Proof(test, rule, tuple(cases))


def _marks(tree: ast.Module, file: str) -> Iterator[Proof]:
    def walk(node: ast.AST, name: str) -> Iterator[Proof]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{name}::{node.name}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "rule":
            words = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if ast.unparse(node.func) == "pytest.mark.rule" and words and len(words) == len(node.args):
                yield from _proofs(name, words)
        for child in ast.iter_child_nodes(node):
            yield from walk(child, name)

    yield from walk(tree, file)


def faults() -> list[str]:
    """What keeps the page from being whole, one sentence each."""
    where, marks, cases = places(), proofs(), boundaries()
    known = {one.case: one.rule for one in cases}
    proven = {proof.rule for proof in marks}
    covered = {case for proof in marks for case in proof.cases}
    found = [
        f"{proof.test} is marked with {proof.rule}, which is no rule" for proof in marks if proof.rule not in RULES
    ]
    for proof in marks:
        found += [
            f"{proof.test}: {case} is no case of {proof.rule}" for case in proof.cases if known.get(case) != proof.rule
        ]
    for rule in RULES.values():
        if rule.hold in (Hold.ENFORCED, Hold.RECORDED):
            if not where.get(rule.number):
                found.append(f"{rule.number} is {rule.hold}, and no code names it")
            if rule.number not in proven:
                found.append(f"{rule.number} is {rule.hold}, and no test is marked with it")
            found += [
                f"{one.case} has no test: {one.text}"
                for one in cases
                if one.rule == rule.number and one.case not in covered
            ]
    return found


def page() -> str:
    """The whole of docs/rules.md."""
    where, by_rule, by_case = places(), defaultdict(list), defaultdict(list)
    for proof in proofs():
        by_rule[proof.rule].append(proof.test)
        for case in proof.cases:
            by_case[case].append(proof.test)
    real = [rule for rule in RULES.values() if rule.number.startswith("R-")]
    counts = {hold: sum(rule.hold is hold for rule in real) for hold in Hold}
    lines = [_HEAD]
    lines.append(
        f"{len(real)} rules: " + ", ".join(f"{count} {hold}" for hold, count in counts.items() if count) + ".\n"
    )
    lines += ["| rule | says | source | | where | tests |", "|---|---|---|---|---|---|"]
    for rule in RULES.values():
        lines.append(_row(rule, where.get(rule.number, []), by_rule[rule.number]))
    lines += ["", "## Boundary cases", "", "| case | at the boundary | tests |", "|---|---|---|"]
    for one in boundaries():
        lines.append(f"| {one.case} | {_cell(one.text)} | {_names(by_case[one.case])} |")
    return "\n".join(lines) + "\n"


def _row(rule: Rule, where: list[str], tests: list[str]) -> str:
    hold = f"{rule.hold}: {rule.why}" if rule.why else str(rule.hold)
    code = ", ".join(f"`{name}`" for name in where) or "-"
    return f"| {rule.number} | {_cell(rule.statement)} | {_cell(rule.source)} | {hold} | {code} | {_names(tests)} |"


def _names(tests: list[str]) -> str:
    """Files with the tests in them, each named once."""
    files: dict[str, list[str]] = defaultdict(list)
    for test in dict.fromkeys(tests):
        file, _, name = test.partition("::")
        files[file].append(name)
    return "; ".join(f"{file}: {', '.join(names)}" for file, names in files.items()) or "-"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is missing")
    check = parser.parse_args().check
    made, missing = page(), faults()
    if not check:
        PAGE.write_text(made, "utf-8")
    elif not PAGE.exists() or PAGE.read_text("utf-8") != made:
        missing.append("docs/rules.md is not the page of this tree: run `make rules`")
    for fault in missing:
        sys.stderr.write(f"rules: {fault}\n")
    return 1 if missing and check else 0


if __name__ == "__main__":
    sys.exit(main())

"""Why an attempt at the desk was allowed or denied, made from its ledger entry alone, never by asking again. Pure.

The same steps as those of a record (`collector.explain`): what was found, the rule, what it says and whence, outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from collector.explain import HOLDS, REFUSES, Step
from mediation.law.rules import RULES

_CHECKS: Final[tuple[tuple[str, str, frozenset[str]], ...]] = (
    ("person", "R-072", frozenset({"R-071", "R-072", "R-082", "R-083", "R-086"})),
    ("device", "R-077", frozenset({"R-077", "R-087", "R-169", "R-170", "R-171"})),
    ("place", "R-075", frozenset({"R-075", "R-076", "R-079", "R-088"})),
    ("purpose", "R-066", frozenset({"R-065", "R-066"})),
    ("role and case", "R-073", frozenset()),
)
"""In the order of `access.may`; whatever stands in none of the sets belongs to the last."""


def explain_access(fields: Mapping[str, Any]) -> tuple[Step, ...]:
    """The chain of one `access` entry."""
    failed = list(zip(fields["rule_ids"], fields["reason_codes"], strict=True))
    elsewhere = frozenset[str]().union(*(rules for _, _, rules in _CHECKS))
    steps: list[Step] = []
    # Somebody unknown is asked nothing further.
    for name, rule, rules in _CHECKS if fields["actor_role"] else _CHECKS[:1]:
        mine = [one for one in failed if (one[0] in rules if rules else one[0] not in elsewhere)]
        fact = _fact(name, fields)
        steps += [_step(name, number, f"{code}: {fact}", REFUSES) for number, code in mine]
        if not mine:
            steps.append(_step(name, rule, fact, HOLDS))
    outcome = HOLDS if fields["decision"] == "ALLOWED" else REFUSES
    return (*steps, _step("record", "R-092", f"{fields['decision']}; {fields['event_id']}", outcome))


def _fact(check: str, fields: Mapping[str, Any]) -> str:
    if check == "person":
        return f"{fields['actor_id']}, {fields['actor_role'] or 'nobody'}"
    if check == "device":
        return fields["device_class"] or "no client"
    if check == "place":
        return fields["facility"] or "at no facility"
    if check == "purpose":
        return fields["purpose"] or "none"
    about = f"case {fields['case_id']}" if fields["case_id"] else f"{fields['object_type']} {fields['object_id']}"
    under = f" under {fields['order_id']}" if fields["order_id"] else ""
    return f"{fields['action']}, {about.strip()}{under}"


def _step(check: str, number: str, fact: str, outcome: str) -> Step:
    rule = RULES[number]
    return Step(check, fact, number, rule.statement, rule.source, outcome)

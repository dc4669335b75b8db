"""Reading a scenario's file: YAML with a bounded size, the numbers of its people, the form of it that is wanted.

@T           the number of the subscriber T
<me>, <n>    of a class: the trainee's id and number; otherwise the person of the cast that `training` names, and 1
LI-06        in another form of the story the LIID has that dialect's mark: T1678-06
only: [etsi] a step or an expectation of that form alone
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from lab import dialects
from lab.scenario.model import ETSI, Scenario
from mediation.runtime.config import ConfigError

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]  # as good, and ten times as slow

MAX_OCTETS: Final = 256 * 1024
MAX_DEPTH: Final = 64
"""How deep a file is nested: libyaml goes as deep as its text does, beyond the end of its stack."""
LIID: Final = re.compile(r"(?<![A-Za-z0-9-])LI-(?=\d)")
"""How an LIID begins in a file whose scenario has more forms than one, wherever it stands."""
NAMED: Final = "@"
_NO_VALUE: Final = (ValueError, KeyError, AttributeError, TypeError, ArithmeticError)
ME: Final = "<me>"
NUMBER: Final = "<n>"


class _Loader(SafeLoader):
    """Times stay texts: they are ours to read, to the microsecond and with names."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: ANN401  whatever YAML may hold
        try:
            return super().construct_object(node, deep)
        except _NO_VALUE as error:
            # PyYAML lets through what Python says of such a text.
            raise yaml.YAMLError(f"line {node.start_mark.line + 1} has a value that is none of its type") from error


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in SafeLoader.yaml_implicit_resolvers.items()
}


def load(path: Path, letter: str = "", trainee: tuple[str, int] | None = None) -> Scenario:
    """The scenario of a file, or the form of it that `letter` names, as it is for one trainee: id and number. Raises
    `ConfigError` with one sentence."""
    raw = for_trainee(read(path), trainee)
    try:
        story = _in_form(raw, letter) if letter else raw
        return Scenario.model_validate(_with_numbers(_this_form_alone(story)))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ConfigError(f"{path}: {where}: {first['msg']}.") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def read(path: Path) -> dict[str, Any]:
    """What stands in a file, unchecked but for its size and that it is a mapping. Raises `ConfigError`."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read the scenario {path}: {error}.") from error
    if len(text) > MAX_OCTETS:
        raise ConfigError(f"{path}: a scenario has at most {MAX_OCTETS} characters.")
    try:
        _check_depth(text)
        raw = yaml.load(text, _Loader)  # noqa: S506  a safe loader with fewer types
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {str(error).splitlines()[0]}.") from error
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: a scenario is a mapping of keys; `calea-lab scenario new` writes one.")
    return raw


def _check_depth(text: str) -> None:
    """Raises YAMLError at the first thing that lies too deep, before anything is made of the text; and at an alias,
    with which a short text could be without end, or longer than any memory."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise yaml.YAMLError("it is nested too deeply")
        if isinstance(event, yaml.AliasEvent):
            assert event.start_mark is not None, "a parser says where"
            raise yaml.YAMLError(f"line {event.start_mark.line + 1} has an alias; write out what it stands for")


def for_trainee(raw: dict[str, Any], trainee: tuple[str, int] | None) -> dict[str, Any]:
    """With who plays it in the place of `<me>` and `<n>`, where the file says how a class plays it."""
    training = raw.get("training")
    if not isinstance(training, dict):
        return raw
    user_id, number = trainee or (str(training.get("me", "")), 1)
    return dict(_each_text(raw, lambda text: text.replace(ME, user_id).replace(NUMBER, str(number))))


def _with_numbers(raw: dict[str, Any]) -> dict[str, Any]:
    """With the number of each subscriber where its `@NAME` stands. Raises ConfigError for a name nobody has."""
    people = raw.get("subscribers")
    numbers = {
        f"{NAMED}{name}": one["number"]
        for name, one in (people if isinstance(people, dict) else {}).items()
        if isinstance(one, dict) and "number" in one
    }

    def number(text: str) -> str:
        if not text.startswith(NAMED):
            return text
        if text not in numbers:
            raise ConfigError(f"nobody is called {text}: the subscribers are {', '.join(numbers) or 'none'}.")
        return str(numbers[text])

    return dict(_each_text(raw, number))


def _in_form(raw: dict[str, Any], letter: str) -> dict[str, Any]:
    """The story as it is delivered in another dialect: LIIDs with its mark. Raises ConfigError for no such form."""
    forms = raw.get("forms")
    wanted = forms.get(letter) if isinstance(forms, dict) else None
    known = [wanted] if isinstance(wanted, str) else list(wanted) if isinstance(wanted, list) else []
    if not known or any(not isinstance(one, str) or one not in dialects.MARKS for one in known):
        raise ConfigError(f"it has no form {letter!r}.")
    dialect = str(known[0])
    mark = dialects.MARKS[dialect]
    story: dict[str, Any] = _over_ims(_each_text(raw, lambda text: LIID.sub(mark, text)))
    return story | {
        "id": f"{raw.get('id')}{letter}",
        "title": f"{raw.get('title')} ({dialect.upper()})",
        "form": dialect,
        "dialects": sorted({*(raw.get("dialects") or ()), *known}),
    }


def _over_ims(value: Any) -> Any:  # noqa: ANN401  whatever YAML may hold
    """With short messages that go through the IMS: of others the US dialects have nothing to say."""
    if isinstance(value, dict):
        made = {key: _over_ims(one) for key, one in value.items()}
        return {**made, "via": made.get("via", "ims")} if made.get("kind") == "sms" else made
    return [_over_ims(one) for one in value] if isinstance(value, list) else value


def _this_form_alone(story: dict[str, Any]) -> dict[str, Any]:
    """Without the steps and expectations of other forms, those of cards among them. What is not shaped as it has to be
    stays, to be refused."""
    form = story.get("form", ETSI)

    def is_ours(one: object) -> bool:
        only = one.get("only") if isinstance(one, dict) else None
        return not isinstance(only, list) or form in only

    def ours(held: dict[str, Any], *names: str) -> dict[str, Any]:
        parts = {name: held[name] for name in names if isinstance(held.get(name), list)}
        return held | {name: [one for one in part if is_ours(one)] for name, part in parts.items()}

    cards = story.get("injects")
    if isinstance(cards, list):
        story = story | {"injects": [ours(one, "steps") if isinstance(one, dict) else one for one in cards]}
    return ours(story, "steps", "expect")


def _each_text(value: Any, turned: Callable[[str], str]) -> Any:  # noqa: ANN401  whatever YAML may hold
    """The same value with every text, names of keys among them, as `turned` gives it."""
    if isinstance(value, str):
        return turned(value)
    if isinstance(value, dict):
        return {turned(key) if isinstance(key, str) else key: _each_text(one, turned) for key, one in value.items()}
    if isinstance(value, list):
        return [_each_text(one, turned) for one in value]
    return value

"""People of a scenario at the run's console: what they ask for, what it has to answer, and what they hear."""

from __future__ import annotations

import http.client
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from lab.console_client import Browser, Console, Listening
from lab.scenario.model import ListenStep, VisitStep
from lab.stack import Stack
from mediation.runtime.config import ConfigError, NotReadyError

OVER_S: Final = 30.0
"""Real seconds in which a listening that is over has to say so."""
_SHOWN: Final = 300


class People:
    def __init__(self) -> None:
        self._console: Console | None = None
        self.listenings: dict[str, Listening] = {}

    def visit(self, stack: Stack, step: VisitStep, path: str, form: Mapping[str, str] | None) -> dict[str, str]:
        """What was to be kept of the answer. Raises NotReadyError for another answer than the scenario wants."""
        browser = self._browser(stack, step)
        answer = browser.get(path) if form is None else browser.post(path, form)
        usual = HTTPStatus.OK if form is None else HTTPStatus.SEE_OTHER
        wanted = step.status or usual
        if answer.status != wanted or (step.says is not None and step.says not in answer.text):
            words = f"{int(wanted)}" + (f" and {step.says!r}" if step.says else "")
            raise NotReadyError(f"{path} answered {answer.status}, wanted {words}: {_plain(answer.text)[:_SHOWN]}")
        kept = {}
        for name, pattern in step.keep.items():
            found = re.search(pattern, answer.text)
            if found is None:
                raise NotReadyError(f"{path} has nothing like {pattern}: {_plain(answer.text)[:_SHOWN]}")
            kept[name] = found[1]
        return kept

    def listen(self, stack: Stack, step: ListenStep, path: str) -> None:
        """Raises NotReadyError when the console does not let them."""
        if step.name in self.listenings:
            raise ConfigError(f"There is a listening called {step.name} already.")
        connection, response = self._browser(stack, step).open(path)
        if response.status != http.client.OK:
            text = response.read(1 << 20).decode("utf-8", "replace")
            connection.close()
            raise NotReadyError(f"{path} answered {response.status}: {_plain(text)[:_SHOWN]}")
        listening = self.listenings[step.name] = Listening()
        listening.begin(connection, response)

    def _browser(self, stack: Stack, step: VisitStep | ListenStep) -> Browser:
        self._console = self._console or Console(stack)
        return self._console.browser(step.by, step.facility)

    def wait(self, name: str) -> None:
        """Until that listening is over. Raises ConfigError for one that never began, NotReadyError when it goes on."""
        if name not in self.listenings:
            raise ConfigError(f"Nobody listens under the name {name}.")
        if not self.listenings[name].wait(OVER_S):
            raise NotReadyError(f"{name} goes on: it was not over within {OVER_S:g} s.")

    def leave(self) -> None:
        """Everybody goes home."""
        for one in self.listenings.values():
            one.leave()


def _plain(page: str) -> str:
    """The words of a page, without its marks."""
    main = re.search(r"<main.*?</main>", page, re.S)
    return " ".join(re.sub(r"<[^>]*>", " ", main[0] if main else page).split())

"""What people write of communications, cases and requests: every revision kept, nobody overwritten unseen."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.desk.database import (
    BoundError,
    ConflictError,
    DeskDatabase,
    alarms,
    bounds,
    categories,
    instructions,
    papers,
    reports,
    synopses,
    views,
    worklist,
)
from collector.desk.database.worklist import WorkState
from mediation.runtime.process import IntegrityError

LIID, CIN = "LAB-0001", 7


def test_every_revision_of_a_synopsis_is_kept(database: DeskDatabase, ledger: Any) -> None:
    for number, words in enumerate(("They speak of a boat.", "They speak of a goat.", "")):
        with ledger.recorded() as writing:
            saved = synopses.save(writing, LIID, CIN, words, number, "rivera", number)
            assert saved.revision == number + 1
    with database.reading() as reading:
        assert [one.text for one in synopses.history(reading, LIID, CIN)] == [
            "They speak of a boat.", "They speak of a goat.", "",
        ]  # fmt: skip
        newest = synopses.newest(reading, LIID, CIN)
        assert newest is not None and newest.revision == 3 and synopses.of_liid(reading, LIID) == {CIN: newest}
        assert synopses.newest(reading, LIID, 8) is None and synopses.of_liid(reading, "LAB-0002") == {}


def test_nobody_saves_over_what_he_has_not_seen(database: DeskDatabase, ledger: Any) -> None:
    with ledger.recorded() as writing:
        synopses.save(writing, LIID, CIN, "first", 0, "rivera", 1)
    with pytest.raises(ConflictError, match="look at revision 1") as raised, ledger.recorded() as writing:
        synopses.save(writing, LIID, CIN, "mine", 0, "chen", 2)
    assert raised.value.newest == 1
    with database.reading() as reading:
        assert len(synopses.history(reading, LIID, CIN)) == 1


def test_concurrent_saves_make_one_revision_each_and_lose_none(database: DeskDatabase) -> None:
    """Eight authors, each saving what he saw again until it is taken: the last text has all of their letters."""

    class Nothing:
        def record(self, kind: str, fields: dict[str, Any], now_us: int) -> int:
            return 0

    def write(letter: str) -> None:
        while True:
            with database.reading() as reading:
                seen = synopses.newest(reading, LIID, CIN)
            text, revision = ("", 0) if seen is None else (seen.text, seen.revision)
            try:
                with database.recorded(Nothing(), 1) as writing:
                    synopses.save(writing, LIID, CIN, text + letter, revision, letter, 1)
                return
            except ConflictError:
                continue

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "abcdefgh"]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    with database.reading() as reading:
        history = synopses.history(reading, LIID, CIN)
    assert [one.revision for one in history] == list(range(1, 9))
    assert sorted(history[-1].text) == list("abcdefgh")


def test_a_draft_is_its_authors_and_goes_with_the_save(database: DeskDatabase, ledger: Any) -> None:
    with database.writing() as writing:
        synopses.autosave(writing, LIID, CIN, "They sp", 0, "rivera", 1)
        synopses.autosave(writing, LIID, CIN, "They speak", 0, "rivera", 2)
        synopses.autosave(writing, LIID, CIN, "other", 0, "chen", 3)
    with database.reading() as reading:
        draft = synopses.draft(reading, LIID, CIN, "rivera")
        assert draft == synopses.Draft(LIID, CIN, "rivera", 0, "They speak", 2)
    with ledger.recorded() as writing:
        synopses.save(writing, LIID, CIN, "They speak.", 0, "rivera", 4)
    with database.reading() as reading:
        assert synopses.draft(reading, LIID, CIN, "rivera") is None
        assert synopses.draft(reading, LIID, CIN, "chen") is not None


def test_categories_begin_with_the_defaults_and_are_the_agencys(database: DeskDatabase, ledger: Any) -> None:
    with database.reading() as reading:
        names = [one.category for one in categories.listed(reading)]
        assert names[:4] == ["pertinent", "non-pertinent", "privileged", "administrative"]
    with ledger.recorded() as writing:
        categories.define(writing, "boats", "Boats", 0, "lund", 1)
        categories.define(writing, "no-contact", "No contact made", 6, "lund", 1, retired=True)
        categories.define(writing, "pertinent", "Of interest", 9, "lund", 2)
    with database.reading() as reading:
        listed = categories.listed(reading)
        assert listed[0].category == "boats" and listed[-1].label == "Of interest"
        assert "no-contact" not in {one.category for one in listed}
        assert "no-contact" in {one.category for one in categories.listed(reading, retired=True)}


def test_who_gave_a_category_and_who_took_it_away_is_kept(database: DeskDatabase, ledger: Any) -> None:
    with ledger.recorded() as writing:
        assert categories.assign(writing, LIID, CIN, "pertinent", "rivera", 1)
        assert categories.assign(writing, LIID, CIN, "translate", "rivera", 2)
        assert not categories.assign(writing, LIID, CIN, "pertinent", "chen", 3)
    with ledger.recorded() as writing:
        assert categories.withdraw(writing, LIID, CIN, "pertinent", "okafor", 4)
        assert not categories.withdraw(writing, LIID, CIN, "pertinent", "okafor", 5)
        assert categories.assign(writing, LIID, 8, "translate", "rivera", 6)
    with database.reading() as reading:
        assert [one.category for one in categories.of(reading, LIID, CIN)] == ["translate"]
        assert {cin: len(found) for cin, found in categories.of_liid(reading, LIID).items()} == {CIN: 1, 8: 1}
        assert categories.communications(reading, "translate") == [(LIID, CIN), (LIID, 8)]
        assert categories.communications(reading, "pertinent") == []
        assert [(one.assigned, one.by) for one in categories.history(reading, LIID, CIN)][:2] == [
            (True, "rivera"), (False, "okafor"),
        ]  # fmt: skip
    with pytest.raises(BoundError, match="no category of the list"), ledger.recorded() as writing:
        categories.assign(writing, LIID, CIN, "nonsense", "rivera", 7)


def test_the_worklist_goes_from_new_to_done_and_back(database: DeskDatabase, ledger: Any) -> None:
    with ledger.recorded() as writing:
        assert not worklist.mark(writing, LIID, CIN, WorkState.NEW, "rivera", 1)
        assert worklist.mark(writing, LIID, CIN, WorkState.HEARD, "rivera", 2)
        assert not worklist.mark(writing, LIID, CIN, WorkState.HEARD, "chen", 3)
        assert worklist.mark(writing, LIID, CIN, WorkState.DONE, "chen", 4)
        assert worklist.mark(writing, LIID, 8, WorkState.HEARD, "chen", 5)
    with database.reading() as reading:
        now = worklist.of(reading, LIID, CIN)
        assert now is not None and (now.state, now.by) == (WorkState.DONE, "chen")
        assert {cin: one.state for cin, one in worklist.of_liid(reading, LIID).items()} == {
            CIN: WorkState.DONE, 8: WorkState.HEARD,
        }  # fmt: skip
        assert [one.state for one in worklist.history(reading, LIID, CIN)] == [WorkState.HEARD, WorkState.DONE]
        assert worklist.of(reading, LIID, 9) is None


def test_views_are_of_one_user(database: DeskDatabase) -> None:
    with database.writing() as writing:
        views.save(writing, "rivera", "b", "sort=time", 1)
        views.save(writing, "rivera", "a", "", 2)
        views.save(writing, "rivera", "b", "sort=party", 3)
        views.save(writing, "chen", "b", "x=1", 4)
    with database.reading() as reading:
        assert [(one.name, one.query) for one in views.of_user(reading, "rivera")] == [("a", ""), ("b", "sort=party")]
    with database.writing() as writing:
        assert [views.remove(writing, "rivera", "b") for _ in range(2)] == [True, False]
    with database.reading() as reading:
        assert len(views.of_user(reading, "rivera")) == 1 and len(views.of_user(reading, "chen")) == 1


def test_attack_one_user_does_not_fill_the_disk_with_views(
    database: DeskDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "VIEWS_A_USER", 3)
    with database.writing() as writing:
        for number in range(3):
            views.save(writing, "rivera", f"v{number}", "", 1)
        views.save(writing, "rivera", "v1", "again", 1)
    with pytest.raises(BoundError, match="3 saved views"), database.writing() as writing:
        views.save(writing, "rivera", "v3", "", 1)


def test_papers_are_kept_as_they_came(database: DeskDatabase, ledger: Any) -> None:
    octets = bytes(range(256)) * 300
    with ledger.recorded() as writing:
        first = papers.add(writing, "Q-1", "order.pdf", "application/pdf", octets, "rivera", 1)
        papers.add(writing, "Q-1", "../../etc/passwd", "text/plain", b"x", "rivera", 2)
        papers.add(writing, "Q-2", "order.pdf", "application/pdf", b"y", "chen", 3)
    with database.reading() as reading:
        assert papers.listed(reading, "Q-1")[0] == first and first.sha256 == hashlib.sha256(octets).hexdigest()
        assert [one.number for one in papers.listed(reading, "Q-1")] == [1, 2]
        assert papers.octets(reading, "Q-1", 1) == octets and papers.octets(reading, "Q-1", 3) is None


def test_attack_a_paper_changed_in_the_database_is_not_shown(
    database: DeskDatabase, ledger: Any, behind: Callable[..., int]
) -> None:
    with ledger.recorded() as writing:
        papers.add(writing, "Q-1", "order.pdf", "application/pdf", b"a warrant", "rivera", 1)
    behind("UPDATE paper SET octets = :other", other=b"another")
    with pytest.raises(IntegrityError, match="not what was uploaded"), database.reading() as reading:
        papers.octets(reading, "Q-1", 1)


def test_attack_files_that_are_too_many_too_large_or_of_no_type(ledger: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "PAPERS_A_REQUEST", 2)
    monkeypatch.setattr(papers, "PAPER_OCTETS", 100)
    for octets, media_type in ((b"", "text/plain"), (bytes(101), "text/plain"), (b"x", "text/html; charset=x")):
        with pytest.raises(BoundError), ledger.recorded() as writing:
            papers.add(writing, "Q-1", "a", media_type, octets, "rivera", 1)
    with pytest.raises(BoundError, match="2 files"), ledger.recorded() as writing:
        for _ in range(3):
            papers.add(writing, "Q-1", "a", "text/plain", b"x", "rivera", 1)


def test_an_alarm_is_acknowledged_once(database: DeskDatabase, ledger: Any) -> None:
    with ledger.recorded() as writing:
        assert alarms.acknowledge(writing, "collector:12", "chen", 1, "seen on the panel")
        assert not alarms.acknowledge(writing, "collector:12", "lund", 2)
    with database.reading() as reading:
        found = alarms.of(reading, ["collector:12", "collector:13", *(f"x:{n}" for n in range(1000))])
        assert {name: one.by for name, one in found.items()} == {"collector:12": "chen"}


def test_instructions_that_change_are_signed_again(database: DeskDatabase, ledger: Any) -> None:
    with ledger.recorded() as writing:
        first = instructions.write(writing, "C-1", "Listen for boats.", 0, "weiss", 1)
        assert instructions.sign(writing, "rivera", "C-1", first.sha256, 2)
        assert not instructions.sign(writing, "rivera", "C-1", first.sha256, 3)
    with database.reading() as reading:
        assert instructions.has_signed(reading, "rivera", "C-1")
        assert not instructions.has_signed(reading, "chen", "C-1")
        assert not instructions.has_signed(reading, "rivera", "C-2")
    with ledger.recorded() as writing:
        instructions.write(writing, "C-1", "Listen for goats.", 1, "weiss", 4)
    with database.reading() as reading:
        assert not instructions.has_signed(reading, "rivera", "C-1")
        assert [one.sha256 for one in instructions.signatures(reading, "C-1")] == [first.sha256]
        assert [one.text for one in instructions.history(reading, "C-1")] == ["Listen for boats.", "Listen for goats."]
    with pytest.raises(BoundError, match="read them, then sign"), ledger.recorded() as writing:
        instructions.sign(writing, "chen", "C-1", first.sha256, 5)


def test_drafts_of_reports(database: DeskDatabase, ledger: Any) -> None:
    with ledger.recorded() as writing:
        reports.save(writing, "TD-1", "ten_day", "C-1", "{}", 0, "rivera", 1)
        reports.save(writing, "TD-1", "ten_day", "C-1", '{"progress": "some"}', 1, "okafor", 2)
        reports.save(writing, "D-1", "discovery", "C-2", "{}", 0, "weiss", 3)
    with database.reading() as reading:
        (found,) = reports.of_case(reading, "C-1")
        assert (found.revision, found.by) == (2, "okafor") and reports.newest(reading, "TD-1") == found
        assert len(reports.history(reading, "TD-1")) == 2
    with pytest.raises(ConflictError), ledger.recorded() as writing:
        reports.save(writing, "TD-1", "ten_day", "C-1", "{}", 1, "rivera", 4)


def test_attack_a_thing_has_only_so_many_revisions(ledger: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.desk.database.writing.REVISIONS", 2)
    with pytest.raises(BoundError, match="2 revisions of the synopsis LAB-0001/7"), ledger.recorded() as writing:
        for number in range(3):
            synopses.save(writing, LIID, CIN, "x", number, "rivera", 1)


@pytest.mark.parametrize(
    "words", ["x" * (bounds.TEXT_CHARACTERS + 1), "a\x00b", "\ud800", "\x1b[2J", "\x7f"], ids=ascii
)
def test_attack_text_that_no_database_takes_or_that_is_too_long(ledger: Any, words: str) -> None:
    with pytest.raises(BoundError), ledger.recorded() as writing:
        synopses.save(writing, LIID, CIN, words, 0, "rivera", 1)
    with pytest.raises(BoundError), ledger.database.writing() as writing:
        synopses.autosave(writing, LIID, CIN, words, 0, "rivera", 1)


@pytest.mark.parametrize(("liid", "cin"), [("", 1), ("x" * 65, 1), ("a\n\x00", 1), ("L", 1 << 63), ("L", -1 << 64)])
def test_attack_keys_of_hostile_sizes(ledger: Any, liid: str, cin: int) -> None:
    with pytest.raises(BoundError), ledger.recorded() as writing:
        worklist.mark(writing, liid, cin, WorkState.HEARD, "rivera", 1)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=200), by=st.text(max_size=140), at_us=st.integers(-(1 << 70), 1 << 70))
def test_any_text_is_kept_exactly_or_refused_in_words(database: DeskDatabase, words: str, by: str, at_us: int) -> None:
    kept = True
    try:
        with database.writing() as writing:
            synopses.autosave(writing, LIID, CIN, words, 0, by, at_us)
    except BoundError:
        kept = False
    with database.reading() as reading:
        draft = synopses.draft(reading, LIID, CIN, by) if kept else None
    assert not kept or (draft is not None and (draft.text, draft.at_us) == (words, at_us))


def test_a_write_of_lasting_meaning_is_not_made_without_a_ledger(database: DeskDatabase) -> None:
    with pytest.raises(RuntimeError, match="recorded"), database.writing() as writing:
        synopses.save(writing, LIID, CIN, "x", 0, "rivera", 1)

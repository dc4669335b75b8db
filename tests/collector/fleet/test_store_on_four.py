"""The store's contract on stores that a fleet wrote, of one shard and of four: the store's own tests on another bench.

What goes first and with which notice, what a restart finds, what the verifier says, what is told of who tampers: each
test is the one of `tests/collector/store`, unchanged, on the store of a shard (`stores`). On four, rivals have taken
streams meanwhile, and the store has voids between its records.

What is not here means nothing on a fleet: frames, keys, sums and the like know of no writer; a store that was never
written to is nobody's; what `test_voiding` asks of voids it asks of any store. `LEFT_OUT` names those that mean
something on one shard alone, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from collector.voids import Why
from tests.collector.fleet.stores import ShardBench, shard_bench
from tests.collector.store.conftest import make_records  # noqa: F401  a fixture
from tests.collector.store.test_bad_days import (  # noqa: F401  tests
    test_a_clock_that_was_set_back_is_on_record_and_in_the_verifiers_words,
    test_a_clock_that_wavers_is_no_news,
    test_a_directory_that_vanishes_while_it_is_written_to,
    test_a_disk_that_fails_in_mid_commit,
    test_a_disk_that_is_full_when_the_store_is_opened,
    test_a_disk_that_is_full_where_a_segment_begins,
    test_a_failed_sync_is_never_asked_again,
    test_a_file_whose_reuse_was_cut_off_leaves_a_gap_and_nothing_is_written_over,
    test_a_restored_backup_is_told_by_the_pin_and_by_the_witness,
    test_a_segment_edited_by_hand_is_refused_with_its_place,
    test_a_segment_that_is_removed_or_replaced_while_it_is_written_to,
    test_an_octet_of_an_old_record_edited_by_hand,
    test_attack_a_second_store_under_the_same_keys_is_refused_by_the_pin,
    test_attack_two_processes_with_the_same_keys_at_once,
    test_two_collectors_on_one_directory_and_the_first_goes_on,
)
from tests.collector.store.test_fifo import (  # noqa: F401  tests
    test_a_blocked_store_acknowledges_nothing_loses_nothing_and_goes_on,
    test_a_blocked_store_closes_and_what_waited_was_never_acknowledged,
    test_a_full_store_and_a_new_row_let_exactly_the_oldest_go_in_order,
    test_filling_the_store_ten_times_only_makes_the_audit_log_grow,
    test_filling_this_store_never_makes_it_a_full_device,
    test_octets_that_were_written_never_change_until_their_segment_goes,
    test_the_alarm_names_the_rows_and_is_older_than_their_deletion,
    test_with_room_nothing_goes,
)
from tests.collector.store.test_leaving import (  # noqa: F401  tests
    test_a_full_store_that_is_opened_again_goes_on_as_before,
    test_what_goes_is_named_on_record_before_anything_of_it_is_written_over,
)
from tests.collector.store.test_standing_leaves import (  # noqa: F401  tests
    test_a_crash_between_a_fresh_segment_and_what_is_carried_into_it,
    test_what_is_in_force_outlives_the_segment_it_was_written_in,
    test_what_was_replaced_or_is_about_evicted_records_goes_with_its_segment,
)
from tests.collector.store.test_store import (  # noqa: F401  tests
    test_any_flipped_bit_of_what_is_kept_is_detected,
    test_damage_before_a_sound_commit_fails_closed,
    test_dropped_newest_unit_is_caught_by_the_pin,
    test_eviction_takes_exactly_the_oldest_with_notice_and_never_exceeds_capacity,
    test_failed_write_or_sync_is_never_retried_nor_acknowledged,
    test_many_submitters_group_into_few_commits,
    test_missing_segment_is_missing_not_evicted,
    test_resigned_with_another_key_is_caught,
    test_restart_goes_on_where_it_stopped,
    test_restored_backup_is_caught_by_the_pin,
    test_swapped_segments_are_caught,
    test_torn_middle_with_whole_commit_frame_is_cut_not_believed,
    test_torn_tail_at_any_place_loses_nothing_acknowledged,
    test_unsafe_eviction_is_said_before_it_happens,
    test_what_was_acknowledged_is_read_back_octet_for_octet,
)
from tests.collector.store.test_tampering import (  # noqa: F401  tests
    test_a_withdrawn_order_stays_proven_and_is_not_readable,
    test_attack_a_row_is_rewritten_with_a_sound_checksum,
    test_attack_a_store_signed_by_an_unknown_key,
    test_attack_any_octet_of_an_order_s_area_is_flipped,
    test_attack_damage_in_the_middle_hands_out_nothing_behind_it,
    test_attack_one_octet_of_a_stored_record_is_flipped,
    test_attack_the_signature_of_a_commit_is_taken_away,
    test_what_comes_after_a_hold_is_stored_proven_and_readable_by_the_court_alone,
    test_what_holds_is_handed_out,
)

_COUNTS: Final = (
    "it says how many records or commits there are: on four, voids are there too, and rivals have some records"
)
_NUMBERS: Final = "it names records or commits by their numbers: on four, voids have numbers between theirs"
_CALLS: Final = "it fails a certain write or sync: on four, a void may be the one that is hit"
_BEHIND: Final = "it cuts one unit in flight: on four, the void behind it is another"
_SEEN: Final = "it reads what is to be named before it goes: on four, what is voided is named and cannot be read"

LEFT_OUT: Final = {
    "test_a_clock_that_was_set_back_is_on_record_and_in_the_verifiers_words": _NUMBERS,
    "test_a_disk_that_fails_in_mid_commit": _CALLS,
    "test_a_file_whose_reuse_was_cut_off_leaves_a_gap_and_nothing_is_written_over": _COUNTS,
    "test_a_restored_backup_is_told_by_the_pin_and_by_the_witness": _COUNTS,
    "test_a_withdrawn_order_stays_proven_and_is_not_readable": _COUNTS,
    "test_attack_a_store_signed_by_an_unknown_key": _NUMBERS,
    "test_attack_one_octet_of_a_stored_record_is_flipped": _NUMBERS,
    "test_attack_the_signature_of_a_commit_is_taken_away": _NUMBERS,
    "test_failed_write_or_sync_is_never_retried_nor_acknowledged": _CALLS,
    "test_filling_this_store_never_makes_it_a_full_device": _COUNTS,
    "test_restart_goes_on_where_it_stopped": _NUMBERS,
    "test_the_alarm_names_the_rows_and_is_older_than_their_deletion": _SEEN,
    "test_torn_middle_with_whole_commit_frame_is_cut_not_believed": _COUNTS,
    "test_torn_tail_at_any_place_loses_nothing_acknowledged": _BEHIND,
    "test_two_collectors_on_one_directory_and_the_first_goes_on": _COUNTS,
    "test_what_comes_after_a_hold_is_stored_proven_and_readable_by_the_court_alone": _COUNTS,
    "test_what_was_acknowledged_is_read_back_octet_for_octet": _COUNTS,
    "test_with_room_nothing_goes": _NUMBERS,
}
"""On four shards."""


# A shard alone stores as no fleet at all does, but for when it acknowledges: the long tests have it.
@pytest.fixture(params=[pytest.param(1, id="one", marks=pytest.mark.long), pytest.param(4, id="four")])
def bench(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ShardBench]:
    name = request.function.__name__
    if request.param > 1 and name in LEFT_OUT:
        pytest.skip(LEFT_OUT[name])
    with shard_bench(tmp_path, tmp_path_factory.mktemp("rivals"), request.param) as found:
        yield found


def test_what_is_left_out_is_a_test_that_is_here() -> None:
    assert all(name in globals() for name in LEFT_OUT)


def test_on_four_the_store_has_voids_and_each_record_is_acknowledged_by_one_shard(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with shard_bench(tmp_path, tmp_path_factory.mktemp("rivals"), 4) as bench:
        store = bench.open()
        sent = [b"%d" % number for number in range(60)]
        for at in range(0, 60, 10):
            bench.put(store, sent[at : at + 10])
        voids = [void for _, _, void in store.voids.within(0, store.size)]
        store.close()
        assert bench.voided == 15 and {void.shard for void in voids} == {one.name for one in bench.rivals}
        assert {void.why for void in voids} == {Why.LOST}
        kept = [one for each in (bench, *bench.rivals) for one in each.acknowledged]
        assert sorted(kept) == sorted(sent) and len(bench.acknowledged) == 45

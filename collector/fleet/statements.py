"""The statements that `shared` says, whole and literal. `%(us)s` is the shard's number, `%(incarnation)s` its start.

Arrays come sorted by key and are walked in that order (the options of `tables.open_connection` see to it), so rows are
locked in one order by everybody: a shard's own row, streams, communications, digests.
"""

from __future__ import annotations

from typing import Final

OURS: Final = "SELECT 1 FROM fleet.shards WHERE id = %(us)s AND incarnation = %(incarnation)s"

REGISTERED: Final = "SELECT last_commit FROM fleet.shards WHERE shard = %(shard)s FOR UPDATE"

NAMING: Final = "SELECT naming FROM fleet.about"

REGISTER: Final = """
INSERT INTO fleet.shards AS s (shard, incarnation, last_commit, records, note, beat_us, about)
VALUES (%(shard)s, 1, -1, 0, '', fleet.now_us(%(now)s), '{}')
ON CONFLICT (shard) DO UPDATE SET incarnation = s.incarnation + 1, beat_us = excluded.beat_us
RETURNING id, incarnation, last_commit"""

LAST: Final = "SELECT last_commit FROM fleet.shards WHERE id = %(us)s AND incarnation = %(incarnation)s FOR UPDATE"

BEAT: Final = """
UPDATE fleet.shards SET beat_us = fleet.now_us(%(now)s), about = COALESCE(%(about)s::jsonb, about)
WHERE id = %(us)s AND incarnation = %(incarnation)s"""

LEAVE: Final = "UPDATE fleet.shards SET beat_us = 0 WHERE id = %(us)s AND incarnation = %(incarnation)s"

CLAIM: Final = """
WITH alive AS MATERIALIZED (
    SELECT COALESCE(array_agg(id), '{}') AS ids FROM fleet.shards
    WHERE abs(fleet.now_us(%(now)s) - beat_us) <= %(lease_us)s AND id <> %(us)s
), said AS MATERIALIZED (
    SELECT * FROM unnest(%(liid)b::bytea[], %(cin)b::bigint[], %(kind)b::bigint[]) AS u (liid, cin, kind)
)
INSERT INTO fleet.streams AS s (liid, cin, kind, owner, owners, token, epoch, mark, claimed_us, moved_us, gaps)
SELECT u.liid, u.cin, u.kind, %(us)s, ARRAY[%(us)s::int], 1, 0, -1,
    fleet.now_us(%(now)s), fleet.now_us(%(now)s), ''
FROM (SELECT FROM fleet.shards WHERE id = %(us)s AND incarnation = %(incarnation)s FOR SHARE) ours, said u
WHERE NOT %(whole)s OR NOT EXISTS (
    SELECT FROM said w JOIN fleet.streams h ON h.liid = w.liid AND h.cin = w.cin AND h.kind = w.kind
    WHERE CASE WHEN h.cin = w.cin THEN h.owner = ANY ((SELECT ids FROM alive)::int[])
        AND abs(fleet.now_us(%(now)s) - h.claimed_us) < %(hold_us)s END)
ORDER BY u.liid, u.cin, u.kind
ON CONFLICT (liid, cin, kind) DO UPDATE SET
    owner = excluded.owner,
    owners = CASE WHEN excluded.owner = ANY (s.owners) THEN s.owners ELSE s.owners || excluded.owner END,
    token = CASE WHEN s.owner = excluded.owner THEN s.token ELSE s.token + 1 END,
    claimed_us = excluded.claimed_us
WHERE s.owner <> ALL ((SELECT ids FROM alive)::int[]) OR abs(excluded.claimed_us - s.claimed_us) >= %(hold_us)s
RETURNING s.liid, s.cin, s.kind, s.token, s.epoch, s.mark, s.gaps"""
"""`alive`: the others who are. Who is in it decides by the row as it is once it is locked, not as it was."""

COMMUNICATIONS: Final = """
INSERT INTO fleet.known AS k
    (liid, cin, target, originates, answered_us, first_cc_us, last_reset_us, by_shard, by_commit, changed_us)
SELECT u.liid, u.cin, 0, -1, %(never)s, %(never)s, %(never)s, 0, -1, fleet.now_us(%(now)s)
FROM unnest(%(liid)b::bytea[], %(cin)b::bigint[]) AS u (liid, cin)
ORDER BY u.liid, u.cin
ON CONFLICT (liid, cin) DO UPDATE SET liid = k.liid
RETURNING liid, cin, target, originates, answered_us, first_cc_us, last_reset_us"""
"""Written even where nothing changes: whoever adds to what is known waits for us, and then sees whom to tell."""

COMMIT: Final = """
UPDATE fleet.shards SET last_commit = %(commit)s, records = %(records)s, note = %(note)s,
    beat_us = fleet.now_us(%(now)s)
WHERE id = %(us)s AND incarnation = %(incarnation)s AND last_commit = %(last)s"""

MOVE: Final = """
UPDATE fleet.streams s SET epoch = u.epoch, mark = u.mark, gaps = COALESCE(u.gaps, s.gaps),
    moved_us = fleet.now_us(%(now)s)
FROM unnest(%(liid)b::bytea[], %(cin)b::bigint[], %(kind)b::bigint[], %(token)b::bigint[], %(epoch)b::bigint[],
    %(mark)b::bigint[], %(gaps)b::bytea[]) AS u (liid, cin, kind, token, epoch, mark, gaps)
WHERE s.liid = u.liid AND s.cin = u.cin AND s.kind = u.kind
    AND CASE WHEN s.token = u.token THEN s.owner = %(us)s END"""
"""The planner guesses nothing from a CASE. Without it, it takes the shard's own streams for few where it has not
counted them yet, and walks them all for each that is asked for."""

MARK: Final = """
WITH ours AS (
    UPDATE fleet.shards SET last_commit = %(commit)s, records = %(records)s, note = %(note)s,
        beat_us = fleet.now_us(%(now)s)
    WHERE id = %(us)s AND incarnation = %(incarnation)s AND last_commit = %(last)s
    RETURNING id
), said AS MATERIALIZED (
    SELECT * FROM unnest(%(liid)b::bytea[], %(cin)b::bigint[], %(kind)b::bigint[], %(token)b::bigint[],
        %(epoch)b::bigint[], %(mark)b::bigint[], %(gaps)b::bytea[]) AS u (liid, cin, kind, token, epoch, mark, gaps)
), moved AS (
    UPDATE fleet.streams s SET epoch = u.epoch, mark = u.mark, gaps = COALESCE(u.gaps, s.gaps),
        moved_us = fleet.now_us(%(now)s)
    FROM ours, said u
    WHERE s.liid = u.liid AND s.cin = u.cin AND s.kind = u.kind
        AND CASE WHEN s.token = u.token THEN s.owner = ours.id END
    RETURNING s.liid, s.cin, s.kind
), lost AS (
    INSERT INTO fleet.owed (shard, commit, liid, cin, kind)
    SELECT ours.id, %(commit)s, u.liid, u.cin, u.kind FROM ours, said u
    WHERE (SELECT count(*) FROM moved) < (SELECT count(*) FROM said)
        AND NOT EXISTS (SELECT FROM moved m WHERE m.liid = u.liid AND m.cin = u.cin AND m.kind = u.kind)
    RETURNING liid, cin, kind
)
SELECT lost.liid, lost.cin, lost.kind FROM ours LEFT JOIN lost ON true"""
"""COMMIT, MOVE, LOST and OWE at once, for a batch of few streams that says nothing else. No row where we are fenced,
one of nothing where nothing is lost. A stream is reached through our own row, so that is locked first here, too."""

LOST: Final = """
SELECT u.* FROM unnest(%(liid)b::bytea[], %(cin)b::bigint[], %(kind)b::bigint[], %(token)b::bigint[])
    AS u (liid, cin, kind, token)
WHERE NOT EXISTS (SELECT FROM fleet.streams s
    WHERE s.liid = u.liid AND s.cin = u.cin AND s.kind = u.kind
        AND CASE WHEN s.token = u.token THEN s.owner = %(us)s END)"""

ADD_KNOWN: Final = """
INSERT INTO fleet.known AS k
    (liid, cin, target, originates, answered_us, first_cc_us, last_reset_us, by_shard, by_commit, changed_us)
SELECT u.*, %(us)s, %(commit)s, fleet.now_us(%(now)s)
FROM unnest(%(liid)b::bytea[], %(cin)b::bigint[], %(target)b::bigint[], %(originates)b::bigint[],
    %(answered)b::bigint[], %(first_cc)b::bigint[], %(last_reset)b::bigint[])
    AS u (liid, cin, target, originates, answered_us, first_cc_us, last_reset_us)
ORDER BY u.liid, u.cin
ON CONFLICT (liid, cin) DO UPDATE SET
    target = greatest(k.target, excluded.target),
    originates = CASE WHEN k.originates >= 0 THEN k.originates ELSE excluded.originates END,
    answered_us = fleet.earlier(k.answered_us, excluded.answered_us),
    first_cc_us = fleet.earlier(k.first_cc_us, excluded.first_cc_us),
    last_reset_us = greatest(k.last_reset_us, excluded.last_reset_us),
    by_shard = excluded.by_shard, by_commit = excluded.by_commit, changed_us = excluded.changed_us
WHERE excluded.target > k.target OR (k.originates < 0 AND excluded.originates >= 0)
    OR fleet.earlier(k.answered_us, excluded.answered_us) <> k.answered_us
    OR fleet.earlier(k.first_cc_us, excluded.first_cc_us) <> k.first_cc_us
    OR excluded.last_reset_us > k.last_reset_us"""

TELL: Final = """
INSERT INTO fleet.told (shard, liid, cin)
SELECT DISTINCT o.shard, k.liid, k.cin
FROM unnest(%(liid)b::bytea[], %(cin)b::bigint[]) AS u (liid, cin)
JOIN fleet.known k ON k.liid = u.liid AND k.cin = u.cin
    AND CASE WHEN k.cin = u.cin THEN k.by_shard = %(us)s AND k.by_commit = %(commit)s END
JOIN fleet.streams s ON s.liid = u.liid AND s.cin = u.cin
CROSS JOIN LATERAL unnest(s.owners) AS o (shard)
WHERE o.shard <> %(us)s"""
"""A statement of its own behind ADD_KNOWN: it sees who claimed while that one waited."""

LEARNED: Final = """
SELECT k.liid, k.cin, k.target, k.originates, k.answered_us, k.first_cc_us, k.last_reset_us
FROM unnest(%(liid)b::bytea[], %(cin)b::bigint[], %(target)b::bigint[], %(originates)b::bigint[],
    %(answered)b::bigint[], %(first_cc)b::bigint[], %(last_reset)b::bigint[])
    AS u (liid, cin, target, originates, answered_us, first_cc_us, last_reset_us)
JOIN fleet.known k ON k.liid = u.liid AND k.cin = u.cin
WHERE (k.target, k.originates, k.answered_us, k.first_cc_us, k.last_reset_us)
    <> (u.target, u.originates, u.answered_us, u.first_cc_us, u.last_reset_us)"""

ONCE: Final = """
INSERT INTO fleet.once AS o (digest, shard, commit, at_us)
SELECT u.digest, %(us)s, %(commit)s, fleet.now_us(%(now)s) FROM unnest(%(digest)b::bytea[]) AS u (digest)
ORDER BY u.digest
ON CONFLICT (digest) DO UPDATE SET shard = excluded.shard, commit = excluded.commit, at_us = excluded.at_us
WHERE o.shard = excluded.shard OR abs(excluded.at_us - o.at_us) >= %(once_us)s
RETURNING digest"""

OWE: Final = """
INSERT INTO fleet.owed (shard, commit, liid, cin, kind, digest)
SELECT %(us)s, u.* FROM unnest(%(commits)b::bigint[], %(liid)b::bytea[], %(cin)b::bigint[], %(kind)b::bigint[],
    %(digest)b::bytea[]) AS u"""

OWED: Final = "SELECT commit, liid, cin, kind, digest FROM fleet.owed WHERE shard = %(us)s AND commit > %(after)s"

SETTLE: Final = "DELETE FROM fleet.owed WHERE shard = %(us)s AND commit <= %(commit)s"

OWING: Final = "SELECT EXISTS (SELECT FROM fleet.owed WHERE shard = %(us)s)"

NEWS: Final = """
SELECT t.number, k.liid, k.cin, k.target, k.originates, k.answered_us, k.first_cc_us, k.last_reset_us
FROM fleet.told t JOIN fleet.known k ON k.liid = t.liid AND k.cin = t.cin
WHERE t.shard = %(us)s ORDER BY t.number LIMIT %(rows)s"""

HEARD: Final = "DELETE FROM fleet.told WHERE shard = %(us)s AND number = ANY (%(heard)b::bigint[])"

ALONE: Final = "SELECT pg_try_advisory_xact_lock(%(one)s::int, %(two)s::int)"

TIDY: Final = (
    """DELETE FROM fleet.once WHERE ctid = ANY (ARRAY(SELECT ctid FROM fleet.once
        WHERE at_us < fleet.now_us(%(now)s) - %(once_us)s LIMIT %(rows)s FOR UPDATE SKIP LOCKED))""",
    """DELETE FROM fleet.streams WHERE ctid = ANY (ARRAY(SELECT ctid FROM fleet.streams
        WHERE greatest(moved_us, claimed_us) < fleet.now_us(%(now)s) - %(keep_us)s
        LIMIT %(rows)s FOR UPDATE SKIP LOCKED))""",
    """DELETE FROM fleet.known WHERE ctid = ANY (ARRAY(SELECT ctid FROM fleet.known k
        WHERE changed_us < fleet.now_us(%(now)s) - %(keep_us)s
        AND NOT EXISTS (SELECT FROM fleet.streams s WHERE s.liid = k.liid AND s.cin = k.cin)
        LIMIT %(rows)s FOR UPDATE SKIP LOCKED))""",
    """DELETE FROM fleet.told t USING fleet.shards s
        WHERE s.id = t.shard AND s.beat_us < fleet.now_us(%(now)s) - %(keep_us)s""",
)
"""What a shard that has not been seen for so long was to be told is given up, like what it had."""

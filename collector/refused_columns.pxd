cimport cython
from libc.stdint cimport int32_t, int64_t
cimport asn1.columns as _columns
cimport collector.stream_table as _streams

cdef enum:
    _PLACES = 8
    _WORDS = 32
    _POLICY = 0
    _TAG = 1
    _QUALIFIER = 2
    _DIRECTION = 3
    _FROM = 4
    _TO = 5
    _LATE = 6
    _SKEW = 7
    _SINCE = 8
    _UNTIL = 9
    _CALL = 10
    _COUNT = 11
    _OCTETS = 12
    _FIRST = 13
    _LAST = 14
    _PLACE = 15

cdef class RefusedColumns:
    cdef readonly int64_t n, touched_n, entries, liids
    cdef readonly object by_entry, by_liid, words, touched
    cdef int32_t[::1] by_entry_view, by_liid_view, touched_view
    cdef int64_t[::1] words_view

@cython.locals(liid=int64_t)
cdef int64_t nobodys_row(RefusedColumns refused, _columns.Columns cols, int64_t row) noexcept nogil
@cython.locals(entry=int64_t, number=int64_t, at=int64_t, event=int64_t)
cdef int64_t refused_row(RefusedColumns refused, _columns.Columns cols, int64_t row, _streams.VerifyColumns verify, int64_t policy, int64_t now) noexcept nogil
@cython.locals(entry=int64_t)
cdef void left_to_careful(RefusedColumns refused, _columns.Columns cols, int64_t row, _streams.VerifyColumns verify) noexcept nogil
@cython.locals(at=int64_t, count=int64_t, value=int64_t)
cdef void count_refused(RefusedColumns refused, int64_t number, _columns.Columns cols, int64_t row) noexcept nogil

cimport cython
from libc.stdint cimport int8_t, int32_t, int64_t
cimport asn1.columns as _columns

cdef enum:
    _PRIME = 2147483647
    _CIN_RESET = 7
    _NOT_DATA = 1
    _NEW_STREAM = 2
    _GAP = 4
    _BELOW_MARK = 8
    _NO_NUMBER = 16
    _RESET = 32
    _NO_ROOM = 64
    _LIID_CIN = -2
    _WORDS = 8
    _LIID = 0
    _CIN = 1
    _TARGET = 2
    _MARKS = 5
    _CLAIMS = 7
    _TRI = 2
    _ENCRYPTED = 4
    _BOTH = 3

cdef extern from *:
    """
    #define CALEA_MAX_NUMBER ((int64_t)4294967295)
    """
    const int64_t _MAX_NUMBER "CALEA_MAX_NUMBER"
    const int64_t _NEVER "INT64_MIN"

cdef class VerifyColumns:
    cdef readonly int64_t capacity
    cdef readonly object flags, slots, expected, epochs, counters
    cdef int32_t[::1] flags_view
    cdef int64_t[::1] slots_view, expected_view, epochs_view, counters_view

cdef class StreamTable:
    cdef readonly int64_t n, limit
    cdef readonly bint shared
    cdef int64_t _point, _room, _free, fresh, _last, _mask
    cdef object _index, _entries, _first_cc, _resets
    cdef dict _tokens
    cdef int32_t[::1] _index_view
    cdef int64_t[::1] _entries_view, first_cc_view, resets_view

    @cython.locals(wanted=int64_t, room=int64_t, entry=int64_t, at=int64_t)
    cpdef reserve(self, int64_t extra)
    cdef int64_t mark_at(self, int64_t slot) noexcept nogil
    cdef int64_t _home(self, int64_t entry) noexcept nogil
    @cython.locals(at=int64_t)
    cdef bint _is(self, int64_t entry, int64_t liid, int64_t cin) noexcept nogil

    @cython.locals(digest=int64_t)
    cdef int64_t _hash(self, int64_t liid, int64_t cin) noexcept nogil
    @cython.locals(last=int64_t, at=int64_t, entry=int64_t)
    cdef int64_t find(self, int64_t liid, int64_t cin) noexcept nogil
    @cython.locals(at=int64_t, entry=int64_t)
    cdef int64_t entry(self, int64_t liid, int64_t cin) noexcept nogil

@cython.locals(row=int64_t)
cdef void _verify(_columns.Columns cols, StreamTable streams, VerifyColumns verify, bint by_liid) noexcept nogil
@cython.locals(flags=int32_t, slot=int64_t, kind=int64_t, number=int64_t, mark=int64_t, counter=int64_t, cin=int64_t, entry=int64_t, stamp=int64_t, at=int64_t)
cdef void verify_row(_columns.Columns cols, int64_t row, StreamTable streams, VerifyColumns verify, bint by_liid) noexcept nogil
@cython.locals(kind=int64_t, needed=int64_t, entry=int64_t)
cdef bint unclaimed_row(_columns.Columns cols, int64_t row, StreamTable streams, bint sealed) noexcept nogil
@cython.locals(row=int64_t)
cpdef list unclaimed_rows(_columns.Columns cols, StreamTable streams, bint sealed)
cdef int64_t target_of(StreamTable streams, int64_t slot) noexcept nogil
@cython.locals(slot=int64_t, at=int64_t)
cdef int64_t _reset(StreamTable streams, int64_t entry) noexcept nogil
@cython.locals(liids=bint)
cpdef verify_columns(_columns.Columns cols, StreamTable streams, VerifyColumns verify, bint by_liid=*)

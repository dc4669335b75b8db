cimport cython
from libc.stdint cimport int8_t, int32_t, int64_t
cimport asn1.columns as _columns
cimport collector.stream_table as _streams
from collector.stream_table cimport target_of

cdef enum:
    _WORDS = 4
    _START = 0
    _END = 1
    _TAGS = 2
    _SLOT = 3

cdef class OrderColumns:
    cdef readonly int64_t n, slots
    cdef readonly object terms
    cdef int64_t[::1] terms_view

cdef class Lane:
    cdef readonly int64_t capacity
    cdef readonly object rows, slots
    cdef int8_t[::1] rows_view
    cdef int32_t[::1] slots_view

@cython.locals(start=int64_t, end=int64_t)
cdef bint in_time(OrderColumns orders, int64_t liid, int64_t event, int64_t now, int64_t late, int64_t skew) noexcept nogil
@cython.locals(liid=int64_t, at=int64_t, tag=int64_t, qualifier=int64_t)
cdef int64_t gate_row(_columns.Columns cols, int64_t row, _streams.VerifyColumns verify, OrderColumns orders, _streams.StreamTable streams, int64_t now, int64_t late, int64_t skew, int64_t qualifiers) noexcept nogil
@cython.locals(bulk=int64_t, row=int64_t, slot=int64_t)
cdef int64_t _gate(_columns.Columns cols, _streams.VerifyColumns verify, OrderColumns orders, _streams.StreamTable streams, int64_t now, int64_t late, int64_t skew, int64_t qualifiers, Lane lane) noexcept nogil
@cython.locals(now=int64_t, late=int64_t, skew=int64_t, qualifiers=int64_t, bulk=int64_t)
cpdef int64_t gate_columns(_columns.Columns cols, _streams.VerifyColumns verify, OrderColumns orders, _streams.StreamTable streams, object now_us, object limits, Lane lane) except? -1

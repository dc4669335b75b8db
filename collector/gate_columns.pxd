cimport cython
from libc.stdint cimport int8_t, int32_t, int64_t
cimport asn1.columns as _columns
cimport collector.stream_table as _streams

cdef class OrderColumns:
    cdef readonly int64_t n, slots
    cdef readonly object bulk, start_us, end_us, content_tags, order_slot
    cdef int8_t[::1] bulk_view
    cdef int64_t[::1] start_us_view, end_us_view, content_tags_view
    cdef int32_t[::1] order_slot_view

cdef class Lane:
    cdef readonly int64_t capacity
    cdef readonly object rows, counts
    cdef int8_t[::1] rows_view
    cdef int64_t[::1] counts_view

@cython.locals(bulk=int64_t, row=int64_t, entry=int64_t, liid=int64_t, tag=int64_t, qualifier=int64_t, event=int64_t, start=int64_t, end=int64_t)
cdef int64_t _gate(_columns.Columns cols, _streams.VerifyColumns verify, OrderColumns orders, _streams.StreamTable streams, int64_t now, int64_t late, int64_t skew, int64_t qualifiers, Lane lane) noexcept nogil
@cython.locals(now=int64_t, late=int64_t, skew=int64_t, qualifiers=int64_t, bulk=int64_t)
cpdef int64_t gate_columns(_columns.Columns cols, _streams.VerifyColumns verify, OrderColumns orders, _streams.StreamTable streams, object now_us, object limits, Lane lane) except? -1

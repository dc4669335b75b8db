cimport cython
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t
cimport asn1.columns as _columns
cimport collector.gate_columns as _gates
cimport collector.stream_table as _streams

cdef class Tally:
    cdef readonly int64_t slots, n
    cdef readonly object counts, touched
    cdef int64_t[::1] counts_view
    cdef int32_t[::1] touched_view

cdef void count_one(Tally tally, int64_t slot) noexcept nogil

cdef class Rows:
    cdef readonly int64_t n, octets, capacity
    cdef readonly object table, buffer, offset, length, order, verdict, reasons, event_us, received_us, liid, cin, number
    cdef readonly object epoch, kind, content_tag, direction, iri_type, form
    cdef uint8_t[::1] table_view
    cdef int8_t[::1] buffer_view
    cdef int64_t[::1] offset_view
    cdef int64_t[:] reasons_view, event_us_view, received_us_view, cin_view, number_view
    cdef int32_t[:] epoch_view, liid_view, length_view, order_view
    cdef int16_t[:] content_tag_view
    cdef uint8_t[:] verdict_view, form_view
    cdef int8_t[:] kind_view, direction_view, iri_type_view

    @cython.locals(wanted=int64_t, room=int64_t)
    cpdef reserve(self, int64_t extra)
    cpdef int64_t append_row(self, int64_t buffer, int64_t offset, int64_t length, int64_t order, int64_t verdict, int64_t reasons, int64_t received_us, int64_t event_us, int64_t liid, int64_t cin, int64_t number, int64_t epoch, int64_t kind, int64_t content_tag, int64_t direction, int64_t iri_type, int64_t form) except? -1
    @cython.locals(before=int64_t)
    cpdef int64_t append_lane(self, _columns.Columns cols, _gates.Lane lane, _streams.VerifyColumns verify, Tally tally, int64_t buffer, int64_t now_us, int64_t verdict, int64_t reasons) except? -1

@cython.locals(at=int64_t)
cdef void write(Rows rows, int64_t buffer, int64_t offset, int64_t length, int64_t order, int64_t verdict, int64_t reasons, int64_t received_us, int64_t event_us, int64_t liid, int64_t cin, int64_t number, int64_t epoch, int64_t kind, int64_t content_tag, int64_t direction, int64_t iri_type, int64_t form) noexcept nogil
@cython.locals(row=int64_t)
cdef void _append(Rows rows, _columns.Columns cols, _gates.Lane lane, _streams.VerifyColumns verify, Tally tally, int64_t buffer, int64_t now_us, int64_t verdict, int64_t reasons) noexcept nogil
cdef void append_scanned(Rows rows, _columns.Columns cols, int64_t row, int64_t order, _streams.VerifyColumns verify, Tally tally, int64_t buffer, int64_t now_us, int64_t verdict, int64_t reasons) noexcept nogil
@cython.locals(found=int64_t, row=int64_t, order=int64_t)
cdef int64_t _mark_orders(Rows rows, int32_t[::1] numbers, int64_t slots) except -2
@cython.locals(row=int64_t)
cdef _renumber(Rows rows, int32_t[::1] numbers)

cimport cython
from libc.stdint cimport int64_t
cimport asn1.columns as _columns
cimport collector.gate_columns as _gates
cimport collector.stream_table as _streams

cdef class Rows:
    cdef readonly int64_t n, capacity
    cdef readonly object buffer, offset, length, order, verdict, reasons, event_us, received_us, liid, cin, number
    cdef readonly object epoch, kind, content_tag, direction, iri_type, form
    cdef int64_t[::1] buffer_view, offset_view, length_view, order_view, verdict_view, reasons_view, event_us_view
    cdef int64_t[::1] received_us_view, liid_view, cin_view, number_view, epoch_view, kind_view, content_tag_view
    cdef int64_t[::1] direction_view, iri_type_view, form_view

    @cython.locals(row=int64_t)
    cpdef reserve(self, int64_t extra)
    @cython.locals(before=int64_t)
    cpdef int64_t append_lane(self, _columns.Columns cols, _gates.Lane lane, _streams.VerifyColumns verify, _gates.OrderColumns orders, int64_t buffer, int64_t now_us, int64_t verdict, int64_t reasons) except? -1

@cython.locals(at=int64_t, row=int64_t, liid=int64_t)
cdef void _append(Rows rows, _columns.Columns cols, _gates.Lane lane, _streams.VerifyColumns verify, _gates.OrderColumns orders, int64_t buffer, int64_t now_us, int64_t verdict, int64_t reasons) noexcept nogil

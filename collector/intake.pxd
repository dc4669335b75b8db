cimport cython
from libc.stdint cimport int32_t, int64_t
cimport asn1.columns as _columns
cimport collector.gate_columns as _gates
cimport collector.rows as _rows
cimport collector.stream_table as _streams
from asn1.scan cimport record_at
from collector.gate_columns cimport gate_row
from collector.rows cimport append_scanned
from collector.stream_table cimport verify_row

cdef class Pass:
    cdef readonly _columns.Columns cols
    cdef readonly _streams.VerifyColumns verify
    cdef readonly int64_t bulk
    cdef readonly object before
    cdef int32_t[::1] before_view

@cython.locals(cols=_columns.Columns, liids=_columns.LiidTable, streams=_streams.StreamTable, orders=_gates.OrderColumns, view="const unsigned char[::1]", data="const unsigned char*", octets=int64_t, records=int64_t, now=int64_t, late=int64_t, skew=int64_t, qualifiers=int64_t, end=int64_t)
cpdef int64_t take(object buf, int64_t start, int64_t stop, int64_t max_record_octets, object tables, bint by_liid, object now_us, object limits, Pass into, _rows.Rows rows, _rows.Tally tally, int64_t verdict, int64_t reasons) except? -1
@cython.locals(row=int64_t, bulk=int64_t, after=int64_t, order=int64_t)
cdef int64_t _take(const unsigned char* data, int64_t pos, int64_t stop, int64_t max_octets, _columns.LiidTable liids, _streams.StreamTable streams, _gates.OrderColumns orders, bint by_liid, int64_t now, int64_t late, int64_t skew, int64_t qualifiers, Pass into, _columns.Columns cols, _streams.VerifyColumns verify, _rows.Rows rows, _rows.Tally tally, int64_t verdict, int64_t reasons) noexcept nogil

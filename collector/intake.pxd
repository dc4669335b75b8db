cimport cython
from libc.stdint cimport int32_t, int64_t
cimport asn1.columns as _columns
cimport collector.gate_columns as _gates
cimport collector.refused_columns as _refused
cimport collector.rows as _rows
cimport collector.stream_table as _streams
from asn1.scan cimport record_at
from asn1.scan_ber cimport unsigned_at
from collector.gate_columns cimport gate_row, in_time
from collector.refused_columns cimport count_refused, left_to_careful, nobodys_row, refused_row
from collector.rows cimport append_scanned, count_one, write
from collector.stream_table cimport unclaimed_row, verify_row

cdef enum:
    _TRI = 2
    _FIRST_SEGMENT = 5
    _LAST_SEGMENT = 6
    _NO_POLICY = -2
    _MODELS = 256
    _WORDS = 24
    _CALL = 0
    _AT = 1
    _OCTETS = 2
    _NUMBER = 3
    _NUMBER_OCTETS = 4
    _SECONDS = 5
    _SECONDS_OCTETS = 6
    _MICROS = 7
    _MICROS_OCTETS = 8
    _CONTENT = 9
    _CONTENT_OCTETS = 10
    _LIID = 11
    _CIN = 12
    _TAG = 13
    _DIRECTION = 14
    _MARK = 15
    _ORDER = 16
    _NEXT = 17

cdef extern from *:
    """
    #include <string.h>
    #define CALEA_MAX_NUMBER ((int64_t)4294967295)
    #define CALEA_MAX_SECONDS ((int64_t)4000000000000)
    #define calea_same(data, one, other, octets) (memcmp((data) + (one), (data) + (other), (size_t)(octets)) == 0)
    """
    const int64_t _MAX_NUMBER "CALEA_MAX_NUMBER"
    const int64_t _MAX_SECONDS "CALEA_MAX_SECONDS"
    bint same "calea_same"(const unsigned char* data, int64_t one, int64_t other, int64_t octets) noexcept nogil

cdef class Pass:
    cdef readonly _columns.Columns cols
    cdef readonly _streams.VerifyColumns verify
    cdef readonly int64_t bulk, refused
    cdef readonly bint unclaimed
    cdef readonly object before
    cdef object models
    cdef int32_t[::1] before_view
    cdef int64_t[::1] models_view

@cython.locals(cols=_columns.Columns, liids=_columns.LiidTable, streams=_streams.StreamTable, orders=_gates.OrderColumns, refused=_refused.RefusedColumns, view="const unsigned char[::1]", data="const unsigned char*", octets=int64_t, records=int64_t, now=int64_t, late=int64_t, skew=int64_t, qualifiers=int64_t, end=int64_t)
cpdef int64_t take(object buf, int64_t start, int64_t stop, int64_t max_record_octets, object tables, bint by_liid, int64_t policy, object now_us, object limits, Pass into, _rows.Rows rows, _rows.Tally tally, int64_t verdict, int64_t reasons) except? -1
@cython.locals(base=int64_t, octets=int64_t, other=int64_t, number=int64_t, number_end=int64_t, seconds=int64_t, seconds_end=int64_t, micros=int64_t, micros_end=int64_t, content=int64_t, content_end=int64_t, mark=int64_t, value=int64_t, event=int64_t, part=int64_t, liid=int64_t, order=int64_t)
cdef int64_t _alike(const unsigned char* data, int64_t pos, int64_t stop, int64_t model, _streams.StreamTable streams, _gates.OrderColumns orders, int64_t now, int64_t late, int64_t skew, Pass into, _columns.Columns cols, _rows.Rows rows, _rows.Tally tally, int64_t verdict, int64_t reasons) noexcept nogil
@cython.locals(start=int64_t, content=int64_t, seconds=int64_t, micros=int64_t, model=int64_t, base=int64_t)
cdef int64_t _learn(const unsigned char* data, _columns.Columns cols, int64_t row, _streams.StreamTable streams, _streams.VerifyColumns verify, int64_t order, Pass into) noexcept nogil
@cython.locals(row=int64_t, bulk=int64_t, again=int64_t, after=int64_t, known=int64_t, tag=int64_t, order=int64_t, last=int64_t, guess=int64_t)
cdef int64_t _take(const unsigned char* data, int64_t pos, int64_t stop, int64_t max_octets, _columns.LiidTable liids, _streams.StreamTable streams, _gates.OrderColumns orders, _refused.RefusedColumns refused, bint by_liid, int64_t policy, int64_t now, int64_t late, int64_t skew, int64_t qualifiers, Pass into, _columns.Columns cols, _streams.VerifyColumns verify, _rows.Rows rows, _rows.Tally tally, int64_t verdict, int64_t reasons) noexcept nogil

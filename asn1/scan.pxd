cimport cython
from libc.stdint cimport int64_t
cimport asn1.columns as _columns
from asn1.scan_ber cimport end_of_contents, generalized_at, head_at, length_at, microseconds_at, same, unsigned_at
from asn1.scan_payload cimport keep_shape, read_payload, take_shape
from asn1.scan_ber cimport _BAD_TAG, _BAD_VALUE, _MISSING_FIELD, _NO_TIME, _OVERSIZED, _TOO_MANY, _TRUNCATED, _WRONG_DIALECT

cdef enum:
    _OTHER = 5
    _MAX_LIID_OCTETS = 64

cdef extern from *:
    """
    #define CALEA_MAX_CIN ((int64_t)4294967295)
    """
    const int64_t _MAX_CIN "CALEA_MAX_CIN"

@cython.locals(view="const unsigned char[::1]", data="const unsigned char*", octets=int64_t, end=int64_t)
cpdef int64_t scan(object buf, int64_t start, int64_t stop, _columns.Columns cols, _columns.LiidTable liids, int64_t max_record_octets) except? -1
@cython.locals(row=int64_t, after=int64_t)
cdef int64_t _records(const unsigned char* data, int64_t pos, int64_t stop, _columns.Columns cols, _columns.LiidTable liids, int64_t max_octets) noexcept nogil
@cython.locals(head=int64_t, content=int64_t, end=int64_t, after=int64_t)
cdef int64_t record_at(const unsigned char* data, int64_t pos, int64_t stop, _columns.Columns cols, int64_t row, _columns.LiidTable liids, int64_t max_octets) noexcept nogil
cdef void _blank(_columns.Columns cols, int64_t row, int64_t offset, int64_t octets) noexcept nogil
@cython.locals(seen=int64_t, tag=int64_t, head=int64_t, at=int64_t, stop=int64_t, fault=int64_t)
cdef int64_t _record(const unsigned char* data, int64_t pos, int64_t end, _columns.Columns cols, int64_t row, _columns.LiidTable liids) noexcept nogil
@cython.locals(start=int64_t, fresh=int64_t, slot=int64_t, seen=int64_t, tag=int64_t, head=int64_t, at=int64_t, stop=int64_t, field=int64_t, value=int64_t, fault=int64_t)
cdef int64_t _header(const unsigned char* data, int64_t pos, int64_t end, _columns.Columns cols, int64_t row, _columns.LiidTable liids) noexcept nogil
@cython.locals(octets=int64_t)
cdef bint _remembered(const unsigned char* data, int64_t pos, int64_t end, _columns.Columns cols, int64_t slot) noexcept nogil
@cython.locals(start=int64_t, label=int64_t)
cdef int64_t _memo_slot(const unsigned char* data, int64_t pos, int64_t end) noexcept nogil
cdef void _take_over(_columns.Columns cols, int64_t row, int64_t last, int64_t shift) noexcept nogil
@cython.locals(seen=int64_t, tag=int64_t, head=int64_t, at=int64_t, stop=int64_t, field=int64_t, value=int64_t, fault=int64_t)
cdef int64_t _communication(const unsigned char* data, int64_t pos, int64_t end, _columns.Columns cols, int64_t row) noexcept nogil
@cython.locals(seen=int64_t, tag=int64_t, head=int64_t, at=int64_t, stop=int64_t, field=int64_t)
cdef int64_t _network(const unsigned char* data, int64_t pos, int64_t end, _columns.Columns cols, int64_t row) noexcept nogil

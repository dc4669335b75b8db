cimport cython
from libc.stdint cimport int64_t
cimport asn1.columns as _columns
from asn1.scan_ber cimport generalized_at, head_at, microseconds_at, same, unsigned_at
from asn1.scan_ber cimport _BAD_TAG, _BAD_VALUE, _MISSING_FIELD, _NO_TIME

cdef enum:
    _IRI = 0
    _CC = 1
    _TRI = 2
    _HI1 = 3
    _ENCRYPTED = 4
    _MEMO_SLOTS = 256
    _SHAPE_SLOTS = 4

@cython.locals(step=int64_t, slot=int64_t, octets=int64_t, at=int64_t, lead=int64_t, last=int64_t, tail=int64_t)
cdef bint take_shape(const unsigned char* data, int64_t pos, int64_t end, _columns.Columns cols, int64_t row) noexcept nogil
@cython.locals(slot=int64_t, kept=int64_t)
cdef void keep_shape(int64_t pos, int64_t end, _columns.Columns cols, int64_t row) noexcept nogil
@cython.locals(tag=int64_t, head=int64_t, at=int64_t, stop=int64_t, alternative=int64_t, found=int64_t)
cdef int64_t read_payload(const unsigned char* data, int64_t pos, int64_t end, _columns.Columns cols, int64_t row) noexcept nogil
@cython.locals(head=int64_t)
cdef int64_t _choice(const unsigned char* data, int64_t pos, int64_t end) noexcept nogil
@cython.locals(count=int64_t, head=int64_t, at=int64_t, stop=int64_t, fault=int64_t)
cdef int64_t _sequence(const unsigned char* data, int64_t pos, int64_t end, int64_t kind, _columns.Columns cols, int64_t row) noexcept nogil
@cython.locals(fields=int64_t, seen=int64_t, time_us=int64_t, qualifier=int64_t, tag=int64_t, head=int64_t, at=int64_t, stop=int64_t, field=int64_t, value=int64_t, fault=int64_t)
cdef int64_t _item(const unsigned char* data, int64_t pos, int64_t end, int64_t kind, bint single, _columns.Columns cols, int64_t row) noexcept nogil
@cython.locals(found=int64_t, wanted=int64_t, inner=int64_t, tag=int64_t, head=int64_t, head_in=int64_t, at=int64_t, stop=int64_t, value=int64_t)
cdef int64_t _contents(const unsigned char* data, int64_t pos, int64_t end, int64_t kind, _columns.Columns cols, int64_t row) noexcept nogil

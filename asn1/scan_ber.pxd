cimport cython
from libc.stdint cimport int64_t

cdef enum:
    _TRUNCATED = 1
    _OVERSIZED = 2
    _BAD_LENGTH = 3
    _BAD_TAG = 4
    _BAD_VALUE = 5
    _MISSING_FIELD = 6
    _TOO_DEEP = 7
    _TOO_MANY = 8
    _WRONG_DIALECT = 9

cdef enum:
    _MAX_LENGTH = 2000000000
    _MAX_DEPTH = 32

cdef extern from *:
    """
    #define CALEA_MAX_SECONDS ((int64_t)4000000000000)
    """
    const int64_t _MAX_SECONDS "CALEA_MAX_SECONDS"
    const int64_t _NO_TIME "INT64_MIN"

@cython.locals(first=int64_t, count=int64_t, value=int64_t, at=int64_t)
cdef int64_t length_at(const unsigned char* data, int64_t pos, int64_t end) noexcept nogil
@cython.locals(at=int64_t)
cdef int64_t _identifier(const unsigned char* data, int64_t pos, int64_t end) noexcept nogil
@cython.locals(depth=int64_t, tag=int64_t, count=int64_t, head=int64_t)
cdef int64_t end_of_contents(const unsigned char* data, int64_t pos, int64_t end) noexcept nogil
@cython.locals(first=int64_t)
cdef int64_t head_at(const unsigned char* data, int64_t pos, int64_t end) noexcept nogil
@cython.locals(count=int64_t, head=int64_t, octets=int64_t, close=int64_t)
cdef int64_t _long_head(const unsigned char* data, int64_t pos, int64_t end) noexcept nogil
@cython.locals(value=int64_t, at=int64_t)
cdef int64_t unsigned_at(const unsigned char* data, int64_t pos, int64_t end, int64_t most) noexcept nogil
cdef bint same(const unsigned char* data, int64_t one, int64_t other, int64_t octets) noexcept nogil
@cython.locals(seconds=int64_t, micros=int64_t, tag=int64_t, head=int64_t, at=int64_t, stop=int64_t)
cdef int64_t microseconds_at(const unsigned char* data, int64_t pos, int64_t end) noexcept nogil
@cython.locals(value=int64_t, at=int64_t)
cdef int64_t _digits(const unsigned char* data, int64_t pos, int64_t count) noexcept nogil
@cython.locals(year=int64_t, month=int64_t, day=int64_t, hour=int64_t, minute=int64_t, second=int64_t, most=int64_t, micros=int64_t, scale=int64_t, first=int64_t, shift=int64_t, hours=int64_t, minutes=int64_t, moved=int64_t, index=int64_t, days=int64_t)
cdef int64_t generalized_at(const unsigned char* data, int64_t pos, int64_t end) noexcept nogil

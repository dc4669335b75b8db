cimport cython
from libc.stdint cimport int64_t

cdef enum:
    _LIID = 0
    _CIN = 1
    _NUMBER = 2
    _SECONDS = 3
    _MICROSECONDS = 4
    _DIRECTION = 5
    _CONTENT = 6

cdef enum:
    _LITERAL = -1
    _CONTAINER = -2

cdef enum:
    _MICROSECONDS_A_SECOND = 1000000

cdef class Template:
    cdef readonly bint has_cin, has_direction
    cdef readonly int64_t most_octets
    cdef readonly int64_t head, tail
    cdef int64_t _nodes
    cdef readonly object _kinds, _firsts, _octets, _parents, _sizes, _widths, _places
    cdef bytearray _record, _laid
    cdef int64_t[::1] _kinds_view, _firsts_view, _octets_view, _parents_view, _sizes_view, _widths_view, _places_view
    cdef unsigned char[::1] _record_view, _laid_view

    @cython.locals(view="unsigned char[::1]", label="const unsigned char*", data="const unsigned char*", size=int64_t, room=int64_t, place=int64_t)
    cpdef int64_t write(self, object out, int64_t at, bytes liid, int64_t cin, int64_t number, int64_t time_us, bytes content, int64_t direction=*) except? -1
    cpdef check(self, bytes liid, int64_t cin, int64_t time_us, int64_t direction)
    @cython.locals(seconds=int64_t, micros=int64_t, place=int64_t, behind=int64_t)
    cdef int64_t begin(self, unsigned char* out, int64_t at, int64_t room, const unsigned char* liid, int64_t liid_at, int64_t liid_octets, int64_t cin, int64_t number, int64_t time_us, int64_t direction, int64_t content_octets) noexcept nogil
    @cython.locals(node=int64_t, kind=int64_t, octets=int64_t, size=int64_t, first=int64_t, at=int64_t, content=int64_t)
    cdef void _lay(self) noexcept nogil
    @cython.locals(count=int64_t)
    cdef int64_t _put_length(self, int64_t at, int64_t size) noexcept nogil

@cython.locals(width=int64_t)
cdef int64_t width_of(int64_t value) noexcept nogil
@cython.locals(count=int64_t)
cdef int64_t length_octets(int64_t size) noexcept nogil
cdef void put_integer(unsigned char* out, int64_t at, int64_t width, int64_t value) noexcept nogil

cimport cython
from libc.stdint cimport int64_t

cdef enum:
    _HEAD = 40
    _SAMPLES = 160

cdef class Packets:
    cdef readonly int64_t most_octets
    cdef int64_t _count, _places, _ip_sum, _udp_sum
    cdef bytearray _head, _pool
    cdef object _sizes, _sums
    cdef unsigned char[::1] _head_view, _pool_view
    cdef int64_t[::1] _sizes_view, _sums_view

    @cython.locals(octets=int64_t, view="unsigned char[::1]")
    cpdef bytes packet(self, int64_t stream, int64_t number)
    cdef int64_t size(self, int64_t stream, int64_t number) noexcept nogil
    @cython.locals(size=int64_t, place=int64_t, identification=int64_t, datagram=int64_t, stamp=int64_t, high=int64_t, total=int64_t, first=int64_t, checksum=int64_t)
    cdef void put(self, unsigned char* out, int64_t at, int64_t stream, int64_t number, int64_t octets) noexcept nogil

cdef void _put(unsigned char* out, int64_t at, int64_t value) noexcept nogil
cdef int64_t _checksum(int64_t total) noexcept nogil

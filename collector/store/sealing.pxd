cimport cython
from libc.stdint cimport int64_t

cdef enum:
    _PLACE = 5

@cython.locals(number=int64_t, at=int64_t, sealed=int64_t, plain_room=int64_t, area_room=int64_t, bindings_room=int64_t)
cdef bint _seal(const unsigned char[::1] keys, const unsigned char[::1] nonces, const unsigned char[::1] bindings, const int64_t[::1] places, const unsigned char[::1] plain, unsigned char[::1] area, unsigned char[::1] tags, int64_t count) except -1
cdef bint _outside(int64_t start, int64_t octets, int64_t room) noexcept nogil

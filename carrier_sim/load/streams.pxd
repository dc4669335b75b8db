cimport cython
from libc.stdint cimport int64_t
cimport asn1.template as _template
cimport carrier_sim.load.packets as _packets
from asn1.template cimport put_integer

cdef enum:
    _BOTH = -2
    _LABEL = 25
    _DIRECTION = 14
    _XID = 16
    _CONTEXT = 24

cdef extern from *:
    """
    #define CALEA_MAX_NUMBER ((int64_t)4294967295)
    """
    const int64_t _MAX_NUMBER "CALEA_MAX_NUMBER"

cdef class Streams:
    cdef readonly int64_t count
    cdef readonly _packets.Packets packets
    cdef readonly object numbers
    cdef _template.Template _template
    cdef int64_t _direction, _next
    cdef bytearray _labels
    cdef object _sizes, _cins
    cdef unsigned char[::1] _labels_view
    cdef int64_t[::1] _sizes_view, _cins_view, _numbers_view

    @cython.locals(view="unsigned char[::1]", data="unsigned char*", room=int64_t, end=int64_t)
    cpdef int64_t fill(self, object out, int64_t at, int64_t records, int64_t first_time_us, int64_t step_us) except? -1
    @cython.locals(labels="const unsigned char*", stream=int64_t, number=int64_t, octets=int64_t, direction=int64_t, place=int64_t, label=int64_t, cin=int64_t)
    cdef int64_t _fill(self, unsigned char* out, int64_t at, int64_t room, int64_t records, int64_t time_us, int64_t step_us) noexcept nogil

cdef class X3Streams:
    cdef readonly int64_t count
    cdef readonly _packets.Packets packets
    cdef readonly object numbers
    cdef int64_t _direction, _next, _head_octets, _number_at, _time_at, _length_at
    cdef bytearray _head, _contexts
    cdef unsigned char[::1] _head_view, _contexts_view
    cdef int64_t[::1] _numbers_view

    @cython.locals(view="unsigned char[::1]", data="unsigned char*", room=int64_t, end=int64_t)
    cpdef int64_t fill(self, object out, int64_t at, int64_t records, int64_t first_time_us, int64_t step_us) except? -1
    @cython.locals(stream=int64_t, number=int64_t, octets=int64_t, place=int64_t, first=int64_t, direction=int64_t, seconds=int64_t)
    cdef int64_t _fill(self, unsigned char* out, int64_t at, int64_t room, int64_t records, int64_t time_us, int64_t step_us) noexcept nogil

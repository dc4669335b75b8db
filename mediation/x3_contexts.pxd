cimport cython
from libc.stdint cimport int64_t
cimport asn1.template as _template
from asn1.template cimport put_integer

cdef enum:
    _FIXED = 40
    _MOST_HEAD = 256
    _LABEL = 25
    _XID_AT = 16
    _X3 = 2

cdef enum:
    _WAITS = 0
    _UNKNOWN = 1
    _OTHER_TEMPLATE = 2
    _FULL = 3

cdef extern from *:
    """
    #define CALEA_MAX_X3_NUMBER ((int64_t)4294967295)
    """
    const int64_t _MAX_NUMBER "CALEA_MAX_X3_NUMBER"

cdef class Contexts:
    cdef readonly int64_t n, records, end, out_end, state, wanted, touched_n
    cdef readonly object counts, totals, gaps, numbers, expected, touched
    cdef int64_t _room, _mask
    cdef bytearray _heads, _labels
    cdef list _columns
    cdef object _slots
    cdef unsigned char[::1] _heads_view, _labels_view
    cdef int64_t[::1] _sizes_view, _number_at_view, _time_at_view, _template_view, _label_view, _cin_view
    cdef int64_t[::1] _communication_view, _flow_view, _direction_view, _start_view, _end_view
    cdef int64_t[::1] _first_view, _counts_view, _totals_view, _gaps_view, _numbers_view, _expected_view, _touched_view, _slots_view

    @cython.locals(context=int64_t)
    cdef _grow(self, int64_t room)
    @cython.locals(digest=int64_t, slot=int64_t)
    cdef void _place(self, int64_t context)
    @cython.locals(data=bytes)
    cpdef int64_t find(self, bytes head) except? -2
    @cython.locals(source="const unsigned char[::1]", room=int64_t)
    cpdef bint knows(self, object octets, int64_t at)
    @cython.locals(head=int64_t)
    cdef bint _begins(self, const unsigned char* data, int64_t at, int64_t room) noexcept nogil
    @cython.locals(index=int64_t)
    cpdef begin(self)
    @cython.locals(out=bytearray, view="unsigned char[::1]", at=int64_t)
    cpdef bytes rows(self)
    @cython.locals(at=int64_t, index=int64_t, communication=int64_t, context=int64_t, cin=int64_t, size=int64_t)
    cdef int64_t _rows(self, unsigned char* out) noexcept nogil
    @cython.locals(source="const unsigned char[::1]", view="unsigned char[::1]", data="const unsigned char*", target="unsigned char*", room=int64_t)
    cpdef run(self, object octets, int64_t start, int64_t stop, object out, int64_t at, _template.Template template, int64_t number)
    @cython.locals(labels="const unsigned char*", head=int64_t, size=int64_t, context=int64_t, nanoseconds=int64_t, time_us=int64_t, in_window=bint, communication=int64_t, given=int64_t, label=int64_t, cin=int64_t, place=int64_t, flow=int64_t, came=int64_t)
    cdef void _run(self, const unsigned char* data, int64_t pos, int64_t stop, unsigned char* out, int64_t at, int64_t room, _template.Template template, int64_t number) noexcept nogil
    @cython.locals(slot=int64_t, context=int64_t)
    cdef int64_t _find(self, const unsigned char* data, int64_t pos, int64_t octets) noexcept nogil
    @cython.locals(first=int64_t, first_octets=int64_t, second=int64_t, second_octets=int64_t)
    cdef bint _same(self, const unsigned char* data, int64_t pos, int64_t octets, int64_t context) noexcept nogil
    @cython.locals(base=int64_t)
    cdef bint _equal(self, const unsigned char* data, int64_t pos, int64_t context, int64_t start, int64_t stop) noexcept nogil

@cython.locals(value=int64_t)
cdef int64_t _u32(const unsigned char* data, int64_t at) noexcept nogil
@cython.locals(digest=int64_t, at=int64_t, word=int64_t)
cdef int64_t _digest(const unsigned char* data, int64_t pos) noexcept nogil

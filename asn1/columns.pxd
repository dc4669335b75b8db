cimport cython
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t

cdef enum:
    _HEAD_OCTETS = 5
    _ENTRY_OCTETS = 72
    _PRIME = 2147483647

cdef class Columns:
    cdef readonly int64_t capacity
    cdef readonly int64_t n
    cdef readonly int64_t fatal
    cdef readonly int64_t skip
    cdef int64_t call, memo_last, shape_last, shape_plain
    cdef int64_t number_at, number_end, time_at, time_end
    cdef int64_t[::1] memo_call, memo_at, memo_octets, memo_seen
    cdef int64_t[::1] shape_call, shape_at, shape_octets, shape_lead
    cdef readonly object offset, length, liid, cin, number, time_us, qualifier, kind, payload_tag, content_tag
    cdef readonly object direction, iri_type, payloads, content_offset, content_length, authorization_country
    cdef readonly object delivery_country, operator_offset, operator_length, element_offset, element_length, status
    cdef int64_t[::1] offset_view, cin_view, number_view, time_us_view, content_offset_view
    cdef int64_t[::1] operator_offset_view, element_offset_view
    cdef int32_t[::1] length_view, liid_view, payloads_view, content_length_view
    cdef int32_t[::1] operator_length_view, element_length_view
    cdef int16_t[::1] payload_tag_view, content_tag_view
    cdef uint16_t[::1] authorization_country_view, delivery_country_view
    cdef int8_t[::1] qualifier_view, kind_view, direction_view, iri_type_view, status_view

    cpdef begin(self)

cdef class LiidTable:
    cdef readonly int64_t n, limit
    cdef int64_t _point, _last, _room, _mask
    cdef bytearray _store
    cdef uint8_t[::1] _store_view
    cdef int32_t[::1] _slots

    @cython.locals(liid=int64_t, room=int64_t, wanted=int64_t)
    cpdef reserve(self, int64_t extra)
    @cython.locals(slot=int64_t)
    cdef void _place(self, int64_t liid, int64_t digest) noexcept nogil
    @cython.locals(at=int64_t, high=int64_t)
    cdef int64_t _digest(self, int64_t liid) noexcept nogil
    @cython.locals(base=int64_t)
    cdef bint _equal(self, int64_t liid, const unsigned char* data, int64_t pos, int64_t size) noexcept nogil
    @cython.locals(digest=int64_t, at=int64_t, stop=int64_t, word=int64_t, slot=int64_t, liid=int64_t, base=int64_t, i=int64_t)
    cdef int64_t intern_span(self, const unsigned char* data, int64_t pos, int64_t size) noexcept nogil

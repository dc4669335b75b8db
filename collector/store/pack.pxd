cimport cython
from libc.stdint cimport int64_t, int32_t
cimport collector.rows as _rows

cdef int64_t _fill(_rows.Rows rows, const unsigned char[::1] arena, const unsigned char[::1] side, const unsigned char[::1] orders, int64_t first_sequence, int32_t[::1] sorted_rows, int32_t[::1] local, unsigned char[::1] packed_rows, unsigned char[::1] hashes, unsigned char[::1] area, int64_t start, int64_t stop, int64_t extent) except? -1
@cython.locals(row=int64_t, order=int64_t, place=int64_t, at=int64_t, octets=int64_t, liid=int64_t, before=int64_t, ahead=int64_t)
cdef void _fill_rows(_rows.Rows rows, const unsigned char[::1] arena, const unsigned char[::1] side, const unsigned char[::1] orders, int64_t first_sequence, int32_t[::1] sorted_rows, int32_t[::1] local, unsigned char[::1] packed_rows, unsigned char[::1] hashes, unsigned char[::1] area, int64_t start, int64_t stop, int64_t extent) noexcept nogil
@cython.locals(found=int64_t, row=int64_t, liid=int64_t, order=int64_t, place=int64_t)
cdef int64_t _name(_rows.Rows rows, int32_t[::1] local, int32_t[::1] liids, int64_t[::1] starts, int32_t[::1] sorted_rows) except? -1
@cython.locals(highest=int64_t, row=int64_t, order=int64_t, offset=int64_t, octets=int64_t, room=int64_t)
cdef int64_t _measure(_rows.Rows rows, int64_t arena_octets, int64_t side_octets, int64_t orders, int64_t[::1] counts, int64_t[::1] sizes) except? -3
cdef int64_t _rehash(const unsigned char[::1] rows, const unsigned char[::1] area, const unsigned char[::1] uid_version, int64_t first_sequence, int64_t count, unsigned char[::1] hashes) except? -1
@cython.locals(at=int64_t, row=int64_t)
cdef int64_t _rehash_rows(const unsigned char[::1] rows, const unsigned char[::1] area, const unsigned char[::1] uid_version, int64_t first_sequence, int64_t count, unsigned char[::1] hashes) noexcept nogil

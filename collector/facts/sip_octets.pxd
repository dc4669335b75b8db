cimport cython
from libc.stdint cimport int64_t

cdef enum:
    _MAX_MEDIA = 32

cdef int64_t letters(const unsigned char* buf, int64_t pos, int64_t end) noexcept
cdef int64_t digits(const unsigned char* buf, int64_t pos, int64_t end) noexcept
cdef bint is_host(int64_t octet) noexcept
cdef bint is_tag(int64_t octet) noexcept
cdef bint is_number(const unsigned char* buf, int64_t pos, int64_t end) noexcept
@cython.locals(value=int64_t)
cdef int64_t number(const unsigned char* buf, int64_t pos, int64_t end) noexcept
cdef bint is_call_id(const unsigned char* buf, int64_t pos, int64_t end) noexcept
@cython.locals(at=int64_t)
cdef bint is_via(const unsigned char* buf, int64_t pos, int64_t end) except -1
@cython.locals(out=list, stop=int64_t, after=int64_t, at=int64_t, port=int64_t, there=dict)
cdef object media_lines(const unsigned char* buf, int64_t pos, int64_t end)
cdef int64_t _word(const unsigned char* buf, int64_t pos, int64_t end) noexcept
cdef int64_t _blank(const unsigned char* buf, int64_t pos, int64_t end) noexcept
@cython.locals(stop=int64_t, third=int64_t, behind=int64_t, port=int64_t)
cdef int64_t _port(const unsigned char* buf, int64_t pos, int64_t end) noexcept
@cython.locals(stop=int64_t)
cdef object _connection(const unsigned char* buf, int64_t pos, int64_t end)
@cython.locals(part=int64_t, at=int64_t)
cdef bint _is_ipv4(const unsigned char* buf, int64_t pos, int64_t end) noexcept

cimport cython
from libc.stdint cimport int64_t

cdef enum:
    _SEQUENCE = 0
    _CHOICE = 1
    _LIST = 2
    _INTEGER = 3
    _ENUMERATED = 4
    _OCTETS = 5
    _TEXT = 6
    _NULL = 7
    _BOOLEAN = 8
    _OTHER = 9
    _TREE = 10
    _UTC_TIME = 11
    _GENERALIZED_TIME = 12
    _IDENTIFIER = 13
    _MAX_DEPTH = 24
    _MAX_OCTETS = 65535
    _MARKS = 16

cdef extern from *:
    const int64_t _LOW "INT64_MIN"
    const int64_t _HIGH "INT64_MAX"

cdef object _UNSURE

cdef class Plan:
    cdef readonly int kind
    cdef readonly int64_t tag, low, high
    cdef readonly dict names
    cdef readonly object reader, last_value
    cdef readonly bytes last
    cdef readonly list rows
    cdef readonly int64_t mandatory

cdef class Row:
    cdef readonly str name
    cdef readonly Plan plan
    cdef readonly bint explicit, whole, mandatory
    cdef readonly int64_t mark, bit

@cython.locals(row=Row, number=int64_t)
cdef object _count_off(dict rows)

@cython.final
cdef class Spans:
    cdef int64_t[16] count, start, end

    @cython.locals(mark=int64_t)
    cpdef object clear(self)
    cpdef tuple span(self, int64_t mark)

@cython.final
cdef class Head:
    cdef int64_t first, key, content, end

@cython.locals(size=int64_t, head=Head, buf="const unsigned char*")
cpdef object walk(Plan plan, bytes octets)
cdef object _element(Plan plan, const unsigned char* buf, bytes octets, int64_t pos, int64_t end, Head head, int depth)
@cython.locals(first=int64_t, key=int64_t, number=int64_t, length=int64_t, count=int64_t)
cdef bint _head(const unsigned char* buf, int64_t pos, int64_t end, Head head) noexcept
@cython.locals(row=Row)
cdef object _alternative(Plan plan, const unsigned char* buf, bytes octets, int64_t pos, Head head, int depth)
cdef object _field(Row row, const unsigned char* buf, bytes octets, int64_t pos, Head head, int depth)
@cython.locals(kind=int, number=int64_t, at=int64_t, held=bytes)
cdef object _value(Plan plan, const unsigned char* buf, bytes octets, int64_t first, int64_t pos, int64_t end, Head head, int depth)
@cython.locals(out=dict, rows=list, known=int64_t, missing=int64_t, row=Row, after=int64_t)
cdef object _sequence(Plan plan, const unsigned char* buf, bytes octets, int64_t pos, int64_t end, Head head, int depth)
@cython.locals(out=list, rows=list, known=int64_t, row=Row, after=int64_t)
cdef object _list(Plan plan, const unsigned char* buf, bytes octets, int64_t pos, int64_t end, Head head, int depth)
@cython.locals(size=int64_t, head=Head, buf="const unsigned char*")
cpdef bint check(Plan plan, bytes octets, Spans spans) except -1
cdef bint _check_element(Plan plan, const unsigned char* buf, bytes octets, int64_t pos, int64_t end, Head head, Spans spans, int depth) except -1
@cython.locals(row=Row)
cdef bint _check_alternative(Plan plan, const unsigned char* buf, bytes octets, int64_t pos, Head head, Spans spans, int depth) except -1
@cython.locals(mark=int64_t)
cdef bint _check_field(Row row, const unsigned char* buf, bytes octets, int64_t pos, Head head, Spans spans, int depth) except -1
@cython.locals(kind=int, number=int64_t)
cdef bint _check_value(Plan plan, const unsigned char* buf, bytes octets, int64_t first, int64_t pos, int64_t end, Head head, Spans spans, int depth) except -1
@cython.locals(rows=list, known=int64_t, missing=int64_t, row=Row, after=int64_t, seen=int64_t)
cdef bint _check_sequence(Plan plan, const unsigned char* buf, bytes octets, int64_t pos, int64_t end, Head head, Spans spans, int depth) except -1
@cython.locals(rows=list, known=int64_t, row=Row, after=int64_t)
cdef bint _check_list(Plan plan, const unsigned char* buf, bytes octets, int64_t pos, int64_t end, Head head, Spans spans, int depth) except -1
@cython.locals(number=int64_t)
cdef int64_t number_at(const unsigned char* buf, int64_t pos, int64_t end) noexcept
@cython.locals(high=int64_t, low=int64_t)
cdef int64_t _two(const unsigned char* buf, int64_t pos) noexcept
cdef int64_t _civil_us(int64_t year, const unsigned char* buf, int64_t pos) noexcept
@cython.locals(leap=bint, last=int64_t, shifted=int64_t, of_year=int64_t, days=int64_t)
cdef int64_t civil_us(int64_t year, int64_t month, int64_t day, int64_t hour, int64_t minute, int64_t second) noexcept
@cython.locals(year=int64_t, time_us=int64_t)
cdef object _utc_time(const unsigned char* buf, int64_t pos, int64_t end)
@cython.locals(size=int64_t, century=int64_t, year=int64_t, time_us=int64_t, fraction=int64_t, unit=int64_t, digit=int64_t, at=int64_t)
cdef object _generalized_time(const unsigned char* buf, int64_t pos, int64_t end)

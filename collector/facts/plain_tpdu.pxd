cimport cython
from libc.stdint cimport int64_t
from asn1.walk cimport civil_us

cdef extern from *:
    const int64_t _NO_TIME "INT64_MIN"

cdef enum:
    _NONE = -1
    _MAX_DIGITS = 20
    _MAX_USER_DATA = 140

cdef str _DIGITS
cdef int64_t _QUARTER_US

@cython.final
cdef class Skim:
    cdef readonly str address
    cdef readonly int64_t cause, time_us, at
    cdef readonly bint words

    cpdef object said_us(self)

@cython.locals(size=int64_t, buf="const unsigned char*", first=int64_t, kind=int64_t, sure=bint, found=Skim)
cpdef Skim skim(bytes octets, bint from_mobile)
@cython.locals(dcs=int64_t)
cdef bint _deliver(const unsigned char* buf, int64_t size, Skim found) except -1
@cython.locals(dcs=int64_t)
cdef bint _submit(const unsigned char* buf, int64_t size, int64_t validity, Skim found) except -1
@cython.locals(sent_us=int64_t)
cdef bint _status(const unsigned char* buf, int64_t size, Skim found) except -1
@cython.locals(indicator=int64_t)
cdef bint _report(const unsigned char* buf, int64_t size, bint submitted, Skim found) except -1
@cython.locals(indicator=int64_t)
cdef bint _by_indicator(const unsigned char* buf, int64_t size, Skim found) except -1
@cython.locals(dcs=int64_t)
cdef bint _announced(const unsigned char* buf, int64_t size, int64_t indicator, Skim found) except -1
@cython.locals(at=int64_t, digits=int64_t, end=int64_t, text=str, place=int64_t, octet=int64_t, half=int64_t)
cdef bint _address(const unsigned char* buf, int64_t size, Skim found) except -1
@cython.locals(at=int64_t, year=int64_t, month=int64_t, day=int64_t, hour=int64_t, minute=int64_t, second=int64_t, quarters=int64_t, time_us=int64_t, behind_us=int64_t)
cdef bint _time(const unsigned char* buf, int64_t size, Skim found) except -1
@cython.locals(low=int64_t, high=int64_t)
cdef int64_t _swapped(int64_t octet) noexcept
@cython.locals(octets=int64_t)
cdef bint _user_data(const unsigned char* buf, int64_t size, int64_t dcs, Skim found) except -1
@cython.locals(group=int64_t)
cdef bint _is_packed(int64_t dcs) noexcept

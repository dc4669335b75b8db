cimport cython

cdef enum:
    _MAX_DEPTH = 16

cdef object _text

@cython.locals(out=list)
cpdef bytes canonical(dict value)
@cython.locals(lead=str)
cdef int _write(object value, list out, int depth) except -1

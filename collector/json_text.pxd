cimport cython

cdef enum:
    _MAX_DEPTH = 16

cdef object _escaped

@cython.locals(out=list)
cpdef bytes canonical(dict value)
@cython.locals(letter=Py_UCS4)
cdef str text_of(str text)
@cython.locals(lead=str)
cdef int write(object value, list out, int depth) except -1

# A row of a batch in the layout of pack.py (little endian host), for rows.py.
from libc.stdint cimport int64_t

cdef extern from *:
    """
    #include <stdint.h>

    struct __attribute__((packed, may_alias)) calea_kept_row {
        uint64_t reasons;
        int64_t received_us, event_us, cin, number;
        int32_t epoch, liid, length, order;
        int16_t content_tag;
        uint8_t verdict, form;
        int8_t kind, direction, iri_type;
        uint8_t zero;
    };

    static inline void calea_write_row(unsigned char *at, int64_t reasons, int64_t received_us, int64_t event_us,
                                       int64_t cin, int64_t number, int64_t epoch, int64_t liid, int64_t length,
                                       int64_t order, int64_t content_tag, int64_t verdict, int64_t form, int64_t kind,
                                       int64_t direction, int64_t iri_type) {
        /* Straight to its place: put together beside it, the copy would wait for each narrow store. */
        struct calea_kept_row *row = (struct calea_kept_row *)at;
        row->reasons = (uint64_t)reasons;
        row->received_us = received_us;
        row->event_us = event_us;
        row->cin = cin;
        row->number = number;
        row->epoch = (int32_t)epoch;
        row->liid = (int32_t)liid;
        row->length = (int32_t)length;
        row->order = (int32_t)order;
        row->content_tag = (int16_t)content_tag;
        row->verdict = (uint8_t)verdict;
        row->form = (uint8_t)form;
        row->kind = (int8_t)kind;
        row->direction = (int8_t)direction;
        row->iri_type = (int8_t)iri_type;
        row->zero = 0;
    }
    """
    void write_row "calea_write_row"(unsigned char *at, int64_t reasons, int64_t received_us, int64_t event_us, int64_t cin, int64_t number, int64_t epoch, int64_t liid, int64_t length, int64_t order, int64_t content_tag, int64_t verdict, int64_t form, int64_t kind, int64_t direction, int64_t iri_type) noexcept nogil

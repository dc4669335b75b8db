# Rows and leaf hashes in C, for pack.py: layouts are documented there.
from libc.stdint cimport int64_t
from mediation.ledger.lanes cimport calea_lanes

cdef extern from *:
    """
    static void calea_be64(unsigned char *at, uint64_t value) {
        value = __builtin_bswap64(value);
        memcpy(at, &value, 8);
    }

    static void calea_be32(unsigned char *at, uint32_t value) {
        value = __builtin_bswap32(value);
        memcpy(at, &value, 4);
    }

    /* A row in the layout of pack.py (little endian host). */
    struct calea_row {
        uint64_t reasons;
        int64_t received_us, event_us, cin, number;
        uint32_t epoch, liid, length, extent;
        int16_t content_tag;
        uint8_t verdict, form;
        int8_t kind, direction, iri_type;
        uint8_t zero;
    };

    static void calea_leaf(struct calea_lanes *lanes, const struct calea_row *row, const unsigned char *uid_version,
                           int64_t sequence, const unsigned char *octets, unsigned char *hash) {
        unsigned char head[65];
        head[0] = 0;
        head[1] = 1;
        head[2] = row->verdict;
        head[3] = row->form;
        head[4] = 0;
        memcpy(head + 5, uid_version + 16, 4);
        calea_be64(head + 9, row->reasons);
        calea_be64(head + 17, (uint64_t)sequence);
        calea_be64(head + 25, (uint64_t)row->received_us);
        calea_be64(head + 33, (uint64_t)row->event_us);
        memcpy(head + 41, uid_version, 16);
        calea_be32(head + 57, row->length);
        calea_be32(head + 61, 0);
        calea_lanes_put(lanes, head, octets, row->length, hash);
    }

    /* `kept` is the row as the pipeline wrote it: the frame's own numbers take the places of LIID and order. */
    static void calea_place(struct calea_lanes *lanes, unsigned char *row_at, unsigned char *hash_at,
                            unsigned char *area_at, const unsigned char *kept, const unsigned char *source,
                            const unsigned char *uid_version, int64_t sequence, int64_t liid, int64_t extent) {
        struct calea_row row;
        memcpy(&row, kept, 64);
        row.liid = (uint32_t)liid;
        row.extent = (uint32_t)extent;
        memcpy(row_at, &row, 64);
        memcpy(area_at, source, row.length);
        calea_leaf(lanes, &row, uid_version, sequence, area_at, hash_at);
    }

    /* Rows of one order do not lie one behind the other: what comes next is asked for before it is needed. */
    static void calea_ahead(const unsigned char *kept, const unsigned char *source) {
    #ifdef __GNUC__
        int line;
        __builtin_prefetch(kept);
        for (line = 0; line < 6; line++)
            __builtin_prefetch(source + 64 * line);
    #else
        (void)kept, (void)source;
    #endif
    }

    static int64_t calea_rehash(struct calea_lanes *lanes, const unsigned char *row_at, const unsigned char *area,
                                int64_t at, int64_t area_octets, const unsigned char *uid_version, int64_t sequence,
                                unsigned char *hash) {
        struct calea_row row;
        memcpy(&row, row_at, 64);
        if (at + (int64_t)row.length > area_octets)
            return -1;
        calea_leaf(lanes, &row, uid_version, sequence, area + at, hash);
        return at + row.length;
    }
    """
    void place_record "calea_place"(calea_lanes *lanes, unsigned char *row_at, unsigned char *hash_at, unsigned char *area_at, const unsigned char *kept, const unsigned char *source, const unsigned char *uid_version, int64_t sequence, int64_t liid, int64_t extent) noexcept nogil
    void ahead_of_record "calea_ahead"(const unsigned char *kept, const unsigned char *source) noexcept nogil
    int64_t rehash_record "calea_rehash"(calea_lanes *lanes, const unsigned char *row_at, const unsigned char *area, int64_t at, int64_t area_octets, const unsigned char *uid_version, int64_t sequence, unsigned char *hash) noexcept nogil

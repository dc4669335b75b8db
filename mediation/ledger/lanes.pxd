# SHA-256 of many messages side by side, in C, for the kernels that hash leaves and nodes (docs/adr/0025-bulk-store.md).
#
# As many messages are under way as the processor's way of hashing takes (blocks.pxd); where it takes one, libcrypto
# hashes one after the other. Which it was shows in no octet. A message is a head of 65 octets, copied when it is put,
# and a body, which stays untouched until the lanes have been drained; digests appear at their places by then and not
# before. A lane that is through takes the next message while the others go on, so that long ones hold up nobody.
from libc.stdint cimport int64_t
from mediation.ledger.blocks cimport calea_way

cdef extern from *:
    """
    #ifndef CALEA_LANES
    #define CALEA_LANES 16
    #ifndef OPENSSL_SUPPRESS_DEPRECATED
    #define OPENSSL_SUPPRESS_DEPRECATED
    #endif
    #include <openssl/sha.h>
    #define CALEA_HEAD_OCTETS 65
    /* So many octets of the body make the head two whole blocks. */
    #define CALEA_WITH_HEAD (128 - CALEA_HEAD_OCTETS)

    /* A lane works through up to three stretches of whole blocks: its head, the body where it lies, the padded tail.
       `state` is as the way's function has it; `all`: the lanes that it has, one bit each. */
    struct calea_lanes {
        uint32_t state[8 * CALEA_LANES];
        unsigned char head[CALEA_LANES][192];
        unsigned char tail[CALEA_LANES][128];
        const unsigned char *at[CALEA_LANES];
        int64_t step[CALEA_LANES], left[CALEA_LANES], body_blocks[CALEA_LANES], tail_blocks[CALEA_LANES];
        const unsigned char *body[CALEA_LANES];
        unsigned char *digest[CALEA_LANES];
        unsigned int busy, all;
        int way;
    };

    CALEA_SOME static void calea_lanes_as(struct calea_lanes *lanes, int way) {
        int lane, count = way == CALEA_SIXTEEN ? 16 : way == CALEA_PAIR ? 2 : 0;
        lanes->way = way;
        lanes->busy = 0;
        lanes->all = (1u << count) - 1;
        memset(lanes->state, 0, (size_t)(32 * count));
        for (lane = 0; lane < count; lane++) {
            /* An idle lane reads its own head over and over; what it computes is nobody's. */
            lanes->at[lane] = lanes->head[lane];
            lanes->step[lane] = 0;
            memset(lanes->head[lane], 0, 64);
        }
    }

    CALEA_SOME static void calea_lanes_begin(struct calea_lanes *lanes, int64_t messages) {
        calea_lanes_as(lanes, calea_way(messages));
    }

    #if CALEA_X86
    static inline void calea_lanes_digest(const struct calea_lanes *lanes, int lane) {
        int word;
        if (lanes->way == CALEA_PAIR) {
            calea_pair_digest(lanes->state + 8 * lane, lanes->digest[lane]);
            return;
        }
        for (word = 0; word < 8; word++) {
            uint32_t value = __builtin_bswap32(lanes->state[16 * word + lane]);
            memcpy(lanes->digest[lane] + 4 * word, &value, 4);
        }
    }

    /* Takes all lanes to where the first of them ends a stretch; lanes that are through give their digests. */
    CALEA_SOME static void calea_lanes_run(struct calea_lanes *lanes) {
        int64_t blocks = INT64_MAX;
        unsigned int busy;
        for (busy = lanes->busy; busy; busy &= busy - 1) {
            int lane = __builtin_ctz(busy);
            if (lanes->left[lane] < blocks)
                blocks = lanes->left[lane];
        }
        if (lanes->way == CALEA_PAIR)
            calea_pair_blocks(lanes->state, lanes->at, lanes->step, blocks);
        else
            calea_sixteen_blocks(lanes->state, lanes->at, lanes->step, blocks);
        for (busy = lanes->busy; busy; busy &= busy - 1) {
            int lane = __builtin_ctz(busy);
            lanes->left[lane] -= blocks;
            if (lanes->left[lane])
                continue;
            if (lanes->body_blocks[lane]) {
                lanes->at[lane] = lanes->body[lane];
                lanes->left[lane] = lanes->body_blocks[lane];
                lanes->body_blocks[lane] = 0;
            } else if (lanes->tail_blocks[lane]) {
                lanes->at[lane] = lanes->tail[lane];
                lanes->left[lane] = lanes->tail_blocks[lane];
                lanes->tail_blocks[lane] = 0;
            } else {
                calea_lanes_digest(lanes, lane);
                lanes->at[lane] = lanes->head[lane];
                lanes->step[lane] = 0;
                lanes->busy &= ~(1u << lane);
            }
        }
    }

    /* The last `rest` octets of a message of `octets`, less than 64, copied and padded; how many blocks they fill. */
    typedef int64_t (*calea_ending)(unsigned char *at, const unsigned char *from, int64_t rest, int64_t octets);

    static inline int64_t calea_end(unsigned char *at, const unsigned char *from, int64_t rest, int64_t octets) {
        uint64_t bits = __builtin_bswap64(8 * (uint64_t)octets);
        int64_t blocks = rest < 56 ? 1 : 2;
        memset(at, 0, 128);
        memcpy(at, from, (size_t)rest);
        at[rest] = 0x80;
        memcpy(at + 64 * blocks - 8, &bits, 8);
        return blocks;
    }

    CALEA_AVX512 static inline int64_t calea_end_masked(unsigned char *at, const unsigned char *from, int64_t rest,
                                                        int64_t octets) {
        uint64_t bits = __builtin_bswap64(8 * (uint64_t)octets);
        int64_t blocks = rest < 56 ? 1 : 2;
        _mm512_storeu_si512(at, _mm512_maskz_loadu_epi8((1ull << rest) - 1, from));
        _mm512_storeu_si512(at + 64, _mm512_setzero_si512());
        at[rest] = 0x80;
        memcpy(at + 64 * blocks - 8, &bits, 8);
        return blocks;
    }

    /* A message into a lane that is idle; its state is set already. */
    static inline __attribute__((always_inline))
    void calea_lanes_fill(struct calea_lanes *lanes, int lane, const unsigned char *head, const unsigned char *body,
                          int64_t octets, unsigned char *digest, calea_ending end) {
        int64_t whole;
        memcpy(lanes->head[lane], head, CALEA_HEAD_OCTETS);
        lanes->body_blocks[lane] = lanes->tail_blocks[lane] = 0;
        if (octets < CALEA_WITH_HEAD) {
            /* The head's last octet goes along, so that what is left begins with a block. */
            unsigned char rest[64];
            rest[0] = head[64];
            memcpy(rest + 1, body, (size_t)octets);
            lanes->left[lane] = 1 + end(lanes->head[lane] + 64, rest, 1 + octets, CALEA_HEAD_OCTETS + octets);
        } else {
            memcpy(lanes->head[lane] + CALEA_HEAD_OCTETS, body, CALEA_WITH_HEAD);
            lanes->left[lane] = 2;
            lanes->body[lane] = body + CALEA_WITH_HEAD;
            lanes->body_blocks[lane] = whole = (octets - CALEA_WITH_HEAD) / 64;
            lanes->tail_blocks[lane] = end(lanes->tail[lane], lanes->body[lane] + 64 * whole,
                                           octets - CALEA_WITH_HEAD - 64 * whole, CALEA_HEAD_OCTETS + octets);
        }
        lanes->at[lane] = lanes->head[lane];
        lanes->step[lane] = 64;
        lanes->digest[lane] = digest;
        lanes->busy |= 1u << lane;
    }

    static inline int calea_lanes_idle(struct calea_lanes *lanes) {
        while (lanes->busy == lanes->all)
            calea_lanes_run(lanes);
        return __builtin_ctz(~lanes->busy);
    }

    CALEA_SOME CALEA_AVX512 static void calea_sixteen_load(struct calea_lanes *lanes, const unsigned char *head,
                                                           const unsigned char *body, int64_t octets,
                                                           unsigned char *digest) {
        int lane = calea_lanes_idle(lanes), word;
        for (word = 0; word < 8; word++)
            lanes->state[16 * word + lane] = calea_initial[word];
        calea_lanes_fill(lanes, lane, head, body, octets, digest, calea_end_masked);
    }

    CALEA_SOME static void calea_pair_load(struct calea_lanes *lanes, const unsigned char *head,
                                           const unsigned char *body, int64_t octets, unsigned char *digest) {
        int lane = calea_lanes_idle(lanes);
        memcpy(lanes->state + 8 * lane, calea_paired, 32);
        calea_lanes_fill(lanes, lane, head, body, octets, digest, calea_end);
    }
    #endif

    CALEA_SOME static inline void calea_lanes_put(struct calea_lanes *lanes, const unsigned char *head,
                                                  const unsigned char *body, int64_t octets, unsigned char *digest) {
        SHA256_CTX context;
    #if CALEA_X86
        if (lanes->way == CALEA_PAIR) {
            calea_pair_load(lanes, head, body, octets, digest);
            return;
        }
        if (lanes->way == CALEA_SIXTEEN) {
            calea_sixteen_load(lanes, head, body, octets, digest);
            return;
        }
    #endif
        SHA256_Init(&context);
        SHA256_Update(&context, head, CALEA_HEAD_OCTETS);
        SHA256_Update(&context, body, (size_t)octets);
        SHA256_Final(digest, &context);
    }

    CALEA_SOME static void calea_lanes_drain(struct calea_lanes *lanes) {
    #if CALEA_X86
        while (lanes->busy)
            calea_lanes_run(lanes);
    #endif
    }

    /* RFC 6962 2.1: the parents of `count` pairs of hashes that lie one behind the other. A parent is written behind
       all that was read for it, so both may lie in the same place. */
    CALEA_SOME static void calea_join(int way, const unsigned char *pairs, int64_t count, unsigned char *parents) {
        static const unsigned char prefix = 1;
    #if CALEA_X86
        for (; way == CALEA_SIXTEEN && count >= 16; count -= 16, pairs += 64 * 16, parents += 32 * 16)
            calea_sixteen_parents(pairs, parents);
        if (way == CALEA_SIXTEEN && count >= CALEA_WORTH_SIXTEEN) {
            unsigned char from[64 * 16], to[32 * 16];
            memset(from, 0, sizeof from);
            memcpy(from, pairs, (size_t)(64 * count));
            calea_sixteen_parents(from, to);
            memcpy(parents, to, (size_t)(32 * count));
            return;
        }
        if (way == CALEA_SIXTEEN)
            way = calea_way(count);
        for (; way == CALEA_PAIR && count >= 2; count -= 2, pairs += 64 * 2, parents += 32 * 2)
            calea_pair_parents(pairs, pairs + 64, parents, 2);
        if (way == CALEA_PAIR && count) {
            calea_pair_parents(pairs, pairs, parents, 1);
            return;
        }
    #endif
        for (; count; count--, pairs += 64, parents += 32) {
            SHA256_CTX context;
            SHA256_Init(&context);
            SHA256_Update(&context, &prefix, 1);
            SHA256_Update(&context, pairs, 64);
            SHA256_Final(parents, &context);
        }
    }
    #endif
    """
    struct calea_lanes:
        pass
    void lanes_as "calea_lanes_as"(calea_lanes *lanes, int64_t way) noexcept nogil
    void lanes_begin "calea_lanes_begin"(calea_lanes *lanes, int64_t messages) noexcept nogil
    void lanes_put "calea_lanes_put"(calea_lanes *lanes, const unsigned char *head, const unsigned char *body, int64_t octets, unsigned char *digest) noexcept nogil
    void lanes_drain "calea_lanes_drain"(calea_lanes *lanes) noexcept nogil
    void join_pairs "calea_join"(int64_t way, const unsigned char *pairs, int64_t count, unsigned char *parents) noexcept nogil

# SHA-256 of many messages side by side, in C, for the kernels that hash leaves and nodes (docs/adr/0025-bulk-store.md).
#
# Where the processor has AVX-512, sixteen messages are hashed at a time, one in each 32-bit lane; elsewhere, and for the
# few that do not fill the lanes, libcrypto hashes one after the other. Which it was shows in no octet. A message is a
# head of 65 octets, copied when it is put, and a body, which stays untouched until the lanes have been drained; digests
# appear at their places by then and not before.
from libc.stdint cimport int64_t

cdef extern from *:
    """
    #ifndef CALEA_LANES
    #define CALEA_LANES 16
    #ifndef OPENSSL_SUPPRESS_DEPRECATED
    #define OPENSSL_SUPPRESS_DEPRECATED
    #endif
    #include <openssl/sha.h>
    #include <stdint.h>
    #include <string.h>
    #if defined(__x86_64__) && defined(__GNUC__)
    #define CALEA_WIDE 1
    #include <immintrin.h>
    #else
    #define CALEA_WIDE 0
    #endif
    /* Each kernel uses some of what is here. */
    #ifdef __GNUC__
    #define CALEA_SOME __attribute__((unused))
    #else
    #define CALEA_SOME
    #endif
    /* Fewer messages than this are sooner hashed one by one. */
    #define CALEA_WORTH_LANES 6
    #define CALEA_HEAD_OCTETS 65
    /* So many octets of the body make the head two whole blocks. */
    #define CALEA_WITH_HEAD (128 - CALEA_HEAD_OCTETS)

    /* A lane works through up to three stretches of whole blocks: its head, the body where it lies, the padded tail. */
    struct calea_lanes {
        uint32_t state[8][CALEA_LANES];
        unsigned char head[CALEA_LANES][192];
        unsigned char tail[CALEA_LANES][128];
        const unsigned char *at[CALEA_LANES];
        int64_t step[CALEA_LANES], left[CALEA_LANES], body_blocks[CALEA_LANES], tail_blocks[CALEA_LANES];
        const unsigned char *body[CALEA_LANES];
        unsigned char *digest[CALEA_LANES];
        unsigned int busy;
        int wide;
    };

    CALEA_SOME static int calea_is_wide(void) {
    #if CALEA_WIDE
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
    #else
        return 0;
    #endif
    }

    CALEA_SOME static void calea_lanes_begin(struct calea_lanes *lanes, int64_t messages) {
        int lane;
        lanes->wide = messages >= CALEA_WORTH_LANES && calea_is_wide();
        lanes->busy = 0;
        if (!lanes->wide)
            return;
        memset(lanes->state, 0, sizeof lanes->state);
        for (lane = 0; lane < CALEA_LANES; lane++) {
            /* An idle lane reads its own head over and over; what it computes is nobody's. */
            lanes->at[lane] = lanes->head[lane];
            lanes->step[lane] = 0;
            memset(lanes->head[lane], 0, 64);
        }
    }

    #if CALEA_WIDE
    static const uint32_t calea_round[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

    static const uint32_t calea_initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                              0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

    #define CALEA_ROR(x, n) _mm512_ror_epi32(x, n)
    #define CALEA_XOR3(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)
    #define CALEA_ADD(x, y) _mm512_add_epi32(x, y)

    #define CALEA_AVX512 __attribute__((target("avx512f,avx512bw")))

    /* Sixteen rows of sixteen words turned, so that w[i] holds word i of all of them; the words' octets are swapped. */
    CALEA_AVX512 static inline __attribute__((always_inline)) void calea_turn(const __m512i *rows, __m512i *w) {
        const __m512i big_endian = _mm512_broadcast_i32x4(
            _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
        __m512i r[16], t[16];
        int i;
        for (i = 0; i < 16; i++)
            r[i] = _mm512_shuffle_epi8(rows[i], big_endian);
        for (i = 0; i < 16; i += 4) {
            __m512i x = _mm512_unpacklo_epi32(r[i], r[i + 1]), y = _mm512_unpackhi_epi32(r[i], r[i + 1]);
            __m512i z = _mm512_unpacklo_epi32(r[i + 2], r[i + 3]), v = _mm512_unpackhi_epi32(r[i + 2], r[i + 3]);
            t[i] = _mm512_unpacklo_epi64(x, z);
            t[i + 1] = _mm512_unpackhi_epi64(x, z);
            t[i + 2] = _mm512_unpacklo_epi64(y, v);
            t[i + 3] = _mm512_unpackhi_epi64(y, v);
        }
        for (i = 0; i < 4; i++) {
            __m512i x = _mm512_shuffle_i32x4(t[i], t[i + 4], 0x88), y = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0x88);
            __m512i z = _mm512_shuffle_i32x4(t[i], t[i + 4], 0xdd), v = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0xdd);
            w[i] = _mm512_shuffle_i32x4(x, y, 0x88);
            w[i + 4] = _mm512_shuffle_i32x4(z, v, 0x88);
            w[i + 8] = _mm512_shuffle_i32x4(x, y, 0xdd);
            w[i + 12] = _mm512_shuffle_i32x4(z, v, 0xdd);
        }
    }

    /* FIPS 180-4 6.2.2: one block of each lane, `w` its words, which are used up. */
    CALEA_AVX512 static inline __attribute__((always_inline)) void calea_block(__m512i *s, __m512i *w) {
        __m512i a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
        int i;
        _Pragma("GCC unroll 64")
        for (i = 0; i < 64; i++) {
            __m512i next, sum;
            if (i >= 16) {
                __m512i x = w[(i + 1) & 15], y = w[(i + 14) & 15];
                x = CALEA_XOR3(CALEA_ROR(x, 7), CALEA_ROR(x, 18), _mm512_srli_epi32(x, 3));
                y = CALEA_XOR3(CALEA_ROR(y, 17), CALEA_ROR(y, 19), _mm512_srli_epi32(y, 10));
                w[i & 15] = CALEA_ADD(CALEA_ADD(w[i & 15], x), CALEA_ADD(w[(i + 9) & 15], y));
            }
            sum = CALEA_ADD(CALEA_ADD(h, _mm512_set1_epi32((int)calea_round[i])), w[i & 15]);
            sum = CALEA_ADD(sum, CALEA_ADD(CALEA_XOR3(CALEA_ROR(e, 6), CALEA_ROR(e, 11), CALEA_ROR(e, 25)),
                                           _mm512_ternarylogic_epi32(e, f, g, 0xca)));
            next = CALEA_ADD(CALEA_XOR3(CALEA_ROR(a, 2), CALEA_ROR(a, 13), CALEA_ROR(a, 22)),
                             _mm512_ternarylogic_epi32(a, b, c, 0xe8));
            h = g;
            g = f;
            f = e;
            e = CALEA_ADD(d, sum);
            d = c;
            c = b;
            b = a;
            a = CALEA_ADD(sum, next);
        }
        s[0] = CALEA_ADD(s[0], a);
        s[1] = CALEA_ADD(s[1], b);
        s[2] = CALEA_ADD(s[2], c);
        s[3] = CALEA_ADD(s[3], d);
        s[4] = CALEA_ADD(s[4], e);
        s[5] = CALEA_ADD(s[5], f);
        s[6] = CALEA_ADD(s[6], g);
        s[7] = CALEA_ADD(s[7], h);
    }

    CALEA_AVX512 __attribute__((noinline)) static void calea_compress(struct calea_lanes *lanes, int64_t blocks) {
        __m512i s[8];
        int i;
        for (i = 0; i < 8; i++)
            s[i] = _mm512_loadu_si512(lanes->state[i]);
        for (; blocks; blocks--) {
            __m512i rows[16], w[16];
            for (i = 0; i < 16; i++) {
                rows[i] = _mm512_loadu_si512(lanes->at[i]);
                lanes->at[i] += lanes->step[i];
            }
            calea_turn(rows, w);
            calea_block(s, w);
        }
        for (i = 0; i < 8; i++)
            _mm512_storeu_si512(lanes->state[i], s[i]);
    }

    /* RFC 6962 2.1: the parents of sixteen pairs of hashes that lie one behind the other. All pairs are read before a
       parent is written. */
    CALEA_SOME CALEA_AVX512 __attribute__((noinline))
    static void calea_parents(const unsigned char *pairs, unsigned char *parents) {
        const __m512i big_endian = _mm512_broadcast_i32x4(
            _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
        __m512i s[8], rows[16], p[16], w[16];
        int i, half;
        for (i = 0; i < 8; i++)
            s[i] = _mm512_set1_epi32((int)calea_initial[i]);
        for (i = 0; i < 16; i++)
            rows[i] = _mm512_loadu_si512(pairs + 64 * i);
        calea_turn(rows, p);
        /* The octet 1 stands before the pair, so every word is made of two; the pair's last octet begins block two. */
        w[0] = _mm512_or_si512(_mm512_srli_epi32(p[0], 8), _mm512_set1_epi32(0x01000000));
        for (i = 1; i < 16; i++)
            w[i] = _mm512_or_si512(_mm512_srli_epi32(p[i], 8), _mm512_slli_epi32(p[i - 1], 24));
        calea_block(s, w);
        w[0] = _mm512_or_si512(_mm512_slli_epi32(p[15], 24), _mm512_set1_epi32(0x00800000));
        for (i = 1; i < 15; i++)
            w[i] = _mm512_setzero_si512();
        w[15] = _mm512_set1_epi32(8 * 65);
        calea_block(s, w);
        for (half = 0; half < 2; half++) {
            __m512i t[4], q[4];
            for (i = 0; i < 4; i++)
                t[i] = _mm512_shuffle_epi8(s[4 * half + i], big_endian);
            q[0] = _mm512_unpacklo_epi32(t[0], t[1]);
            q[1] = _mm512_unpackhi_epi32(t[0], t[1]);
            q[2] = _mm512_unpacklo_epi32(t[2], t[3]);
            q[3] = _mm512_unpackhi_epi32(t[2], t[3]);
            t[0] = _mm512_unpacklo_epi64(q[0], q[2]);
            t[1] = _mm512_unpackhi_epi64(q[0], q[2]);
            t[2] = _mm512_unpacklo_epi64(q[1], q[3]);
            t[3] = _mm512_unpackhi_epi64(q[1], q[3]);
            for (i = 0; i < 4; i++) {
                unsigned char *at = parents + 32 * i + 16 * half;
                _mm_storeu_si128((__m128i *)at, _mm512_extracti32x4_epi32(t[i], 0));
                _mm_storeu_si128((__m128i *)(at + 128), _mm512_extracti32x4_epi32(t[i], 1));
                _mm_storeu_si128((__m128i *)(at + 256), _mm512_extracti32x4_epi32(t[i], 2));
                _mm_storeu_si128((__m128i *)(at + 384), _mm512_extracti32x4_epi32(t[i], 3));
            }
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
        calea_compress(lanes, blocks);
        for (busy = lanes->busy; busy; busy &= busy - 1) {
            int lane = __builtin_ctz(busy), word;
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
                for (word = 0; word < 8; word++) {
                    uint32_t value = __builtin_bswap32(lanes->state[word][lane]);
                    memcpy(lanes->digest[lane] + 4 * word, &value, 4);
                }
                lanes->at[lane] = lanes->head[lane];
                lanes->step[lane] = 0;
                lanes->busy &= ~(1u << lane);
            }
        }
    }
    #endif

    #if CALEA_WIDE
    /* The last `rest` octets of a message of `octets`, less than 64, copied and padded; how many blocks they fill. */
    CALEA_AVX512 static inline int64_t calea_end(unsigned char *at, const unsigned char *from, int64_t rest,
                                                 int64_t octets) {
        uint64_t bits = __builtin_bswap64(8 * (uint64_t)octets);
        int64_t blocks = rest < 56 ? 1 : 2;
        _mm512_storeu_si512(at, _mm512_maskz_loadu_epi8((1ull << rest) - 1, from));
        _mm512_storeu_si512(at + 64, _mm512_setzero_si512());
        at[rest] = 0x80;
        memcpy(at + 64 * blocks - 8, &bits, 8);
        return blocks;
    }

    CALEA_SOME CALEA_AVX512 static void calea_lanes_load(struct calea_lanes *lanes, const unsigned char *head,
                                              const unsigned char *body, int64_t octets, unsigned char *digest) {
        int64_t whole;
        int lane, word;
        while (lanes->busy == (1u << CALEA_LANES) - 1)
            calea_lanes_run(lanes);
        lane = __builtin_ctz(~lanes->busy);
        for (word = 0; word < 8; word++)
            lanes->state[word][lane] = calea_initial[word];
        memcpy(lanes->head[lane], head, CALEA_HEAD_OCTETS);
        lanes->body_blocks[lane] = lanes->tail_blocks[lane] = 0;
        if (octets < CALEA_WITH_HEAD) {
            /* The head's last octet goes along, so that what is left begins with a block. */
            unsigned char rest[64];
            rest[0] = head[64];
            memcpy(rest + 1, body, (size_t)octets);
            lanes->left[lane] = 1 + calea_end(lanes->head[lane] + 64, rest, 1 + octets, CALEA_HEAD_OCTETS + octets);
        } else {
            memcpy(lanes->head[lane] + CALEA_HEAD_OCTETS, body, CALEA_WITH_HEAD);
            lanes->left[lane] = 2;
            lanes->body[lane] = body + CALEA_WITH_HEAD;
            lanes->body_blocks[lane] = whole = (octets - CALEA_WITH_HEAD) / 64;
            lanes->tail_blocks[lane] = calea_end(lanes->tail[lane], lanes->body[lane] + 64 * whole,
                                                 octets - CALEA_WITH_HEAD - 64 * whole, CALEA_HEAD_OCTETS + octets);
        }
        lanes->at[lane] = lanes->head[lane];
        lanes->step[lane] = 64;
        lanes->digest[lane] = digest;
        lanes->busy |= 1u << lane;
    }
    #endif

    CALEA_SOME static inline void calea_lanes_put(struct calea_lanes *lanes, const unsigned char *head, const unsigned char *body,
                                       int64_t octets, unsigned char *digest) {
        SHA256_CTX context;
    #if CALEA_WIDE
        if (lanes->wide) {
            calea_lanes_load(lanes, head, body, octets, digest);
            return;
        }
    #endif
        SHA256_Init(&context);
        SHA256_Update(&context, head, CALEA_HEAD_OCTETS);
        SHA256_Update(&context, body, (size_t)octets);
        SHA256_Final(digest, &context);
    }

    CALEA_SOME static void calea_lanes_drain(struct calea_lanes *lanes) {
    #if CALEA_WIDE
        while (lanes->busy)
            calea_lanes_run(lanes);
    #endif
    }
    #endif
    """
    struct calea_lanes:
        pass
    bint lanes_wide "calea_is_wide"() noexcept nogil
    void lanes_begin "calea_lanes_begin"(calea_lanes *lanes, int64_t messages) noexcept nogil
    void lanes_put "calea_lanes_put"(calea_lanes *lanes, const unsigned char *head, const unsigned char *body, int64_t octets, unsigned char *digest) noexcept nogil
    void lanes_drain "calea_lanes_drain"(calea_lanes *lanes) noexcept nogil

# AES-256-GCM (NIST SP 800-38D) of one extent in C, for sealing.py, where the processor has AES and carry-less products
# over two blocks at a time (VAES and VPCLMULQDQ with AVX2); elsewhere libcrypto. Encryption alone: what is read is
# decrypted by `cryptography`, so each reading holds the one against the other. No table is looked up and no branch taken by
# what is secret; round keys and powers go when the extent is done (docs/adr/0052-two-messages-at-a-time.md).
#
# GHASH as everybody computes it: octets turned round, the key times x, so that a product needs no shift; 256 bits of a
# product are brought to 128 in two folds by the upper half of the polynomial. Eight blocks take one reduction, each
# times the power of the key that stands as far from the end.
from libc.stdint cimport int64_t

cdef extern from *:
    """
    #include <openssl/crypto.h>
    #include <stdint.h>
    #include <string.h>
    #if defined(__x86_64__) && defined(__GNUC__)
    #define CALEA_QUICK 1
    #include <cpuid.h>
    #include <immintrin.h>
    #else
    #define CALEA_QUICK 0
    #endif

    #if CALEA_QUICK
    static int calea_vaes;

    /* Asked once, when the kernel is loaded; that the system keeps the wide registers is in the answer for AVX2. */
    __attribute__((constructor)) static void calea_ask_vaes(void) {
        unsigned int a, b, c, d;
        calea_vaes = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c >> 9 & 1) && (c >> 10 & 1);
    }

    static int calea_gcm_quick(void) {
        return calea_vaes && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("aes")
            && __builtin_cpu_supports("pclmul");
    }

    #define CALEA_VAES __attribute__((target("avx2,aes,pclmul,vaes,vpclmulqdq")))
    #define CALEA_FLAT static inline __attribute__((always_inline))
    #define CALEA_ROUNDS 14

    /* `powers[i]`: two powers of the hash key, the higher one first: 8 and 7, 6 and 5, 4 and 3, 2 and 1. */
    struct calea_gcm {
        __m128i keys[CALEA_ROUNDS + 1];
        __m256i powers[4];
    };

    CALEA_VAES CALEA_FLAT __m128i calea_spread(__m128i key) {
        key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
        return _mm_xor_si128(key, _mm_slli_si128(key, 8));
    }

    /* FIPS 197 5.2, for a key of 256 bits. */
    #define CALEA_EXPAND(at, constant) \\
        keys[at] = _mm_xor_si128(calea_spread(keys[at - 2]), \\
                                 _mm_shuffle_epi32(_mm_aeskeygenassist_si128(keys[at - 1], constant), 0xff)); \\
        if (at < CALEA_ROUNDS) \\
            keys[at + 1] = _mm_xor_si128(calea_spread(keys[at - 1]), \\
                                         _mm_shuffle_epi32(_mm_aeskeygenassist_si128(keys[at], 0), 0xaa));

    CALEA_VAES CALEA_FLAT void calea_expand(const unsigned char *key, __m128i *keys) {
        keys[0] = _mm_loadu_si128((const __m128i *)key);
        keys[1] = _mm_loadu_si128((const __m128i *)key + 1);
        CALEA_EXPAND(2, 1) CALEA_EXPAND(4, 2) CALEA_EXPAND(6, 4) CALEA_EXPAND(8, 8)
        CALEA_EXPAND(10, 16) CALEA_EXPAND(12, 32) CALEA_EXPAND(14, 64)
    }

    CALEA_VAES CALEA_FLAT __m128i calea_aes(const __m128i *keys, __m128i block) {
        int i;
        block = _mm_xor_si128(block, keys[0]);
        for (i = 1; i < CALEA_ROUNDS; i++)
            block = _mm_aesenc_si128(block, keys[i]);
        return _mm_aesenclast_si128(block, keys[CALEA_ROUNDS]);
    }

    CALEA_VAES CALEA_FLAT __m128i calea_turned(__m128i block) {
        return _mm_shuffle_epi8(block, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    }

    CALEA_VAES CALEA_FLAT __m128i calea_reduced(__m128i low, __m128i middle, __m128i high) {
        const __m128i polynomial = _mm_set_epi64x((long long)0xc200000000000000ull, 1);
        middle = _mm_xor_si128(middle, _mm_shuffle_epi32(low, 0x4e));
        middle = _mm_xor_si128(middle, _mm_clmulepi64_si128(polynomial, low, 0x01));
        high = _mm_xor_si128(high, _mm_shuffle_epi32(middle, 0x4e));
        return _mm_xor_si128(high, _mm_clmulepi64_si128(polynomial, middle, 0x01));
    }

    CALEA_VAES CALEA_FLAT __m128i calea_product(__m128i one, __m128i key) {
        __m128i low = _mm_clmulepi64_si128(one, key, 0x00), high = _mm_clmulepi64_si128(one, key, 0x11);
        __m128i middle = _mm_xor_si128(_mm_clmulepi64_si128(one, key, 0x01), _mm_clmulepi64_si128(one, key, 0x10));
        return calea_reduced(low, middle, high);
    }

    CALEA_VAES CALEA_FLAT __m128i calea_halves(__m256i value) {
        return _mm_xor_si128(_mm256_castsi256_si128(value), _mm256_extracti128_si256(value, 1));
    }

    /* Products of blocks and powers, before they are brought to 128 bits. */
    struct calea_sum {
        __m256i low, middle, high;
    };

    CALEA_VAES CALEA_FLAT void calea_sum_begin(struct calea_sum *sum) {
        sum->low = sum->middle = sum->high = _mm256_setzero_si256();
    }

    CALEA_VAES CALEA_FLAT void calea_sum_add(struct calea_sum *sum, __m256i block, __m256i power) {
        sum->low = _mm256_xor_si256(sum->low, _mm256_clmulepi64_epi128(block, power, 0x00));
        sum->high = _mm256_xor_si256(sum->high, _mm256_clmulepi64_epi128(block, power, 0x11));
        sum->middle = _mm256_xor_si256(sum->middle, _mm256_clmulepi64_epi128(block, power, 0x01));
        sum->middle = _mm256_xor_si256(sum->middle, _mm256_clmulepi64_epi128(block, power, 0x10));
    }

    CALEA_VAES CALEA_FLAT __m128i calea_sum_end(const struct calea_sum *sum) {
        return calea_reduced(calea_halves(sum->low), calea_halves(sum->middle), calea_halves(sum->high));
    }

    CALEA_VAES CALEA_FLAT void calea_gcm_key(struct calea_gcm *gcm, const unsigned char *key) {
        __m128i power[8], carry;
        int i;
        calea_expand(key, gcm->keys);
        power[0] = calea_turned(calea_aes(gcm->keys, _mm_setzero_si128()));
        /* Times x: one to the left, and the polynomial where a bit goes out. */
        carry = _mm_shuffle_epi32(_mm_srai_epi32(power[0], 31), 0xff);
        power[0] = _mm_or_si128(_mm_slli_epi64(power[0], 1), _mm_slli_si128(_mm_srli_epi64(power[0], 63), 8));
        power[0] = _mm_xor_si128(power[0],
                                 _mm_and_si128(carry, _mm_set_epi64x((long long)0xc200000000000000ull, 1)));
        for (i = 1; i < 8; i++)
            power[i] = calea_product(power[i - 1], power[0]);
        for (i = 0; i < 4; i++)
            gcm->powers[i] = _mm256_set_m128i(power[6 - 2 * i], power[7 - 2 * i]);
        OPENSSL_cleanse(power, sizeof power);
    }

    /* Octets that are hashed and not encrypted, or what is left of some that were: the last block is filled with zeroes. */
    CALEA_VAES CALEA_FLAT __m128i calea_hashed(__m128i hash, __m128i key, const unsigned char *at, int64_t octets) {
        for (; octets > 0; octets -= 16, at += 16) {
            unsigned char block[16] = {0};
            memcpy(block, at, octets < 16 ? (size_t)octets : 16);
            hash = calea_product(_mm_xor_si128(hash, calea_turned(_mm_loadu_si128((const __m128i *)block))), key);
        }
        return hash;
    }

    CALEA_VAES __attribute__((noinline))
    static void calea_gcm_seal(const unsigned char *key, const unsigned char *nonce, const unsigned char *bound,
                               int64_t bound_octets, const unsigned char *from, int64_t octets, unsigned char *to,
                               unsigned char *tag) {
        const __m256i turn = _mm256_broadcastsi128_si256(
            _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
        struct calea_gcm gcm;
        unsigned char first[16];
        __m128i hash, start, last, one;
        __m256i counters, done[4];
        int64_t left = octets;
        int i, round, behind = 0;
        calea_gcm_key(&gcm, key);
        one = _mm256_extracti128_si256(gcm.powers[3], 1);
        hash = calea_hashed(_mm_setzero_si128(), one, bound, bound_octets);
        memcpy(first, nonce, 12);
        memcpy(first + 12, "\\0\\0\\0\\1", 4);
        start = _mm_loadu_si128((const __m128i *)first);
        last = calea_aes(gcm.keys, start);
        /* Counters count in the lowest word of a turned block, two at a time, from 2 on. */
        counters = _mm256_add_epi32(_mm256_broadcastsi128_si256(calea_turned(start)),
                                    _mm256_set_epi32(0, 0, 0, 2, 0, 0, 0, 1));
        for (; left >= 128; left -= 128, from += 128, to += 128) {
            __m256i b[4];
            struct calea_sum sum;
            for (i = 0; i < 4; i++) {
                b[i] = _mm256_xor_si256(_mm256_shuffle_epi8(counters, turn), _mm256_broadcastsi128_si256(gcm.keys[0]));
                counters = _mm256_add_epi32(counters, _mm256_set_epi32(0, 0, 0, 2, 0, 0, 0, 2));
            }
            /* The eight blocks before these are hashed meanwhile, what was hashed before them in their first: a round of
               AES waits for the one before it. */
            calea_sum_begin(&sum);
            if (behind)
                done[0] = _mm256_xor_si256(done[0], _mm256_zextsi128_si256(hash));
            _Pragma("GCC unroll 13")
            for (round = 1; round < CALEA_ROUNDS; round++) {
                const __m256i round_key = _mm256_broadcastsi128_si256(gcm.keys[round]);
                for (i = 0; i < 4; i++)
                    b[i] = _mm256_aesenc_epi128(b[i], round_key);
                if (behind && round % 2 == 0 && round <= 8)
                    calea_sum_add(&sum, done[round / 2 - 1], gcm.powers[round / 2 - 1]);
            }
            if (behind)
                hash = calea_sum_end(&sum);
            for (i = 0; i < 4; i++) {
                b[i] = _mm256_aesenclast_epi128(b[i], _mm256_broadcastsi128_si256(gcm.keys[CALEA_ROUNDS]));
                b[i] = _mm256_xor_si256(b[i], _mm256_loadu_si256((const __m256i *)from + i));
                _mm256_storeu_si256((__m256i *)to + i, b[i]);
                done[i] = _mm256_shuffle_epi8(b[i], turn);
            }
            behind = 1;
        }
        if (behind) {
            struct calea_sum sum;
            calea_sum_begin(&sum);
            done[0] = _mm256_xor_si256(done[0], _mm256_zextsi128_si256(hash));
            for (i = 0; i < 4; i++)
                calea_sum_add(&sum, done[i], gcm.powers[i]);
            hash = calea_sum_end(&sum);
        }
        for (; left > 0; left -= 16, from += 16, to += 16) {
            int64_t some = left < 16 ? left : 16;
            unsigned char block[16] = {0};
            memcpy(block, from, (size_t)some);
            _mm_storeu_si128((__m128i *)block, _mm_xor_si128(
                _mm_loadu_si128((const __m128i *)block),
                calea_aes(gcm.keys, calea_turned(_mm256_castsi256_si128(counters)))));
            memcpy(to, block, (size_t)some);
            hash = calea_hashed(hash, one, to, some);
            counters = _mm256_add_epi32(counters, _mm256_set_epi32(0, 0, 0, 1, 0, 0, 0, 1));
            OPENSSL_cleanse(block, sizeof block);
        }
        hash = _mm_xor_si128(hash, _mm_set_epi64x(8 * bound_octets, 8 * octets));
        hash = calea_turned(calea_product(hash, one));
        _mm_storeu_si128((__m128i *)tag, _mm_xor_si128(hash, last));
        OPENSSL_cleanse(&gcm, sizeof gcm);
    }
    #else
    static int calea_gcm_quick(void) {
        return 0;
    }
    static void calea_gcm_seal(const unsigned char *key, const unsigned char *nonce, const unsigned char *bound,
                               int64_t bound_octets, const unsigned char *from, int64_t octets, unsigned char *to,
                               unsigned char *tag) {
        (void)key, (void)nonce, (void)bound, (void)bound_octets, (void)from, (void)octets, (void)to, (void)tag;
    }
    #endif
    """
    bint gcm_quick "calea_gcm_quick"() noexcept nogil
    void gcm_seal "calea_gcm_seal"(const unsigned char *key, const unsigned char *nonce, const unsigned char *bound, int64_t bound_octets, const unsigned char *source, int64_t octets, unsigned char *to, unsigned char *tag) noexcept nogil

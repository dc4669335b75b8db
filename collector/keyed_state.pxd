# HMAC-SHA-256 from the states behind its two pads (RFC 2104 section 4), in C, for keyed_digest.py.
from libc.stdint cimport int64_t

cdef extern from *:
    """
    #ifndef OPENSSL_SUPPRESS_DEPRECATED
    #define OPENSSL_SUPPRESS_DEPRECATED
    #endif
    #include <openssl/sha.h>
    #include <stdint.h>

    /* A kernel that knows the type may call neither. */
    #ifdef __GNUC__
    #define CALEA_MAYBE __attribute__((unused))
    #else
    #define CALEA_MAYBE
    #endif

    /* The state behind one pad, a whole block. */
    CALEA_MAYBE static void calea_begin(SHA256_CTX *state, const unsigned char *pad) {
        SHA256_Init(state);
        SHA256_Update(state, pad, 64);
    }

    CALEA_MAYBE static void calea_keyed(const SHA256_CTX *inner, const SHA256_CTX *outer, const unsigned char *octets,
                                        int64_t count, unsigned char *digest) {
        SHA256_CTX state = *inner;
        unsigned char held[32];
        SHA256_Update(&state, octets, (size_t)count);
        SHA256_Final(held, &state);
        state = *outer;
        SHA256_Update(&state, held, 32);
        SHA256_Final(digest, &state);
    }
    """
    ctypedef struct SHA256_CTX:
        pass
    void begin "calea_begin"(SHA256_CTX *state, const unsigned char *pad) noexcept
    void keyed "calea_keyed"(const SHA256_CTX *inner, const SHA256_CTX *outer, const unsigned char *octets, int64_t count, unsigned char *digest) noexcept

# AES-256-GCM of many extents with one context, in C, for sealing.py: what each argument holds is said there.
from libc.stdint cimport int64_t

cdef extern from *:
    """
    #include <openssl/evp.h>
    #include <limits.h>
    #include <stdint.h>

    static int64_t calea_seal(int64_t count, const unsigned char *keys, const unsigned char *nonces,
                              const unsigned char *bindings, const int64_t *places, const unsigned char *plain,
                              unsigned char *area, unsigned char *tags) {
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        int64_t number = 0;
        int taken;
        if (context == NULL)
            return -1;
        if (EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, NULL, NULL) == 1) {
            for (; number < count; number++) {
                const int64_t *place = places + 5 * number;
                if (place[1] > INT_MAX || place[4] > INT_MAX
                    || EVP_EncryptInit_ex(context, NULL, NULL, keys + 32 * number, nonces + 12 * number) != 1
                    || EVP_EncryptUpdate(context, NULL, &taken, bindings + place[3], (int)place[4]) != 1
                    || EVP_EncryptUpdate(context, area + place[2], &taken, plain + place[0], (int)place[1]) != 1
                    || EVP_EncryptFinal_ex(context, area + place[2] + place[1], &taken) != 1
                    || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, tags + 16 * number) != 1)
                    break;
            }
        }
        /* What was in the context of the last key goes with it. */
        EVP_CIPHER_CTX_free(context);
        return number;
    }
    """
    int64_t seal_extents "calea_seal"(int64_t count, const unsigned char *keys, const unsigned char *nonces, const unsigned char *bindings, const int64_t *places, const unsigned char *plain, unsigned char *area, unsigned char *tags) noexcept nogil

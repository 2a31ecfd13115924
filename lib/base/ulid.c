#include <base/mem.h>
#include <base/ulid.h>
#include <base/when.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* The one piece of state: what the last id was, so that ids of one millisecond still sort. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t last_ms;
static uint8_t last_random[10];

static void fill_random(uint8_t *bytes, size_t length) {
    while (length) {
        ssize_t n = getrandom(bytes, length, 0);
        if (n < 0)
            continue; /* interrupted: getrandom has no other failure with these flags */
        bytes += n;
        length -= (size_t)n;
    }
}

void c138_ulid(char ret_text[C138_ULID_TEXT]) {
    uint8_t raw[16];
    pthread_mutex_lock(&lock);
    uint64_t ms = (uint64_t)(c138_now_utc_ns() / C138_NS_PER_MS);
    if (ms > last_ms) {
        last_ms = ms;
        fill_random(last_random, sizeof(last_random));
        last_random[0] &= 0x7f; /* room to count up */
    } else {
        for (size_t i = sizeof(last_random); i-- && !++last_random[i];)
            ;
    }
    for (size_t i = 0; i < 6; i++)
        raw[i] = (uint8_t)(last_ms >> (40 - 8 * i));
    memcpy(raw + 6, last_random, sizeof(last_random));
    pthread_mutex_unlock(&lock);
    /* 128 bits, 5 at a time from the right. */
    for (int i = 25; i >= 0; i--) {
        uint32_t digit = raw[15] & 31u;
        ret_text[i] = alphabet[digit];
        uint32_t carry = 0;
        for (size_t k = 0; k < 16; k++) {
            uint32_t v = carry << 8 | raw[k];
            raw[k] = (uint8_t)(v >> 5);
            carry = v & 31;
        }
    }
    ret_text[26] = '\0';
}

int c138_ulid_valid(const char *text) {
    if (strlen(text) != 26 || text[0] > '7')
        return 0;
    for (const char *p = text; *p; p++)
        if (!strchr(alphabet, *p))
            return 0;
    return 1;
}

int64_t c138_ulid_time_ns(const char *text) {
    if (!c138_ulid_valid(text))
        return 0;
    uint64_t ms = 0;
    for (size_t i = 0; i < 10; i++)
        ms = ms << 5 | (uint64_t)(strchr(alphabet, text[i]) - alphabet);
    return ms > (uint64_t)INT64_MAX / C138_NS_PER_MS ? 0 : (int64_t)ms * C138_NS_PER_MS;
}

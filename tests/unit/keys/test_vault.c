#include "rig.h"

#include <base/text.h>
#include <plugins/keys/vault.h>
#include <stdio.h>
#include <string.h>

static void pieces(void) {
    struct vault *v = NULL;
    CU_ASSERT_EQUAL_FATAL(vault_new(&v, NULL), C138_OK);
    const struct secret_host *h = vault_host(v);
    void *p[64] = {0};
    size_t sizes[64];
    unsigned seed = 7;
    /* taken and given in no order, written from end to end: they never overlap */
    for (int turn = 0; turn < 4000; turn++) {
        seed = seed * 1103515245u + 12345u;
        unsigned i = seed >> 16 & 63;
        if (p[i]) {
            for (size_t k = 0; k < sizes[i]; k++)
                if (((uint8_t *)p[i])[k] != (uint8_t)i) {
                    CU_FAIL_FATAL("another piece wrote here");
                }
            h->give(h->context, p[i], sizes[i]);
            p[i] = NULL;
        } else {
            sizes[i] = seed >> 8 & 1023;
            p[i] = h->take(h->context, sizes[i]);
            CU_ASSERT_PTR_NOT_NULL_FATAL(p[i]);
            CU_ASSERT_EQUAL((uintptr_t)p[i] % _Alignof(max_align_t), 0);
            memset(p[i], (int)i, sizes[i]);
        }
    }
    for (unsigned i = 0; i < 64; i++)
        if (p[i])
            h->give(h->context, p[i], sizes[i]);
    CU_ASSERT_EQUAL(vault_used(v), 0);
    /* one free piece again, and not a byte more */
    void *all = h->take(h->context, VAULT_SIZE - 64);
    CU_ASSERT_PTR_NOT_NULL_FATAL(all);
    CU_ASSERT_PTR_NULL(h->take(h->context, 64));
    h->give(h->context, all, VAULT_SIZE - 64);
    CU_ASSERT_PTR_NULL(h->take(h->context, VAULT_SIZE));
    CU_ASSERT_PTR_NULL(h->take(h->context, SIZE_MAX));
    vault_free(v);
}

/* What was given back is zeros. */
static void wiped(void) {
    struct vault *v = NULL;
    CU_ASSERT_EQUAL_FATAL(vault_new(&v, NULL), C138_OK);
    const struct secret_host *h = vault_host(v);
    static const uint8_t zeros[100];
    uint8_t *p = h->take(h->context, 100);
    memset(p, 0xa5, 100);
    h->give(h->context, p, 100);
    uint8_t *again = h->take(h->context, 100);
    CU_ASSERT_PTR_EQUAL(again, p);
    CU_ASSERT_EQUAL(memcmp(again, zeros, 100), 0);
    h->give(h->context, again, 100);
    vault_free(v);
}

/* Where the kernel has memfd_secret, nobody reads it through /proc either. */
static void unreadable(void) {
    struct vault *v = NULL;
    char got[16];
    CU_ASSERT_EQUAL_FATAL(vault_new(&v, NULL), C138_OK);
    const struct secret_host *h = vault_host(v);
    char *p = h->take(h->context, 16);
    memcpy(p, "fifteen letters", 16);
    FILE *mem = fopen("/proc/self/mem", "re");
    int here = mem && fseek(mem, (long)(uintptr_t)p, SEEK_SET) == 0 && fread(got, 16, 1, mem) == 1;
    if (mem)
        fclose(mem);
    if (!strcmp(vault_kind(v), "memfd_secret"))
        CU_ASSERT_FALSE(here);
    h->give(h->context, p, 16);
    vault_free(v);
}

const CU_TestInfo tests_vault[] = {
    {"pieces", pieces}, {"wiped", wiped}, {"unreadable", unreadable}, CU_TEST_INFO_NULL};

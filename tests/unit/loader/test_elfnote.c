#include "unit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <loader/elfnote.h>
#include <string.h>

static void read_good(struct c138_buf *b) {
    CU_ASSERT_EQUAL_FATAL(c138_file_read(FAULT_PLUGIN_DIR "/good.so", 16 << 20, b, NULL), C138_OK);
}

static c138_status parse(const struct c138_buf *b, size_t length) {
    c138_note note;
    return elfnote_parse(b->data, length, &note, NULL);
}

static void test_good(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    c138_note note = {0}, same = {0};
    read_good(&b);
    CU_ASSERT_EQUAL(elfnote_parse(b.data, b.length, &note, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(note.name, "good");
    CU_ASSERT_STRING_EQUAL(note.version, "1.2.3");
    CU_ASSERT_EQUAL(note.abi_major, C138_ABI_MAJOR);
    CU_ASSERT_EQUAL(note.flags, C138_PLUGIN_NO_NETWORK);
    C138_CLOSE int fd = open(FAULT_PLUGIN_DIR "/good.so", O_RDONLY | O_CLOEXEC);
    CU_ASSERT_EQUAL(elfnote_read(fd, &same, NULL), C138_OK);
    CU_ASSERT_EQUAL(memcmp(&note, &same, sizeof note), 0);
}

static void test_others(void) {
    struct c138_err err;
    c138_note note;
    C138_CLOSE int libc = open(LIBRARY_WITHOUT_NOTE, O_RDONLY | O_CLOEXEC);
    CU_ASSERT_EQUAL(elfnote_read(libc, &note, &err), C138_E_NOTFOUND);
    C138_CLOSE int program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    CU_ASSERT_EQUAL(elfnote_read(program, &note, &err), C138_E_INVALID);
    C138_CLOSE int zero = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CU_ASSERT_EQUAL(elfnote_read(zero, &note, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(elfnote_parse(NULL, 0, &note, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(elfnote_parse("#!/bin/sh\n", 10, &note, &err), C138_E_INVALID);
}

/* Cut off anywhere: refused, or, where only what lies behind the note is missing, the same note. */
static void test_cut(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    read_good(&b);
    for (size_t length = 0; length < b.length; length += length < 8192 ? 1 : 997) {
        c138_note note = {0};
        if (elfnote_parse(b.data, length, &note, NULL) == C138_OK)
            CU_ASSERT_STRING_EQUAL(note.name, "good");
    }
    CU_ASSERT_EQUAL(parse(&b, 63), C138_E_INVALID);
}

static char *find_note(struct c138_buf *b) {
    return memmem(b->data, b->length, C138_NOTE_OWNER, sizeof C138_NOTE_OWNER);
}

/* One byte wrong, each in turn, where it matters: never a note that is not well formed. */
static void test_bytes(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    read_good(&b);
    size_t note_at = (size_t)(find_note(&b) - b.data) - 12, taken = 0;
    for (size_t i = 0; i < 64 + 56 * 12 + 200; i++) {
        size_t at = i < 64 + 56 * 12 ? i : note_at + i - 64 - 56 * 12;
        for (unsigned v = 1; v < 256; v += 85) {
            char old = b.data[at];
            c138_note note;
            b.data[at] = (char)((unsigned char)old ^ v);
            if (elfnote_parse(b.data, b.length, &note, NULL) == C138_OK) {
                taken++;
                CU_ASSERT(strnlen(note.name, sizeof note.name) < sizeof note.name);
                CU_ASSERT(strnlen(note.version, sizeof note.version) < sizeof note.version);
            }
            b.data[at] = old;
        }
    }
    CU_ASSERT(taken > 0);
}

static void put32(char *at, uint32_t value) {
    memcpy(at, &value, sizeof value);
}

/* The payload of the note in a copy of the file, to damage. */
static c138_status with_payload(size_t offset, const void *bytes, size_t length) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    read_good(&b);
    memcpy(find_note(&b) + 12 + offset, bytes, length);
    return parse(&b, b.length);
}

static void test_payload(void) {
    uint32_t small = 8, large = 4000, minor = 9;
    size_t name = offsetof(c138_note, name), version = offsetof(c138_note, version);
    char full[32];
    memset(full, 'a', sizeof full);
    CU_ASSERT_EQUAL(with_payload(0, &small, 4), C138_E_INVALID);
    CU_ASSERT_EQUAL(with_payload(0, &large, 4), C138_E_INVALID);
    CU_ASSERT_EQUAL(with_payload(offsetof(c138_note, abi_minor), &minor, 4), C138_OK);
    CU_ASSERT_EQUAL(with_payload(name, full, 32), C138_E_INVALID); /* no NUL */
    CU_ASSERT_EQUAL(with_payload(name, full, 31), C138_OK);
    CU_ASSERT_EQUAL(with_payload(name, "\0ood", 5), C138_E_INVALID);
    CU_ASSERT_EQUAL(with_payload(name, "Good", 5), C138_E_INVALID);
    CU_ASSERT_EQUAL(with_payload(name, "../x", 5), C138_E_INVALID);
    CU_ASSERT_EQUAL(with_payload(name + 20, "hidden", 6), C138_E_INVALID);
    CU_ASSERT_EQUAL(with_payload(version, "v1", 2), C138_E_INVALID);
    CU_ASSERT_EQUAL(with_payload(version, "1\n", 2), C138_E_INVALID);
    CU_ASSERT_EQUAL(with_payload(version, "1.0~rc1", 8), C138_OK);
}

/* Sizes in the note that reach past its segment, or around the end of the numbers. */
static void test_sizes(void) {
    static const uint32_t sizes[] = {0, 1, 13, 200, 4096, 0x7fffffff, 0xfffffff0, 0xffffffff};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int which = 0; which < 2; which++) {
            C138_BUF struct c138_buf b = C138_BUF_NULL;
            read_good(&b);
            put32(find_note(&b) - 12 + 4 * which, sizes[i]);
            CU_ASSERT_NOT_EQUAL(parse(&b, b.length), C138_OK);
        }
}

/* Two notes: made of a note segment that is named twice in the program headers. */
static void test_twice(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    read_good(&b);
    ElfW(Ehdr) h;
    memcpy(&h, b.data, sizeof h);
    long note_at = -1, other = -1;
    uint64_t ours = (uint64_t)(find_note(&b) - b.data);
    for (unsigned i = 0; i < h.e_phnum; i++) {
        ElfW(Phdr) p;
        size_t at = h.e_phoff + i * sizeof p;
        memcpy(&p, b.data + at, sizeof p);
        if (p.p_type == PT_NOTE && ours >= p.p_offset && ours < p.p_offset + p.p_filesz)
            note_at = (long)at;
        else if (p.p_type == PT_GNU_STACK)
            other = (long)at;
    }
    CU_ASSERT_FATAL(note_at >= 0 && other >= 0);
    memcpy(b.data + other, b.data + note_at, sizeof(ElfW(Phdr)));
    struct c138_err err;
    c138_note note;
    CU_ASSERT_EQUAL(elfnote_parse(b.data, b.length, &note, &err), C138_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "two"));
}

const CU_TestInfo tests_elfnote[] = {{"good", test_good},       {"other files", test_others},
                                     {"cut off", test_cut},     {"each byte", test_bytes},
                                     {"payload", test_payload}, {"sizes", test_sizes},
                                     {"twice", test_twice},     CU_TEST_INFO_NULL};

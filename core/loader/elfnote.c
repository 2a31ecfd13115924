#include <loader/elfnote.h>

#include <base/text.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_HEADERS 128       /* program headers; a linker makes about ten */
#define MAX_NOTES (64u << 10) /* bytes of one note segment */

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#elif defined(__riscv)
#define OUR_MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define OUR_MACHINE EM_PPC64
#elif defined(__s390x__)
#define OUR_MACHINE EM_S390
#elif defined(__i386__)
#define OUR_MACHINE EM_386
#elif defined(__arm__)
#define OUR_MACHINE EM_ARM
#else
#error "name this machine's ELF number here"
#endif
#define OUR_CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)
#define OUR_DATA (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB)

/* Where bytes come from: memory or an open file. */
struct source {
    const unsigned char *bytes; /* NULL: from fd */
    int fd;
    uint64_t size;
};

/* `length` bytes at `offset`; 0 if they are not all there. */
static int source_read(const struct source *s, uint64_t offset, void *into, size_t length) {
    if (offset > s->size || length > s->size - offset)
        return 0;
    if (s->bytes) {
        memcpy(into, s->bytes + offset, length);
        return 1;
    }
    for (size_t have = 0; have < length;) {
        ssize_t n = pread(s->fd, (char *)into + have, length - have, (off_t)(offset + have));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return 0;
        have += (size_t)n;
    }
    return 1;
}

static c138_status bad(struct c138_err *err, const char *what) {
    return c138_error(
        err, C138_E_INVALID, "plugin.damaged",
        "%s: not a plugin for this machine: build it again with include/chain138/abi.h", what);
}

/* NUL-padded text of at most size - 1 bytes, not empty, nothing behind its end. */
static int is_padded(const char *text, size_t size) {
    size_t length = strnlen(text, size);
    if (length == 0 || length == size)
        return 0;
    for (size_t i = length; i < size; i++)
        if (text[i] != '\0')
            return 0;
    return 1;
}

static int is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

static int is_digit(char c) {
    return c >= '0' && c <= '9';
}

static int is_name(const char *name) {
    if (!is_lower(*name))
        return 0;
    for (const char *c = name; *c; c++)
        if (!is_lower(*c) && !is_digit(*c) && *c != '-')
            return 0;
    return 1;
}

/* Digits and dots first, then what a version may hold in printable ASCII. */
static int is_version(const char *version) {
    if (!is_digit(*version))
        return 0;
    for (const char *c = version; *c; c++)
        if (!is_digit(*c) && !is_lower(*c) && !(*c >= 'A' && *c <= 'Z') && !strchr(".-+~_", *c))
            return 0;
    return 1;
}

static c138_status take_note(const unsigned char *payload, size_t length, c138_note *ret_note,
                             struct c138_err *err) {
    c138_note note;
    if (length < sizeof note)
        return bad(err, "ELF note: its payload is too short");
    memcpy(&note, payload, sizeof note);
    if (note.struct_size < sizeof note || note.struct_size > length)
        return bad(err, "ELF note: struct_size is not the size of its payload");
    if (!is_padded(note.name, sizeof note.name) || !is_name(note.name))
        return bad(err, "ELF note: the name is not [a-z][a-z0-9-]* of at most 31 bytes");
    if (!is_padded(note.version, sizeof note.version) || !is_version(note.version))
        return bad(err, "ELF note: the version does not begin with a digit or is too long");
    note.struct_size = sizeof note;
    *ret_note = note;
    return C138_OK;
}

static size_t align_up(size_t value, size_t align) {
    return (value + align - 1) & ~(align - 1);
}

/* All notes of one segment. *count: how many of ours were found so far. */
static c138_status walk_notes(const unsigned char *bytes, size_t length, size_t align,
                              c138_note *note, unsigned *count, struct c138_err *err) {
    size_t at = 0;
    while (length - at >= 12) {
        uint32_t owner_size, payload_size, type;
        memcpy(&owner_size, bytes + at, 4);
        memcpy(&payload_size, bytes + at + 4, 4);
        memcpy(&type, bytes + at + 8, 4);
        at += 12;
        if (owner_size > length - at)
            return bad(err, "ELF note: its owner reaches past the segment");
        const unsigned char *owner = bytes + at;
        size_t payload_at = align_up(at + owner_size, align);
        if (payload_at > length || payload_size > length - payload_at)
            return bad(err, "ELF note: its payload reaches past the segment");
        if (type == C138_NOTE_TYPE && owner_size == sizeof C138_NOTE_OWNER &&
            memcmp(owner, C138_NOTE_OWNER, sizeof C138_NOTE_OWNER) == 0) {
            if (++*count > 1)
                return bad(err, "ELF note: there are two of them");
            c138_status st = take_note(bytes + payload_at, payload_size, note, err);
            if (st)
                return st;
        }
        at = align_up(payload_at + payload_size, align);
        if (at >= length)
            break;
    }
    return C138_OK;
}

static c138_status check_header(const ElfW(Ehdr) * h, struct c138_err *err) {
    if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
        return bad(err, "file: no ELF header");
    if (h->e_ident[EI_CLASS] != OUR_CLASS || h->e_ident[EI_DATA] != OUR_DATA ||
        h->e_machine != OUR_MACHINE)
        return bad(err, "ELF header: made for another machine");
    if (h->e_ident[EI_VERSION] != EV_CURRENT || h->e_type != ET_DYN)
        return bad(err, "ELF header: not a shared object");
    if (h->e_phentsize != sizeof(ElfW(Phdr)) || h->e_phnum == 0 || h->e_phnum > MAX_HEADERS)
        return bad(err, "ELF header: the program headers are not as they should be");
    return C138_OK;
}

static c138_status walk_segment(const struct source *s, const ElfW(Phdr) * p, c138_note *note,
                                unsigned *count, struct c138_err *err) {
    unsigned char bytes[4096], *more = NULL;
    if (p->p_filesz > MAX_NOTES)
        return bad(err, "ELF note: the segment is larger than 64 KiB");
    size_t length = (size_t)p->p_filesz;
    if (length > sizeof bytes && !(more = malloc(length)))
        return c138_error(err, C138_E_INTERNAL, NULL, "ELF note: out of memory");
    unsigned char *at = more ? more : bytes;
    c138_status st = source_read(s, p->p_offset, at, length)
                         ? walk_notes(at, length, p->p_align == 8 ? 8 : 4, note, count, err)
                         : bad(err, "ELF note: the segment reaches past the end of the file");
    free(more);
    return st;
}

static c138_status parse(const struct source *s, c138_note *ret_note, struct c138_err *err) {
    ElfW(Ehdr) h;
    if (!source_read(s, 0, &h, sizeof h))
        return bad(err, "file: too short for an ELF header");
    c138_status st = check_header(&h, err);
    if (st)
        return st;
    c138_note note = {0};
    unsigned count = 0;
    for (unsigned i = 0; i < h.e_phnum; i++) {
        ElfW(Phdr) p;
        if (h.e_phoff > s->size || !source_read(s, h.e_phoff + i * sizeof p, &p, sizeof p))
            return bad(err, "ELF header: the program headers reach past the end of the file");
        if (p.p_type == PT_INTERP)
            return bad(err, "ELF header: a program, not a shared object");
        if (p.p_type == PT_NOTE && (st = walk_segment(s, &p, &note, &count, err)) != C138_OK)
            return st;
    }
    if (count == 0)
        return c138_error(err, C138_E_NOTFOUND, "plugin.no-note",
                          "ELF note: there is none of owner \"chain138\": not a plugin, or "
                          "C138_PLUGIN_NOTE() is missing in its source");
    *ret_note = note;
    return C138_OK;
}

c138_status elfnote_parse(const void *bytes, size_t length, c138_note *ret_note,
                          struct c138_err *err) {
    /* A source without bytes would be read from a descriptor. */
    struct source s = {.bytes = bytes ? bytes : (const void *)"", .fd = -1, .size = length};
    return parse(&s, ret_note, err);
}

c138_status elfnote_read(int fd, c138_note *ret_note, struct c138_err *err) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return c138_error(err, C138_E_INVALID, NULL, "file: cannot be examined: %s",
                          strerror(errno));
    struct source s = {.fd = fd, .size = st.st_size > 0 ? (uint64_t)st.st_size : 0};
    return parse(&s, ret_note, err);
}

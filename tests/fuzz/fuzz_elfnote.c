#include <base/mem.h>
#include <loader/elfnote.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the file: a note that is taken is well formed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    c138_note note;
    struct c138_err err = {0};
    c138_status st = elfnote_parse(data, size, &note, &err);
    if (st != C138_OK && err.text[0] == '\0')
        __builtin_trap();
    if (st == C138_OK && (strnlen(note.name, sizeof note.name) == sizeof note.name ||
                          strnlen(note.version, sizeof note.version) == sizeof note.version ||
                          note.name[0] < 'a' || note.name[0] > 'z'))
        __builtin_trap();
    return 0;
}

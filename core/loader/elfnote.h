/*
 * loader/elfnote.h: identity before code. Reads the note `.note.chain138` (chain138/abi.h) from an
 * open file without mapping it for execution. Every offset and size of the file is checked: it is
 * fuzzed. Any thread.
 */
#ifndef CORE_LOADER_ELFNOTE_H
#define CORE_LOADER_ELFNOTE_H
#include <base/err.h>
/* C138_E_NOTFOUND: no note (not a plugin). C138_E_INVALID: not an ELF shared object of this
 * machine, damaged, two notes, or strings that are not well formed. A longer note of a newer
 * contract is taken as far as it is known. */
c138_status elfnote_read(int fd, c138_note *ret_note, struct c138_err *err);
c138_status elfnote_parse(const void *bytes, size_t length, c138_note *ret_note,
                          struct c138_err *err);
#endif

/* What the programs of a build with AddressSanitizer tell it before they start; nothing in other
 * builds. The linker is told to take this file along (configure.ac). */
#include "config.h"

extern const char c138_asan_options[];

/* The sanitizer guesses where a thread's storage of a loaded plugin lies from what is before it in
 * memory. Now and then it guesses wrong, and its search for leaks ends in a crash of its own. */
const char c138_asan_options[] = "intercept_tls_get_addr=0";

#ifdef __SANITIZE_ADDRESS__
const char *__asan_default_options(void);

__attribute__((visibility("default"))) const char *__asan_default_options(void) {
    return c138_asan_options;
}
#endif

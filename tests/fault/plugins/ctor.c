/* Refused for its contract, and with a constructor that would leave a file if it ever ran. */
#include <chain138/host.h>

#include <fcntl.h>
#include <unistd.h>

#undef C138_ABI_MAJOR
#define C138_ABI_MAJOR 99u
C138_PLUGIN_NOTE("ctor", "1.0.0", 0);

__attribute__((constructor)) static void betray(void) {
    int fd = open(FAULT_CTOR_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
}

const c138_plugin *c138_plugin_entry(void) {
    return NULL;
}

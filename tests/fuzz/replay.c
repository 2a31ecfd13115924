/* Runs a fuzz target over the files named (or in the folders named): a regression test without
 * libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path) {
    FILE *f = fopen(path, "rb");
    uint8_t *data = malloc(1 << 20);
    if (!f || !data) {
        perror(path);
        exit(1);
    }
    size_t size = fread(data, 1, 1 << 20, f);
    fclose(f);
    /* Once exactly as long as the file, so that AddressSanitizer sees a read past its end. */
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact)
        exit(1);
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    free(data);
    return 1;
}

static int replay(const char *path) {
    struct stat st;
    int count = 0;
    DIR *folder;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
        return replay_file(path);
    if (!(folder = opendir(path))) {
        perror(path);
        exit(1);
    }
    for (struct dirent *e; (e = readdir(folder));) {
        char file[4096];
        if (e->d_name[0] == '.')
            continue;
        snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
        count += replay_file(file);
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv) {
    int count = 0;
    const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
    const char *base = getenv("srcdir") ? getenv("srcdir") : ".";
    char folder[4096];
    for (int i = 1; i < argc; i++)
        count += replay(argv[i]);
    if (argc ==
        1) { /* as a test: the target's own corpus, tests/fuzz/corpus/<name without fuzz_> */
        const char *target = strstr(name, "fuzz_") ? strstr(name, "fuzz_") + 5 : name;
        snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", base, target);
        count = replay(folder);
    }
    printf("%s: %d inputs replayed\n", name, count);
    return count == 0;
}

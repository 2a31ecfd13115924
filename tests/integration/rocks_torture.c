/*
 * A RocksDB writer that flushes and compacts without pause, copied over and over while it writes.
 *
 *   rocks_torture FOLDER COPIES [recycle]
 *   rocks_torture write FOLDER     only the writer, until its standard input ends
 *   rocks_torture judge FOLDER     is this copy of such a writer's database good? 0 and its counter, or 1 and why not
 *
 * The writer (a process of its own) puts the same counter into three column families in one batch,
 * one of them with blobs; the key is the counter modulo SLOTS, so that compaction has work. What a
 * good copy of the instant c holds is known exactly: each family has the counter c, and in slot s the
 * greatest i <= c with i % SLOTS == s. So a copy that lost a log, has a hole in one, or is of two
 * instants at once is found, also when RocksDB opens it without a word.
 *
 * Controls in the same run, which must be caught: the guide's tar, hard links of everything, and
 * the orders that look right (logs first; tables, then MANIFEST). In every fourth good copy the writer
 * is driven on at each step of the copy, so that logs are turned and tables come and go just there.
 * Prints a line of JSON for each kind; ends with 1 if a good copy was bad or a bad one was not caught.
 */
#include <plugins/backup/files.h>
#include <plugins/backup/rocks.h>
#include <plugins/backup/stage.h>

#include <base/fs.h>
#include <base/mem.h>
#include <base/when.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <rocksdb/c.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS 8192u
#define VALUE 1200
#define FAMILIES 3

extern char **environ;
static const char *const families[FAMILIES] = {"default", "accounts", "blobs"};

static _Noreturn void die(const char *what, const char *why) {
    (void)fprintf(stderr, "rocks_torture: %s: %s\n", what, why);
    exit(2);
}

static void must(char *text, const char *what) {
    if (text)
        die(what, text);
}

/* --- The writer ------------------------------------------------------------------------------- */

struct writer {
    rocksdb_t *db;
    rocksdb_column_family_handle_t *handles[FAMILIES];
    rocksdb_writeoptions_t *write;
    uint64_t counter;
};

static rocksdb_options_t *family_options(int blobs, int recycle) {
    rocksdb_options_t *o = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(o, 1);
    rocksdb_options_set_create_missing_column_families(o, 1);
    rocksdb_options_set_write_buffer_size(o, 1u << 20);
    rocksdb_options_set_max_write_buffer_number(o, 4);
    rocksdb_options_set_target_file_size_base(o, 512u << 10);
    rocksdb_options_set_level0_file_num_compaction_trigger(o, 2);
    rocksdb_options_set_max_bytes_for_level_base(o, 4u << 20);
    rocksdb_options_set_compression(o, rocksdb_lz4_compression);
    rocksdb_options_increase_parallelism(o, 4);
    if (recycle) {
        rocksdb_options_set_recycle_log_file_num(o, 4);
        rocksdb_options_set_wal_recovery_mode(o, 0); /* else RocksDB 7 does not recycle */
    }
    if (blobs) {
        rocksdb_options_set_enable_blob_files(o, 1);
        rocksdb_options_set_min_blob_size(o, 100);
        rocksdb_options_set_blob_file_size(o, 1u << 20);
        rocksdb_options_set_enable_blob_gc(o, 1);
        rocksdb_options_set_blob_gc_age_cutoff(o, 0.5);
    }
    return o;
}

static void writer_open(struct writer *w, const char *folder, int recycle) {
    char *text = NULL;
    const rocksdb_options_t *each[FAMILIES];
    for (int i = 0; i < FAMILIES; i++)
        each[i] = family_options(i == 2, recycle);
    w->write = rocksdb_writeoptions_create();
    w->db = rocksdb_open_column_families(each[0], folder, FAMILIES, families, each, w->handles,
                                         &text);
    must(text, "open");
}

/* Half of a value is noise, so that it has the size that it has. */
static void put(struct writer *w) {
    static uint64_t noise = 88172645463325252u;
    char value[VALUE];
    char *text = NULL;
    rocksdb_writebatch_t *b = rocksdb_writebatch_create();
    uint32_t slot = (uint32_t)(w->counter % SLOTS);
    memset(value, 'x', sizeof(value));
    for (size_t i = 8; i < VALUE / 2; i += 8) {
        noise ^= noise << 13, noise ^= noise >> 7, noise ^= noise << 17;
        memcpy(value + i, &noise, 8);
    }
    memcpy(value, &w->counter, 8);
    for (int i = 0; i < FAMILIES; i++) {
        rocksdb_writebatch_put_cf(b, w->handles[i], (const char *)&slot, 4, value,
                                  i == 0 ? 64 : sizeof(value));
        rocksdb_writebatch_put_cf(b, w->handles[i], "counter", 7, value, 8);
    }
    rocksdb_write(w->db, w->write, b, &text);
    must(text, "write");
    rocksdb_writebatch_destroy(b);
    w->counter++;
}

/* A byte on standard input flushes the family of that number and answers with the counter: so the
 * controls get their flush exactly where it hurts. 'w': what was written so far. */
static void obey(struct writer *w, char command) {
    char *text = NULL;
    if (command != 'w') {
        rocksdb_flushoptions_t *f = rocksdb_flushoptions_create();
        rocksdb_flushoptions_set_wait(f, 1);
        rocksdb_flush_cf(w->db, f, w->handles[command - '0'], &text);
        must(text, "flush");
        rocksdb_flushoptions_destroy(f);
    }
    if (write(1, &w->counter, 8) != 8)
        exit(0);
}

static _Noreturn void writer_main(const char *folder, int recycle) {
    struct writer w = {0};
    writer_open(&w, folder, recycle);
    for (;;) {
        struct pollfd p = {.fd = 0, .events = POLLIN};
        char command;
        if (poll(&p, 1, 0) == 1) {
            if (read(0, &command, 1) != 1)
                _exit(0);
            obey(&w, command);
        }
        for (int i = 0; i < 16; i++)
            put(&w);
    }
}

/* --- The test's side of it -------------------------------------------------------------------- */

static char *folder_of_db, *folder_of_copy;
static pid_t writer_pid;
static int to_writer = -1, from_writer = -1;

static uint64_t tell(char command) {
    uint64_t counter = 0;
    if (write(to_writer, &command, 1) != 1 || read(from_writer, &counter, 8) != 8)
        die("the writer", "is gone");
    return counter;
}

static void start_writer(int recycle) {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        die("pipe", strerror(errno));
    writer_pid = fork();
    if (writer_pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        writer_main(folder_of_db, recycle);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    to_writer = in[1];
    from_writer = out[0];
    while (tell('w') < SLOTS)
        ;
}

static void end_writer(void) {
    (void)kill(writer_pid, SIGKILL);
    (void)waitpid(writer_pid, NULL, 0);
}

/* --- Is a copy what it should be -------------------------------------------------------------- */

struct content {
    uint64_t slots[FAMILIES][SLOTS], counter[FAMILIES];
    int has[FAMILIES], odd;
};

static void on_pair(void *user, const char *family, const char *key, size_t key_length,
                    const char *value, size_t value_length) {
    struct content *c = user;
    uint32_t slot = 0;
    int f = 0;
    while (f < FAMILIES && strcmp(families[f], family))
        f++;
    if (f == FAMILIES || value_length < 8) {
        c->odd = 1;
    } else if (key_length == 7) {
        memcpy(&c->counter[f], value, 8);
        c->has[f] = 1;
    } else if (key_length == 4) {
        memcpy(&slot, key, 4);
        if (slot < SLOTS)
            memcpy(&c->slots[f][slot], value, 8);
    }
}

static struct content judged;

/* NULL, or what is wrong with it. */
static const char *judge(const char *folder, struct c138_err *err) {
    struct content *c = &judged;
    struct rocks_proof proof;
    memset(c, 0, sizeof(*c));
    const struct rocks_options o = {.folder = folder, .on_pair = on_pair, .user = c};
    if (rocks_prove(&o, &proof, err) < 0)
        return err->text;
    for (int f = 0; f < FAMILIES; f++)
        if (c->odd || !c->has[f] || c->counter[f] != c->counter[0])
            return "the families are of different instants";
    for (int f = 0; f < FAMILIES; f++)
        for (uint64_t s = 0; s < SLOTS; s++)
            if (c->slots[f][s] != c->counter[0] - (c->counter[0] % SLOTS + SLOTS - s) % SLOTS)
                return "there is a hole: writes before the last are missing";
    return NULL;
}

/* --- Controls --------------------------------------------------------------------------------- */

static void run_tar(void) {
    C138_FREE char *file = c138_xasprintf("%s.tar", folder_of_copy);
    const char *pack[] = {"tar", "-cf", file, "-C", folder_of_db, ".", NULL};
    const char *unpack[] = {"tar", "-xf", file, "-C", folder_of_copy, NULL};
    const char **each[] = {pack, unpack};
    (void)mkdir(folder_of_copy, 0755);
    for (int i = 0; i < 2; i++) {
        pid_t pid;
        posix_spawn_file_actions_t quiet;
        (void)posix_spawn_file_actions_init(&quiet);
        (void)posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
        if (posix_spawn(&pid, "/usr/bin/tar", &quiet, NULL, (char *const *)(uintptr_t)each[i],
                        environ))
            die("tar", "cannot be started");
        (void)waitpid(pid, NULL, 0);
        (void)posix_spawn_file_actions_destroy(&quiet);
    }
    (void)unlink(file);
}

/* Which files a step of a hand-made copy takes. */
enum kind { TABLES, LOGS, MANIFEST, EVERYTHING };

static int is_kind(const char *name, enum kind kind) {
    int table = strstr(name, ".sst") || strstr(name, ".blob"), log = strstr(name, ".log") != NULL;
    return kind == EVERYTHING ? name[0] != '.' && strcmp(name, "LOCK") && !strstr(name, ".dbtmp")
           : kind == TABLES   ? table
           : kind == LOGS     ? log
                              : !table && !log && strstr(name, "dbtmp") == NULL &&
                                  strncmp(name, "LO", 2) != 0 && name[0] != '.';
}

static void copy_kind(enum kind kind, int link_it) {
    DIR *dir = opendir(folder_of_db);
    (void)mkdir(folder_of_copy, 0755);
    for (struct dirent *d; (d = readdir(dir));) {
        C138_FREE char *from = c138_path_join(folder_of_db, d->d_name);
        C138_FREE char *to = c138_path_join(folder_of_copy, d->d_name);
        if (!is_kind(d->d_name, kind))
            continue;
        if (link_it)
            (void)!link(from, to);
        else
            (void)files_copy(from, to, files_size(from), 0644, NULL);
    }
    (void)closedir(dir);
}

static void logs_first(void) {
    copy_kind(LOGS, 0);
    (void)tell('1');
    copy_kind(TABLES, 1);
    copy_kind(MANIFEST, 0);
}

static void tables_then_manifest(void) {
    copy_kind(TABLES, 1);
    (void)tell('0');
    (void)tell('1');
    (void)tell('2');
    copy_kind(MANIFEST, 0);
    copy_kind(LOGS, 0);
}

static void link_everything(void) {
    copy_kind(EVERYTHING, 1);
}

/* A control is worth something if it is caught at least once; how often is printed. Some fail less
 * often than not, as the disk and the processors are busy: those get more tries. */
#define TRIES_MAX 100

static int control(const char *name, void (*copy)(void), int times) {
    int caught = 0, i = 0;
    char first[256] = "";
    for (; i < times || (caught == 0 && i < TRIES_MAX); i++) {
        struct c138_err err = {0};
        (void)files_remove(folder_of_copy, NULL);
        copy();
        const char *why = judge(folder_of_copy, &err);
        if (why && !caught++)
            (void)snprintf(first, sizeof(first), "%.200s", why);
    }
    (void)files_remove(folder_of_copy, NULL);
    for (char *p = first; *p; p++)
        if (*p == '"' || *p == '\\' || (unsigned char)*p < 0x20)
            *p = '\'';
    printf("{\"control\":\"%s\",\"copies\":%d,\"caught\":%d,\"first\":\"%s\"}\n", name, i, caught,
           first);
    (void)fflush(stdout);
    return caught == 0;
}

/* --- Good copies ------------------------------------------------------------------------------ */

/* The copy stands still until as much was written as fills a memtable, with a flush now and then. */
static void drive_on(void *user, const char *point) {
    int *steps = user;
    if (strcmp(point, "locked") && *steps > 0) {
        uint64_t now = tell((*steps)-- % 3 == 0 ? '1' : 'w');
        while (tell('w') < now + 400)
            ;
    }
}

static int by_number(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static int good_copies(int count) {
    int64_t *locked = c138_xcalloc((size_t)count, sizeof(*locked));
    uint64_t files = 0, tries = 0, bad = 0, log_bytes = 0;
    uint64_t began = tell('w');
    for (int i = 0; i < count; i++) {
        int steps = 12; /* then the copy gets its chance */
        struct stage_options o = {.source = folder_of_db,
                                  .into = folder_of_copy,
                                  .way = STAGE_LINK,
                                  .at = i % 4 == 3 ? drive_on : NULL,
                                  .user = &steps};
        struct stage_copy copy = {0};
        struct c138_err err = {0};
        if (stage_whole(&o, &copy, &err) < 0)
            die("stage", err.text);
        const char *why = judge(folder_of_copy, &err);
        if (why) {
            printf("copy %d (try %u): %s\n", i, copy.tries, why);
            bad++;
        }
        locked[i] = i % 4 == 3 ? 0 : copy.locked_ns;
        files = copy.files > files ? copy.files : files;
        log_bytes = copy.log_bytes > log_bytes ? copy.log_bytes : log_bytes;
        tries += copy.tries;
        stage_copy_deinit(&copy);
        (void)files_remove(folder_of_copy, NULL);
    }
    qsort(locked, (size_t)count, sizeof(*locked), by_number);
    printf("{\"copies\":%d,\"bad\":%llu,\"tries\":%llu,\"files_max\":%llu,\"log_bytes_max\":%llu,"
           "\"locked_ms_median\":%.2f,\"locked_ms_max\":%.2f,\"written\":%llu}\n",
           count, (unsigned long long)bad, (unsigned long long)tries, (unsigned long long)files,
           (unsigned long long)log_bytes, (double)locked[count / 2] / 1e6,
           (double)locked[count - 1] / 1e6, (unsigned long long)(tell('w') - began));
    (void)fflush(stdout);
    free(locked);
    return bad != 0;
}

static int judge_one(const char *folder) {
    struct c138_err err = {0};
    const char *why = judge(folder, &err);
    if (why)
        printf("%s\n", why);
    else
        printf("%llu\n", (unsigned long long)judged.counter[0]);
    return why != NULL;
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "write"))
        writer_main(argv[2], 0);
    if (argc == 3 && !strcmp(argv[1], "judge"))
        return judge_one(argv[2]);
    if (argc < 3)
        die("usage", "rocks_torture FOLDER COPIES [recycle]");
    int recycle = argc > 3 && !strcmp(argv[3], "recycle");
    folder_of_db = c138_path_join(argv[1], "db");
    folder_of_copy = c138_path_join(argv[1], "copy");
    (void)signal(SIGPIPE, SIG_IGN);
    start_writer(recycle);
    int bad = good_copies(atoi(argv[2]));
    if (!recycle) {
        bad |= control("tar", run_tar, 10);
        bad |= control("links of everything", link_everything, 10);
        bad |= control("logs, flush, tables, MANIFEST", logs_first, 5);
        bad |= control("tables, flush, MANIFEST, logs", tables_then_manifest, 5);
    }
    end_writer();
    free(folder_of_db);
    free(folder_of_copy);
    return bad;
}

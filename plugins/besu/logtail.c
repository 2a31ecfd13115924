#include "logtail.h"

#include <base/buf.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096   /* longer lines (configurations, stack traces) are of no interest */
#define BACKLOG (256u << 10)  /* read at the first look */
#define POLL_MAX (1u << 20)   /* read at one look */
#define BEHIND_MAX (16 << 20) /* farther behind than this: begin again near the end */

/* --- Lines --------------------------------------------------------------------------------------
 */

/* Copies without colours (ESC [ ... letter) and other control characters. */
static void line_clean(const char *line, size_t length, char ret_text[LINE_MAX_BYTES]) {
    size_t n = 0;
    for (size_t i = 0; i < length && n + 1 < LINE_MAX_BYTES; i++) {
        if (line[i] == '\x1b' && i + 1 < length && line[i + 1] == '[') {
            i += 2;
            while (i < length && !isalpha((unsigned char)line[i]))
                i++;
        } else if (!iscntrl((unsigned char)line[i])) {
            ret_text[n++] = line[i];
        }
    }
    ret_text[n] = '\0';
}

int64_t besu_log_time(const char *line, size_t length) {
    char text[40];
    size_t n = strcspn(line, "|");
    if (n > length)
        n = length;
    while (n > 0 && line[n - 1] == ' ')
        n--;
    if (n < 24 || n > 30 || line[10] != ' ' || !isdigit((unsigned char)line[0]))
        return 0;
    memcpy(text, line, n);
    text[n] = '\0';
    text[10] = 'T';
    char *offset = strpbrk(text + 19, "+-");
    if (offset && strlen(offset) == 5) { /* +0000: RFC 3339 wants the colon */
        memmove(offset + 4, offset + 3, 3);
        offset[3] = ':';
    }
    int64_t time_ns = 0;
    return c138_time_parse(text, &time_ns) == C138_OK ? time_ns : 0;
}

/* A number with or without thousands separators; *text moves behind it. 0 if there is none. */
static int read_number(const char **text, uint64_t *ret_value) {
    const char *p = *text;
    uint64_t value = 0;
    if (!isdigit((unsigned char)*p))
        return 0;
    for (int digits = 0; digits < 18; p++) {
        int separator = strchr(",.'", *p) && *p && isdigit((unsigned char)p[1]) &&
                        isdigit((unsigned char)p[2]) && isdigit((unsigned char)p[3]) &&
                        !isdigit((unsigned char)p[4]);
        if (separator)
            continue;
        if (!isdigit((unsigned char)*p))
            break;
        value = value * 10 + (uint64_t)(*p - '0');
        digits++;
    }
    *text = p;
    *ret_value = value;
    return 1;
}

/* Moves *text behind `word`, wherever it stands. */
static int behind(const char **text, const char *word) {
    const char *at = strstr(*text, word);
    if (!at)
        return 0;
    *text = at + strlen(word);
    return 1;
}

static void on_timer(struct besu_log_state *s, const char *text, int64_t time_ns) {
    uint64_t round, seconds;
    if (!behind(&text, "Moved to round ") || !read_number(&text, &round) ||
        !behind(&text, "expire in ") || !read_number(&text, &seconds) || round > 40 ||
        seconds > UINT32_MAX)
        return;
    s->has_timer = 1;
    s->timer_round = (uint32_t)round;
    s->timer_set_ns = time_ns;
    s->timer_ends_ns = time_ns + (int64_t)seconds * C138_NS_PER_S;
    s->timeout_ns = (int64_t)seconds * C138_NS_PER_S / (INT64_C(1) << round);
}

static void on_round(struct besu_log_state *s, const char *text, int64_t time_ns) {
    struct besu_log_round *entry = NULL;
    struct besu_address address;
    uint64_t round;
    char hex[43];
    if (!behind(&text, "Address: ") || strlen(text) < 42)
        return;
    memcpy(hex, text, 42);
    hex[42] = '\0';
    if (besu_address_read(hex, &address) != C138_OK || !behind(&text, "Round: ") ||
        !read_number(&text, &round) || round > UINT32_MAX)
        return;
    for (uint32_t i = 0; i < s->n_rounds && !entry; i++)
        if (memcmp(&s->rounds[i].address, &address, sizeof(address)) == 0)
            entry = &s->rounds[i];
    if (!entry) {
        if (s->n_rounds == BESU_VALIDATORS_MAX)
            return;
        entry = &s->rounds[s->n_rounds++];
        *entry = (struct besu_log_round){.address = address, .since_ns = time_ns};
    } else if (entry->round != round) {
        entry->since_ns = time_ns;
    }
    entry->round = (uint32_t)round;
    entry->is_local = strstr(text, "(Local node)") != NULL;
}

static void forget_rounds(struct besu_log_state *s) {
    s->has_timer = 0;
    s->n_rounds = 0;
}

static void on_block(struct besu_log_state *s, const char *text, int64_t time_ns) {
    uint64_t number;
    if (!(c138_starts_with(text, "Imported ") || c138_starts_with(text, "Produced ")) ||
        !behind(&text, "#") || !read_number(&text, &number) || number <= s->block)
        return;
    s->block = number;
    s->block_ns = time_ns;
    forget_rounds(s);
}

void besu_log_line(struct besu_log_state *state, const char *line, size_t length) {
    char text[LINE_MAX_BYTES];
    uint64_t quorum;
    line_clean(line, length, text);
    int64_t time_ns = besu_log_time(text, strlen(text));
    if (time_ns == 0)
        return;
    state->last_ns = time_ns;
    const char *field[4], *p = text; /* thread, level, class, message */
    for (int i = 0; i < 4; i++) {
        if (!behind(&p, " | "))
            return;
        field[i] = p;
    }
    const char *class = field[2], *message = field[3];
    if (c138_starts_with(class, "RoundTimer ")) {
        on_timer(state, message, time_ns);
    } else if (c138_starts_with(class, "RoundChangeManager ")) {
        on_round(state, message, time_ns);
        if (behind(&message, "(quorum = ") && read_number(&message, &quorum) &&
            quorum <= BESU_VALIDATORS_MAX)
            state->quorum = (uint32_t)quorum;
    } else if (c138_starts_with(class, "EventMultiplexer ")) {
        if (strstr(message, "State machine threw exception")) {
            state->encoding_errors++;
            state->encoding_error_ns = time_ns;
        }
    } else if (c138_starts_with(class, "Besu ") && strstr(message, "Starting Besu")) {
        state->started_ns = time_ns;
        forget_rounds(state);
    } else {
        on_block(state, message, time_ns);
    }
}

/* --- The file ------------------------------------------------------------------------------------
 */

struct besu_logtail {
    char *path;
    int fd;
    dev_t device;
    ino_t inode;
    off_t offset;
    int skip_line; /* in the middle of a line that is not wanted, up to its end */
    char partial[LINE_MAX_BYTES];
    size_t n_partial;
    struct besu_log_state state;
};

struct besu_logtail *besu_logtail_new(const char *path) {
    struct besu_logtail *t = c138_xcalloc(1, sizeof(*t));
    t->path = c138_xstrdup(path);
    t->fd = -1;
    return t;
}

static void logtail_close(struct besu_logtail *t) {
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
    t->n_partial = 0;
    t->skip_line = 0;
}

struct besu_logtail *besu_logtail_free(struct besu_logtail *t) {
    if (!t)
        return NULL;
    logtail_close(t);
    free(t->path);
    free(t);
    return NULL;
}

const struct besu_log_state *besu_logtail_state(const struct besu_logtail *t) {
    return &t->state;
}

static void logtail_bytes(struct besu_logtail *t, const char *bytes, size_t length) {
    for (const char *end = bytes + length; bytes < end;) {
        const char *eol = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t n = (size_t)((eol ? eol : end) - bytes);
        if (n > sizeof(t->partial) - t->n_partial) {
            t->skip_line = 1;
            t->n_partial = 0;
        } else if (!t->skip_line) {
            memcpy(t->partial + t->n_partial, bytes, n);
            t->n_partial += n;
        }
        if (!eol)
            return;
        if (!t->skip_line)
            besu_log_line(&t->state, t->partial, t->n_partial);
        t->skip_line = 0;
        t->n_partial = 0;
        bytes = eol + 1;
    }
}

/* To the end of the open file, or as far as one look goes. */
static void logtail_read(struct besu_logtail *t) {
    char block[16384];
    for (size_t done = 0; done < POLL_MAX;) {
        ssize_t n = pread(t->fd, block, sizeof(block), t->offset);
        if (n <= 0)
            return;
        t->offset += n;
        done += (size_t)n;
        logtail_bytes(t, block, (size_t)n);
    }
}

/* Begins `back` bytes before the end, with the next whole line. */
static void logtail_begin(struct besu_logtail *t, off_t size, off_t back) {
    t->offset = size > back ? size - back : 0;
    t->skip_line = t->offset > 0;
    t->n_partial = 0;
}

static c138_status logtail_open(struct besu_logtail *t, int from_start, struct c138_err *err) {
    struct stat st;
    int fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        int why = fd < 0 ? errno : EINVAL;
        if (fd >= 0)
            close(fd);
        return c138_error(err, why == ENOENT ? C138_E_NOTFOUND : C138_E_DENIED, "log.unreadable",
                          "log file %s: %s: check log_file, and that the agent may read it",
                          t->path, why == EINVAL ? "not a regular file" : strerror(why));
    }
    t->fd = fd;
    t->device = st.st_dev;
    t->inode = st.st_ino;
    logtail_begin(t, st.st_size, from_start ? st.st_size : (off_t)BACKLOG);
    return C138_OK;
}

c138_status besu_logtail_poll(struct besu_logtail *t, struct c138_err *err) {
    struct stat st, here;
    c138_status status = t->fd >= 0 ? C138_OK : logtail_open(t, 0, err);
    if (status != C138_OK)
        return status;
    if (fstat(t->fd, &here) == 0) {
        if (here.st_size < t->offset) /* truncated, as logrotate's copytruncate does */
            logtail_begin(t, 0, 0);
        else if (here.st_size - t->offset > BEHIND_MAX)
            logtail_begin(t, here.st_size, (off_t)BACKLOG);
    }
    logtail_read(t);
    int rotated = stat(t->path, &st) == 0 && (st.st_ino != t->inode || st.st_dev != t->device);
    if (!rotated)
        return C138_OK;
    logtail_close(t); /* the old one was read to its end just now */
    status = logtail_open(t, 1, err);
    if (status == C138_OK)
        logtail_read(t);
    return status;
}

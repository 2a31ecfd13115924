#include <log/log.h>
#include <log/systemd.h>

#include <base/buf.h>
#include <base/json.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MESSAGE_MAX (16u << 10) /* bytes of one message; what is longer is cut */
#define LEVELS 8
#define REPEAT_SLOTS 64
#define REPEAT_LIMIT 20u
#define REPEAT_WINDOW_NS (10 * C138_NS_PER_S)
#define REPEAT_SHOWN 200 /* bytes of a line that are named again when it was repeated */

struct scrub {
    char *text;
    char *quoted; /* as it stands inside JSON; NULL if that is the same */
    size_t length;
    uint32_t users;
};

/* A line that was seen lately. */
struct repeat {
    uint64_t key;
    int64_t since_ns; /* monotonic; 0: free */
    uint32_t seen;
    uint32_t held; /* not written */
    int32_t level;
    char text[REPEAT_SHOWN + 1];
    char *plugin, *action, *job;
};

struct log {
    enum log_format format;
    atomic_int max_level;
    atomic_uint_fast64_t counts[LEVELS];
    atomic_uint n_scrubs_hint; /* read without the lock: 0 is the common case */
    pthread_mutex_t lock;      /* all below */
    struct scrub *scrubs;
    size_t n_scrubs;
    struct repeat repeats[REPEAT_SLOTS];
};

static const char *level_name(int32_t level) {
    static const char *const names[LEVELS] = {"critical", "critical", "critical", "error",
                                              "warning",  "notice",   "info",     "debug"};
    return names[level];
}

static int32_t level_clamp(int32_t level) {
    return level < 0 ? 0 : level >= LEVELS ? LEVELS - 1 : level;
}

/* systemd puts "dev:inode" of the stream that is the journal into JOURNAL_STREAM. */
static int stderr_is_journal(void) {
    const char *stream = getenv("JOURNAL_STREAM");
    uintmax_t dev = 0, inode = 0;
    struct stat st;
    return stream && sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &dev, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == inode;
}

struct log *log_new(enum log_format format, int32_t max_level) {
    struct log *l = c138_xcalloc(1, sizeof(*l));
    if (format == LOG_FORMAT_AUTO)
        format = stderr_is_journal() ? LOG_FORMAT_JOURNAL : LOG_FORMAT_TEXT;
    l->format = format;
    atomic_init(&l->max_level, level_clamp(max_level));
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

void log_set_level(struct log *l, int32_t max_level) {
    atomic_store(&l->max_level, level_clamp(max_level));
}

uint64_t log_count(const struct log *l, int32_t level) {
    return level < 0 || level >= LEVELS ? 0 : atomic_load(&l->counts[level]);
}

/* --- Writing one line ------------------------------------------------------------------------- */

/* One write(2) for one line, so that threads do not mix. A pipe that is full or gone loses the
 * line: an agent must not hang on its own log. */
static void write_line(const struct c138_buf *line) {
    const char *p = c138_buf_text(line);
    size_t left = line->length;
    while (left) {
        ssize_t n = write(STDERR_FILENO, p, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        p += n;
        left -= (size_t)n;
    }
}

static void write_text(int32_t level, const struct log_at *at, const char *text) {
    C138_BUF struct c138_buf line = C138_BUF_NULL;
    char time[C138_TIME_TEXT];
    c138_time_format(c138_now_utc_ns(), time);
    c138_buf_addf(&line, "%s %s%s%s%s%s%s%s: %s\n", time, level_name(level), at->plugin ? " " : "",
                  at->plugin ? at->plugin : "", at->action ? " " : "", at->action ? at->action : "",
                  at->job ? " " : "", at->job ? at->job : "", text);
    write_line(&line);
}

static void write_json(int32_t level, const struct log_at *at, const char *text) {
    char time[C138_TIME_TEXT];
    c138_time_format(c138_now_utc_ns(), time);
    C138_JSON struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "time", time);
    c138_json_set_str(o, "level", level_name(level));
    if (at->plugin)
        c138_json_set_str(o, "plugin", at->plugin);
    if (at->action)
        c138_json_set_str(o, "action", at->action);
    if (at->job)
        c138_json_set_str(o, "job", at->job);
    c138_json_set_str(o, "message", text);
    C138_FREE char *dump = c138_json_dump(o);
    C138_BUF struct c138_buf line = C138_BUF_NULL;
    c138_buf_addf(&line, "%s\n", dump);
    write_line(&line);
}

static void write_journal(int32_t level, const struct log_at *at, const char *text) {
    const char priority[] = {(char)('0' + level), '\0'};
    const struct {
        const char *name, *value;
    } fields[] = {{"PRIORITY", priority},
                  {"MESSAGE", text},
                  {"SYSLOG_IDENTIFIER", "chain138d"},
                  {"CHAIN138_PLUGIN", at->plugin},
                  {"CHAIN138_ACTION", at->action},
                  {"CHAIN138_JOB", at->job}};
    C138_BUF struct c138_buf entry = C138_BUF_NULL;
    for (size_t i = 0; i < C138_COUNT(fields); i++)
        if (fields[i].value)
            systemd_journal_field(&entry, fields[i].name, fields[i].value);
    if (systemd_send(SYSTEMD_JOURNAL_SOCKET, c138_buf_text(&entry), entry.length) < 0)
        write_text(level, at, text);
}

static void write_one(const struct log *l, int32_t level, const struct log_at *at,
                      const char *text) {
    if (l->format == LOG_FORMAT_JOURNAL)
        write_journal(level, at, text);
    else if (l->format == LOG_FORMAT_JSON)
        write_json(level, at, text);
    else
        write_text(level, at, text);
}

/* --- Lines that repeat themselves --------------------------------------------------------------
 */

static uint64_t hash_add(uint64_t h, const char *text) {
    for (; text && *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return (h ^ 0x1f) * UINT64_C(0x100000001b3);
}

static void repeat_clear(struct repeat *r) {
    free(r->plugin);
    free(r->action);
    free(r->job);
    memset(r, 0, sizeof(*r));
}

/* With the lock. Says how often a line was held back, and frees its slot. */
static void repeat_end(struct log *l, struct repeat *r) {
    if (r->held) {
        C138_FREE char *text =
            c138_xasprintf("%s \xe2\x80\xa6 repeated %u times", r->text, (unsigned)r->held);
        write_one(l, r->level,
                  &(struct log_at){.plugin = r->plugin, .action = r->action, .job = r->job}, text);
    }
    repeat_clear(r);
}

static void repeat_begin(struct repeat *r, uint64_t key, int32_t level, const struct log_at *at,
                         const char *text, int64_t now) {
    *r = (struct repeat){.key = key, .since_ns = now, .seen = 1, .level = level};
    r->plugin = c138_xstrdup(at->plugin);
    r->action = c138_xstrdup(at->action);
    r->job = c138_xstrdup(at->job);
    size_t n = strlen(text);
    if (n > REPEAT_SHOWN)
        n = REPEAT_SHOWN;
    while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--; /* not in the middle of a character */
    memcpy(r->text, text, n);
}

/* 1: the line is to be held back. */
static int repeat_check(struct log *l, int32_t level, const struct log_at *at, const char *text) {
    uint64_t key = hash_add(UINT64_C(0xcbf29ce484222325) + (uint64_t)level, text);
    key = hash_add(hash_add(hash_add(key, at->plugin), at->action), at->job);
    int64_t now = c138_now_monotonic_ns();
    struct repeat *oldest = &l->repeats[0];
    pthread_mutex_lock(&l->lock);
    for (struct repeat *r = l->repeats; r < l->repeats + REPEAT_SLOTS; r++) {
        if (r->since_ns && now - r->since_ns > REPEAT_WINDOW_NS)
            repeat_end(l, r);
        if (r->since_ns < oldest->since_ns)
            oldest = r;
        if (!r->since_ns || r->key != key)
            continue;
        int hold = ++r->seen > REPEAT_LIMIT;
        r->held += (uint32_t)hold;
        pthread_mutex_unlock(&l->lock);
        return hold;
    }
    repeat_end(l, oldest);
    repeat_begin(oldest, key, level, at, text, now);
    pthread_mutex_unlock(&l->lock);
    return 0;
}

/* --- Texts that must not be written --------------------------------------------------------------
 */

static struct scrub *scrub_find(struct log *l, const char *text) {
    for (size_t i = 0; i < l->n_scrubs; i++)
        if (!strcmp(l->scrubs[i].text, text))
            return &l->scrubs[i];
    return NULL;
}

static char *json_inside(const char *text) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    c138_json_quote(&b, text, strlen(text));
    char *inside = c138_xstrndup(b.data + 1, b.length - 2);
    c138_wipe(b.data, b.length);
    if (strcmp(inside, text) != 0)
        return inside;
    c138_wipe(inside, strlen(inside));
    free(inside);
    return NULL;
}

void log_scrub_add(struct log *l, const char *text) {
    if (!text || !*text)
        return;
    pthread_mutex_lock(&l->lock);
    struct scrub *s = scrub_find(l, text);
    if (s) {
        s->users++;
    } else {
        l->scrubs = c138_xrealloc(l->scrubs, (l->n_scrubs + 1) * sizeof(*l->scrubs));
        /* Longest first: a secret that begins with another one is replaced as a whole. */
        size_t at = l->n_scrubs++, length = strlen(text);
        for (; at && l->scrubs[at - 1].length < length; at--)
            l->scrubs[at] = l->scrubs[at - 1];
        l->scrubs[at] = (struct scrub){c138_xstrdup(text), json_inside(text), length, 1};
    }
    atomic_store(&l->n_scrubs_hint, (unsigned)l->n_scrubs);
    pthread_mutex_unlock(&l->lock);
}

static void scrub_wipe(struct scrub *s) {
    c138_wipe(s->text, s->length);
    free(s->text);
    if (s->quoted)
        c138_wipe(s->quoted, strlen(s->quoted));
    free(s->quoted);
}

void log_scrub_remove(struct log *l, const char *text) {
    if (!text || !*text)
        return;
    pthread_mutex_lock(&l->lock);
    struct scrub *s = scrub_find(l, text);
    if (s && --s->users == 0) {
        scrub_wipe(s);
        l->n_scrubs--;
        memmove(s, s + 1, (size_t)(l->scrubs + l->n_scrubs - s) * sizeof(*s));
    }
    atomic_store(&l->n_scrubs_hint, (unsigned)l->n_scrubs);
    pthread_mutex_unlock(&l->lock);
}

static char *replaced(char *text, const char *secret) {
    if (!secret || !strstr(text, secret))
        return text;
    size_t length = strlen(secret);
    struct c138_buf out = C138_BUF_NULL;
    const char *p = text;
    for (const char *hit = strstr(p, secret); hit; hit = strstr(p, secret)) {
        c138_buf_add(&out, p, (size_t)(hit - p));
        c138_buf_adds(&out, "***");
        p = hit + length;
    }
    c138_buf_adds(&out, p);
    c138_wipe(text, strlen(text));
    free(text);
    return c138_buf_steal(&out);
}

char *log_scrubbed(struct log *l, const char *text) {
    char *out = c138_xstrdup(text ? text : "");
    if (!l || atomic_load(&l->n_scrubs_hint) == 0)
        return out;
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->n_scrubs; i++) {
        out = replaced(out, l->scrubs[i].text);
        out = replaced(out, l->scrubs[i].quoted);
    }
    pthread_mutex_unlock(&l->lock);
    return out;
}

/* --- From outside ----------------------------------------------------------------------------- */

/* Bytes of one well-formed UTF-8 character at `p`, 0 if it is none. */
static size_t utf8_at(const char *p) {
    size_t n = 1;
    unsigned char c = (unsigned char)*p;
    if (c >= 0xc2)
        n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    for (size_t i = 1; i < n; i++)
        if (((unsigned char)p[i] & 0xc0) != 0x80)
            return 0;
    return c138_utf8_valid(p, n) ? n : 0;
}

/* In place: one line without control characters (C0, DEL, C1: what drives a terminal), UTF-8. */
static void make_plain(char *text) {
    char *out = text;
    for (const char *p = text; *p && (size_t)(out - text) < MESSAGE_MAX - 4;) {
        unsigned char c = (unsigned char)*p;
        size_t n = utf8_at(p);
        if (!n) {
            *out++ = '?';
            p++;
        } else if (c == '\n' || c == '\t' || c == '\r') {
            *out++ = ' ';
            p++;
        } else if (c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)p[1] < 0xa0)) {
            p += n;
        } else {
            memmove(out, p, n);
            out += n;
            p += n;
        }
    }
    while (out > text && out[-1] == ' ')
        out--;
    *out = '\0';
}

static char *plain(const char *text) {
    char *copy = c138_xstrdup(text);
    if (copy)
        make_plain(copy);
    return copy;
}

void log_text(struct log *l, int32_t level, const struct log_at *at, const char *text) {
    if (!l || (level = level_clamp(level)) > atomic_load(&l->max_level))
        return;
    atomic_fetch_add(&l->counts[level], 1);
    C138_FREE char *message = log_scrubbed(l, text);
    make_plain(message);
    C138_FREE char *plugin = plain(at ? at->plugin : NULL);
    C138_FREE char *action = plain(at ? at->action : NULL);
    C138_FREE char *job = plain(at ? at->job : NULL);
    struct log_at clean = {.plugin = plugin, .action = action, .job = job};
    if (!repeat_check(l, level, &clean, message))
        write_one(l, level, &clean, message);
}

void log_line(struct log *l, int32_t level, const struct log_at *at, const char *fmt, ...) {
    if (!l || level_clamp(level) > atomic_load(&l->max_level))
        return;
    char shorter[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(shorter, sizeof(shorter), fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof(shorter)) {
        log_text(l, level, at, shorter);
        return;
    }
    C138_BUF struct c138_buf longer = C138_BUF_NULL;
    va_start(ap, fmt);
    (void)c138_buf_addv(&longer, fmt, ap);
    va_end(ap);
    log_text(l, level, at, c138_buf_text(&longer));
}

struct log *log_free(struct log *l) {
    if (!l)
        return NULL;
    for (size_t i = 0; i < REPEAT_SLOTS; i++)
        repeat_end(l, &l->repeats[i]);
    for (size_t i = 0; i < l->n_scrubs; i++)
        scrub_wipe(&l->scrubs[i]);
    free(l->scrubs);
    pthread_mutex_destroy(&l->lock);
    free(l);
    return NULL;
}

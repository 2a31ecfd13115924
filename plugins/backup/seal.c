#include "seal.h"

#include "files.h"

#include <base/mem.h>

#include <errno.h>
#include <fcntl.h>
#include <gpgme.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* --- Keys ------------------------------------------------------------------------------------- */

static c138_status refuse(struct c138_err *err, gpgme_error_t e, const char *what) {
    return c138_error(err, C138_E_UNAVAILABLE, "seal.gpg", "gpg: %s: %s: is gnupg installed?", what,
                      gpgme_strerror(e));
}

static c138_status context(const char *home, gpgme_ctx_t *ret, struct c138_err *err) {
    gpgme_ctx_t c = NULL;
    (void)gpgme_check_version(NULL);
    gpgme_error_t e = gpgme_new(&c);
    if (!e)
        e = gpgme_set_protocol(c, GPGME_PROTOCOL_OpenPGP);
    if (!e && home)
        e = gpgme_ctx_set_engine_info(c, GPGME_PROTOCOL_OpenPGP, NULL, home);
    if (!e)
        e = gpgme_set_pinentry_mode(c, GPGME_PINENTRY_MODE_ERROR);
    if (e) {
        if (c)
            gpgme_release(c);
        return refuse(err, e, "cannot be used");
    }
    *ret = c;
    return C138_OK;
}

static void keys_free(gpgme_key_t *keys) {
    for (size_t i = 0; keys && keys[i]; i++)
        gpgme_key_unref(keys[i]);
    free(keys);
}

static c138_status find_keys(gpgme_ctx_t c, const char *const *recipients, gpgme_key_t **ret,
                             struct c138_err *err) {
    size_t count = 0;
    while (recipients[count])
        count++;
    gpgme_key_t *keys = c138_xcalloc(count + 1, sizeof(*keys));
    for (size_t i = 0; i < count; i++) {
        gpgme_error_t e = gpgme_get_key(c, recipients[i], &keys[i], 0);
        if (!e && keys[i]->can_encrypt && !keys[i]->expired && !keys[i]->revoked &&
            !keys[i]->disabled)
            continue;
        keys_free(keys);
        return c138_error(err, C138_E_NOTFOUND, "seal.recipient",
                          "there is no usable public key of recipient %s (%s): import it into the "
                          "agent's gnupg_home, or correct `recipients`",
                          recipients[i], e ? gpgme_strerror(e) : "expired, revoked or for signing");
    }
    *ret = keys;
    return C138_OK;
}

c138_status seal_check(const char *home, const char *const *recipients, struct c138_err *err) {
    gpgme_ctx_t c = NULL;
    gpgme_key_t *keys = NULL;
    c138_status status = context(home, &c, err);
    if (status < 0)
        return status;
    status = find_keys(c, recipients, &keys, err);
    keys_free(keys);
    gpgme_release(c);
    return status;
}

/* --- A pipe and a thread ---------------------------------------------------------------------- */

static int pipe_new(int ret[2]) {
    if (pipe2(ret, O_CLOEXEC) < 0)
        return -1;
    (void)fcntl(ret[1], F_SETPIPE_SZ, 1 << 20);
    return 0;
}

/* A reader that gave up is an error of write(), not a signal that ends us. */
static void block_pipe_signal(void) {
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* --- Sealing ---------------------------------------------------------------------------------- */

struct seal {
    gpgme_ctx_t context;
    gpgme_key_t *keys;
    int pipe[2];
    pthread_t thread;
    seal_out out;
    void *user;
    c138_status status;
    struct c138_err error;
};

static ssize_t on_cipher(void *user, const void *bytes, size_t length) {
    struct seal *s = user;
    if (s->status < 0)
        return -1;
    s->status = s->out(s->user, bytes, length, &s->error);
    if (s->status >= 0)
        return (ssize_t)length;
    errno = EIO;
    return -1;
}

static ssize_t from_pipe(void *user, void *into, size_t max) {
    return read(((struct seal *)user)->pipe[0], into, max);
}

static gpgme_error_t seal_run(struct seal *s) {
    struct gpgme_data_cbs in_cbs = {.read = from_pipe}, out_cbs = {.write = on_cipher};
    gpgme_data_t in = NULL, out = NULL;
    gpgme_error_t e = gpgme_data_new_from_cbs(&in, &in_cbs, s);
    if (!e)
        e = gpgme_data_new_from_cbs(&out, &out_cbs, s);
    if (!e)
        e = gpgme_op_encrypt(s->context, s->keys,
                             GPGME_ENCRYPT_ALWAYS_TRUST | GPGME_ENCRYPT_NO_COMPRESS, in, out);
    gpgme_data_release(in);
    gpgme_data_release(out);
    return e;
}

static void *seal_main(void *user) {
    struct seal *s = user;
    block_pipe_signal();
    gpgme_error_t e = seal_run(s);
    if (e && s->status >= 0)
        s->status = c138_error(&s->error, C138_E_INTERNAL, "seal.gpg",
                               "gpg could not encrypt: %s: see that gnupg_home can be written",
                               gpgme_strerror(e));
    /* Whoever writes must not wait for a reader that is gone. */
    (void)close(s->pipe[0]);
    s->pipe[0] = -1;
    return NULL;
}

static struct seal *seal_free(struct seal *s) {
    keys_free(s->keys);
    if (s->context)
        gpgme_release(s->context);
    for (int i = 0; i < 2; i++)
        if (s->pipe[i] >= 0)
            (void)close(s->pipe[i]);
    free(s);
    return NULL;
}

c138_status seal_begin(const char *home, const char *const *recipients, seal_out out, void *user,
                       struct seal **ret_seal, struct c138_err *err) {
    struct seal *s = c138_xcalloc(1, sizeof(*s));
    *s = (struct seal){.out = out, .user = user, .pipe = {-1, -1}};
    c138_status status = context(home, &s->context, err);
    if (status >= 0)
        status = find_keys(s->context, recipients, &s->keys, err);
    if (status >= 0 && (pipe_new(s->pipe) < 0 || pthread_create(&s->thread, NULL, seal_main, s)))
        status = c138_error(err, C138_E_INTERNAL, NULL, "no pipe or thread for gpg");
    if (status < 0) {
        (void)seal_free(s);
        return status;
    }
    *ret_seal = s;
    return C138_OK;
}

static c138_status seal_failure(struct seal *s, struct c138_err *err) {
    (void)pthread_join(s->thread, NULL);
    s->thread = 0;
    if (err)
        *err = s->error;
    return s->status < 0 ? s->status
                         : c138_error(err, C138_E_INTERNAL, "seal.gpg", "gpg ended too early");
}

c138_status seal_put(struct seal *s, const void *bytes, size_t length, struct c138_err *err) {
    sigset_t set, old;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &set, &old);
    c138_status status = s->thread ? files_write_all(s->pipe[1], bytes, length) : C138_E_INTERNAL;
    if (status < 0) {
        static const struct timespec now = {0, 0};
        (void)sigtimedwait(&set, NULL, &now); /* the signal that belongs to this write */
    }
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return status < 0 && s->thread ? seal_failure(s, err) : status;
}

c138_status seal_end(struct seal *s, struct c138_err *err) {
    (void)close(s->pipe[1]);
    s->pipe[1] = -1;
    if (s->thread)
        (void)pthread_join(s->thread, NULL);
    c138_status status = s->status;
    if (status < 0 && err)
        *err = s->error;
    (void)seal_free(s);
    return status;
}

struct seal *seal_abort(struct seal *s) {
    if (s) {
        (void)gpgme_cancel_async(s->context);
        (void)seal_end(s, NULL);
    }
    return NULL;
}

/* --- Opening ---------------------------------------------------------------------------------- */

struct opener {
    gpgme_ctx_t context;
    int pipe[2];
    pthread_t thread;
    int running;
    opener_in in;
    void *user;
    c138_status status;
    struct c138_err error;
};

static ssize_t fetch_cipher(void *user, void *into, size_t max) {
    struct opener *o = user;
    size_t length = 0;
    o->status = o->in(o->user, into, max, &length, &o->error);
    if (o->status >= 0)
        return (ssize_t)length;
    errno = EIO;
    return -1;
}

static ssize_t to_pipe(void *user, const void *bytes, size_t length) {
    struct opener *o = user;
    return files_write_all(o->pipe[1], bytes, length) < 0 ? -1 : (ssize_t)length;
}

static void *opener_main(void *user) {
    struct opener *o = user;
    struct gpgme_data_cbs in_cbs = {.read = fetch_cipher}, out_cbs = {.write = to_pipe};
    gpgme_data_t in = NULL, out = NULL;
    block_pipe_signal();
    gpgme_error_t e = gpgme_data_new_from_cbs(&in, &in_cbs, o);
    if (!e)
        e = gpgme_data_new_from_cbs(&out, &out_cbs, o);
    if (!e)
        e = gpgme_op_decrypt(o->context, in, out);
    gpgme_data_release(in);
    gpgme_data_release(out);
    if (e && o->status >= 0)
        o->status = c138_error(&o->error, C138_E_CONFLICT, "seal.closed",
                               "gpg cannot open it: %s: this host needs the secret key of a "
                               "recipient in gnupg_home, or the object is damaged",
                               gpgme_strerror(e));
    (void)close(o->pipe[1]);
    o->pipe[1] = -1;
    return NULL;
}

static void opener_free(struct opener *o) {
    if (o->context)
        gpgme_release(o->context);
    for (int i = 0; i < 2; i++)
        if (o->pipe[i] >= 0)
            (void)close(o->pipe[i]);
    free(o);
}

c138_status opener_begin(const char *home, opener_in in, void *user, struct opener **ret_opener,
                         struct c138_err *err) {
    struct opener *o = c138_xcalloc(1, sizeof(*o));
    *o = (struct opener){.in = in, .user = user, .pipe = {-1, -1}};
    c138_status status = context(home, &o->context, err);
    if (status >= 0 && (pipe_new(o->pipe) < 0 || pthread_create(&o->thread, NULL, opener_main, o)))
        status = c138_error(err, C138_E_INTERNAL, NULL, "no pipe or thread for gpg");
    if (status < 0) {
        opener_free(o);
        return status;
    }
    o->running = 1;
    *ret_opener = o;
    return C138_OK;
}

static c138_status opener_join(struct opener *o, struct c138_err *err) {
    if (o->running)
        (void)pthread_join(o->thread, NULL);
    o->running = 0;
    if (o->status < 0 && err)
        *err = o->error;
    return o->status;
}

c138_status opener_read(struct opener *o, void *into, size_t max, size_t *ret_length,
                        struct c138_err *err) {
    ssize_t n;
    do
        n = read(o->pipe[0], into, max);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return c138_error(err, C138_E_INTERNAL, NULL, "gpg's pipe: %s", strerror(errno));
    *ret_length = (size_t)n;
    return n ? C138_OK : opener_join(o, err);
}

c138_status opener_end(struct opener *o, struct c138_err *err) {
    (void)close(o->pipe[0]);
    o->pipe[0] = -1;
    if (o->running)
        (void)gpgme_cancel_async(o->context);
    c138_status status = opener_join(o, err);
    opener_free(o);
    return status;
}
#if GPGME_VERSION_NUMBER < 0x010a00
#error "gpgme 1.10 or newer is needed"
#endif

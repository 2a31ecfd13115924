#include "store.h"

c138_status store_open(struct backup *b, c138_call *call, const struct target_config *config,
                       struct store **ret, struct c138_err *err) {
    struct store *s = NULL;
    c138_status status = config->kind == TARGET_S3 ? store_s3_new(b, call, config, &s, err)
                                                   : store_folder_new(&s);
    if (status < 0)
        return status;
    s->backup = b;
    s->config = config;
    *ret = s;
    return C138_OK;
}

struct store *store_close(struct store *s) {
    if (s)
        s->ops->free(s);
    return NULL;
}

/*
 * net/sigv4.h: signatures of requests to S3 and what speaks like it: AWS Signature Version 4 in the
 * Authorization header (docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
 *
 * Why not libcurl's: what a program signs must be what it sends, and which headers and encodings libcurl
 * signs changed from version to version. Here a request is given in parts, encoded once, as S3 wants it
 * (each byte outside of A-Z a-z 0-9 - . _ ~ as %XX, "/" of the path kept), and signed in that
 * form; the caller sends exactly that URL. Pure, any thread.
 */
#ifndef C138_NET_SIGV4_H
#define C138_NET_SIGV4_H
#include <base/buf.h>
#include <base/err.h>

struct c138_sigv4_pair {
    const char *name, *value;
};

struct c138_sigv4_request {
    const char *method;                    /* "PUT" */
    const char *host;                      /* as in the Host header, with its port unless it is the scheme's */
    const char *path;                      /* "/bucket/a name", not encoded */
    const struct c138_sigv4_pair *query;   /* ended by a NULL name; NULL: none; not encoded */
    const struct c138_sigv4_pair *headers; /* all that are to be signed but host, x-amz-date and
                                              x-amz-content-sha256; ended by a NULL name; NULL: none */
    const char *payload_sha256;            /* hex */
    const char *access_key, *secret_key;
    const char *region, *service; /* "us-east-1", "s3" */
    int64_t time_ns;              /* UTC */
};

#define C138_SIGV4_PAIRS 32

/* `target`: encoded path and query, as they are to be sent, "/bucket/a%20name?uploads=". `date`:
 * the value of x-amz-date. `authorization`: the value of that header. C138_E_LIMIT over
 * C138_SIGV4_PAIRS pairs. */
c138_status c138_sigv4(const struct c138_sigv4_request *r, struct c138_buf *target, char date[17],
                       struct c138_buf *authorization);
/* One byte string, encoded; `keep_slash`: as in a path. */
void c138_sigv4_encode(const char *text, int keep_slash, struct c138_buf *out);
#endif

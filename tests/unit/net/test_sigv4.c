/*
 * The examples of docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "Examples: Signature
 * Calculations": request and signature are AWS's.
 */
#include "../unit.h"

#include <net/sigv4.h>

#include <base/mem.h>
#include <base/when.h>

#include <string.h>

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void signed_as(const struct c138_sigv4_request *part, const char *target,
                      const char *names, const char *signature) {
    struct c138_sigv4_request r = *part;
    C138_BUF struct c138_buf path = C138_BUF_NULL, authorization = C138_BUF_NULL;
    char date[17];
    r.host = "examplebucket.s3.amazonaws.com";
    r.access_key = "AKIAIOSFODNN7EXAMPLE";
    r.secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    r.region = "us-east-1";
    r.service = "s3";
    CU_ASSERT_EQUAL(c138_time_parse("2013-05-24T00:00:00Z", &r.time_ns), C138_OK);
    CU_ASSERT_EQUAL_FATAL(c138_sigv4(&r, &path, date, &authorization), C138_OK);
    CU_ASSERT_STRING_EQUAL(date, "20130524T000000Z");
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&path), target);
    C138_FREE char *want = c138_xasprintf(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=%s,Signature=%s",
        names, signature);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&authorization), want);
}

static void examples_of_aws(void) {
    const struct c138_sigv4_pair range[] = {{"Range", "bytes=0-9"}, {NULL, NULL}};
    signed_as(&(const struct c138_sigv4_request){.method = "GET",
                                                 .path = "/test.txt",
                                                 .headers = range,
                                                 .payload_sha256 = EMPTY},
              "/test.txt", "host;range;x-amz-content-sha256;x-amz-date",
              "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    const struct c138_sigv4_pair put[] = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                          {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                                          {NULL, NULL}};
    signed_as(&(const struct c138_sigv4_request){
                  .method = "PUT",
                  .path = "/test$file.text",
                  .headers = put,
                  .payload_sha256 =
                      "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"},
              "/test%24file.text", "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
              "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    const struct c138_sigv4_pair lifecycle[] = {{"lifecycle", ""}, {NULL, NULL}};
    signed_as(&(const struct c138_sigv4_request){
                  .method = "GET", .path = "/", .query = lifecycle, .payload_sha256 = EMPTY},
              "/?lifecycle=", "host;x-amz-content-sha256;x-amz-date",
              "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    /* Given in the other order than they are signed in. */
    const struct c138_sigv4_pair list[] = {{"prefix", "J"}, {"max-keys", "2"}, {NULL, NULL}};
    signed_as(&(const struct c138_sigv4_request){
                  .method = "GET", .path = "/", .query = list, .payload_sha256 = EMPTY},
              "/?max-keys=2&prefix=J", "host;x-amz-content-sha256;x-amz-date",
              "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static void encoding(void) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    c138_sigv4_encode("a b/+=:~-._\xc3\xa9", 1, &out);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&out), "a%20b/%2B%3D%3A~-._%C3%A9");
    c138_buf_reset(&out);
    c138_sigv4_encode("a/b", 0, &out);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&out), "a%2Fb");
}

static void too_many_pairs(void) {
    struct c138_sigv4_pair many[C138_SIGV4_PAIRS + 2] = {{NULL, NULL}};
    C138_BUF struct c138_buf path = C138_BUF_NULL, authorization = C138_BUF_NULL;
    char date[17];
    for (size_t i = 0; i <= C138_SIGV4_PAIRS; i++)
        many[i] = (struct c138_sigv4_pair){"x", "y"};
    const struct c138_sigv4_request r = {.method = "GET", .host = "h", .path = "/", .query = many,
                                         .payload_sha256 = EMPTY, .access_key = "a",
                                         .secret_key = "b", .region = "r", .service = "s3"};
    CU_ASSERT_EQUAL(c138_sigv4(&r, &path, date, &authorization), C138_E_LIMIT);
}

const CU_TestInfo tests_sigv4[] = {{"examples of AWS", examples_of_aws},
                                   {"encoding", encoding},
                                   {"too many pairs", too_many_pairs},
                                   CU_TEST_INFO_NULL};

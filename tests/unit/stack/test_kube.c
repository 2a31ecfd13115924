#include "../unit.h"
#include <base/mem.h>
#include <plugins/stack/kube_parse.h>
#include <string.h>

static struct c138_json *json(const char *text) {
    struct c138_json *v = NULL;
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(text, strlen(text), &v, NULL), C138_OK);
    return v;
}

static enum svc_state state(const char *status) {
    SVC_LIST list = {0};
    struct svc *row = svc_list_add(&list);
    C138_FREE char *text = c138_xasprintf("{\"metadata\":{\"name\":\"p\"},\"status\":%s}", status);
    C138_JSON struct c138_json *pod = json(text);
    kube_pod_read(pod, "s", row);
    return row->state;
}

static void states(void) {
    CU_ASSERT_EQUAL(
        state("{\"phase\":\"Running\",\"containerStatuses\":[{\"ready\":true,\"state\":{"
              "\"running\":{}}}]}"),
        SVC_RUNNING);
    CU_ASSERT_EQUAL(
        state("{\"phase\":\"Running\",\"containerStatuses\":[{\"ready\":false,\"state\":"
              "{\"running\":{}}}]}"),
        SVC_STARTING);
    CU_ASSERT_EQUAL(state("{\"phase\":\"Pending\"}"), SVC_STARTING);
    CU_ASSERT_EQUAL(state("{\"phase\":\"Pending\",\"containerStatuses\":[{\"state\":{\"waiting\":{"
                          "\"reason\":\"ImagePullBackOff\"}}}]}"),
                    SVC_FAILED);
    CU_ASSERT_EQUAL(state("{\"phase\":\"Succeeded\"}"), SVC_STOPPED);
    CU_ASSERT_EQUAL(state("{\"phase\":\"Failed\"}"), SVC_FAILED);
    CU_ASSERT_EQUAL(state("{}"), SVC_UNKNOWN);
}

static void lines(void) {
    struct log_line line = {0};
    C138_FREE char *text = NULL, *none = NULL;
    const char *in = "2026-11-29T10:00:00.5Z hello \xff";
    CU_ASSERT_TRUE(kube_log_read(in, strlen(in), &line, &text));
    CU_ASSERT_STRING_EQUAL(line.text, "hello \xef\xbf\xbd");
    CU_ASSERT_EQUAL(line.time_ns, INT64_C(1795946400500000000));
    CU_ASSERT_FALSE(kube_log_read("no time", 7, &line, &none));
    CU_ASSERT_FALSE(kube_log_read("", 0, &line, &none));
}

static void top(void) {
    char pod[254];
    struct svc_stats s;
    CU_ASSERT_TRUE(kube_top_read("p-0  250m  512Mi", 16, pod, &s));
    CU_ASSERT_STRING_EQUAL(pod, "p-0");
    CU_ASSERT_DOUBLE_EQUAL(s.cpu_percent, 25, 0.01);
    CU_ASSERT_EQUAL(s.memory_bytes, 512u << 20);
    CU_ASSERT_TRUE(kube_top_read("p-0 2 1Gi", 9, pod, &s));
    CU_ASSERT_DOUBLE_EQUAL(s.cpu_percent, 200, 0.01);
    CU_ASSERT_EQUAL(s.memory_bytes, 1u << 30);
    CU_ASSERT_FALSE(kube_top_read("error: Metrics API", 6, pod, &s));
}

static void selectors(void) {
    C138_JSON struct c138_json *labels = json("{\"app\":\"x\",\"tier\":\"y\"}");
    C138_FREE char *two = kube_selector(labels), *none = kube_selector(NULL);
    CU_ASSERT_STRING_EQUAL(two, "app=x,tier=y");
    CU_ASSERT_STRING_EQUAL(none, "");
}

const CU_TestInfo tests_kube[] = {{"states", states},
                                  {"lines", lines},
                                  {"top", top},
                                  {"selectors", selectors},
                                  CU_TEST_INFO_NULL};

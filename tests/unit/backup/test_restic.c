#include "rig.h"

#include <plugins/backup/restic.h>

#include <string.h>

static void read_line(const char *line, struct restic_summary *s, uint64_t *done) {
    restic_read_line(line, strlen(line), s, done);
}

/* Lines as restic 0.14.0 printed them. */
static void what_restic_prints(void) {
    struct restic_summary s = {0};
    uint64_t done = 0;
    read_line("{\"message_type\":\"status\",\"percent_done\":0.5,\"total_files\":3,\"files_done\":1,"
              "\"total_bytes\":100,\"bytes_done\":50,\"current_files\":[\"/x\"]}",
              &s, &done);
    CU_ASSERT_EQUAL(done, 50);
    CU_ASSERT_FALSE(s.seen);
    read_line("{\"message_type\":\"summary\",\"files_new\":3,\"files_changed\":0,\"data_added\":1234,"
              "\"total_files_processed\":3,\"total_bytes_processed\":100,\"total_duration\":0.5,"
              "\"snapshot_id\":\"0a1b2c3d\"}",
              &s, &done);
    CU_ASSERT_TRUE(s.seen);
    CU_ASSERT_STRING_EQUAL(s.snapshot, "0a1b2c3d");
    CU_ASSERT_EQUAL(s.files, 3);
    CU_ASSERT_EQUAL(s.added, 1234);
}

static void what_is_no_summary(void) {
    static const char *const lines[] = {
        "", "scan finished in 0.1s", "{", "{}", "[]", "{\"message_type\":\"error\"}",
        "{\"message_type\":\"summary\"}", "{\"message_type\":\"summary\",\"snapshot_id\":\"\"}",
        "{\"message_type\":\"summary\",\"snapshot_id\":\"--help\"}",
        "{\"message_type\":\"summary\",\"snapshot_id\":7}",
        "{\"message_type\":\"status\",\"bytes_done\":-5}"};
    struct restic_summary s = {0};
    uint64_t done = 7;
    for (size_t i = 0; i < C138_COUNT(lines); i++)
        read_line(lines[i], &s, &done);
    CU_ASSERT_FALSE(s.seen);
    CU_ASSERT_EQUAL(done, 7);
}

const CU_TestInfo tests_restic[] = {{"what restic prints", what_restic_prints},
                                    {"what is no summary", what_is_no_summary},
                                    CU_TEST_INFO_NULL};

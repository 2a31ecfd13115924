/* For cron_oracle.py: of each line "ZONE|BASE|COUNT|EXPRESSION" (BASE in seconds since 1970) the
 * next COUNT times, in seconds, on one line. */
#include <base/when.h>
#include <schema/cron.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int answer(char *line) {
    char *rest = line, *zone_name = strsep(&rest, "|"), *base = strsep(&rest, "|"),
         *count = strsep(&rest, "|");
    struct cron c;
    struct zone *z = NULL;
    struct c138_err err = {0};
    if (!rest || cron_parse(rest, &c, &err) < 0 || zone_new(zone_name, &z, &err) < 0) {
        fprintf(stderr, "cron_tool: %s\n", rest ? err.text : "four parts are expected");
        return 1;
    }
    int64_t at = strtoll(base, NULL, 10) * C138_NS_PER_S;
    for (long n = strtol(count, NULL, 10); n > 0 && cron_next(&c, z, at, &at) >= 0; n--)
        printf("%" PRId64 " ", at / C138_NS_PER_S);
    printf("\n");
    zone_free(z);
    return 0;
}

int main(void) {
    char line[512];
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (answer(line))
            return 1;
    }
    return 0;
}

#include "../fakehost.h"
#include "../unit.h"

#include <base/buf.h>
#include <base/mem.h>
#include <base/text.h>

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The plugin without any gpg: it is up, says what it lacks, and does nothing by halves. */
static void without_gpg(void) {
    struct c138_err err = {0};
    char folder[] = "/tmp/c138-gpg-XXXXXX";
    struct c138_json *result = NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    struct fakehost *h = fakehost_new(c138_plugin_entry(), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(h);
    fakehost_state_dir(h, folder);
    CU_ASSERT_EQUAL(fakehost_settings(h, "{\"program\":\"/nowhere/gpg\"}", &err), C138_OK);
    CU_ASSERT_EQUAL(fakehost_run(h, "recipients",
                                 "{\"recipients\":[\"8A25C5D1E9D4F0B2A3C4D5E6F708192A3B4C5D6E\"]}",
                                 &result, &err),
                    C138_E_UNAVAILABLE);
    if (!strstr(err.text, "/nowhere/gpg"))
        printf("  %s: %s\n", err.key, err.text);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/nowhere/gpg"));
    CU_ASSERT_EQUAL(fakehost_run(h, "transport", "{}", &result, &err), C138_OK);
    const char *key = c138_json_get_str(result, "key", "");
    CU_ASSERT_EQUAL(strlen(key), 66);
    result = c138_json_unref(result);
    fakehost_free(h);
    C138_FREE char *home = c138_xasprintf("%s/home", folder);
    (void)rmdir(home);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

const CU_TestInfo tests_gpg[] = {{"without gpg", without_gpg}, CU_TEST_INFO_NULL};

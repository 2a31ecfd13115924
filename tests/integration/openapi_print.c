/*
 * openapi_print FILE.so...: the OpenAPI document of these plugins, for a validator that is not
 * ours. openapi_print --declaration FILE.so: its declaration, for `chain138ctl reference`.
 */
#include <api/api.h>
#include <base/mem.h>
#include <schema/describe.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static void fail(const char *path, const char *why) {
    fprintf(stderr, "%s: %s\n", path, why);
    exit(1);
}

static struct c138_json *declaration(const char *path) {
    struct c138_json *document = NULL;
    struct c138_err err = {0};
    void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!so)
        fail(path, dlerror());
    const c138_plugin *(*entry)(void) = NULL;
    *(void **)(void *)&entry = dlsym(so, "c138_plugin_entry");
    if (!entry)
        fail(path, "no c138_plugin_entry");
    if (describe_plugin(entry(), 0, NULL, 0, &document, &err) < 0)
        fail(path, err.text);
    return document; /* its texts are copies; the file stays mapped all the same */
}

static void put(struct catalog *c, const char *path) {
    C138_JSON struct c138_json *document = declaration(path);
    struct decl_plugin *plugin = NULL;
    struct c138_err err = {0};
    if (decl_plugin_new(document, &plugin, &err) < 0)
        fail(path, err.text);
    catalog_put(c, plugin);
}

static void print(struct c138_json *document) {
    C138_FREE char *text = c138_json_pretty(document);
    puts(text);
    c138_json_unref(document);
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--declaration")) {
        print(declaration(argv[2]));
        return 0;
    }
    struct catalog *c = catalog_new();
    for (int i = 1; i < argc; i++)
        put(c, argv[i]);
    print(openapi_document(c, "0.0.0"));
    catalog_free(c);
    return 0;
}

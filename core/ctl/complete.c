/*
 * Completion: `chain138ctl --complete WORD...` prints candidates for the last word, one a line;
 * ":file" and ":dir" leave it to the shell. It never says anything else: a shell is not the place
 * for errors.
 */
#include "config.h"

#include <ctl/ctl.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

#define PATIENCE_NS (3 * C138_NS_PER_S)

struct completing {
    struct ctl *c;
    const char *word;   /* what is there of the last word, behind "--name=" */
    const char *lead;   /* "--name=" to put before each candidate, or "" */
    const char *before; /* the word before it, or NULL */
};

static void candidate(const struct completing *k, const char *text) {
    if (text && c138_starts_with(text, k->word))
        printf("%s%s\n", k->lead, text);
}

static struct c138_json *get(struct ctl *c, const char *path) {
    struct c138_json *answer = NULL;
    struct c138_err err = {0};
    return ctl_request(c, "GET", path, NULL, PATIENCE_NS, NULL, &answer, &err) < 0 ? NULL : answer;
}

/* --- Values -------------------------------------------------------------------------------------
 */

static void complete_value(const struct completing *k, const char *action, const char *field) {
    C138_BUF struct c138_buf path = C138_BUF_NULL;
    c138_buf_adds(&path, "/v1/complete?action=");
    client_escape(&path, action);
    c138_buf_adds(&path, "&field=");
    client_escape(&path, field);
    c138_buf_adds(&path, "&prefix=");
    client_escape(&path, k->word);
    C138_JSON struct c138_json *answer = get(k->c, c138_buf_text(&path));
    const char *kind = c138_json_get_str(answer, "kind", "values");
    if (strcmp(kind, "values") != 0) {
        printf(":%s\n", kind);
        return;
    }
    const struct c138_json *values = c138_json_get(answer, "values");
    for (size_t i = 0; i < c138_json_count(values); i++)
        candidate(k, c138_json_as_str(c138_json_at(values, i), NULL));
}

static void complete_own_value(const struct completing *k, const char *name) {
    (void)k;
    if (!strcmp(name, "socket") || !strcmp(name, "config") || !strcmp(name, "token-file") ||
        !strcmp(name, "params-file"))
        puts(":file");
}

/* --- Names ----------------------------------------------------------------------------------- */

static void own_options(const struct completing *k) {
    for (const struct usage_option *o = ctl_usage.options; o->name; o++) {
        C138_FREE char *name = c138_xstrndup(o->name, strcspn(o->name, " "));
        candidate(k, name);
    }
}

static const struct c138_json *params_of(const struct c138_json *answer) {
    return c138_json_get(c138_json_get(answer, "action"), "params");
}

static struct c138_json *declaration(struct ctl *c, const char *action) {
    C138_BUF struct c138_buf path = C138_BUF_NULL;
    c138_buf_adds(&path, "/v1/actions/");
    client_escape(&path, action);
    return get(c, c138_buf_text(&path));
}

static void param_names(const struct completing *k, const char *action) {
    C138_JSON struct c138_json *answer = declaration(k->c, action);
    const struct c138_json *params = params_of(answer);
    for (size_t i = 0; i < c138_json_count(params); i++) {
        const struct c138_json *field = c138_json_at(params, i);
        const char *name = c138_json_get_str(field, "name", "");
        if (c138_json_get_bool(field, "hidden", 0) || args_value(&k->c->args, name))
            continue;
        if (args_hides(name)) {
            candidate(k, "--param");
            continue;
        }
        C138_FREE char *option = c138_xasprintf("--%s", name);
        for (char *p = option; *p; p++)
            *p = *p == '_' ? '-' : *p;
        candidate(k, option);
    }
}

static void positional(const struct completing *k, const char *action, size_t index) {
    C138_JSON struct c138_json *answer = declaration(k->c, action);
    const struct c138_json *params = params_of(answer);
    for (size_t i = 0; i < c138_json_count(params); i++) {
        const struct c138_json *field = c138_json_at(params, i);
        int list = c138_streq(c138_json_get_str(field, "type", NULL), "list");
        if (!c138_json_get_bool(field, "positional", 0))
            continue;
        if (list || index-- == 0) {
            complete_value(k, action, c138_json_get_str(field, "name", ""));
            return;
        }
    }
}

/* The first words of the table of commands, and the plugins. */
static void first_words(const struct completing *k) {
    for (const struct usage_option *o = ctl_commands; o->name; o++) {
        C138_FREE char *name = c138_xstrndup(o->name, strcspn(o->name, " "));
        if (strcmp(name, "PLUGIN") != 0 && strcmp(name, "audit") != 0)
            candidate(k, name);
    }
    candidate(k, "audit");
    C138_JSON struct c138_json *answer = get(k->c, "/v1/actions?brief=1");
    const struct c138_json *plugins = c138_json_get(answer, "plugins");
    for (size_t i = 0; i < c138_json_count(plugins); i++)
        candidate(k, c138_json_get_str(c138_json_at(plugins, i), "name", NULL));
}

static void actions_of(const struct completing *k, const char *plugin) {
    C138_JSON struct c138_json *answer = get(k->c, "/v1/actions?brief=1");
    const struct c138_json *plugins = c138_json_get(answer, "plugins");
    for (size_t i = 0; i < c138_json_count(plugins); i++) {
        const struct c138_json *p = c138_json_at(plugins, i);
        const struct c138_json *actions = c138_json_get(p, "actions");
        if (!c138_streq(c138_json_get_str(p, "name", NULL), plugin))
            continue;
        for (size_t j = 0; j < c138_json_count(actions); j++)
            candidate(k, c138_json_get_str(c138_json_at(actions, j), "name", NULL));
    }
}

static void second_words(const struct completing *k, const char *first) {
    const struct ctl_friendly *f;
    for (size_t i = 0; (f = ctl_friendly_at(i)) != NULL; i++)
        if (f->second && !strcmp(f->first, first))
            candidate(k, f->second);
    if (!strcmp(first, "completion"))
        candidate(k, "bash");
}

/* --- The last word --------------------------------------------------------------------------- */

/* Which action the words before name; NULL: none. *ret_first: how many words that took. */
static char *action_of(const struct args *a, size_t *ret_first) {
    const struct ctl_friendly *f = ctl_friendly_find(a->words, a->n_words);
    *ret_first = 2;
    if (f) {
        *ret_first = f->second ? 2 : 1;
        return c138_xstrdup(f->action);
    }
    return a->n_words >= 2 ? c138_xasprintf("%s.%s", a->words[0], a->words[1]) : NULL;
}

static int takes_value(const char *option) {
    static const char *const flags[] = {"--json",    "--help",    "--version", "--detach",
                                        "--dry-run", "--durable", "--follow",  NULL};
    for (const char *const *f = flags; *f; f++)
        if (!strcmp(*f, option))
            return 0;
    return c138_starts_with(option, "--") && option[2] && !strchr(option, '=');
}

static void value_of_option(const struct completing *k, const char *action, const char *option,
                            size_t length) {
    C138_FREE char *name = c138_xstrndup(option, length);
    for (const struct usage_option *o = ctl_usage.options; o->name; o++)
        if (c138_starts_with(o->name + 2, name) && o->name[2 + length] == ' ') {
            complete_own_value(k, name);
            return;
        }
    for (char *p = name; *p; p++)
        *p = *p == '-' ? '_' : *p;
    if (action)
        complete_value(k, action, name);
}

static void words(const struct completing *k, const char *action, size_t first) {
    const struct args *a = &k->c->args;
    if (a->n_words == 0)
        first_words(k);
    else if (a->n_words >= first && action)
        positional(k, action, a->n_words - first);
    if (a->n_words == 1) {
        second_words(k, a->words[0]);
        actions_of(k, a->words[0]);
    }
}

int ctl_complete(int argc, char **argv) {
    struct ctl *c = c138_xcalloc(1, sizeof(*c));
    struct completing k = {.c = c, .word = argc > 0 ? argv[argc - 1] : "", .lead = ""};
    struct c138_err err = {0};
    size_t first = 2;
    c->interrupt_fd = -1;
    k.before = argc > 1 ? argv[argc - 2] : NULL;
    /* An option whose value is just being typed is not whole yet. */
    int whole = argc - 1 - (k.before && takes_value(k.before));
    if (args_parse(whole > 0 ? whole : 0, argv, &c->args, &err) >= 0) {
        C138_FREE char *action = action_of(&c->args, &first);
        C138_FREE char *lead = NULL;
        const char *equals = c138_starts_with(k.word, "--") ? strchr(k.word, '=') : NULL;
        if (equals) {
            const char *option = k.word + 2;
            lead = c138_xstrndup(k.word, (size_t)(equals + 1 - k.word));
            k.lead = lead;
            k.word = equals + 1;
            value_of_option(&k, action, option, (size_t)(equals - option));
        } else if (k.before && takes_value(k.before)) {
            value_of_option(&k, action, k.before + 2, strlen(k.before + 2));
        } else if (k.word[0] == '-') {
            if (action)
                param_names(&k, action);
            own_options(&k);
        } else {
            words(&k, action, first);
        }
    }
    client_free(c->client);
    free(c);
    return EXIT_DONE;
}

void ctl_completion_script(FILE *out) {
    static const char *const script =
        "# bash completion of chain138ctl: asks the program itself.\n"
        "_chain138ctl() {\n"
        "    local cur words cword line kind=\n"
        "    if declare -F _get_comp_words_by_ref >/dev/null; then\n"
        "        _get_comp_words_by_ref -n =: cur words cword\n"
        "    else\n"
        "        cur=${COMP_WORDS[COMP_CWORD]} words=(\"${COMP_WORDS[@]}\") cword=$COMP_CWORD\n"
        "    fi\n"
        "    COMPREPLY=()\n"
        "    while IFS= read -r line; do\n"
        "        case $line in\n"
        "        :file | :dir) kind=$line ;;\n"
        "        *) COMPREPLY+=(\"$line\") ;;\n"
        "        esac\n"
        "    done < <(\"${words[0]}\" --complete \"${words[@]:1:cword}\" 2>/dev/null)\n"
        "    case $kind in\n"
        "    :file) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"${cur#*=}\")) "
        ";;\n"
        "    :dir) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- \"${cur#*=}\")) "
        ";;\n"
        "    esac\n"
        "    declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "
        "\"$cur\"\n"
        "    if [[ $cur == --*=* && $COMP_WORDBREAKS == *=* ]]; then\n"
        "        COMPREPLY=(\"${COMPREPLY[@]#*=}\")\n"
        "    fi\n"
        "}\n"
        "complete -F _chain138ctl chain138ctl\n";
    fputs(script, out);
}

/*
 * ctl/args.h: a command line taken apart, without knowing the action's parameters (so that a plain
 * call is one round trip). Pure.
 *
 *   chain138ctl [OPTIONS] WORD... [--name VALUE | --name=VALUE | --flag]...
 *
 * Options of the control itself are known and may stand anywhere; any other --name is a parameter.
 * `--name` takes the next word as its value unless that begins with "--"; without one it is "true".
 * What stands behind "--" is words.
 * `--param NAME=VALUE` names a parameter that one of our own options hides. `--params-file FILE`
 * brings parameters as one JSON object, for what is too long for a command line.
 */
#ifndef CORE_CTL_ARGS_H
#define CORE_CTL_ARGS_H
#include <base/err.h>
#include <base/json.h>

#define ARGS_WORDS_MAX 64
#define ARGS_PARAMS_MAX 256

struct args_param {
    char name[64]; /* with '_' for '-' */
    const char *value;
    int bare; /* the value is the word behind it, not joined by '=' */
};

struct args {
    int json, help, version, man, detach, dry_run, durable;
    const char *socket, *url, *token_file, *config, *wait, *timeout, *params_file;
    const char *words[ARGS_WORDS_MAX + 1]; /* point into argv */
    size_t n_words;
    struct args_param params[ARGS_PARAMS_MAX];
    size_t n_params;
};

/* C138_E_INVALID key "usage" with what is wrong. `argv` without the program's name; borrowed. */
c138_status args_parse(int argc, char **argv, struct args *ret, struct c138_err *err);
/* 1: an option of the control has the name of this parameter ("dry_run"), so that only --param names
 * it. */
int args_hides(const char *param);
/* The value of a parameter, the last one given; NULL: absent. */
const char *args_value(const struct args *a, const char *name);
/* The parameters as one object of text values; a name given twice becomes a list. The caller owns
 * it. */
struct c138_json *args_object(const struct args *a);
/*
 * With the declaration of the action ({"params":[FIELD]}): words from `first` on become the
 * positional parameters in order (a list takes the rest), and a flag that took a word which is none
 * of its own gives it back. C138_E_INVALID key "usage" for a word too many. Changes `params`.
 */
c138_status args_positional(const struct args *a, size_t first, const struct c138_json *action,
                            struct c138_json *params, struct c138_err *err);
#endif

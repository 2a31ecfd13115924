#include <wallet/words.h>

#include <string.h>

static int is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

const char *words_next(const char **text, const char *end, size_t *ret_length) {
    const char *p = *text;
    while (p < end && is_space(*p))
        p++;
    const char *word = p;
    while (p < end && !is_space(*p))
        p++;
    *text = p;
    *ret_length = (size_t)(p - word);
    return p > word ? word : NULL;
}

static int same(const char *listed, const char *word, size_t length) {
    if (strlen(listed) != length)
        return 0;
    unsigned differ = 0;
    for (size_t i = 0; i < length; i++) {
        char c = word[i];
        c = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        differ |= (unsigned)(c ^ listed[i]);
    }
    return differ == 0;
}

int words_find(const struct words *w, const char *word, size_t length) {
    int found = -1;
    for (int i = 0; i < 1 << w->bits; i++)
        found = same(w->list[i], word, length) ? i : found;
    return found;
}

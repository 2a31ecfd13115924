/*
 * wallet/words.h: lists of words that stand for numbers. Pure; any thread.
 */
#ifndef C138_WALLET_WORDS_H
#define C138_WALLET_WORDS_H
#include <stddef.h>

struct words {
    const char *const *list; /* all lower case, NFKD */
    unsigned bits;           /* a word's: the list has 1 << bits */
};
/* BIP-39, english.txt; 2048 words. sha256 of the list, a word a line:
 * 2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda */
extern const struct words words_bip39_english;
/* SLIP-39, wordlist.txt; 1024 words. sha256:
 * bcc4555340332d169718aed8bf31dd9d5248cb7da6e5d355140ef4f1e601eec3 */
extern const struct words words_slip39;

/* The next word of *text, separated by ASCII spaces, tabs and line ends: its start, *ret_length its
 * bytes, *text behind it. NULL at the end. */
const char *words_next(const char **text, const char *end, size_t *ret_length);
/* Its number, -1 for a word that is not in the list. ASCII case does not matter. Looks at the whole
 * list whatever it finds. */
int words_find(const struct words *w, const char *word, size_t length);
#endif

/*
 * wallet/hd.h: trees of keys (BIP-32), their text (xprv, xpub), and paths (BIP-44).
 *
 * A node lives in the secret memory of the host it was made with. One that came from an xpub has no
 * private key: it derives public children only. Fingerprints tell a child from its parent; they are
 * no secret.
 */
#ifndef C138_WALLET_HD_H
#define C138_WALLET_HD_H
#include <wallet/secret.h>

#define HD_PATH_ETHEREUM "m/44'/60'/0'/0/0" /* what every Ethereum wallet shows first */
#define HD_HARDENED 0x80000000u
#define HD_TEXT 112 /* an xpub with its NUL */
#define HD_DEPTH_MAX 255

struct hd;

/* 16 to 64 bytes, from mnemonic_to_seed(). */
c138_status hd_from_seed(const struct secret_host *host, const uint8_t *seed, size_t length,
                         struct hd **ret_node, struct c138_err *err);
/* xprv or xpub (mainnet versions), strict as BIP-32's test vector 5 asks. */
c138_status hd_from_text(const struct secret_host *host, const char *text, size_t length,
                         struct hd **ret_node, struct c138_err *err);
struct hd *hd_free(struct hd *node); /* wiped; takes NULL, returns NULL */
static inline void hd_freep(struct hd **node) {
    hd_free(*node);
}
#define HD C138_CLEANUP(hd_freep)

/* index from HD_HARDENED on: hardened, needs the private key (C138_E_UNSUPPORTED otherwise). */
c138_status hd_child(const struct hd *parent, uint32_t index, struct hd **ret_node,
                     struct c138_err *err);
/* "m", "m/44'/60'/0'/0/0": hardened is ', h or H. Also relative: "0/5". From a node below the root,
 * "m" is that node. */
c138_status hd_path(const struct hd *from, const char *path, struct hd **ret_node,
                    struct c138_err *err);
/* The same node without its private key. */
c138_status hd_neuter(const struct hd *node, struct hd **ret_node, struct c138_err *err);

const uint8_t *hd_private(const struct hd *node); /* 32 bytes, borrowed; NULL: has none */
const uint8_t *hd_public(const struct hd *node);  /* 33 bytes, borrowed */
unsigned hd_depth(const struct hd *node);
c138_status hd_address(const struct hd *node, uint8_t ret_address[20], struct c138_err *err);
c138_status hd_private_text(const struct hd *node, struct secret *ret_xprv, struct c138_err *err);
c138_status hd_public_text(const struct hd *node, char ret_xpub[HD_TEXT], struct c138_err *err);
#endif

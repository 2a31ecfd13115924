/*
 * wallet/nodekey.h: secp256k1 keys as nodes have them: Besu's key file, the enode id, the address.
 *
 * Besu's file (`key` in its data path, `--node-private-key-file`; seen with 25.5.0 and 26.8.0) is
 * 64 hex digits, with or without 0x, with or without an end of line. What is shorter is refused
 * here, though Besu pads it: half a key in a file is an accident.
 */
#ifndef C138_WALLET_NODEKEY_H
#define C138_WALLET_NODEKEY_H
#include <wallet/secret.h>

#define NODEKEY_FILE_MAX 4096 /* bytes read of a file, white space included */
#define NODEKEY_ENODE_MAX 512 /* bytes of an enode with its NUL */

/* A key is 32 bytes, not zero and below the curve's order: C138_E_INVALID otherwise
 * ("nodekey.range"). */
c138_status nodekey_check(const uint8_t key[32], struct c138_err *err);
c138_status nodekey_new(const struct secret_host *host, struct secret *ret_key,
                        struct c138_err *err);
c138_status nodekey_read(const struct secret_host *host, const char *text, size_t length,
                         struct secret *ret_key, struct c138_err *err);
/* As Besu writes it: 0x, 64 digits, no end of line. */
c138_status nodekey_write(const struct secret_host *host, const uint8_t key[32],
                          struct secret *ret_text, struct c138_err *err);
/* The uncompressed public key without its 0x04: the enode id, admin_nodeInfo.id. */
c138_status nodekey_public(const struct secret_host *host, const uint8_t key[32],
                           uint8_t ret_public[64], struct c138_err *err);
c138_status nodekey_address(const struct secret_host *host, const uint8_t key[32],
                            uint8_t ret_address[20], struct c138_err *err);
/* enode://ID@HOST:PORT, with ?discport=N where `discovery_port` differs from `port`. An IPv6
 * address gets its brackets. */
c138_status nodekey_enode(const uint8_t public_key[64], const char *host_name, uint16_t port,
                          uint16_t discovery_port, char ret_enode[NODEKEY_ENODE_MAX],
                          struct c138_err *err);

/* --- For the other files of this room: libsecp256k1 with a blinded context. --- */
/* The point of a key, 33 bytes. */
c138_status nodekey_point(const struct secret_host *host, const uint8_t key[32],
                          uint8_t ret_point[33], struct c138_err *err);
/* Adds `tweak` to a key or to a point, in place. C138_E_INVALID when the result is none (once in
 * 2^127). */
c138_status nodekey_add(uint8_t key[32], const uint8_t tweak[32], struct c138_err *err);
c138_status nodekey_point_add(uint8_t point[33], const uint8_t tweak[32], struct c138_err *err);
/* 33 bytes into 64; C138_E_INVALID for what is no point. */
c138_status nodekey_point_open(const uint8_t point[33], uint8_t ret_public[64],
                               struct c138_err *err);
#endif

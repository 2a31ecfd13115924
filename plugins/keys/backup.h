/*
 * A backup of keys: one file of JSON that is useless without its password, and says so to nobody.
 *
 *   {"format":"chain138-keys/1","id":ULID,"created":TIME,"host":NAME,
 *    "keys":[{"name":NAME,"file":{as the key folder has it, sealed with the backup's password}}],
 *    "password":{"threshold":0 or T,"messages":[{"recipients":[FINGERPRINT],"message":ARMORED}]}}
 *
 * The backup's password is 32 random bytes, as 64 hex digits. It is made in the vault, leaves it
 * boxed for the gpg plugin, and then encrypted: threshold 0: in one message that each recipient can
 * open; else as shares (SLIP-39, T of n), each in a message for one recipient. What a recipient
 * needs is gpg, and any program that opens Ethereum keystores; no agent.
 */
#ifndef KEYS_BACKUP_H
#define KEYS_BACKUP_H
#define BACKUP_FORMAT "chain138-keys/1"
#define BACKUP_PASSWORD 32         /* bytes */
#define BACKUP_FILE_MAX (4u << 20) /* bytes */
#endif

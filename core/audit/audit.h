/*
 * audit/audit.h: who asked for what, before and after, in a chain that shows every change. Loop
 * thread.
 *
 * One file of JSON lines, appended and never rewritten:
 *
 *   {"seq","time","host","kind","principal","action","job","params" (redacted),
 *    "digest" (of the canonical unredacted params),"outcome",...,"prev","hash"}
 *
 * hash is the SHA-256 of the canonical record without "hash", prev the hash of the record before (64
 * zeros for the first). The store keeps the newest (seq, hash): so a cut tail is found as well.
 * Records are written to the file and synced before the transaction that they belong to is committed
 * (store_before_commit): what the store knows, the audit knows. A torn last line after a crash (its
 * job was never acknowledged) is added to "<path>.torn", and that is itself recorded.
 */
#ifndef CORE_AUDIT_AUDIT_H
#define CORE_AUDIT_AUDIT_H
#include <store/store.h>

/*
 * If the file was moved away, cut by somebody else or cannot be written, nothing is committed, and
 * so nothing accepted, until that is mended: store_trouble() says what it is.
 */
struct audit;
/* Checks the file's end against the store. C138_E_CONFLICT: the file lacks records that the store
 * knows, or has others (the agent still starts: the caller says so loudly, and doctor and verify
 * show it); *ret_audit is set. The chain then goes on behind what the store knows: the gap stays in
 * the file and verify locates it for ever. */
c138_status audit_open(const char *path, struct store *store, const char *host_name,
                       struct audit **ret_audit, struct c138_err *err);
struct audit *audit_close(struct audit *a);
/* Adds one record; `members` (taken over) holds what the record says besides seq, time, host, prev,
 * hash. It is on disk when the current transaction is (opens it: store_write). kind: "accept",
 * "start", "end", "requeue" (it did not run, or runs again), "approve", "reject", "deny" (refused
 * by policy), "agent" (start, stop, reload), ... A record over 4 MiB goes without "params",
 * "outcome" and "data", and says so in "omitted_bytes"; its digest stays. */
void audit_append(struct audit *a, const char *kind, struct c138_json *members);
/* Head: seq of the newest record (0: none) and its hash. */
uint64_t audit_head(const struct audit *a, char ret_hash[65]);

struct audit_filter {
    int64_t since_ns, until_ns;           /* 0: open */
    const char *principal, *action, *job; /* NULL: any */
    uint64_t limit;                       /* newest; 0: 100 */
};
/* {"records":[...]} oldest first. Reads the file; may be called without an agent (path alone). */
c138_status audit_show(const char *path, const struct audit_filter *filter, struct c138_json **ret,
                       struct c138_err *err);
/*
 * Reads the whole file.
 * {"ok":bool,"records":n,"head":{"seq","hash"},"problems":[{"line","seq","byte_offset","what"}]}:
 * a flipped byte, a dropped, inserted, repeated or swapped record is located by its line.
 * head_seq/head_hash: what the store knows (0/NULL: unknown). Streams: memory does not grow with
 * the file.
 */
c138_status audit_verify(const char *path, uint64_t head_seq, const char *head_hash,
                         struct c138_json **ret, struct c138_err *err);
/* What the store knows, read from a database file that no agent has open (ctl, agent down). */
c138_status audit_stored_head(const char *store_path, uint64_t *ret_seq, char ret_hash[65],
                              struct c138_err *err);
#endif

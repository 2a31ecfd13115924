/*
 * log/systemd.h: the two datagrams that a service exchanges with systemd: its state to the service
 * manager (sd_notify(3), "Notes": the protocol is stable and meant to be spoken without libsystemd),
 * and a log entry to the journal (systemd's "Native Journal Protocol").
 *
 * Without libsystemd, because that brings seven libraries (compression, gcrypt) into a daemon that
 * needs none of them: docs/decisions/no-libsystemd.md. Any thread.
 */
#ifndef C138_LOG_SYSTEMD_H
#define C138_LOG_SYSTEMD_H
#include <base/buf.h>

#include <stddef.h>
#include <stdint.h>

#define SYSTEMD_JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Sends one datagram to the Unix socket `path` ("@..." is an abstract one). Waits while the
 * receiver's queue is full. 0, or a negative errno. */
int systemd_send(const char *path, const void *bytes, size_t length);

/* Adds a field of a journal entry: NAME=value, or the form with a length where `value` holds line
 * feeds. `name`: upper case letters, digits and _. */
void systemd_journal_field(struct c138_buf *entry, const char *name, const char *value);

/* Tells the service manager `state` ("READY=1\nSTATUS=watching"). Nothing where $NOTIFY_SOCKET is
 * not set; what it cannot take is lost. */
void systemd_notify(const char *state);

/* How often the service manager wants WATCHDOG=1, in ns; 0: it does not watch this process. */
int64_t systemd_watchdog_ns(void);
#endif

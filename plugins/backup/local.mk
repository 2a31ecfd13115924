# The plugin that makes backups and proves them. Its sources are also a library for its unit tests; what the stage helper needs of
# it stands on the SDK alone.
backup_stage_sources = plugins/backup/files.c plugins/backup/files.h plugins/backup/stage.c plugins/backup/stage.h
backup_sources = $(backup_stage_sources) plugins/backup/backup.c plugins/backup/backup.h plugins/backup/settings.c \
    plugins/backup/rocks.c plugins/backup/rocks.h plugins/backup/pack.c plugins/backup/pack.h plugins/backup/unpack.c \
    plugins/backup/sums.c plugins/backup/seal.c plugins/backup/seal.h plugins/backup/manifest.c plugins/backup/manifest.h \
    plugins/backup/progress.c plugins/backup/progress.h plugins/backup/store.c plugins/backup/store.h \
    plugins/backup/store_folder.c plugins/backup/store_s3.c plugins/backup/s3.c plugins/backup/s3.h plugins/backup/s3_xml.c \
    plugins/backup/engine.c plugins/backup/engine.h plugins/backup/engine_archive.c plugins/backup/engine_restic.c \
    plugins/backup/restic.c plugins/backup/restic.h plugins/backup/item.c plugins/backup/item.h plugins/backup/item_chain.c \
    plugins/backup/item_postgres.c plugins/backup/stage_socket.c plugins/backup/stage_socket.h plugins/backup/records.c \
    plugins/backup/records.h plugins/backup/keep.c plugins/backup/keep.h plugins/backup/run.h plugins/backup/create.c \
    plugins/backup/fetch.c plugins/backup/fetch.h plugins/backup/check.c plugins/backup/drill.c plugins/backup/drill.h \
    plugins/backup/drill_node.c plugins/backup/drill_box.c plugins/backup/drill_ipc.c \
    plugins/backup/drill_postgres.c plugins/backup/restore.c plugins/backup/restore.h \
    plugins/backup/restore_plan.c plugins/backup/restore_postgres.c plugins/backup/forget.c plugins/backup/show.c
if BUILD_BACKUP
pkgplugin_LTLIBRARIES += plugins/backup/backup.la
noinst_LTLIBRARIES += plugins/backup/libbackup.la
plugins_backup_libbackup_la_SOURCES = $(backup_sources)
plugins_backup_libbackup_la_CPPFLAGS = $(AM_CPPFLAGS) -DHAVE_CONFIG_H $(ARCHIVE_CFLAGS) $(ZSTD_CFLAGS) $(GPGME_CFLAGS) \
    $(ROCKSDB_CFLAGS) $(CRYPTO_CFLAGS)
plugins_backup_libbackup_la_LIBADD = lib/libchain138net.la lib/libchain138.la $(ARCHIVE_LIBS) $(ZSTD_LIBS) $(GPGME_LIBS) \
    $(ROCKSDB_LIBS) $(CRYPTO_LIBS)
plugins_backup_backup_la_SOURCES =
plugins_backup_backup_la_LDFLAGS = $(AM_PLUGIN_LDFLAGS)
plugins_backup_backup_la_LIBADD = plugins/backup/libbackup.la
pkglibexec_PROGRAMS += chain138-stage
chain138_stage_SOURCES = $(backup_stage_sources) plugins/backup/stage_main.c
chain138_stage_LDADD = lib/libchain138.la
endif

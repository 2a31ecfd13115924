# The plugin backup: what is pure, and what a folder is enough for.
if HAVE_CUNIT
if BUILD_BACKUP
check_PROGRAMS += tests/unit/backup/unit_backup
TESTS += tests/unit/backup/unit_backup
tests_unit_backup_unit_backup_SOURCES = $(UNIT_SOURCES) tests/unit/backup/main.c tests/unit/backup/rig.c tests/unit/backup/rig.h \
    tests/unit/backup/test_sums.c tests/unit/backup/test_keep.c tests/unit/backup/test_manifest.c tests/unit/backup/test_s3.c \
    tests/unit/backup/test_restic.c tests/unit/backup/test_files.c tests/unit/backup/test_stage.c tests/unit/backup/test_pack.c tests/unit/backup/test_drill_ipc.c
tests_unit_backup_unit_backup_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) -I$(top_srcdir)
tests_unit_backup_unit_backup_LDADD = plugins/backup/libbackup.la lib/libchain138.la $(UNIT_LIBS) -larchive -lzstd
endif
endif

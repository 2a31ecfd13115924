if HAVE_CUNIT
check_PROGRAMS += tests/unit/loader/unit_loader
TESTS += tests/unit/loader/unit_loader
tests_unit_loader_unit_loader_SOURCES = $(UNIT_SOURCES) tests/unit/loader/main.c \
    tests/unit/loader/test_catalog.c tests/unit/loader/test_elfnote.c tests/unit/loader/test_loader.c
tests_unit_loader_unit_loader_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) -I$(srcdir)/tests/unit \
    -DFAULT_PLUGIN_DIR='"$(abs_top_builddir)/tests/fault/plugins/.libs"' \
    -DFAULT_CTOR_FILE='"$(abs_top_builddir)/tests/fault/ctor-ran"' \
    -DLIBRARY_WITHOUT_NOTE='"$(abs_top_builddir)/tests/unit/loader/.libs/plain.so"' \
    -DLOADER_DIR='"$(abs_top_builddir)/tests/unit/loader-dir"'
tests_unit_loader_unit_loader_LDADD = core/libcore.la $(UNIT_LIBS)
check_LTLIBRARIES += tests/unit/loader/plain.la
tests_unit_loader_plain_la_SOURCES = tests/unit/loader/plain.c
tests_unit_loader_plain_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
endif
clean-local-loader:
	rm -rf tests/unit/loader-dir tests/unit/worker-state tests/unit/worker-state-readable tests/fault/ctor-ran
clean-local: clean-local-loader
.PHONY: clean-local-loader

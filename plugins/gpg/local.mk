# The plugin that encrypts for people. Its sources are also a library for its unit tests.
if HAVE_GPGME
pkgplugin_LTLIBRARIES += plugins/gpg/gpg.la
noinst_LTLIBRARIES += plugins/gpg/libgpg.la plugins/gpg/libpackets.la
plugins_gpg_libpackets_la_SOURCES = plugins/gpg/packets.c plugins/gpg/packets.h
plugins_gpg_libgpg_la_SOURCES = plugins/gpg/gpg.c plugins/gpg/gpg.h plugins/gpg/engine.c
plugins_gpg_libgpg_la_CPPFLAGS = $(AM_CPPFLAGS) -DHAVE_CONFIG_H $(GPGME_CFLAGS) $(SODIUM_CFLAGS)
plugins_gpg_libgpg_la_LIBADD = plugins/gpg/libpackets.la lib/libchain138.la $(GPGME_LIBS) $(SODIUM_LIBS)
plugins_gpg_gpg_la_SOURCES =
plugins_gpg_gpg_la_LDFLAGS = $(AM_PLUGIN_LDFLAGS)
plugins_gpg_gpg_la_LIBADD = plugins/gpg/libgpg.la
endif

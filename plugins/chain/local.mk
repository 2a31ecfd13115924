# The plugin that sends transactions. Its sources are also a library for its unit tests.
chain_sources = plugins/chain/chain.c plugins/chain/chain.h plugins/chain/settings.c \
    plugins/chain/endpoints.c plugins/chain/endpoints.h plugins/chain/journal.c plugins/chain/journal.h \
    plugins/chain/ask.c plugins/chain/plan.c plugins/chain/send.c plugins/chain/repair.c \
    plugins/chain/track.c plugins/chain/actions.c plugins/chain/calls.c plugins/chain/gauges.c plugins/chain/reads.c \
    plugins/chain/logs.c plugins/chain/logs.h plugins/chain/scan.c plugins/chain/scan.h \
    plugins/chain/watch.c plugins/chain/watch.h plugins/chain/watch_state.c plugins/chain/watches.c
if HAVE_CURL
pkgplugin_LTLIBRARIES += plugins/chain/chain.la
noinst_LTLIBRARIES += plugins/chain/libchain.la
plugins_chain_libchain_la_SOURCES = $(chain_sources)
plugins_chain_libchain_la_CPPFLAGS = $(AM_CPPFLAGS)
plugins_chain_libchain_la_LIBADD = lib/libchain138net.la lib/libchain138abi.la lib/libchain138.la
plugins_chain_chain_la_SOURCES =
plugins_chain_chain_la_LDFLAGS = $(AM_PLUGIN_LDFLAGS)
plugins_chain_chain_la_LIBADD = plugins/chain/libchain.la
endif

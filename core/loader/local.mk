libcore_sources += \
    core/loader/catalog.c core/loader/catalog.h \
    core/loader/elfnote.c core/loader/elfnote.h \
    core/loader/loader.c core/loader/loader.h

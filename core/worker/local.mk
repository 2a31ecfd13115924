libcore_sources += \
    core/worker/jsonscan.c core/worker/jsonscan.h \
    core/worker/mailbox.c \
    core/worker/port_queue.c \
    core/worker/port_socket.c core/worker/port.h \
    core/worker/runtime.c core/worker/runtime.h core/worker/runtime_parts.h \
    core/worker/runtime_call.c \
    core/worker/runtime_host.c \
    core/worker/runtime_mail.c \
    core/worker/runtime_metrics.c \
    core/worker/runtime_process.c \
    core/worker/runtime_result.c \
    core/worker/runtime_timer.c \
    core/worker/sandbox.c core/worker/sandbox.h \
    core/worker/instance.c core/worker/instance.h core/worker/instance_parts.h \
    core/worker/instance_calls.c core/worker/instance_events.c core/worker/instance_hello.c \
    core/worker/link.h core/worker/link_thread.c core/worker/link_worker.c \
    core/worker/plugins.c core/worker/plugins.h core/worker/plugins_internal.h \
    core/worker/plugins_apply.c core/worker/plugins_show.c \
    core/worker/wire.c core/worker/wire.h

pkglibexec_PROGRAMS += chain138-plugin-host
chain138_plugin_host_SOURCES = core/worker/host_main.c
chain138_plugin_host_LDADD = core/libcore.la -lm

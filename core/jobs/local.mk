# Sources of this room: libcore_sources += core/jobs/NAME.c core/jobs/NAME.h
libcore_sources += core/jobs/jobs.c core/jobs/jobs.h core/jobs/jobs_internal.h core/jobs/job_table.c \
    core/jobs/job_rows.c core/jobs/job_show.c core/jobs/approvals.c core/jobs/job_locks.c

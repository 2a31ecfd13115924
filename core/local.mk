# The core: one convenience library; programs take from it what they need.
libcore_sources =
include core/log/local.mk
include core/store/local.mk
include core/loader/local.mk
include core/bus/local.mk
include core/metrics/local.mk
include core/worker/local.mk
include core/audit/local.mk
include core/policy/local.mk
include core/jobs/local.mk
include core/schedule/local.mk
include core/config/local.mk
include core/api/local.mk
include core/agent/local.mk

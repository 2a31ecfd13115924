/*
 * Contract 1.0, frozen: every size and offset of its structs on a 64-bit machine. A line here is
 * never changed; what a later minor version appends gets lines of its own, and only a new major
 * version starts anew.
 */
#include <chain138/host.h>

#if UINTPTR_MAX == UINT64_MAX
#define SIZE(type, bytes) _Static_assert(sizeof(type) >= (bytes), #type " has shrunk")
#define AT(type, member, offset)                                                                   \
    _Static_assert(offsetof(type, member) == (offset), #type "." #member " has moved")
#if C138_ABI_MINOR == 0
#undef SIZE
#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has grown within 1.0")
#endif

/* clang-format off */

SIZE(c138_note, 72);
AT(c138_note, struct_size, 0);
AT(c138_note, abi_major, 4);
AT(c138_note, abi_minor, 8);
AT(c138_note, flags, 12);
AT(c138_note, name, 16);
AT(c138_note, version, 48);

SIZE(c138_elf_note, 96);
AT(c138_elf_note, owner_size, 0);
AT(c138_elf_note, payload_size, 4);
AT(c138_elf_note, type, 8);
AT(c138_elf_note, owner, 12);
AT(c138_elf_note, note, 24);

SIZE(c138_field, 88);
AT(c138_field, struct_size, 0);
AT(c138_field, type, 4);
AT(c138_field, flags, 8);
AT(c138_field, reserved, 12);
AT(c138_field, name, 16);
AT(c138_field, summary, 24);
AT(c138_field, unit, 32);
AT(c138_field, default_text, 40);
AT(c138_field, min_text, 48);
AT(c138_field, max_text, 56);
AT(c138_field, choices, 64);
AT(c138_field, complete, 72);
AT(c138_field, fields, 80);

SIZE(c138_action, 88);
AT(c138_action, struct_size, 0);
AT(c138_action, effect, 4);
AT(c138_action, role, 8);
AT(c138_action, flags, 12);
AT(c138_action, name, 16);
AT(c138_action, summary, 24);
AT(c138_action, help, 32);
AT(c138_action, example, 40);
AT(c138_action, lock, 48);
AT(c138_action, timeout_ns, 56);
AT(c138_action, params, 64);
AT(c138_action, results, 72);
AT(c138_action, run, 80);

SIZE(c138_event, 40);
AT(c138_event, struct_size, 0);
AT(c138_event, flags, 4);
AT(c138_event, severity, 8);
AT(c138_event, reserved, 12);
AT(c138_event, topic, 16);
AT(c138_event, summary, 24);
AT(c138_event, fields, 32);

SIZE(c138_metric, 32);
AT(c138_metric, struct_size, 0);
AT(c138_metric, type, 4);
AT(c138_metric, name, 8);
AT(c138_metric, help, 16);
AT(c138_metric, labels, 24);

SIZE(c138_event_in, 40);
AT(c138_event_in, struct_size, 0);
AT(c138_event_in, dropped, 4);
AT(c138_event_in, topic, 8);
AT(c138_event_in, json, 16);
AT(c138_event_in, source, 24);
AT(c138_event_in, time_ns, 32);

SIZE(c138_call, 200);
AT(c138_call, struct_size, 0);
AT(c138_call, dry_run, 4);
AT(c138_call, ctx, 8);
AT(c138_call, job_id, 16);
AT(c138_call, action, 24);
AT(c138_call, principal, 32);
AT(c138_call, params_json, 40);
AT(c138_call, plan_json, 48);
AT(c138_call, deadline_ns, 56);
AT(c138_call, has, 64);
AT(c138_call, get_str, 72);
AT(c138_call, get_int, 80);
AT(c138_call, get_uint, 88);
AT(c138_call, set_str, 96);
AT(c138_call, set_int, 104);
AT(c138_call, set_uint, 112);
AT(c138_call, set_num, 120);
AT(c138_call, set_bool, 128);
AT(c138_call, set_json, 136);
AT(c138_call, open_object, 144);
AT(c138_call, open_list, 152);
AT(c138_call, close, 160);
AT(c138_call, progress, 168);
AT(c138_call, log, 176);
AT(c138_call, cancelled, 184);
AT(c138_call, fail, 192);

SIZE(c138_plugin, 160);
AT(c138_plugin, struct_size, 0);
AT(c138_plugin, abi_major, 4);
AT(c138_plugin, abi_minor, 8);
AT(c138_plugin, reserved, 12);
AT(c138_plugin, name, 16);
AT(c138_plugin, version, 24);
AT(c138_plugin, summary, 32);
AT(c138_plugin, license, 40);
AT(c138_plugin, settings, 48);
AT(c138_plugin, actions, 56);
AT(c138_plugin, events, 64);
AT(c138_plugin, subscribes, 72);
AT(c138_plugin, metrics, 80);
AT(c138_plugin, create, 88);
AT(c138_plugin, prepare, 96);
AT(c138_plugin, commit, 104);
AT(c138_plugin, start, 112);
AT(c138_plugin, event, 120);
AT(c138_plugin, timer, 128);
AT(c138_plugin, stop, 136);
AT(c138_plugin, destroy, 144);
AT(c138_plugin, get_extension, 152);

SIZE(c138_host, 80);
AT(c138_host, struct_size, 0);
AT(c138_host, abi_major, 4);
AT(c138_host, abi_minor, 8);
AT(c138_host, reserved, 12);
AT(c138_host, ctx, 16);
AT(c138_host, agent_version, 24);
AT(c138_host, host_name, 32);
AT(c138_host, plugin, 40);
AT(c138_host, state_dir, 48);
AT(c138_host, get_extension, 56);
AT(c138_host, log, 64);
AT(c138_host, now_ns, 72);

SIZE(c138_bus, 16);
AT(c138_bus, struct_size, 0);
AT(c138_bus, reserved, 4);
AT(c138_bus, publish, 8);

SIZE(c138_caller, 16);
AT(c138_caller, struct_size, 0);
AT(c138_caller, reserved, 4);
AT(c138_caller, call, 8);

SIZE(c138_kv, 40);
AT(c138_kv, struct_size, 0);
AT(c138_kv, reserved, 4);
AT(c138_kv, get, 8);
AT(c138_kv, put, 16);
AT(c138_kv, remove, 24);
AT(c138_kv, list, 32);

SIZE(c138_timer, 24);
AT(c138_timer, struct_size, 0);
AT(c138_timer, reserved, 4);
AT(c138_timer, start, 8);
AT(c138_timer, cancel, 16);

SIZE(c138_metrics, 32);
AT(c138_metrics, struct_size, 0);
AT(c138_metrics, reserved, 4);
AT(c138_metrics, set, 8);
AT(c138_metrics, add, 16);
AT(c138_metrics, remove, 24);

SIZE(c138_secret, 16);
AT(c138_secret, struct_size, 0);
AT(c138_secret, reserved, 4);
AT(c138_secret, get, 8);

SIZE(c138_process, 16);
AT(c138_process, struct_size, 0);
AT(c138_process, reserved, 4);
AT(c138_process, run, 8);

SIZE(c138_health, 16);
AT(c138_health, struct_size, 0);
AT(c138_health, reserved, 4);
AT(c138_health, health, 8);

SIZE(c138_status_ext, 16);
AT(c138_status_ext, struct_size, 0);
AT(c138_status_ext, reserved, 4);
AT(c138_status_ext, status, 8);

/* 1.1 */
AT(c138_caller, plan, 16);
/* clang-format on */
#endif

_Static_assert(C138_ABI_MAJOR == 1, "a new contract: freeze its structs here");
_Static_assert(C138_T_BOOL == 1 && C138_T_OBJECT == 21, "types are numbers of the contract");
_Static_assert(C138_OK == 0 && C138_E_INVALID == -1 && C138_E_LIMIT == -12, "so are classes");

int main(void) {
    return 0;
}

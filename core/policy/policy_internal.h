/*
 * policy/policy_internal.h: the user database as policy asks it, replaceable in tests.
 */
#ifndef CORE_POLICY_INTERNAL_H
#define CORE_POLICY_INTERNAL_H
#include <policy/policy.h>

struct policy_lookup {
    /* The user's name into `ret_name`; "#1000" if there is none. */
    void (*user_name)(uid_t uid, char *ret_name, size_t size);
    /* Names of all groups of the user, the primary one first: at most `max`; gives how many. */
    size_t (*group_names)(uid_t uid, gid_t gid, char (*ret_names)[64], size_t max);
};
void policy_set_lookup(struct policy *p, const struct policy_lookup *lookup);
#endif

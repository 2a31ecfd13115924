#ifndef UNIT_API_TESTS_H
#define UNIT_API_TESTS_H
#include "../unit.h"

extern const CU_TestInfo tests_api[];
extern const CU_TestInfo tests_api_routes[];
extern const CU_TestInfo tests_api_actions[];
extern const CU_TestInfo tests_api_events[];
extern const CU_TestInfo tests_api_complete[];
extern const CU_TestInfo tests_openapi[];
#endif

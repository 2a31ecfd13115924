#ifndef UNIT_CTL_TESTS_H
#define UNIT_CTL_TESTS_H
#include "../unit.h"

extern const CU_TestInfo tests_args[];
extern const CU_TestInfo tests_answer[];
extern const CU_TestInfo tests_client[];
extern const CU_TestInfo tests_doctor_clock[];
extern const CU_TestInfo tests_table[];
extern const CU_TestInfo tests_usage[];
#endif

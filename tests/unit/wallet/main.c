#include "../unit.h"

extern const CU_TestInfo tests_secret[], tests_crypto[], tests_words[], tests_mnemonic[],
    tests_hd[], tests_nodekey[], tests_keystore[], tests_tesserakey[], tests_slip39[],
    tests_leaks[];

int main(void) {
    /* Leaks first: other tests leave vectors in freed memory. */
    const struct unit_suite suites[] = {{"leaks", tests_leaks},
                                        {"secret", tests_secret},
                                        {"crypto", tests_crypto},
                                        {"words", tests_words},
                                        {"mnemonic", tests_mnemonic},
                                        {"hd", tests_hd},
                                        {"nodekey", tests_nodekey},
                                        {"keystore", tests_keystore},
                                        {"tesserakey", tests_tesserakey},
                                        {"slip39", tests_slip39},
                                        {NULL, NULL}};
    return unit_run("unit_wallet", suites);
}

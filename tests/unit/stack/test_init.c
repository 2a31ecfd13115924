#include "../unit.h"
#include <base/text.h>
#include <plugins/stack/init.h>
#include <string.h>

/* The genesis that Besu 25.5.0's own generator made for four validators, with these in rising order:
 * Besu sorts them when it reads them. */
static void extra_data(void) {
    static const char *const given[] = {
        "87e939afc77a503cb5c3aac12098e5af61157ec6", "240b3ffe4ac891f7097462a921e03aee81c8c0be",
        "5aeae65915251cfdbfde51f7b92a402b37c7d43e", "bd7f06ec636a704c67861a8ae1c76ebf44898c11"};
    static const char wanted[] =
        "0xf87aa00000000000000000000000000000000000000000000000000000000000000000f854"
        "94240b3ffe4ac891f7097462a921e03aee81c8c0be945aeae65915251cfdbfde51f7b92a402b37c7d43e"
        "9487e939afc77a503cb5c3aac12098e5af61157ec694bd7f06ec636a704c67861a8ae1c76ebf44898c11"
        "c080c0";
    uint8_t validators[4][20];
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(c138_hex_decode(given[i], 40, validators[i]), C138_OK);
    init_extra_data((const uint8_t(*)[20])validators, 4, &out);
    C138_FREE char *hex = c138_hex_text(out.data, out.length);
    CU_ASSERT_STRING_EQUAL(hex, wanted);
}

const CU_TestInfo tests_init[] = {{"extraData", extra_data}, CU_TEST_INFO_NULL};

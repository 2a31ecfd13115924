/* Prints docs/audit-rules.md from the tables of the rules. */
#include <plugins/besu/audit.h>

#include <stdio.h>

int main(void) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    audit_rules_markdown(&text);
    return fputs(c138_buf_text(&text), stdout) < 0;
}

/* A shared object that is no plugin. */
int plain(void);

int plain(void) {
    return 138;
}

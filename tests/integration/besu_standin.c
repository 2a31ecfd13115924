/*
 * A stand-in for the program besu, for drills: takes the command line that it is given, as Besu 26.8.0 does, and answers
 * eth_getBlockByNumber over HTTP on 127.0.0.1 or at its IPC socket (a line for a request, as 25.5.0 and 26.8.0 were seen to).
 * Its head is what the file "head" of its data path says; the hash of a block is its number, so that a copy of
 * another chain can be made. It ends with 2 on what a drill must never do: a peer, a key of somebody else, no database.
 * -Dstandin.wait=N in BESU_OPTS: seconds until it answers, as a JVM would need them; -Dstandin.fork: block 7 is another one.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *option(char **argv, const char *name) {
    size_t length = strlen(name);
    for (char **a = argv + 1; *a; a++)
        if (!strncmp(*a, name, length) && (*a)[length] == '=')
            return *a + length + 1;
    return "";
}

static int refuse(const char *why) {
    fprintf(stderr, "stand-in: %s\n", why);
    return 2;
}

static unsigned read_head(const char *data) {
    char path[512];
    unsigned head = 0;
    (void)snprintf(path, sizeof(path), "%s/head", data);
    FILE *f = fopen(path, "r");
    if (!f || fscanf(f, "%u", &head) != 1)
        head = 0;
    if (f)
        fclose(f);
    return head;
}

static int is_there(const char *data, const char *name) {
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", data, name);
    return access(path, R_OK) == 0;
}

static void make_key(const char *data) {
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/key", data);
    FILE *f = fopen(path, "w");
    if (f) {
        fputs("0x01", f);
        fclose(f);
    }
}

static int listen_at(const char *socket_path, int port) {
    struct sockaddr_un u = {.sun_family = AF_UNIX};
    struct sockaddr_in i = {.sin_family = AF_INET,
                            .sin_port = htons((unsigned short)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(*socket_path ? AF_UNIX : AF_INET, SOCK_STREAM, 0), bound = -1;
    (void)snprintf(u.sun_path, sizeof(u.sun_path), "%s", socket_path);
    if (*socket_path)
        bound = bind(fd, (struct sockaddr *)&u, sizeof(u));
    else
        bound = bind(fd, (struct sockaddr *)&i, sizeof(i));
    return bound == 0 && listen(fd, 8) == 0 ? fd : -1;
}

/* The members of a block that drills look at; a real one has more. */
static void answer(int fd, int http, const char *request, unsigned head) {
    const char *tag = strstr(request, "\"0x");
    unsigned number = tag ? (unsigned)strtoul(tag + 1, NULL, 16) : head;
    const char *options = getenv("BESU_OPTS");
    unsigned fork = options && strstr(options, "-Dstandin.fork") && number == 7;
    char body[512], head_text[256] = "";
    if (number > head)
        (void)snprintf(body, sizeof(body), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}\n");
    else
        (void)snprintf(body, sizeof(body),
                       "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"number\":\"0x%x\",\"hash\":\"0x%064x\"}}\n",
                       number, number + fork * 0x1000);
    if (http)
        (void)snprintf(head_text, sizeof(head_text),
                       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                       "Connection: close\r\n\r\n",
                       strlen(body));
    (void)!write(fd, head_text, strlen(head_text));
    (void)!write(fd, body, strlen(body));
}

static void serve(int listener, int http, const char *data) {
    for (;;) {
        char request[4096];
        size_t length = 0;
        int fd = accept(listener, NULL, NULL);
        while (fd >= 0 && length < sizeof(request) - 1) {
            ssize_t n = read(fd, request + length, sizeof(request) - 1 - length);
            if (n <= 0)
                break;
            length += (size_t)n;
            request[length] = '\0';
            if (strstr(request, "false]")) /* the end of what is asked here */
                break;
        }
        if (length && strstr(request, "eth_getBlockByNumber"))
            answer(fd, http, request, read_head(data));
        if (fd >= 0)
            close(fd);
    }
}

int main(int argc, char **argv) {
    const char *data = option(argv, "--data-path"), *socket_path = option(argv, "--Xrpc-ipc-path");
    const char *options = getenv("BESU_OPTS"), *wait = options ? strstr(options, "-Dstandin.wait=") : NULL;
    (void)argc;
    (void)signal(SIGPIPE, SIG_IGN);
    if (getpid() == 1) /* the kernel spares it what it does not handle */
        (void)signal(SIGTERM, _exit);
    if (strcmp(option(argv, "--p2p-enabled"), "false") || strcmp(option(argv, "--discovery-enabled"), "false"))
        return refuse("p2p is not off");
    if (!is_there(data, "database/CURRENT"))
        return refuse("no database");
    if (is_there(data, "key"))
        return refuse("there is a key");
    if (*option(argv, "--genesis-file") && access(option(argv, "--genesis-file"), R_OK))
        return refuse("no genesis file");
    make_key(data);
    printf("stand-in: up\n");
    fflush(stdout);
    if (wait)
        sleep((unsigned)atoi(wait + strlen("-Dstandin.wait=")));
    int listener = listen_at(socket_path, atoi(option(argv, "--rpc-http-port")));
    if (listener < 0)
        return refuse("cannot listen");
    serve(listener, !*socket_path, data);
    return 0;
}

/* The clients of the benchmark, in one thread. Prints one JSON object a line; Python only starts it and reads that.
 *
 *   load tunnels PROXY_PORT TARGET HELLO REPLY_OCTETS CONCURRENCY SECONDS   connect, CONNECT, hello, reply, close
 *   load denials PROXY_PORT TARGET HELLO REPLY_OCTETS CONCURRENCY SECONDS   connect, CONNECT, read the whole 403, close
 *   load requests PROXY_PORT TARGET - REPLY_OCTETS CONCURRENCY SECONDS      GET http://TARGET/, again and again on each connection
 *   load idle    PROXY_PORT TARGET HELLO REPLY_OCTETS COUNT                 open, hold until stdin ends, echo once each
 *   load echo    PROXY_PORT TARGET HELLO REPLY_OCTETS SECONDS               64 octets there and back, one at a time
 *   load bulk    PROXY_PORT TARGET HELLO REPLY_OCTETS OCTETS                one stream from the server, thrown away
 *
 * PROXY_PORT may be ADDRESS:PORT. TARGET is what stands after CONNECT; `-` goes straight to PROXY_PORT. HELLO is a file with the ClientHello. Clients
 * come from 127.0.0.1 to 127.0.0.32, so that no pair of addresses runs out of ports. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SOURCES = 32, SAMPLES = 1 << 23, HEAD = 16384, PATIENCE_S = 10 };
enum state { CONNECTING, CONNECT_SENT, HELLO_SENT };

struct slot {
    int fd;
    enum state state;
    uint32_t got, body; /* body: octets of head and body together, once the head is whole */
    uint64_t began;
    char head[HEAD];
};

static struct sockaddr_in proxy;
static char request[512], hello[HEAD], sink[1 << 16], first_error[160];
static int request_octets, hello_octets, reply_octets, direct, denials, requests, loop;
static uint64_t done, failed;
static uint32_t *samples;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void die(const char *what) { fprintf(stderr, "load: %s: %s\n", what, strerror(errno)); exit(1); }

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void report(const char *unit, double seconds) {
    struct rusage used;
    uint64_t kept = done < SAMPLES ? done : SAMPLES;
    qsort(samples, kept, sizeof *samples, by_size);
    getrusage(RUSAGE_SELF, &used);
    double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("{\"unit\": \"%s\", \"done\": %lu, \"failed\": %lu, \"seconds\": %.6f, \"load_cpu_s\": %.4f", unit, done, failed,
           seconds, cpu);
    if (kept) printf(", \"p50_us\": %.2f, \"p99_us\": %.2f", samples[kept / 2] / 1e3, samples[kept * 99 / 100] / 1e3);
    printf(", \"error\": \"%s\"}\n", first_error);
    fflush(stdout);
}

static void failure(const char *what, const char *head) {
    if (!failed++) snprintf(first_error, sizeof first_error, "%s %.12s", what, head);
    for (char *c = first_error; *c; c++) if (*c < ' ' || *c == '"' || *c == '\\' || *c > '~') *c = ' ';
}

static int new_socket(int flags) {
    static unsigned next;
    struct sockaddr_in source = {.sin_family = AF_INET};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd < 0) die("socket");
    if (ntohl(proxy.sin_addr.s_addr) >> 24 != 127) return fd;
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + next++ % SOURCES);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&source, sizeof source) < 0) die("bind");
    return fd;
}

/* tunnels and denials: `concurrency` slots, each always at one connection */

static void begin(struct slot *s);
static void spoil(struct slot *s, const char *what);

static void end(struct slot *s, uint64_t now) {
    if (!requests) close(s->fd);
    if (done < SAMPLES) samples[done] = (uint32_t)(now - s->began);
    done++;
    if (!requests) { begin(s); return; }
    s->got = s->body = 0;
    s->head[0] = 0;
    s->began = now_ns();
    if (send(s->fd, request, request_octets, MSG_NOSIGNAL) != request_octets) spoil(s, "cannot send");
}

static void spoil(struct slot *s, const char *what) {
    failure(what, s->head);
    close(s->fd);
    begin(s);
}

static void watch(struct slot *s, uint32_t events, int how) {
    struct epoll_event event = {.events = events, .data.ptr = s};
    if (epoll_ctl(loop, how, s->fd, &event) < 0) die("epoll_ctl");
}

/* Whether the first octets are on their way. Handshakes on loopback are mostly over when connect returns. */
static int greeted(struct slot *s) {
    int octets = direct ? hello_octets : request_octets;
    if (send(s->fd, direct ? hello : request, octets, MSG_NOSIGNAL) != octets) return 0;
    s->state = direct ? HELLO_SENT : CONNECT_SENT;
    return 1;
}

static void begin(struct slot *s) {
    s->state = CONNECTING;
    s->got = s->body = 0;
    s->head[0] = 0;
    s->fd = new_socket(SOCK_NONBLOCK);
    s->began = now_ns();
    if (connect(s->fd, (struct sockaddr *)&proxy, sizeof proxy) < 0 && errno != EINPROGRESS) die("connect");
    watch(s, greeted(s) ? EPOLLIN : EPOLLOUT, EPOLL_CTL_ADD);
}

static void greet(struct slot *s) {
    if (greeted(s)) watch(s, EPOLLIN, EPOLL_CTL_MOD);
    else if (errno != EAGAIN && errno != ENOTCONN) spoil(s, "cannot connect");
}

static void receive(struct slot *s) {
    int in_head = s->state == CONNECT_SENT && !s->body;
    ssize_t count = recv(s->fd, in_head ? s->head + s->got : sink, in_head ? HEAD - 1 - s->got : sizeof sink, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) { spoil(s, "reset"); return; }
    if (count == 0) { spoil(s, "closed early"); return; }
    /* What the origin answers to a hello, and no error that somebody else answers in its place. */
    if (s->state == HELLO_SENT && !s->got && memcmp(sink, "\x16\x03\x03", count < 3 ? count : 3)) { spoil(s, "no hello"); return; }
    if (s->state == HELLO_SENT && sink[count - 1] != 'x' && s->got + count >= reply_octets) { spoil(s, "another's answer"); return; }
    s->got += count;
    if (in_head) {
        s->head[s->got] = 0;
        char *over = strstr(s->head, "\r\n\r\n");
        if (!over) return;
        if (strncmp(s->head + 8, denials ? " 403" : " 200", 4)) { spoil(s, "answered"); return; }
        char *length = denials || requests ? strcasestr(s->head, "\r\ncontent-length:") : NULL;
        s->body = over + 4 - s->head + (length && length < over ? atoi(length + 17) : 0);
        if (!denials && !requests) {
            if (send(s->fd, hello, hello_octets, MSG_NOSIGNAL) != hello_octets) { spoil(s, "cannot send"); return; }
            s->state = HELLO_SENT;
            s->got -= s->body;
            return;
        }
    }
    if (s->got >= (denials || requests ? s->body : (uint32_t)reply_octets)) end(s, now_ns());
}

static void storm(int concurrency, double seconds) {
    struct slot *slots = calloc(concurrency, sizeof *slots);
    struct epoll_event events[256];
    if (!slots || (loop = epoll_create1(EPOLL_CLOEXEC)) < 0) die("storm");
    uint64_t began = now_ns(), until = began + (uint64_t)(seconds * 1e9), looked = began, now;
    for (int i = 0; i < concurrency; i++) begin(&slots[i]);
    while ((now = now_ns()) < until) {
        int ready = epoll_wait(loop, events, 256, 100);
        for (int i = 0; i < ready; i++) {
            struct slot *s = events[i].data.ptr;
            if (s->state == CONNECTING) greet(s);
            else receive(s);
        }
        if (now - looked < 1000000000ull) continue;
        looked = now;
        for (int i = 0; i < concurrency; i++)
            if ((int64_t)(now - slots[i].began) > (int64_t)PATIENCE_S * 1000000000ll) spoil(&slots[i], "no answer");
    }
    report(denials ? "denials" : requests ? "requests" : "tunnels", (now - began) / 1e9);
}

/* idle, echo, bulk: one thing at a time, blocking */

static void whole(int fd, char *into, size_t octets) {
    for (size_t got = 0; got < octets;) {
        ssize_t count = recv(fd, into + got, octets - got, 0);
        if (count <= 0) die("recv");
        got += count;
    }
}

static int open_tunnel(void) {
    char head[HEAD];
    int got = 0, one = 1, fd = new_socket(0);
    struct timeval patience = {.tv_sec = 60};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&proxy, sizeof proxy) < 0) die("connect");
    if (!direct) {
        send(fd, request, request_octets, MSG_NOSIGNAL);
        do {
            ssize_t count = recv(fd, head + got, sizeof head - 1 - got, 0);
            if (count <= 0) die("recv after CONNECT");
            head[got += count] = 0;
        } while (!strstr(head, "\r\n\r\n"));
        if (strncmp(head + 8, " 200", 4)) { fprintf(stderr, "load: answered %.20s\n", head); exit(1); }
    }
    send(fd, hello, hello_octets, MSG_NOSIGNAL);
    whole(fd, sink, reply_octets);
    return fd;
}

static void idle(int count) {
    int *fds = calloc(count, sizeof *fds);
    uint64_t began = now_ns();
    for (int i = 0; i < count; i++) fds[i] = open_tunnel();
    done = 0;
    printf("{\"unit\": \"standing\", \"done\": %d, \"seconds\": %.3f}\n", count, (now_ns() - began) / 1e9);
    fflush(stdout);
    while (read(0, sink, sizeof sink) > 0);
    for (int i = 0; i < count; i++) {
        memset(sink, 'E', 64);
        size_t got = 0;
        ssize_t part = send(fds[i], sink, 64, MSG_NOSIGNAL);
        while (part > 0 && got < 64 && (part = recv(fds[i], sink, sizeof sink, 0)) > 0) got += part;
        if (got == 64) done++;
        else failure("lost", "");
    }
    report("echoed", (now_ns() - began) / 1e9);
}

static void echo(double seconds) {
    char message[64];
    memset(message, 'E', sizeof message);
    int fd = open_tunnel();
    uint64_t began = now_ns(), until = began + (uint64_t)(seconds * 1e9), now;
    while ((now = now_ns()) < until) {
        if (send(fd, message, 64, MSG_NOSIGNAL) != 64) die("send");
        whole(fd, sink, 64);
        if (done < SAMPLES) samples[done++] = (uint32_t)(now_ns() - now);
    }
    report("echoes", (now - began) / 1e9);
}

static void bulk(uint64_t octets) {
    char command[9] = {'B'};
    int fd = open_tunnel();
    memcpy(command + 1, &octets, 8);
    uint64_t began = now_ns();
    send(fd, command, 9, MSG_NOSIGNAL);
    while (done < octets) {
        ssize_t count = recv(fd, NULL, 1 << 20, MSG_TRUNC); /* tcp(7): received, counted, and thrown away uncopied */
        if (count <= 0) die("recv");
        done += count;
    }
    double seconds = (now_ns() - began) / 1e9;
    printf("{\"unit\": \"octets\", \"done\": %lu, \"failed\": 0, \"seconds\": %.6f}\n", done, seconds);
}

int main(int argc, char **argv) {
    if (argc < 7) { fprintf(stderr, "usage: load MODE PROXY_PORT TARGET HELLO REPLY_OCTETS ...; see load.c\n"); return 2; }
    signal(SIGPIPE, SIG_IGN);
    proxy = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    proxy.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    char *colon = strchr(argv[2], ':');
    if (colon) {
        *colon = 0;
        proxy.sin_addr.s_addr = inet_addr(argv[2]);
        proxy.sin_port = htons(atoi(colon + 1));
    }
    direct = !strcmp(argv[3], "-");
    requests = !strcmp(argv[1], "requests");
    if (requests) request_octets = snprintf(request, sizeof request, "GET http://%s/ HTTP/1.1\r\nHost: %s\r\n\r\n", argv[3], argv[3]);
    else request_octets = snprintf(request, sizeof request, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", argv[3], argv[3]);
    if (!requests) {
        FILE *file = fopen(argv[4], "rb");
        if (!file) die(argv[4]);
        hello_octets = fread(hello, 1, sizeof hello, file);
        fclose(file);
    }
    reply_octets = atoi(argv[5]);
    if (!(samples = malloc(SAMPLES * sizeof *samples))) die("malloc");
    const char *mode = argv[1];
    denials = !strcmp(mode, "denials");
    if ((denials || requests || !strcmp(mode, "tunnels")) && argc == 8) storm(atoi(argv[6]), atof(argv[7]));
    else if (!strcmp(mode, "idle")) idle(atoi(argv[6]));
    else if (!strcmp(mode, "echo")) echo(atof(argv[6]));
    else if (!strcmp(mode, "bulk")) bulk(strtoull(argv[6], NULL, 10));
    else { fprintf(stderr, "load: unknown mode %s\n", mode); return 2; }
    return 0;
}

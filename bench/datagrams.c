/* Datagrams there and back, in one thread.
 *
 *   datagrams serve PORT                                  answers each datagram with itself
 *   datagrams ask ADDRESS PORT SECONDS WINDOW OCTETS      keeps WINDOW of them under way, and prints one JSON object
 *
 * A datagram begins as RTP does and carries when it was sent. One that has not come back after PATIENCE_MS is lost, and another
 * takes its place. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { SAMPLES = 1 << 23, LARGEST = 1472, PATIENCE_MS = 200, RTP = 12 };

static uint32_t *samples;
static char octets[LARGEST];

static void die(const char *what) { fprintf(stderr, "datagrams: %s: %s\n", what, strerror(errno)); exit(1); }

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int serve(int port) {
    struct sockaddr_in from, at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0) die("bind");
    for (;;) {
        socklen_t size = sizeof from;
        ssize_t got = recvfrom(fd, octets, sizeof octets, 0, (struct sockaddr *)&from, &size);
        if (got > 0) sendto(fd, octets, got, 0, (struct sockaddr *)&from, size);
    }
}

static void send_one(int fd, int size) {
    uint64_t now = now_ns();
    octets[0] = (char)0x80; /* RTP, version 2 (RFC 3550 section 5.1): what a gateway takes for QUIC goes another way */
    memcpy(octets + RTP, &now, sizeof now);
    if (send(fd, octets, size, 0) < 0 && errno != ECONNREFUSED && errno != ENOBUFS) die("send");
}

static int ask(const char *address, int port, double seconds, int window, int size) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct pollfd wait = {.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};
    uint64_t came = 0, lost = 0, begun = now_ns(), until = begun + (uint64_t)(seconds * 1e9);
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1) die(address);
    if (wait.fd < 0 || connect(wait.fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
    if (!(samples = malloc(SAMPLES * sizeof *samples))) die("malloc");
    for (int i = 0; i < window; i++) send_one(wait.fd, size);
    while (now_ns() < until) {
        if (poll(&wait, 1, PATIENCE_MS) == 0) { /* none came for so long: all of them are lost */
            lost += window;
            for (int i = 0; i < window; i++) send_one(wait.fd, size);
            continue;
        }
        ssize_t got = recv(wait.fd, octets, sizeof octets, MSG_DONTWAIT);
        if (got < (ssize_t)(RTP + sizeof(uint64_t))) continue;
        uint64_t sent;
        memcpy(&sent, octets + RTP, sizeof sent);
        if (came < SAMPLES) samples[came] = (now_ns() - sent) / 1000;
        came++;
        send_one(wait.fd, size);
    }
    double took = (now_ns() - begun) / 1e9;
    uint64_t kept = came < SAMPLES ? came : SAMPLES;
    qsort(samples, kept, sizeof *samples, by_size);
    printf("{\"came\": %llu, \"lost\": %llu, \"seconds\": %.6f, \"p50_us\": %u, \"p99_us\": %u}\n", (unsigned long long)came,
           (unsigned long long)lost, took, kept ? samples[kept / 2] : 0, kept ? samples[kept * 99 / 100] : 0);
    return came ? 0 : 1;
}

int main(int count, char **words) {
    if (count == 3 && !strcmp(words[1], "serve")) return serve(atoi(words[2]));
    if (count == 7 && !strcmp(words[1], "ask")) {
        int window = atoi(words[5]), size = atoi(words[6]);
        if (window > 0 && size >= (int)(RTP + sizeof(uint64_t)) && size <= LARGEST)
            return ask(words[2], atoi(words[3]), atof(words[4]), window, size);
    }
    fprintf(stderr, "usage: datagrams serve PORT | ask ADDRESS PORT SECONDS WINDOW OCTETS\n");
    return 2;
}

/* The server behind every proxy of the benchmark: `origin PORT REPLY_OCTETS`, on 127.0.0.1, epoll, one thread.
 *
 * Speaks no TLS: it waits for one whole TLS record (the client's hello), answers with REPLY_OCTETS fixed octets that look
 * like a ServerHello, and then does what the first octet that follows says:
 *   'E'  send back everything that comes, that octet included
 *   'B'  and 8 octets, little-endian: send so many octets, from memory, without copying
 * To what begins with 'G' it is a server of HTTP/1.1 that answers REPLY_OCTETS octets to every GET. Listens at ADDRESS
 * where one is given. It closes when the client does. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 512, CHUNK = 1 << 20, BUFFER = 1 << 16 };
enum state { HELLO, COMMAND, ECHO, SEND, HTTP };

struct connection {
    enum state state;
    uint32_t got;     /* octets of the hello or of the command */
    uint32_t wanted;  /* octets of the hello, 0 until its record header came */
    uint8_t head[9];
    uint64_t to_send;
};

static struct connection *table;
static int loop, chunk_fd;
static char *reply;
static int reply_octets;
static char buffer[BUFFER], *page;
static int page_octets;

static void die(const char *what) { perror(what); exit(1); }

static void watch(int fd, uint32_t events, int how) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(loop, how, fd, &event) < 0) die("epoll_ctl");
}

/* 0 where the socket takes no more for now or all was sent; -1 where the connection is over. */
static int send_more(int fd, struct connection *c) {
    while (c->to_send) {
        off_t offset = 0;
        ssize_t sent = sendfile(fd, chunk_fd, &offset, c->to_send < CHUNK ? c->to_send : CHUNK);
        if (sent < 0) return errno == EAGAIN ? 0 : -1;
        c->to_send -= sent;
    }
    c->state = ECHO;
    watch(fd, EPOLLIN, EPOLL_CTL_MOD);
    return 0;
}

/* -1 where the connection is over. */
static int take(int fd, struct connection *c, const char *octets, ssize_t count) {
    switch (c->state) {
    case HTTP: /* requests without bodies, whose heads end with CR LF CR LF */
        for (ssize_t i = 0; i < count; i++) {
            c->got = octets[i] == (c->got & 1 ? '\n' : '\r') ? c->got + 1 : octets[i] == '\r';
            if (c->got < 4) continue;
            c->got = 0;
            if (send(fd, page, page_octets, MSG_NOSIGNAL) != page_octets) return -1;
        }
        return 0;
    case HELLO:
        if (!c->got && octets[0] == 'G') {
            c->state = HTTP;
            return take(fd, c, octets, count);
        }
        for (ssize_t i = 0; i < count && c->got + i < 5; i++) c->head[c->got + i] = octets[i];
        c->got += count;
        if (!c->wanted && c->got >= 5) c->wanted = 5 + (c->head[3] << 8 | c->head[4]);
        if (!c->wanted || c->got < c->wanted) return 0;
        c->state = COMMAND;
        c->got = 0;
        return send(fd, reply, reply_octets, MSG_NOSIGNAL) == reply_octets ? 0 : -1;
    case COMMAND:
        if (!c->got && octets[0] == 'E') {
            c->state = ECHO;
            return send(fd, octets, count, MSG_NOSIGNAL) == count ? 0 : -1;
        }
        for (ssize_t i = 0; i < count && c->got < 9; i++) c->head[c->got++] = octets[i];
        if (c->head[0] != 'B') return -1;
        if (c->got < 9) return 0;
        memcpy(&c->to_send, c->head + 1, 8);
        c->state = SEND;
        watch(fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
        return send_more(fd, c);
    case ECHO:
        return send(fd, octets, count, MSG_NOSIGNAL) == count ? 0 : -1;
    case SEND:
        return 0;
    }
    return -1;
}

static void accept_all(int listener, int limit) {
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= limit) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        memset(&table[fd], 0, sizeof table[fd]);
        watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
}

int main(int argc, char **argv) {
    if (argc != 3 && argc != 4) { fprintf(stderr, "usage: origin PORT REPLY_OCTETS [ADDRESS]\n"); return 2; }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    address.sin_addr.s_addr = argc == 4 ? inet_addr(argv[3]) : htonl(INADDR_LOOPBACK);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    reply_octets = atoi(argv[2]);
    reply = calloc(1, reply_octets);
    table = calloc(files.rlim_cur, sizeof *table);
    page = calloc(1, reply_octets + 128);
    if (!reply || !table || !page) die("calloc");
    page_octets = sprintf(page, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", reply_octets);
    memset(page + page_octets, 'x', reply_octets);
    page_octets += reply_octets;
    memset(reply, 'x', reply_octets); /* one record with one ServerHello, as far as who stands between looks */
    reply[0] = 0x16, reply[1] = 3, reply[2] = 3, reply[3] = (reply_octets - 5) >> 8, reply[4] = (reply_octets - 5) & 255;
    reply[5] = 2, reply[6] = 0, reply[7] = (reply_octets - 9) >> 8, reply[8] = (reply_octets - 9) & 255, reply[9] = reply[10] = 3;
    chunk_fd = memfd_create("chunk", MFD_CLOEXEC);
    if (chunk_fd < 0 || ftruncate(chunk_fd, CHUNK) < 0) die("memfd_create");
    void *chunk = mmap(NULL, CHUNK, PROT_WRITE, MAP_SHARED, chunk_fd, 0);
    if (chunk == MAP_FAILED) die("mmap");
    memset(chunk, 'x', CHUNK);

    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4096) < 0) die("listen");
    loop = epoll_create1(EPOLL_CLOEXEC);
    watch(listener, EPOLLIN, EPOLL_CTL_ADD);

    for (;;) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(loop, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) { accept_all(listener, (int)files.rlim_cur); continue; }
            struct connection *c = &table[fd];
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
                ssize_t count = recv(fd, buffer, BUFFER, 0);
                if (count < 0 && errno == EAGAIN) continue;
                if (count <= 0 || take(fd, c, buffer, count) < 0) { close(fd); continue; }
            }
            if ((events[i].events & EPOLLOUT) && c->state == SEND && send_more(fd, c) < 0) close(fd);
        }
    }
}

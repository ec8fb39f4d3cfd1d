// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "channel_net.h"
#include "meshd/base/secret.h"
#include "meshd/channel/sockets.h"

/* One daemon on real sockets of this host. */
struct daemon {
	struct sockets *sockets;
	struct endpoint *ep;
	struct conn *conn;
	union addr addr;
	unsigned int messages, downs, foreign;
	union addr foreign_from;
};

static bool on_verify(void *data, struct conn *conn,
		      const gnutls_datum_t *chain, unsigned int count,
		      struct tls_peer *peer, struct meshlan_error *why)
{
	peer->node = 1;
	return true;
}

static void on_up(void *data, struct conn *conn)
{
	((struct daemon *)data)->conn = conn;
	say(conn, 1);
}

static void on_message(void *data, struct conn *conn,
		       const struct message *message)
{
	((struct daemon *)data)->messages++;
}

static void on_moved(void *data, struct conn *conn)
{
}

static void on_down(void *data, struct conn *conn, const struct conn_end *end)
{
	((struct daemon *)data)->downs++;
}

static void on_foreign(void *data, const union addr *local,
		       const union addr *remote, const uint8_t *packet,
		       size_t len)
{
	struct daemon *daemon = data;

	daemon->foreign++;
	daemon->foreign_from = *remote;
}

static const struct endpoint_ops ops = {
	.foreign = on_foreign,
	.verify = on_verify,
	.up = on_up,
	.message = on_message,
	.moved = on_moved,
	.down = on_down,
};

static bool start(struct daemon *daemon, uv_loop_t *loop,
		  const struct test_ca *ca, const struct sockets_set *set)
{
	struct tls_credentials *own = test_credentials(ca, "x");
	struct meshlan_error err;
	uint8_t secret[32] = { 1 };

	memset(daemon, 0, sizeof(*daemon));
	daemon->sockets = sockets_open(loop, set, &err);
	if (daemon->sockets) {
		daemon->ep = endpoint_open(sockets_wire(daemon->sockets), &ops,
					   daemon, secret);
		endpoint_set_credentials(daemon->ep, own);
		sockets_attach(daemon->sockets, daemon->ep);
	}
	tls_credentials_put(own);
	return daemon->sockets;
}

static void stop(struct daemon *daemon)
{
	sockets_attach(daemon->sockets, NULL);
	endpoint_close(daemon->ep);
	sockets_close(daemon->sockets);
}

/* Until @number is 1; a second or two at most. */
static bool wait_for(uv_loop_t *loop, const unsigned int *number)
{
	uint64_t end = clock_now() + 3 * SECOND;

	while (!*number && clock_now() < end) {
		uv_run(loop, UV_RUN_NOWAIT);
		usleep(500);
	}
	return *number;
}

static struct conn *dial(struct daemon *from, const char *local,
			 const char *remote, uint16_t port)
{
	struct endpoint_dial how = { .alpn = ALPN_MESH };

	addr_parse(&how.remote, remote, port);
	if (local)
		addr_parse(&how.local, local, sockets_port(from->sockets, 0));
	return endpoint_dial(from->ep, &how, clock_now());
}

static void between(const char *name, const char *local, const char *remote)
{
	struct sockets_set set = { .port = { 0 }, .count = 1 };
	struct daemon a, b;
	struct test_ca ca;
	uv_loop_t loop;
	char text[ADDR_TEXT_MAX];

	test_ca_make(&ca, "the network");
	uv_loop_init(&loop);
	start(&a, &loop, &ca, &set);
	start(&b, &loop, &ca, &set);
	dial(&a, local, remote, sockets_port(b.sockets, 0));
	point(wait_for(&loop, &a.messages) && wait_for(&loop, &b.messages),
	      "%s: both ways", name);
	if (a.conn && b.conn) {
		point(addr_port(conn_remote(b.conn)) ==
		      sockets_port(a.sockets, 0), "%s: from the right port",
		      name);
		point_text(name, addr_host_text(conn_local(b.conn), text),
			   remote);
		point(!local || !strcmp(addr_host_text(conn_remote(b.conn),
						       text), local),
		      "%s: from the right address", name);
	}
	stop(&b);
	point(wait_for(&loop, &a.downs), "%s: hears the end", name);
	stop(&a);
	uv_run(&loop, UV_RUN_DEFAULT);
	point(!uv_loop_close(&loop), "%s: nothing left in the loop", name);
	test_ca_free(&ca);
}

/* An answer from another address than was asked would be dropped. */
TEST(channel, sockets)
{
	between("IPv4", NULL, "127.0.0.1");
	between("IPv4, other addresses", "127.0.0.5", "127.0.0.7");
	between("IPv6", NULL, "::1");
}

/* What the kernel's socket of the same port does, is done by a plain one. */
TEST(channel, steering)
{
	struct sockets_set set = { .count = 1 };
	int kernel = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), one = 1;
	int stranger = socket(AF_INET, SOCK_DGRAM, 0);
	union addr addr = { .in.sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	unsigned int data = 0;
	struct daemon daemon;
	struct test_ca ca;
	uint8_t packet[100] = {0};
	uv_loop_t loop;

	setsockopt(kernel, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	bind(kernel, &addr.sa, sizeof(addr.in));
	getsockname(kernel, &addr.sa, &len);
	set.port[0] = addr_port(&addr);
	test_ca_make(&ca, "the network");
	uv_loop_init(&loop);
	point(start(&daemon, &loop, &ca, &set), "beside another socket");
	addr.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	connect(stranger, &addr.sa, sizeof(addr.in));
	for (unsigned int first = 0; first < 256; first++) {
		packet[0] = first;
		send(stranger, packet, sizeof(packet), 0);
		uv_run(&loop, UV_RUN_NOWAIT);
		while (recv(kernel, packet, sizeof(packet), 0) > 0)
			data += packet[0] < 0x10;
	}
	wait_for(&loop, &daemon.foreign);
	point_number("data is the kernel's", data, 0x10);
	point_number("the rest the daemon's",
		     sockets_counters(daemon.sockets)->received, 0xf0);
	point_number("of that for others", daemon.foreign, 0x30);
	stop(&daemon);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	test_ca_free(&ca);
	close(kernel);
	close(stranger);
}

/* A port that somebody blocks is left for another. */
TEST(channel, ports)
{
	struct sockets_set set = { .count = 2 };
	struct endpoint_dial how = { .alpn = ALPN_MESH };
	struct daemon a, b;
	struct test_ca ca;
	uv_loop_t loop;

	test_ca_make(&ca, "the network");
	uv_loop_init(&loop);
	start(&a, &loop, &ca, &set);
	start(&b, &loop, &ca, &set);
	addr_parse(&how.remote, "127.0.0.1", sockets_port(b.sockets, 1));
	how.local.sa.sa_family = AF_INET;
	addr_set_port(&how.local, sockets_port(a.sockets, 1));
	endpoint_dial(a.ep, &how, clock_now());
	point(wait_for(&loop, &a.messages) && wait_for(&loop, &b.messages),
	      "between second ports");
	point(b.conn && addr_port(conn_remote(b.conn)) ==
	      sockets_port(a.sockets, 1) && addr_port(conn_local(b.conn)) ==
	      sockets_port(b.sockets, 1), "both ends use them");
	stop(&a);
	stop(&b);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	test_ca_free(&ca);
}

TEST(channel, port_taken)
{
	struct sockets_set set = { .count = 1 };
	int other = socket(AF_INET, SOCK_DGRAM, 0);
	union addr addr = { .in.sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	struct meshlan_error err = {""};
	uv_loop_t loop;

	bind(other, &addr.sa, sizeof(addr.in));
	getsockname(other, &addr.sa, &len);
	set.port[0] = addr_port(&addr);
	uv_loop_init(&loop);
	point(!sockets_open(&loop, &set, &err) && strstr(err.text, "UDP port"),
	      "a port in use: %s", err.text);
	uv_run(&loop, UV_RUN_DEFAULT);
	point(!uv_loop_close(&loop), "leaves nothing");
	close(other);
}

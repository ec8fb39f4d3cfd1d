// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <ctype.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/metrics.h"

static void values(struct metrics *metrics, void *data)
{
	metric_value(metrics, METRIC_PEER_DELAY, "bob", 0.0125);
	metric_value(metrics, METRIC_NODES, NULL, 3);
	metric_value(metrics, METRIC_PEER_DELAY, "alice", 1e-9);
	metric_info(metrics, "0.1.0", "00000000000000aa", "carol");
	metric_value(metrics, METRIC_PEER_DELAY, "bob", 7);
	metric_value(metrics, METRIC_DROPS, "a\"b\\c\nd\xff", 12345678901234);
	metric_value(metrics, METRIC_PEER_RATE, "bob", INFINITY);
	metric_value(metrics, METRIC_PEER_LOSS, "bob", NAN);
}

static void all(struct metrics *metrics, void *data)
{
	for (int i = METRIC_INFO + 1; i < METRICS; i++)
		metric_value(metrics, i, "x", i);
}

static char *text_of(metrics_fn *fn)
{
	struct buf out = {0};

	metrics_text("home", fn, NULL, &out);
	buf_add(&out, "", 1);
	return (char *)out.data;
}

TEST(rpc, metrics_text)
{
	char *text = text_of(values);

	point_text("metrics with values", text,
		"# HELP meshlan_info The node: its id, its name, the version of its daemon.\n"
		"# TYPE meshlan_info gauge\n"
		"meshlan_info{network=\"home\",version=\"0.1.0\",node=\"00000000000000aa\",name=\"carol\"} 1\n"
		"# HELP meshlan_nodes Nodes of the network that are known, this one too.\n"
		"# TYPE meshlan_nodes gauge\n"
		"meshlan_nodes{network=\"home\"} 3\n"
		"# HELP meshlan_peer_delay_seconds Smoothed round trip time of the best path.\n"
		"# TYPE meshlan_peer_delay_seconds gauge\n"
		"meshlan_peer_delay_seconds{network=\"home\",peer=\"alice\"} 1e-09\n"
		"meshlan_peer_delay_seconds{network=\"home\",peer=\"bob\"} 0.0125\n"
		"# HELP meshlan_peer_loss_ratio Share of packets lost on the best path.\n"
		"# TYPE meshlan_peer_loss_ratio gauge\n"
		"meshlan_peer_loss_ratio{network=\"home\",peer=\"bob\"} NaN\n"
		"# HELP meshlan_peer_rate_bytes_per_second What the best path was seen to carry.\n"
		"# TYPE meshlan_peer_rate_bytes_per_second gauge\n"
		"meshlan_peer_rate_bytes_per_second{network=\"home\",peer=\"bob\"} +Inf\n"
		"# HELP meshlan_drops_total Packets and frames the kernel dropped.\n"
		"# TYPE meshlan_drops_total counter\n"
		"meshlan_drops_total{network=\"home\",cause=\"a\\\"b\\\\c?d?\"} 12345678901234\n");
	free(text);
}

TEST(rpc, metrics_names)
{
	char *text = text_of(all), name[100], type[20];
	bool good = true;
	int count = 0;

	for (char *at = text; (at = strstr(at, "# TYPE ")); at++) {
		sscanf(at, "# TYPE %99s %19s", name, type);
		count++;
		good &= !strncmp(name, "meshlan_", 8);
		for (char *c = name; *c; c++)
			good &= islower(*c) || *c == '_';
		good &= !strcmp(type, "counter") == !!strstr(name, "_total");
	}
	point_number("every metric has a name and a type", count, METRICS - 1);
	point(good, "as the conventions have them");
	free(text);
}

/* --- over HTTP -------------------------------------------------------------- */

static int dial(const union addr *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, &addr->sa, addr_len(addr)))
		perror("connect");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static const char *http(uv_loop_t *loop, int fd, const char *request)
{
	static char text[8192];
	size_t len = 0;
	ssize_t got;

	if (write(fd, request, strlen(request)) < 0)
		return "no write";
	for (int i = 0; i < 2000 && !strstr(text, "\n\n"); i++) {
		uv_run(loop, UV_RUN_NOWAIT);
		got = read(fd, text + len, sizeof(text) - 1 - len);
		if (got > 0)
			len += got;
		if (!got)
			break;
		usleep(len ? 100 : 500);
		if (len && got < 0 && i > 50)
			break;
	}
	text[len] = 0;
	return text;
}

/* A port that was free a moment ago. */
static union addr free_addr(void)
{
	union addr addr;
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	addr_parse(&addr, "127.0.0.1:1", 0);
	addr_set_port(&addr, 0);
	bind(fd, &addr.sa, addr_len(&addr));
	getsockname(fd, &addr.sa, &len);
	close(fd);
	return addr;
}

TEST(rpc, metrics_server)
{
	struct metrics_server *server, *second;
	struct meshlan_error err = {0};
	union addr addr = free_addr();
	int fd, many[24];
	const char *text;
	uv_loop_t loop;

	uv_loop_init(&loop);
	point(!metrics_server_new(&loop, &addr, "home", values, NULL, &server,
				  &err), "a server (%s)", err.text);
	point(metrics_server_new(&loop, &addr, "home", values, NULL, &second,
				 &err) == MESHLAN_ERR_SYSTEM &&
	      strstr(err.text, "metrics at 127.0.0.1"),
	      "a port in use is told: %s", err.text);
	fd = dial(&addr);
	text = http(&loop, fd, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	point(strstr(text, "200 OK") && strstr(text, "version=0.0.4") &&
	      strstr(text, "meshlan_nodes{network=\"home\"} 3"), "metrics");
	text = http(&loop, fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	point(strstr(text, "404 Not Found"), "nothing else is there");
	close(fd);
	fd = dial(&addr);
	text = http(&loop, fd,
		    "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123456789");
	point(!strstr(text, "200 OK"), "nor does it take anything");
	close(fd);
	for (int i = 0; i < 24; i++)
		many[i] = dial(&addr);
	for (int i = 0; i < 50; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	text = http(&loop, many[0], "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	point(strstr(text, "200 OK"), "24 at the same time do no harm");
	for (int i = 0; i < 24; i++)
		close(many[i]);
	metrics_server_free(server);
	uv_run(&loop, UV_RUN_DEFAULT);
	point(!uv_loop_close(&loop), "the loop has nothing left");
}

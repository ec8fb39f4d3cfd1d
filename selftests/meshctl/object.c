// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

static char buf[4096] __attribute__((aligned(8)));
static char reply_buf[4096] __attribute__((aligned(8)));

static struct nlmsghdr *message(void)
{
	struct nlmsghdr *nlh;

	memset(buf, 0, sizeof(buf));
	nlh = mnl_nlmsg_put_header(buf);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	return nlh;
}

static const void *attributes(const struct nlmsghdr *nlh)
{
	return mnl_nlmsg_get_payload_offset(nlh, GENL_HDRLEN);
}

static size_t attributes_len(const struct nlmsghdr *nlh)
{
	return mnl_nlmsg_get_payload_len(nlh) - GENL_HDRLEN;
}

static struct meshlan_path path_example(void)
{
	struct meshlan_path path = {0};

	PUT(&path, MESHLAN_A_PATH_IFINDEX, ifindex, 7);
	PUT(&path, MESHLAN_A_PATH_NODE, node, 0x0123456789abcdef);
	PUT(&path, MESHLAN_A_PATH_ID, id, 3);
	PUT(&path, MESHLAN_A_PATH_REMOTE_PORT, remote_port, 23731);
	path.has |= MESHLAN_BIT(MESHLAN_A_PATH_REMOTE_IPV4);
	path.remote_ipv4.s_addr = 0x010200c0;
	PUT(&path, MESHLAN_A_PATH_RATE, rate, UINT64_C(10000000000));
	path.has |= MESHLAN_BIT(MESHLAN_A_PATH_OWNER);
	path.owner.len = 2;
	memcpy(path.owner.data, "hi", 2);
	return path;
}

static void round_trip(void)
{
	struct meshlan_path path = path_example(), again;
	struct nlmsghdr *nlh = message();
	const struct nlattr *attr;
	bool big_endian = false;

	point(meshlan_encode(&meshlan_path_set, &path, nlh, sizeof(buf)) &&
		      meshlan_decode(&meshlan_path_set, attributes(nlh),
				     attributes_len(nlh), &again) &&
		      !memcmp(&path, &again, sizeof(path)),
	      "a path to attributes and back");
	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		const uint8_t *data = mnl_attr_get_payload(attr);

		if (mnl_attr_get_type(attr) == MESHLAN_A_PATH_REMOTE_PORT)
			big_endian = data[0] == 0x5c && data[1] == 0xb3;
	}
	point(big_endian, "a port is big-endian on the way");
}

static void route_round_trip(void)
{
	static struct meshlan_route route, again;
	struct nlmsghdr *nlh = message();

	PUT(&route, MESHLAN_A_ROUTE_NODE, node, 5);
	route.has |= MESHLAN_BIT(MESHLAN_A_ROUTE_HOP);
	for (unsigned int i = 0; i < MESHLAN_HOPS_MAX; i++) {
		PUT(&route.hop.hop[i], MESHLAN_A_HOP_NODE, node, i + 1);
		PUT(&route.hop.hop[i], MESHLAN_A_HOP_WEIGHT, weight, i + 2);
		route.hop.count++;
	}
	point(meshlan_encode(&meshlan_route_set, &route, nlh, sizeof(buf)) &&
		      meshlan_decode(&meshlan_route_set, attributes(nlh),
				     attributes_len(nlh), &again) &&
		      !memcmp(&route, &again, sizeof(route)),
	      "a route of %d hops to attributes and back", MESHLAN_HOPS_MAX);
	nlh = message();
	point(!meshlan_encode(&meshlan_route_set, &route, nlh, 256),
	      "no room is noticed");
}

#define CHILDREN	1024

static void origin_round_trip(void)
{
	static char large[16384] __attribute__((aligned(8)));
	struct meshlan_origin origin = {0}, again;
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(large);
	bool same = false;

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	origin.has = MESHLAN_BIT(MESHLAN_A_ORIGIN_CHILD);
	for (uint64_t i = 1; i <= CHILDREN; i++)
		meshlan_node_add(&origin.child, i << 33);
	if (meshlan_encode(&meshlan_origin_set, &origin, nlh, sizeof(large)) &&
	    meshlan_decode(&meshlan_origin_set, attributes(nlh),
			   attributes_len(nlh), &again)) {
		same = again.has == origin.has &&
		       again.child.count == CHILDREN &&
		       !memcmp(again.child.node, origin.child.node,
			       CHILDREN * sizeof(*again.child.node));
		meshlan_release(&meshlan_origin_set, &again);
	}
	point(same, "an origin of %d children to attributes and back",
	      CHILDREN);
	nlh = message();
	point(!meshlan_encode(&meshlan_origin_set, &origin, nlh, 256),
	      "no room for children is noticed");
	mnl_attr_put_u64(nlh, MESHLAN_A_ORIGIN_CHILD, 5);
	mnl_attr_put_u32(nlh, MESHLAN_A_ORIGIN_CHILD, 5);
	point(!meshlan_decode(&meshlan_origin_set, attributes(nlh),
			      attributes_len(nlh), &again),
	      "a child of four bytes is none");
	meshlan_release(&meshlan_origin_set, &origin);
	point(!origin.child.node && !origin.child.count,
	      "nothing is left of a released object");
}

/* Attributes of every length from nothing to too much. */
static void lengths(void)
{
	static const char zeros[128];
	static struct meshlan_dev dev;

	for (unsigned int i = 0; i < meshlan_dev_set.count; i++) {
		const struct meshlan_attr *attr = &meshlan_dev_set.attr[i];
		unsigned int taken = 0;

		for (unsigned int len = 0; len <= 24; len++) {
			struct nlmsghdr *nlh = message();

			mnl_attr_put(nlh, attr->number, len, zeros);
			taken += meshlan_decode(&meshlan_dev_set,
						attributes(nlh),
						attributes_len(nlh), &dev);
		}
		switch (attr->type) {
		case MESHLAN_TYPE_STRING:
			point(taken == attr->size, "lengths of %s", attr->name);
			break;
		case MESHLAN_TYPE_FLAG:
			point(taken == 25, "lengths of %s", attr->name);
			break;
		case MESHLAN_TYPE_COUNTERS:
			point(taken == 4, "lengths of %s", attr->name);
			break;
		default:
			point(taken == 1, "lengths of %s", attr->name);
			break;
		}
	}
}

static void event_nests(void)
{
	struct nlmsghdr *nlh = message();
	static struct meshlan_event_info event;
	struct nlattr *nest;

	nest = mnl_attr_nest_start(nlh, MESHLAN_A_EVENT_PING);
	mnl_attr_put_u32(nlh, MESHLAN_A_PING_ID, 7);
	mnl_attr_put_u64(nlh, MESHLAN_A_PING_RTT, 1000);
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, MESHLAN_A_EVENT_REPORT);
	mnl_attr_put_u64(nlh, MESHLAN_A_REPORT_VIA, 9);
	mnl_attr_put_u32(nlh, MESHLAN_A_REPORT_CAUSE,
			 MESHLAN_REPORT_CAUSE_TOO_BIG);
	mnl_attr_put_u16(nlh, MESHLAN_A_REPORT_MTU, 1400);
	mnl_attr_nest_end(nlh, nest);
	point(meshlan_decode(&meshlan_event_info_set, attributes(nlh),
			     attributes_len(nlh), &event) &&
		      event.ping.id == 7 && event.ping.rtt == 1000 &&
		      !MESHLAN_HAS(&event.ping, MESHLAN_A_PING_CAUSE) &&
		      event.report.via == 9 && event.report.mtu == 1400 &&
		      event.report.cause == MESHLAN_REPORT_CAUSE_TOO_BIG,
	      "an event with a ping and a report");
}

static void newer_kernel(void)
{
	struct nlmsghdr *nlh = message();
	static struct meshlan_dev dev;
	static const uint64_t counters[MESHLAN_COUNTERS_MAX + 5] = {1, 2, 3};

	mnl_attr_put_u32(nlh, 1000, 1);
	mnl_attr_put_u32(nlh, MESHLAN_A_DEV_IFINDEX, 4);
	mnl_attr_put(nlh, MESHLAN_A_DEV_COUNTERS, sizeof(counters), counters);
	point(meshlan_decode(&meshlan_dev_set, attributes(nlh),
			     attributes_len(nlh), &dev) &&
		      dev.ifindex == 4 &&
		      dev.counters.count == MESHLAN_COUNTERS_MAX &&
		      dev.counters.value[2] == 3,
	      "what a newer kernel adds is passed over");
}

static void json(void)
{
	struct meshlan_path path = path_example();
	struct meshlan_key key = {0};
	struct meshlan_origin origin = {0};
	struct meshlan_json out = {.first = true};
	char *text = NULL;
	size_t size;

	out.out = open_memstream(&text, &size);
	meshlan_json_open(&out, NULL, '{');
	meshlan_json_members(&out, &meshlan_path_set, &path);
	key.has = MESHLAN_BIT(MESHLAN_A_KEY_SECRET);
	memset(key.secret, 'A', sizeof(key.secret));
	meshlan_json_members(&out, &meshlan_key_set, &key);
	origin.has = MESHLAN_BIT(MESHLAN_A_ORIGIN_CHILD);
	meshlan_node_add(&origin.child, 1);
	meshlan_node_add(&origin.child, 2);
	meshlan_json_members(&out, &meshlan_origin_set, &origin);
	meshlan_release(&meshlan_origin_set, &origin);
	meshlan_json_string(&out, "odd", "\"\\\n\x7f\xc3\xa4\xc3\xff\xed\xa0\x80");
	meshlan_json_bool(&out, "flag", false);
	meshlan_json_open(&out, "none", '[');
	meshlan_json_close(&out, ']');
	meshlan_json_close(&out, '}');
	fclose(out.out);
	point(!strcmp(text, "{\"ifindex\":7,\"node\":\"0123456789abcdef\","
			    "\"id\":3,\"remote_ipv4\":\"192.0.2.1\","
			    "\"remote_port\":23731,\"rate\":10000000000,"
			    "\"owner\":\"6869\","
			    "\"child\":[\"0000000000000001\","
			    "\"0000000000000002\"],"
			    "\"odd\":\"\\\"\\\\\\u000a\\u007f\xc3\xa4\\ufffd"
			    "\\ufffd\\ufffd\\ufffd\\ufffd\","
			    "\"flag\":false,\"none\":[]}"),
	      "an object as JSON, without its secret");
	free(text);
}

void test_object(void)
{
	round_trip();
	route_round_trip();
	origin_round_trip();
	event_nests();
	lengths();
	newer_kernel();
	json();
}

/* --- refusals ------------------------------------------------------------- */

static struct nlmsghdr *refuse(int error, const struct nlmsghdr *request,
			       bool capped)
{
	struct nlmsghdr *nlh;
	struct nlmsgerr *body;
	size_t len = request->nlmsg_len - sizeof(*request);

	memset(reply_buf, 0, sizeof(reply_buf));
	nlh = mnl_nlmsg_put_header(reply_buf);
	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_ACK_TLVS | (capped ? NLM_F_CAPPED : 0);
	body = mnl_nlmsg_put_extra_header(nlh, sizeof(*body) +
						       (capped ? 0 : len));
	body->error = -error;
	memcpy(&body->msg, request, sizeof(*request) + (capped ? 0 : len));
	return nlh;
}

static size_t offset_of(const struct nlmsghdr *request, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, request, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) == type)
			return (const char *)attr - (const char *)request;
	}
	abort();
}

static void expect(const char *name, const struct nlmsghdr *reply,
		   const struct nlmsghdr *request,
		   const struct meshlan_set *set, enum meshlan_status want,
		   const char *text)
{
	struct meshlan_error err = {0};
	enum meshlan_status got;

	got = meshlan_refusal(reply, request, GENL_HDRLEN, set, &err);
	point(got == want && !strcmp(err.text, text), "%s: %d '%s'", name, got,
	      err.text);
}

static void bad_attribute(bool capped)
{
	struct meshlan_path path = path_example();
	struct nlmsghdr *request = message(), *reply;
	struct nlattr *policy;

	PUT(&path, MESHLAN_A_PATH_IDLE_INTERVAL, idle_interval, 5);
	meshlan_encode(&meshlan_path_set, &path, request, sizeof(buf));
	reply = refuse(ERANGE, request, capped);
	mnl_attr_put_strz(reply, NLMSGERR_ATTR_MSG, "integer out of range");
	mnl_attr_put_u32(reply, NLMSGERR_ATTR_OFFS,
			 offset_of(request, MESHLAN_A_PATH_IDLE_INTERVAL));
	policy = mnl_attr_nest_start(reply, NLMSGERR_ATTR_POLICY);
	mnl_attr_put_u64(reply, NL_POLICY_TYPE_ATTR_MIN_VALUE_U, 20);
	mnl_attr_put_u64(reply, NL_POLICY_TYPE_ATTR_MAX_VALUE_U, 600000);
	mnl_attr_nest_end(reply, policy);
	expect(capped ? "bad attribute" : "bad attribute, request quoted",
	       reply, request, &meshlan_path_set, MESHLAN_ERR_REFUSED,
	       "idle-interval '5': integer out of range (20 to 600000)");
}

static void bad_secret(void)
{
	struct nlmsghdr *request = message(), *reply;
	struct meshlan_key key = {0};

	key.has = MESHLAN_BIT(MESHLAN_A_KEY_SECRET);
	memset(key.secret, 'x', sizeof(key.secret));
	meshlan_encode(&meshlan_key_set, &key, request, sizeof(buf));
	reply = refuse(EINVAL, request, true);
	mnl_attr_put_strz(reply, NLMSGERR_ATTR_MSG, "weak");
	mnl_attr_put_u32(reply, NLMSGERR_ATTR_OFFS,
			 offset_of(request, MESHLAN_A_KEY_SECRET));
	expect("a bad secret is not shown", reply, request, &meshlan_key_set,
	       MESHLAN_ERR_REFUSED, "secret: weak");
}

static void bad_hop(void)
{
	static struct meshlan_route route;
	struct nlmsghdr *request = message(), *reply;

	route.has = MESHLAN_BIT(MESHLAN_A_ROUTE_HOP);
	route.hop.count = 1;
	PUT(&route.hop.hop[0], MESHLAN_A_HOP_NODE, node, 9);
	meshlan_encode(&meshlan_route_set, &route, request, sizeof(buf));
	reply = refuse(ENOENT, request, true);
	mnl_attr_put_u32(reply, NLMSGERR_ATTR_OFFS,
			 offset_of(request, MESHLAN_A_ROUTE_HOP) + 4);
	expect("bad attribute in a nest", reply, request, &meshlan_route_set,
	       MESHLAN_ERR_NOT_FOUND,
	       "node '0000000000000009': does not exist");
}

/* The kernel names the nest of a hop, and one of many children. */
static void bad_node(void)
{
	static struct meshlan_route route;
	struct meshlan_origin origin = {0};
	struct meshlan_routes routes = {0};
	struct nlmsghdr *request = message(), *reply;

	route.has = MESHLAN_BIT(MESHLAN_A_ROUTE_HOP);
	route.hop.count = 1;
	PUT(&route.hop.hop[0], MESHLAN_A_HOP_NODE, node, 9);
	PUT(&route.hop.hop[0], MESHLAN_A_HOP_WEIGHT, weight, 1);
	meshlan_encode(&meshlan_route_set, &route, request, sizeof(buf));
	reply = refuse(ENOENT, request, true);
	mnl_attr_put_strz(reply, NLMSGERR_ATTR_MSG, "no session");
	mnl_attr_put_u32(reply, NLMSGERR_ATTR_OFFS,
			 offset_of(request, MESHLAN_A_ROUTE_HOP));
	expect("a bad hop", reply, request, &meshlan_route_set,
	       MESHLAN_ERR_NOT_FOUND, "hop '0000000000000009': no session");

	PUT(&route, MESHLAN_A_ROUTE_NODE, node, 5);
	routes.has = MESHLAN_BIT(MESHLAN_A_ROUTES_ROUTE);
	routes.route = (struct meshlan_route_array){1, &route};
	request = message();
	meshlan_encode(&meshlan_routes_set, &routes, request, sizeof(buf));
	reply = refuse(ENOENT, request, true);
	mnl_attr_put_strz(reply, NLMSGERR_ATTR_MSG, "no session");
	mnl_attr_put_u32(reply, NLMSGERR_ATTR_OFFS,
			 offset_of(request, MESHLAN_A_ROUTES_ROUTE) +
				 2 * MNL_ATTR_HDRLEN + sizeof(uint64_t));
	expect("a bad hop of one of many routes", reply, request,
	       &meshlan_routes_set, MESHLAN_ERR_NOT_FOUND,
	       "route '0000000000000005': hop '0000000000000009': no session");

	request = message();
	origin.has = MESHLAN_BIT(MESHLAN_A_ORIGIN_CHILD);
	meshlan_node_add(&origin.child, 7);
	meshlan_node_add(&origin.child, 8);
	meshlan_encode(&meshlan_origin_set, &origin, request, sizeof(buf));
	meshlan_release(&meshlan_origin_set, &origin);
	reply = refuse(ENOENT, request, true);
	mnl_attr_put_strz(reply, NLMSGERR_ATTR_MSG, "no session");
	mnl_attr_put_u32(reply, NLMSGERR_ATTR_OFFS,
			 offset_of(request, MESHLAN_A_ORIGIN_CHILD) +
				 MNL_ATTR_HDRLEN + sizeof(uint64_t));
	expect("a bad child", reply, request, &meshlan_origin_set,
	       MESHLAN_ERR_NOT_FOUND, "child '0000000000000008': no session");
}

void test_refusal(void)
{
	struct nlmsghdr *request, *reply;

	bad_attribute(true);
	bad_attribute(false);
	bad_secret();
	bad_hop();
	bad_node();
	request = message();
	reply = refuse(EINVAL, request, true);
	mnl_attr_put_u32(reply, NLMSGERR_ATTR_MISS_TYPE, MESHLAN_A_PATH_NODE);
	expect("missing attribute", reply, request, &meshlan_path_set,
	       MESHLAN_ERR_REFUSED, "node: missing");
	expect("no extended answer", refuse(EPERM, request, true), request,
	       &meshlan_path_set, MESHLAN_ERR_PERMISSION,
	       "not permitted (are you root?)");
	expect("an operation too new", refuse(EOPNOTSUPP, request, true),
	       request, &meshlan_path_set, MESHLAN_ERR_MODULE,
	       "the loaded module is too old for this");
	reply = refuse(EBUSY, request, true);
	mnl_attr_put_strz(reply, NLMSGERR_ATTR_MSG, "claimed by process 12");
	expect("claimed", reply, request, &meshlan_dev_set, MESHLAN_ERR_BUSY,
	       "claimed by process 12");
	expect("an acknowledgement", refuse(0, request, true), request,
	       &meshlan_path_set, MESHLAN_OK, "");
}

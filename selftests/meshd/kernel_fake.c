// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "kernel_fake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "meshd/base/buf.h"

#define BUF_SIZE 131072

struct fake *fake_new(void)
{
	return xalloc(sizeof(struct fake));
}

void fake_free(struct fake *fake)
{
	for (size_t i = 0; i < FAKE_OBJECTS; i++)
		if (fake->object[SYNC_ORIGIN][i].used)
			free(fake->object[SYNC_ORIGIN][i].origin.child.node);
	for (size_t i = fake->first; i < fake->last; i++)
		free(fake->out[i].data);
	free(fake);
}

void fake_push(struct fake *fake, const void *data, size_t len)
{
	struct fake_datagram *datagram = &fake->out[fake->last++];

	datagram->len = len;
	datagram->data = xalloc(len);
	memcpy(datagram->data, data, len);
}

/* --- answers ------------------------------------------------------------- */

static void answer(struct fake *fake, struct nlmsghdr *message,
		   const struct nlmsghdr *request)
{
	message->nlmsg_seq = request->nlmsg_seq;
	message->nlmsg_pid = FAKE_PORTID;
	if (fake->lose) {
		fake->lose--;
		fake->overrun = true;
		return;
	}
	fake_push(fake, message, message->nlmsg_len);
}

static void answer_error(struct fake *fake, const struct nlmsghdr *request,
			 int error, const char *text, uint32_t offset)
{
	char buf[1024] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct nlmsgerr *body;

	message->nlmsg_type = NLMSG_ERROR;
	message->nlmsg_flags = NLM_F_CAPPED;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->error = -error;
	body->msg = *request;
	if (error)
		message->nlmsg_flags |= NLM_F_ACK_TLVS;
	if (error && text)
		mnl_attr_put_strz(message, NLMSGERR_ATTR_MSG, text);
	if (error && offset)
		mnl_attr_put_u32(message, NLMSGERR_ATTR_OFFS, offset);
	answer(fake, message, request);
}

static void answer_done(struct fake *fake, const struct nlmsghdr *request)
{
	char buf[64] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);

	message->nlmsg_type = NLMSG_DONE;
	message->nlmsg_flags = NLM_F_MULTI;
	mnl_nlmsg_put_extra_header(message, sizeof(int));
	answer(fake, message, request);
}

static void answer_object(struct fake *fake, const struct nlmsghdr *request,
			  uint8_t command, const struct meshlan_set *set,
			  const void *object, uint16_t flags)
{
	char *buf = xalloc(BUF_SIZE);
	struct nlmsghdr *message = meshlan_build(buf, BUF_SIZE, FAKE_FAMILY,
						 command, set, object);

	message->nlmsg_flags = flags;
	answer(fake, message, request);
	free(buf);
}

/* --- objects ------------------------------------------------------------- */

static const struct meshlan_set *const sets[] = {
	&meshlan_session_set, &meshlan_path_set, &meshlan_route_set,
	&meshlan_origin_set, &meshlan_fdb_set,
};

static bool is(const struct fake_object *object, enum sync_kind kind,
	       uint64_t node, uint16_t path)
{
	if (!object->used)
		return false;
	switch (kind) {
	case SYNC_SESSION:
		return object->session.node == node;
	case SYNC_PATH:
		return object->path.node == node && object->path.id == path;
	case SYNC_ROUTE:
		return object->route.node == node;
	case SYNC_ORIGIN:
		return object->origin.node == node;
	default:
		return false;
	}
}

struct fake_object *fake_find(struct fake *fake, enum sync_kind kind,
			      uint64_t node, uint16_t path)
{
	for (size_t i = 0; i < FAKE_OBJECTS; i++)
		if (is(&fake->object[kind][i], kind, node, path))
			return &fake->object[kind][i];
	return NULL;
}

static struct fake_object *find_mac(struct fake *fake, const uint8_t mac[6])
{
	for (size_t i = 0; i < FAKE_OBJECTS; i++)
		if (fake->object[SYNC_FDB][i].used &&
		    !memcmp(fake->object[SYNC_FDB][i].fdb.mac, mac, 6))
			return &fake->object[SYNC_FDB][i];
	return NULL;
}

static struct fake_object *room(struct fake *fake, enum sync_kind kind)
{
	for (size_t i = 0; i < FAKE_OBJECTS; i++)
		if (!fake->object[kind][i].used)
			return &fake->object[kind][i];
	abort();
}

void fake_add(struct fake *fake, enum sync_kind kind, const void *object,
	      size_t size)
{
	struct fake_object *to = room(fake, kind);

	memset(to, 0, sizeof(*to));
	to->used = true;
	memcpy(&to->has, object, size);
	if (kind == SYNC_ORIGIN) {
		/* Its own copy of the children. */
		const struct meshlan_origin *from = object;

		to->origin.child = (struct meshlan_node_array){0};
		for (size_t i = 0; i < from->child.count; i++)
			meshlan_node_add(&to->origin.child,
					 from->child.node[i]);
	}
}

size_t fake_count(const struct fake *fake, enum sync_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < FAKE_OBJECTS; i++)
		count += fake->object[kind][i].used;
	return count;
}

static void drop(enum sync_kind kind, struct fake_object *object)
{
	if (kind == SYNC_ORIGIN)
		meshlan_release(&meshlan_origin_set, &object->origin);
	object->used = false;
}

/* --- requests ------------------------------------------------------------ */

static void delete_paths(struct fake *fake, uint64_t node)
{
	for (size_t i = 0; i < FAKE_OBJECTS; i++)
		if (fake->object[SYNC_PATH][i].used &&
		    fake->object[SYNC_PATH][i].path.node == node)
			fake->object[SYNC_PATH][i].used = false;
}

static int check_route(struct fake *fake, const struct meshlan_route *route,
		       const char **why)
{
	if (fake->refuse_node && route->node == fake->refuse_node) {
		*why = "not this one";
		return EINVAL;
	}
	if (route->gone) {
		*why = "no route to this node";
		return fake_find(fake, SYNC_ROUTE, route->node, 0) ? 0 : ENOENT;
	}
	for (unsigned int i = 0; i < route->hop.count; i++) {
		*why = "no session with the hop's node";
		if (!fake_find(fake, SYNC_SESSION, route->hop.hop[i].node, 0))
			return ENOENT;
	}
	*why = "a route needs hops, unless it is gone";
	return route->hop.count ? 0 : EINVAL;
}

static void set_route(struct fake *fake, struct meshlan_route *route)
{
	struct fake_object *old = fake_find(fake, SYNC_ROUTE, route->node, 0);

	if (old)
		old->used = false;
	if (!route->gone)
		fake_add(fake, SYNC_ROUTE, route, sizeof(*route));
}

/* The lists of hops and routes by hand: the library only sends them. */
static int routes_set(struct fake *fake, const struct nlmsghdr *message,
		      const char **why)
{
	struct meshlan_route *routes = xalloc(300 * sizeof(*routes));
	const struct nlattr *attr;
	size_t count = 0;
	int error = 0;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != MESHLAN_A_ROUTES_ROUTE ||
		    count == 300)
			continue;
		if (!meshlan_decode(&meshlan_route_set,
				    mnl_attr_get_payload(attr),
				    mnl_attr_get_payload_len(attr),
				    &routes[count++]))
			error = EINVAL;
	}
	for (size_t i = 0; i < count && !error; i++)
		error = check_route(fake, &routes[i], why);
	for (size_t i = 0; i < count && !error; i++)
		set_route(fake, &routes[i]);
	free(routes);
	return error;
}

static int check_parent(struct fake *fake, enum sync_kind kind,
			const struct fake_object *object, const char **why)
{
	if (kind == SYNC_PATH &&
	    !fake_find(fake, SYNC_SESSION, object->path.node, 0)) {
		*why = "no session with this node";
		return ENOENT;
	}
	if (kind == SYNC_ROUTE)
		return check_route(fake, &object->route, why);
	for (size_t i = 0; kind == SYNC_ORIGIN &&
			   i < object->origin.child.count; i++) {
		*why = "no session with the child";
		if (!fake_find(fake, SYNC_SESSION,
			       object->origin.child.node[i], 0))
			return ENOENT;
	}
	return 0;
}

static struct fake_object *same(struct fake *fake, enum sync_kind kind,
				const struct fake_object *object)
{
	switch (kind) {
	case SYNC_SESSION:
		return fake_find(fake, kind, object->session.node, 0);
	case SYNC_PATH:
		return fake_find(fake, kind, object->path.node,
				 object->path.id);
	case SYNC_ROUTE:
		return fake_find(fake, kind, object->route.node, 0);
	case SYNC_ORIGIN:
		return fake_find(fake, kind, object->origin.node, 0);
	default:
		return find_mac(fake, object->fdb.mac);
	}
}

/* What a request leaves out stays as it was. */
static void merge(enum sync_kind kind, struct fake_object *old,
		  struct fake_object *new)
{
	const struct meshlan_set *set = sets[kind];

	for (unsigned int i = 0; i < set->count; i++) {
		const struct meshlan_attr *attr = &set->attr[i];

		if (!(new->has & MESHLAN_BIT(attr->number)) &&
		    attr->type != MESHLAN_TYPE_NODES)
			memcpy((char *)&new->has + attr->offset,
			       (char *)&old->has + attr->offset, attr->size);
	}
	new->has |= old->has;
}

enum verb { NEW, SET, DEL };

static int write_object(struct fake *fake, enum sync_kind kind,
			enum verb verb, const struct nlmsghdr *message,
			const char **why)
{
	struct fake_object object = {.used = true}, *old;
	int error;

	if (!meshlan_decode(sets[kind],
			    mnl_nlmsg_get_payload_offset(message, GENL_HDRLEN),
			    mnl_nlmsg_get_payload_len(message) - GENL_HDRLEN,
			    &object.has))
		return EINVAL;
	old = same(fake, kind, &object);
	*why = verb == NEW ? "exists" : "no such thing";
	error = verb == NEW ? (old ? EEXIST : 0) : (old ? 0 : ENOENT);
	if (!error && verb != DEL)
		error = check_parent(fake, kind, &object, why);
	if (error) {
		meshlan_release(sets[kind], &object.has);
		return error;
	}
	if (verb == DEL && kind == SYNC_SESSION)
		delete_paths(fake, object.session.node);
	if (kind == SYNC_ORIGIN) {
		object.origin.has |= MESHLAN_BIT(MESHLAN_A_ORIGIN_CONFIGURED);
		object.origin.has &= ~MESHLAN_BIT(MESHLAN_A_ORIGIN_LEAF);
		object.origin.configured = true;
	}
	if (verb == SET)
		merge(kind, old, &object);
	if (old)
		drop(kind, old);
	if (verb == DEL)
		meshlan_release(sets[kind], &object.has);
	else
		*room(fake, kind) = object;
	return 0;
}

static void dump(struct fake *fake, const struct nlmsghdr *request,
		 enum sync_kind kind, uint8_t command)
{
	uint16_t flags = NLM_F_MULTI;

	if (fake->interrupt) {
		fake->interrupt--;
		flags |= NLM_F_DUMP_INTR;
	}
	for (size_t i = 0; i < FAKE_OBJECTS; i++)
		if (fake->object[kind][i].used)
			answer_object(fake, request, command, sets[kind],
				      &fake->object[kind][i].has, flags);
	answer_done(fake, request);
}

static void key_new_answer(struct fake *fake, const struct nlmsghdr *request)
{
	struct meshlan_key key = {
		.has = MESHLAN_BIT(MESHLAN_A_KEY_INDEX) |
		       MESHLAN_BIT(MESHLAN_A_KEY_NONCE),
		.index = fake->next_index += 16,
	};

	memset(key.nonce, key.index, sizeof(key.nonce));
	answer_object(fake, request, MESHLAN_CMD_KEY_NEW, &meshlan_key_set,
		      &key, 0);
}

/* What each command is about. */
static bool kind_of(uint8_t command, enum sync_kind *kind, enum verb *verb,
		    bool *get)
{
	static const uint8_t first[] = {
		[SYNC_SESSION] = MESHLAN_CMD_SESSION_NEW,
		[SYNC_PATH] = MESHLAN_CMD_PATH_NEW,
		[SYNC_ROUTE] = MESHLAN_CMD_ROUTE_NEW,
		[SYNC_ORIGIN] = MESHLAN_CMD_ORIGIN_NEW,
		[SYNC_FDB] = MESHLAN_CMD_FDB_NEW,
	};

	for (int i = 0; i < 5; i++) {
		if (command < first[i] || command > first[i] + 3)
			continue;
		*kind = i;
		*get = command == first[i] + 2;
		*verb = command == first[i] ? NEW :
			command == first[i] + 1 ? SET : DEL;
		return true;
	}
	return false;
}

static void put_policy(struct nlmsghdr *message, uint64_t attrs,
		       uint32_t policy)
{
	struct nlattr *outer = mnl_attr_nest_start(message, CTRL_ATTR_POLICY);
	struct nlattr *inner = mnl_attr_nest_start(message, policy), *attr;

	for (int i = 0; i < 64; i++) {
		if (!(attrs & MESHLAN_BIT(i)))
			continue;
		attr = mnl_attr_nest_start(message, i);
		mnl_attr_put_u32(message, NL_POLICY_TYPE_ATTR_TYPE, 1);
		mnl_attr_nest_end(message, attr);
	}
	mnl_attr_nest_end(message, inner);
	mnl_attr_nest_end(message, outer);
}

/* Every command has policy 1, which knows all; path-new policy 2. */
static void tell_policy(struct fake *fake, const struct nlmsghdr *request)
{
	char *buf = xalloc(BUF_SIZE);
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct nlattr *outer, *inner;

	message->nlmsg_type = GENL_ID_CTRL;
	message->nlmsg_flags = NLM_F_MULTI;
	mnl_nlmsg_put_extra_header(message, GENL_HDRLEN);
	outer = mnl_attr_nest_start(message, CTRL_ATTR_OP_POLICY);
	for (int i = 1; i < __MESHLAN_CMD_MAX; i++) {
		if (i == MESHLAN_CMD_ROUTES_SET && fake->no_routes_set)
			continue;
		inner = mnl_attr_nest_start(message, i);
		mnl_attr_put_u32(message, CTRL_ATTR_POLICY_DO,
				 i == MESHLAN_CMD_PATH_NEW ? 2 : 1);
		mnl_attr_nest_end(message, inner);
	}
	mnl_attr_nest_end(message, outer);
	put_policy(message, UINT64_MAX, 1);
	put_policy(message, fake->path_attrs ? fake->path_attrs : UINT64_MAX,
		   2);
	answer(fake, message, request);
	answer_done(fake, request);
	free(buf);
}

static void handle(struct fake *fake, const struct nlmsghdr *message)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(message);
	const char *why = NULL;
	enum sync_kind kind;
	enum verb verb;
	bool get;
	int error = 0;

	fake->requests[genl->cmd]++;
	if (message->nlmsg_flags & NLM_F_DUMP) {
		if (kind_of(genl->cmd, &kind, &verb, &get))
			dump(fake, message, kind, genl->cmd);
		return;
	}
	fake->order[fake->changes++ % sizeof(fake->order)] = genl->cmd;
	if (fake->refuse && !fake->refuse_node) {
		error = fake->refuse;
		why = "refused by the test";
	} else if (genl->cmd == MESHLAN_CMD_ROUTES_SET) {
		error = routes_set(fake, message, &why);
	} else if (genl->cmd == MESHLAN_CMD_KEY_NEW) {
		key_new_answer(fake, message);
	} else if (kind_of(genl->cmd, &kind, &verb, &get)) {
		error = write_object(fake, kind, verb, message, &why);
	}
	answer_error(fake, message, error, why, error ? 20 : 0);
}

static int fake_send(void *data, const void *buf, size_t len)
{
	const struct nlmsghdr *message = buf;
	struct fake *fake = data;

	if (fake->send_error)
		return fake->send_error;
	fake->message = buf;
	fake->copied = len;
	memcpy(fake->copy, buf, len);
	if (message->nlmsg_type == GENL_ID_CTRL) {
		if (fake->no_policy)
			answer_error(fake, message, EOPNOTSUPP, NULL, 0);
		else
			tell_policy(fake, message);
	} else {
		handle(fake, message);
	}
	return 0;
}

static ssize_t fake_receive(void *data, void *buf, size_t size)
{
	struct fake *fake = data;
	struct fake_datagram *datagram;
	ssize_t len;

	if (fake->overrun) {
		fake->overrun = false;
		return -ENOBUFS;
	}
	if (fake->slow || fake->first == fake->last)
		return -EAGAIN;
	datagram = fake->reverse ? &fake->out[--fake->last] :
				   &fake->out[fake->first++];
	len = datagram->len;
	memcpy(buf, datagram->data,
	       datagram->len < size ? datagram->len : size);
	free(datagram->data);
	if (fake->first == fake->last)
		fake->first = fake->last = 0;
	return len;
}

const struct queue_socket fake_socket = {
	.send = fake_send,
	.receive = fake_receive,
};

/* --- neighbours ---------------------------------------------------------- */

void fake_neighbour(struct fake *fake, bool add,
		    const struct sync_neighbour *neighbour,
		    family_done_fn *done, void *data)
{
	fake->neighbour_changes++;
	for (size_t i = 0; i < FAKE_OBJECTS; i++) {
		struct fake_object *old = &fake->object[SYNC_NEIGHBOUR][i];

		if (old->used && addr_same_host(&old->neighbour.addr,
						&neighbour->addr))
			old->used = false;
	}
	if (add) {
		struct fake_object *new = room(fake, SYNC_NEIGHBOUR);

		new->used = true;
		new->neighbour = *neighbour;
	}
	fake->pending[fake->pendings].done = done;
	fake->pending[fake->pendings].dump = NULL;
	fake->pending[fake->pendings++].data = data;
}

void fake_neighbours(struct fake *fake, const struct family_dump_ops *ops,
		     void *data)
{
	fake->pending[fake->pendings].dump = ops;
	fake->pending[fake->pendings++].data = data;
}

static void end_dump(struct fake *fake, const struct family_dump_ops *ops,
		     void *data, const struct family_answer *answer)
{
	for (size_t i = 0; i < FAKE_OBJECTS; i++)
		if (fake->object[SYNC_NEIGHBOUR][i].used)
			ops->object(data,
				    &fake->object[SYNC_NEIGHBOUR][i].neighbour);
	ops->done(data, answer);
}

void fake_turn(struct fake *fake)
{
	static const struct family_answer good;

	for (unsigned int i = 0; i < fake->pendings; i++) {
		if (fake->pending[i].dump)
			end_dump(fake, fake->pending[i].dump,
				 fake->pending[i].data, &good);
		else
			fake->pending[i].done(fake->pending[i].data, &good);
	}
	fake->pendings = 0;
}

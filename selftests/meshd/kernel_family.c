// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "kernel_fake.h"
#include "meshd/base/buf.h"
#include "meshd/kernel/events.h"
#include "meshd/kernel/key.h"

/* --- requests ------------------------------------------------------------ */

struct told {
	unsigned int done, objects, agains;
	unsigned int order[64];
	int error;
	enum meshlan_status status;
	char text[320];
	uint32_t index;
	uint8_t nonce[MESHLAN_NONCE_SIZE];
	uint64_t last_node;
	bool had_reply;
};

struct one {
	struct told *told;
	unsigned int number;
};

static void note(struct told *told, const struct family_answer *answer)
{
	told->done++;
	told->error = answer->error;
	told->status = answer->status;
	told->had_reply = answer->reply;
	memcpy(told->text, answer->err.text, sizeof(told->text));
}

static void tell(void *data, const struct family_answer *answer)
{
	note(data, answer);
}

static void tell_one(void *data, const struct family_answer *answer)
{
	struct one *one = data;

	one->told->order[one->told->done] = one->number;
	note(one->told, answer);
}

struct env {
	struct fake *fake;
	struct queue *queue;
	struct family *family;
	struct told told;
};

static void env_open(struct env *env, const struct family_known *known)
{
	memset(env, 0, sizeof(*env));
	env->fake = fake_new();
	env->queue = queue_new(&fake_socket, env->fake, FAKE_PORTID);
	env->family = family_new(env->queue, FAKE_FAMILY, known);
}

static void env_close(struct env *env)
{
	queue_free(env->queue);
	family_free(env->family);
	fake_free(env->fake);
}

static struct meshlan_session session_of(uint64_t node)
{
	return (struct meshlan_session){
		.has = MESHLAN_BIT(MESHLAN_A_SESSION_IFINDEX) |
		       MESHLAN_BIT(MESHLAN_A_SESSION_NODE),
		.ifindex = FAKE_IFINDEX,
		.node = node,
	};
}

static void ask_session(struct env *env, uint64_t node, family_done_fn *done,
			void *data)
{
	struct meshlan_session session = session_of(node);

	family_request(env->family, MESHLAN_CMD_SESSION_NEW,
		       &meshlan_session_set, &session, false, done, data);
}

TEST(kernel, request)
{
	struct env env;

	env_open(&env, NULL);
	ask_session(&env, 5, tell, &env.told);
	point(!env.told.done, "not answered before the request returns");
	queue_readable(env.queue);
	point(env.told.done == 1 && !env.told.status, "answered once, and well");
	ask_session(&env, 5, tell, &env.told);
	queue_readable(env.queue);
	point_number("a refusal's errno", env.told.error, EEXIST);
	point(strstr(env.told.text, "exists"), "its words: %s", env.told.text);
	point(env.told.status == MESHLAN_ERR_REFUSED, "and its status");
	ask_session(&env, 6, NULL, NULL);
	queue_readable(env.queue);
	point_number("nobody needs to listen", queue_waiting(env.queue), 0);
	env_close(&env);
}

TEST(kernel, window)
{
	struct one ones[40];
	struct env env;
	bool all = true;

	env_open(&env, NULL);
	env.fake->slow = true;
	for (unsigned int i = 0; i < 40; i++) {
		ones[i] = (struct one){ &env.told, i };
		ask_session(&env, 100 + i, tell_one, &ones[i]);
	}
	point_number("16 are under way", env.fake->changes, 16);
	point_number("the rest waits", queue_waiting(env.queue), 40);
	env.fake->slow = false;
	env.fake->reverse = true;
	queue_readable(env.queue);
	queue_readable(env.queue);
	queue_readable(env.queue);
	point_number("all are answered", env.told.done, 40);
	for (unsigned int i = 0; i < 16; i++)
		all &= env.told.order[i] == 15 - i;
	point(all, "answers in any order find their requests");
	for (unsigned int i = 0; i < 40; i++)
		all &= fake_find(env.fake, SYNC_SESSION, 100 + i, 0) != NULL;
	point(all, "requests are sent in order");
	env_close(&env);
}

TEST(kernel, lost_answers)
{
	struct env env;

	env_open(&env, NULL);
	env.fake->slow = true;
	env.fake->lose = 1;
	ask_session(&env, 1, tell, &env.told);
	ask_session(&env, 2, NULL, NULL);
	env.fake->slow = false;
	queue_readable(env.queue);
	point_number("a lost answer is told", env.told.error, ENOBUFS);
	point(env.told.status == MESHLAN_ERR_SYSTEM, "as the system's fault");
	point_number("and waits for nothing", queue_waiting(env.queue), 0);
	env_close(&env);
}

TEST(kernel, send_fails)
{
	struct env env;

	env_open(&env, NULL);
	env.fake->send_error = -ENOBUFS;
	ask_session(&env, 1, tell, &env.told);
	point(!env.told.done && queue_due(env.queue), "told later");
	queue_flush(env.queue);
	point_number("what could not be sent", env.told.error, ENOMEM);
	env.fake->send_error = -EPERM;
	ask_session(&env, 1, tell, &env.told);
	queue_flush(env.queue);
	point(env.told.status == MESHLAN_ERR_PERMISSION, "not allowed: %s",
	      env.told.text);
	env_close(&env);
}

TEST(kernel, close)
{
	struct env env;

	env_open(&env, NULL);
	env.fake->slow = true;
	for (int i = 0; i < 20; i++)
		ask_session(&env, 1 + i, tell, &env.told);
	queue_free(env.queue);
	point_number("everything ends", env.told.done, 20);
	point_number("as given up", env.told.error, ECANCELED);
	env.queue = NULL;
	env_close(&env);
}

static void note_object(void *data, const void *object)
{
	const struct meshlan_session *session = object;
	struct told *told = data;

	told->objects++;
	told->last_node = session->node;
}

static void note_again(void *data)
{
	struct told *told = data;

	told->agains++;
	told->objects = 0;
}

static const struct family_dump_ops dump_ops = {
	note_object, note_again, tell,
};

static void dump_sessions(struct env *env)
{
	struct meshlan_session filter = {
		.has = MESHLAN_BIT(MESHLAN_A_SESSION_IFINDEX),
		.ifindex = FAKE_IFINDEX,
	};

	family_dump(env->family, MESHLAN_CMD_SESSION_GET, &meshlan_session_set,
		    &filter, &dump_ops, &env->told);
}

TEST(kernel, dump)
{
	struct env env;

	env_open(&env, NULL);
	for (int i = 0; i < 100; i++)
		ask_session(&env, 1 + i, NULL, NULL);
	for (int i = 0; i < 10; i++)
		queue_readable(env.queue);
	dump_sessions(&env);
	ask_session(&env, 200, NULL, NULL);
	queue_readable(env.queue);
	point(env.told.done == 1 && !env.told.status && env.told.objects == 100,
	      "a dump of 100, with a request beside it");

	memset(&env.told, 0, sizeof(env.told));
	env.fake->interrupt = 3;
	dump_sessions(&env);
	for (int i = 0; i < 5; i++)
		queue_readable(env.queue);
	point(env.told.done == 1 && env.told.objects == 101 &&
	      env.told.agains == 3, "inconsistent three times, read four times");

	memset(&env.told, 0, sizeof(env.told));
	env.fake->interrupt = 1000;
	dump_sessions(&env);
	for (int i = 0; i < 30; i++)
		queue_readable(env.queue);
	point(env.told.done == 1 && env.told.error == EINTR,
	      "not for ever: %s", env.told.text);

	memset(&env.told, 0, sizeof(env.told));
	env.fake->interrupt = 0;
	dump_sessions(&env);
	dump_sessions(&env);
	point_number("one dump at a time",
		     env.fake->requests[MESHLAN_CMD_SESSION_GET],
		     1 + 4 + 20 + 1);
	queue_readable(env.queue);
	queue_readable(env.queue);
	point_number("then the next", env.told.done, 2);
	env.fake->overrun = true;
	memset(&env.told, 0, sizeof(env.told));
	dump_sessions(&env);
	queue_readable(env.queue);
	point(env.told.done == 1 && !env.told.status,
	      "a dump survives what others lost");
	env_close(&env);
}

TEST(kernel, nonsense)
{
	struct meshlan_key key = { .has = MESHLAN_BIT(MESHLAN_A_KEY_IFINDEX) };
	struct nlmsghdr *message, wrong = {
		.nlmsg_len = sizeof(wrong), .nlmsg_type = NLMSG_ERROR,
	};
	uint8_t buf[4096];
	struct env env;

	env_open(&env, NULL);
	for (int i = 0; i < 200; i++) {
		for (size_t j = 0; j < sizeof(buf); j++)
			buf[j] = rand();
		fake_push(env.fake, buf, rand() % sizeof(buf));
	}
	queue_readable(env.queue);
	point(true, "noise without a question");
	/* Ended by an error that says nothing. */
	env.fake->slow = true;
	ask_session(&env, 1, tell, &env.told);
	message = (void *)env.fake->copy;
	wrong.nlmsg_seq = message->nlmsg_seq;
	env.fake->slow = false;
	env.fake->reverse = true;
	fake_push(env.fake, &wrong, sizeof(wrong));
	queue_readable(env.queue);
	point(env.told.done == 1 && env.told.error == EBADMSG,
	      "half an answer: %s", env.told.text);
	/* Acknowledged, but what was asked for is missing. */
	family_request(env.family, MESHLAN_CMD_KEY_USE, &meshlan_key_set, &key,
		       true, tell, &env.told);
	queue_readable(env.queue);
	point(env.told.done == 2 && env.told.error == EBADMSG,
	      "an answer without what was asked");
	env_close(&env);
}

/* --- keys ---------------------------------------------------------------- */

static void told_key(void *data, const struct family_answer *answer,
		     uint32_t index, const uint8_t nonce[MESHLAN_NONCE_SIZE])
{
	struct told *told = data;

	note(told, answer);
	told->index = index;
	memcpy(told->nonce, nonce, MESHLAN_NONCE_SIZE);
}

static bool contains(const uint8_t *data, size_t len, const uint8_t *part,
		     size_t size)
{
	return memmem(data, len, part, size);
}

TEST(kernel, keys)
{
	uint8_t secret[MESHLAN_SECRET_SIZE];
	struct key_set set = {
		.node = 9, .index = 16, .peer_index = 32, .secret = secret,
		.cipher = MESHLAN_CIPHER_AES_256_GCM, .lanes = 2,
	};
	struct meshlan_key got;
	struct nlmsghdr *copy;
	struct env env;

	env_open(&env, NULL);
	memset(secret, 0x5a, sizeof(secret));
	key_new(env.family, FAKE_IFINDEX, 9, told_key, &env.told);
	queue_readable(env.queue);
	point(env.told.done == 1 && env.told.index == 16 &&
	      env.told.nonce[3] == 16, "index and nonce of a new key");
	env.fake->slow = true;
	key_set(env.family, FAKE_IFINDEX, &set, tell, &env.told);
	point(contains(env.fake->copy, env.fake->copied, secret, 32),
	      "the secret is sent");
	point(!contains(env.fake->message, env.fake->copied, secret, 32),
	      "and wiped from the buffer it was sent from");
	copy = (void *)env.fake->copy;
	meshlan_decode(&meshlan_key_set,
		       mnl_nlmsg_get_payload_offset(copy, GENL_HDRLEN),
		       mnl_nlmsg_get_payload_len(copy) - GENL_HDRLEN, &got);
	point(got.node == 9 && got.index == 16 && got.peer_index == 32 &&
	      got.lanes == 2 && got.cipher == MESHLAN_CIPHER_AES_256_GCM &&
	      got.ifindex == FAKE_IFINDEX &&
	      MESHLAN_HAS(&got, MESHLAN_A_KEY_NONCE) &&
	      MESHLAN_HAS(&got, MESHLAN_A_KEY_PEER_NONCE), "with all the rest");
	env.fake->slow = false;
	queue_readable(env.queue);
	key_use(env.family, FAKE_IFINDEX, 9, 16, tell, &env.told);
	queue_readable(env.queue);
	point_number("three answers", env.told.done, 3);
	env.fake->refuse = ENOENT;
	key_del(env.family, FAKE_IFINDEX, 9, 16, tell, &env.told);
	queue_readable(env.queue);
	point(env.told.done == 4 && !env.told.status,
	      "a key that is gone already is deleted");
	key_new(env.family, FAKE_IFINDEX, 9, told_key, &env.told);
	queue_readable(env.queue);
	point(env.told.status == MESHLAN_ERR_NOT_FOUND && !env.told.index,
	      "a new key may be refused");
	env_close(&env);
}

/* --- older modules ------------------------------------------------------- */

static struct family_known known;
static int known_answers;

static void take_known(void *data, const struct family_known *what)
{
	known_answers = what ? 1 : 2;
	if (what)
		known = *what;
}

TEST(kernel, older_module)
{
	struct meshlan_path path = {
		.has = MESHLAN_BIT(MESHLAN_A_PATH_NODE) |
		       MESHLAN_BIT(MESHLAN_A_PATH_WEIGHT),
	}, got;
	unsigned int i = 0, lines = 0;
	struct nlmsghdr *copy;
	struct env env;

	env_open(&env, NULL);
	point(!family_lacks(env.family, &i), "a module that knows all");
	env.fake->path_attrs = ~MESHLAN_BIT(MESHLAN_A_PATH_WEIGHT);
	env.fake->no_routes_set = true;
	family_ask_known(env.queue, FAKE_FAMILY, take_known, NULL);
	queue_readable(env.queue);
	point_number("it says what it knows", known_answers, 1);
	env_close(&env);
	env_open(&env, &known);
	i = 0;
	while (family_lacks(env.family, &i))
		lines++;
	point_number("a line for each thing that lacks", lines, 2);
	family_request(env.family, MESHLAN_CMD_PATH_NEW, &meshlan_path_set,
		       &path, false, tell, &env.told);
	copy = (void *)env.fake->copy;
	meshlan_decode(&meshlan_path_set,
		       mnl_nlmsg_get_payload_offset(copy, GENL_HDRLEN),
		       mnl_nlmsg_get_payload_len(copy) - GENL_HDRLEN, &got);
	point_number("what it does not know is not sent", got.has,
		     MESHLAN_BIT(MESHLAN_A_PATH_NODE));
	queue_readable(env.queue);
	family_request(env.family, MESHLAN_CMD_ROUTES_SET, &meshlan_path_set,
		       &path, false, tell, &env.told);
	queue_flush(env.queue);
	point(env.told.status == MESHLAN_ERR_MODULE, "a command it has not: %s",
	      env.told.text);
	env.fake->no_policy = true;
	family_ask_known(env.queue, FAKE_FAMILY, take_known, NULL);
	queue_readable(env.queue);
	point_number("or it does not say", known_answers, 2);
	env_close(&env);
}

/* --- events -------------------------------------------------------------- */

struct heard {
	unsigned int path, key, keys_lost, wanted, idle, expired, fdb, loop,
		storm, report, ping, owner, netns, lost, raw, raw_lost;
	uint64_t node, blocked;
	enum meshlan_event what;
	uint32_t pid;
};

#define HEAR(name, ...)							\
	static void hear_##name(void *data, ##__VA_ARGS__)

HEAR(path, enum meshlan_event what, const struct meshlan_path *path)
{
	struct heard *heard = data;

	heard->path++;
	heard->what = what;
	heard->node = path->node;
}

HEAR(key, enum meshlan_event what, const struct meshlan_key *key)
{
	((struct heard *)data)->key++;
}

HEAR(keys_lost, uint64_t node)
{
	((struct heard *)data)->keys_lost += node == 5;
}

HEAR(wanted, uint64_t node) { ((struct heard *)data)->wanted += node == 5; }
HEAR(idle, uint64_t node) { ((struct heard *)data)->idle += node == 5; }
HEAR(expired, uint64_t node) { ((struct heard *)data)->expired += node == 5; }
HEAR(storm, uint64_t node) { ((struct heard *)data)->storm += node == 5; }
HEAR(netns) { ((struct heard *)data)->netns++; }
HEAR(lost) { ((struct heard *)data)->lost++; }

HEAR(fdb, enum meshlan_event what, const struct meshlan_fdb *fdb)
{
	((struct heard *)data)->fdb += fdb->mac[5] == 7;
}

HEAR(loop, bool found, uint64_t node, uint64_t blocked)
{
	((struct heard *)data)->loop += found;
	((struct heard *)data)->blocked = blocked;
}

HEAR(report, const struct meshlan_report *report)
{
	((struct heard *)data)->report += report->cause == 2;
}

HEAR(ping, const struct meshlan_ping *ping)
{
	((struct heard *)data)->ping += ping->id == 77;
}

HEAR(owner, uint32_t pid) { ((struct heard *)data)->pid = pid; }

static void hear_raw(void *data, const struct meshlan_event_info *event)
{
	struct heard *heard = data;

	heard->raw += event != NULL;
	heard->raw_lost += !event;
}

static const struct events_ops event_ops = {
	hear_path, hear_key, hear_keys_lost, hear_wanted, hear_idle,
	hear_expired, hear_fdb, hear_loop, hear_storm, hear_report, hear_ping,
	hear_owner, hear_netns, hear_lost,
};

static uint64_t generation;

/* @nest: what the event is about, of @set; or NULL. */
static void say(struct events *events, uint32_t ifindex, uint32_t type,
		unsigned int number, const struct meshlan_set *set,
		const void *nest)
{
	struct meshlan_event_info event = {
		.has = MESHLAN_BIT(MESHLAN_A_EVENT_IFINDEX) |
		       MESHLAN_BIT(MESHLAN_A_EVENT_TYPE) |
		       MESHLAN_BIT(MESHLAN_A_EVENT_GENERATION) |
		       MESHLAN_BIT(MESHLAN_A_EVENT_NODE) |
		       MESHLAN_BIT(MESHLAN_A_EVENT_BLOCKED) |
		       MESHLAN_BIT(MESHLAN_A_EVENT_CLAIM_PID),
		.ifindex = ifindex, .type = type, .generation = generation++,
		.node = 5, .blocked = 6, .claim_pid = 99,
	};
	char buf[4096] = {0};
	struct nlmsghdr *message;
	struct nlattr *attr;

	message = meshlan_build(buf, sizeof(buf), FAKE_FAMILY,
				MESHLAN_CMD_EVENT, &meshlan_event_info_set,
				&event);
	if (set) {
		attr = mnl_attr_nest_start(message, number);
		meshlan_encode(set, nest, message, sizeof(buf));
		mnl_attr_nest_end(message, attr);
	}
	events_read(events, message, message->nlmsg_len);
}

TEST(kernel, events)
{
	struct meshlan_path path = {
		.has = MESHLAN_BIT(MESHLAN_A_PATH_NODE), .node = 8 };
	struct meshlan_key key = {
		.has = MESHLAN_BIT(MESHLAN_A_KEY_NODE), .node = 8 };
	struct meshlan_fdb fdb = {
		.has = MESHLAN_BIT(MESHLAN_A_FDB_MAC), .mac = {[5] = 7} };
	struct meshlan_report report = {
		.has = MESHLAN_BIT(MESHLAN_A_REPORT_CAUSE), .cause = 2 };
	struct meshlan_ping ping = {
		.has = MESHLAN_BIT(MESHLAN_A_PING_ID), .id = 77 };
	struct heard heard = {0};
	struct events *events = events_new(FAKE_FAMILY, FAKE_IFINDEX,
					   &event_ops, &heard);

	generation = 100;
	events_watch(events, hear_raw, &heard);
#define SAY(type, ...)							\
	say(events, FAKE_IFINDEX, MESHLAN_EVENT_##type, ##__VA_ARGS__)
	for (int type = MESHLAN_EVENT_PATH_UP; type <= MESHLAN_EVENT_PATH_MOVED;
	     type++)
		say(events, FAKE_IFINDEX, type, MESHLAN_A_EVENT_PATH,
		    &meshlan_path_set, &path);
	point(heard.path == 5 && heard.node == 8 &&
	      heard.what == MESHLAN_EVENT_PATH_MOVED, "paths");
	SAY(KEY_SOFT, MESHLAN_A_EVENT_KEY, &meshlan_key_set, &key);
	SAY(KEY_HARD, MESHLAN_A_EVENT_KEY, &meshlan_key_set, &key);
	point_number("keys", heard.key, 2);
	SAY(KEY_LOST, 0, NULL, NULL);
	SAY(SESSION_WANTED, 0, NULL, NULL);
	SAY(SESSION_IDLE, 0, NULL, NULL);
	SAY(SESSION_EXPIRED, 0, NULL, NULL);
	SAY(STORM, 0, NULL, NULL);
	point(heard.keys_lost == 1 && heard.wanted == 1 && heard.idle == 1 &&
	      heard.expired == 1 && heard.storm == 1, "nodes");
	for (int type = MESHLAN_EVENT_FDB_ADD; type <= MESHLAN_EVENT_CONFLICT;
	     type++)
		say(events, FAKE_IFINDEX, type, MESHLAN_A_EVENT_FDB,
		    &meshlan_fdb_set, &fdb);
	point_number("forwarding entries", heard.fdb, 5);
	SAY(LOOP_FOUND, 0, NULL, NULL);
	SAY(LOOP_CLEARED, 0, NULL, NULL);
	point(heard.loop == 1 && heard.blocked == 6, "loops");
	SAY(REPORT, MESHLAN_A_EVENT_REPORT, &meshlan_report_set, &report);
	SAY(PING, MESHLAN_A_EVENT_PING, &meshlan_ping_set, &ping);
	SAY(OWNER_LOST, 0, NULL, NULL);
	SAY(NETNS_GONE, 0, NULL, NULL);
	point(heard.report == 1 && heard.ping == 1 && heard.pid == 99 &&
	      heard.netns == 1, "reports, pings, the device itself");
	point(!heard.lost && heard.raw == 23, "all 23, and none missing");
	SAY(PATH_UP, 0, NULL, NULL);
	say(events, FAKE_IFINDEX, 200, 0, NULL, NULL);
	point(heard.path == 5 && !heard.lost, "an event without its object");
	generation += 3;
	SAY(SESSION_WANTED, 0, NULL, NULL);
	point(heard.lost == 1 && heard.raw_lost == 1 && heard.wanted == 2,
	      "a gap is told, and then the event");
	events_overrun(events);
	generation += 3;
	SAY(SESSION_WANTED, 0, NULL, NULL);
	point_number("an overrun and its gap are one loss", heard.lost, 2);
	generation = 1;
	SAY(SESSION_WANTED, 0, NULL, NULL);
	point_number("numbers that begin anew", heard.lost, 3);
	say(events, 8, MESHLAN_EVENT_SESSION_WANTED, 0, NULL, NULL);
	point_number("another device's is nothing to us", heard.wanted, 4);
	events_expect(events, generation + 4);
	SAY(SESSION_WANTED, 0, NULL, NULL);
	point_number("what was known by other means", heard.lost, 4);
	events_free(events);
}

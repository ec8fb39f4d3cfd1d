// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "meshctl/daemon_verbs.h"

#define DATE	UINT64_C(1800000000)	/* 2027-01-15T08:00:00Z */

/* --- answers as people read them ------------------------------------------------- */

static void shows(const char *name, render_fn *render, const char *json,
		  const char *wanted)
{
	json_t *result = json_loads(json, JSON_DECODE_ANY, NULL);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	render(out, result, DATE);
	fclose(out);
	if (strcmp(text, wanted))
		printf("got:\n%swanted:\n%s", text, wanted);
	point(!strcmp(text, wanted), "%s", name);
	free(text);
	json_decref(result);
}

static void test_status(void)
{
	shows("status", render_status,
	      "{\"network\":\"home\",\"version\":\"0.1.0\",\"state\":\"up\",\"uptime\":7200,"
	      "\"name\":\"alice\",\"node\":\"00000000000000aa\",\"class\":\"member\","
	      "\"device\":\"mesh0\",\"port\":23731,\"mtu\":1360,"
	      "\"addresses\":[\"fd00::aa\",\"10.0.0.1\"],"
	      "\"certificate\":{\"expires\":1807776000,\"serial\":\"12\",\"renewal\":1805184000},"
	      "\"peers\":{\"up\":4,\"known\":5},\"nodes\":12,\"signer\":true,"
	      "\"signers\":[\"alice\",\"bob\"],"
	      "\"hubs\":[{\"address\":\"192.0.2.9:23731\",\"state\":\"up\"},"
	      "{\"address\":\"192.0.2.8:23731\",\"state\":\"down\",\"error\":\"no answer\"}],"
	      "\"nat\":{\"kind\":\"easy\",\"seen_as\":[\"198.51.100.4:23731\"]},"
	      "\"module\":{\"loaded\":\"0.1.0\",\"installed\":\"0.2.0\"},"
	      "\"warnings\":[\"clock was \\u001b[31mwrong\"]}",
	      "network home: up\n"
	      "  node         alice (00000000000000aa), member\n"
	      "  device       mesh0, port 23731, MTU 1360\n"
	      "  addresses    fd00::aa, 10.0.0.1\n"
	      "  certificate  ends 2027-04-15T08:00:00Z (in 90 d 0 h)\n"
	      "               renews 2027-03-16T08:00:00Z (in 60 d 0 h)\n"
	      "  peers        4 up of 5\n"
	      "  nodes        12\n"
	      "  signers      alice, bob (this node is one)\n"
	      "  hubs         192.0.2.9:23731 up\n"
	      "               192.0.2.8:23731 down: no answer\n"
	      "  NAT          easy, seen as 198.51.100.4:23731\n"
	      "  meshd        0.1.0, up 2 h 0 min\n"
	      "  module       0.1.0 loaded, 0.2.0 installed\n"
	      "warning: clock was ?[31mwrong\n");
	shows("status of a blank host", render_status,
	      "{\"network\":\"mesh\",\"version\":\"0.1.0\",\"state\":\"blank\",\"uptime\":1,\"warnings\":[]}",
	      "network mesh: blank\n"
	      "  meshd        0.1.0, up 1 s\n");
}

static void test_tables(void)
{
	shows("peers", render_peers,
	      "[{\"name\":\"bob\",\"node\":\"00000000000000bb\",\"state\":\"up\",\"direct\":true,"
	      "\"endpoint\":\"192.0.2.1:23731\",\"delay\":12500000,\"jitter\":300000,\"loss\":10000,"
	      "\"rate\":100000000,\"age\":90},"
	      "{\"node\":\"00000000000000cc\",\"state\":\"down\",\"error\":\"its certificate has ended\"},"
	      "{\"name\":\"dan\",\"node\":\"00000000000000dd\",\"state\":\"up\",\"direct\":false,\"via\":\"bob\"}]",
	      "NAME  NODE              STATE  WAY      ENDPOINT         DELAY    JITTER  LOSS  RATE  AGE         ERROR\n"
	      "bob   00000000000000bb  up     direct   192.0.2.1:23731  12.5 ms  300 us  1 %   100M  1 min 30 s  -\n"
	      "-     00000000000000cc  down   -        -                -        -       -     -     -           its certificate has ended\n"
	      "dan   00000000000000dd  up     via bob  -                -        -       -     -     -           -\n");
	shows("nodes", render_nodes,
	      "[{\"name\":\"alice\",\"node\":\"00000000000000aa\",\"class\":\"member\",\"reach\":\"self\","
	      "\"addresses\":[\"fd00::aa\"],\"expires\":1807776000,\"version\":\"0.1.0\"}]",
	      "NAME   NODE              CLASS   REACH  VIA  ADDRESSES  EXPIRES               VERSION  CONFLICT\n"
	      "alice  00000000000000aa  member  self   -    fd00::aa   2027-04-15T08:00:00Z  0.1.0    -\n");
	shows("routes", render_routes,
	      "[{\"name\":\"bob\",\"node\":\"00000000000000bb\",\"state\":\"up\",\"metric\":120,"
	      "\"hops\":[{\"name\":\"bob\",\"node\":\"00000000000000bb\",\"weight\":3},"
	      "{\"name\":\"carol\",\"node\":\"00000000000000cc\",\"weight\":1}]}]",
	      "NAME  NODE              STATE  METRIC  HOPS\n"
	      "bob   00000000000000bb  up     120     bob*3, carol*1\n");
	shows("records", render_records,
	      "[{\"name\":\"bob\",\"node\":\"00000000000000bb\",\"sequence\":7,\"age\":60,\"expires\":0,\"bytes\":512}]",
	      "NAME  NODE              SEQUENCE  AGE        EXPIRES  BYTES\n"
	      "bob   00000000000000bb  7         1 min 0 s  never    512\n");
	shows("tokens", render_tokens,
	      "[{\"id\":\"0123456789abcdef\",\"state\":\"good\",\"uses\":3,\"uses_left\":2,\"expires\":1800003600,"
	      "\"class\":\"member\",\"any_signer\":false,\"note\":\"for Bob\"}]",
	      "ID                STATE  LEFT  USES  EXPIRES               CLASS   ANY-SIGNER  NAME  NOTE\n"
	      "0123456789abcdef  good   2     3     2027-01-15T09:00:00Z  member  no          -     for Bob\n");
	shows("certificates", render_certificates,
	      "[{\"name\":\"bob\",\"node\":\"00000000000000bb\",\"serial\":\"0a\",\"class\":\"client\",\"issued\":1800000000,\"expires\":1800003600}]",
	      "NAME  NODE              SERIAL  CLASS   ISSUED                EXPIRES               REVOKED\n"
	      "bob   00000000000000bb  0a      client  2027-01-15T08:00:00Z  2027-01-15T09:00:00Z  -\n");
	shows("signers", render_signers,
	      "[{\"name\":\"bob\",\"node\":\"00000000000000bb\",\"expires\":1800003600,\"self\":true}]",
	      "NAME  NODE              EXPIRES               THIS\n"
	      "bob   00000000000000bb  2027-01-15T09:00:00Z  yes\n");
	shows("a path", render_path,
	      "{\"from\":\"alice\",\"to\":\"carol\",\"metric\":240,\"reached\":true,\"hops\":["
	      "{\"from\":\"alice\",\"name\":\"bob\",\"delay\":1000000,\"mtu\":1400},"
	      "{\"from\":\"bob\",\"name\":\"carol\",\"broken\":\"no path\"}]}",
	      "from alice to carol, metric 240\n"
	      "FROM   TO     WEIGHT  DELAY  JITTER  LOSS  RATE  MTU   METRIC  BROKEN\n"
	      "alice  bob    -       1 ms   -       -     -     1400  -       -\n"
	      "bob    carol  -       -      -       -     -     -     -       no path\n");
	shows("a path that breaks off", render_path,
	      "{\"from\":\"alice\",\"to\":\"carol\",\"reached\":false,\"hops\":[]}",
	      "from alice to carol: it is not reached\n"
	      "FROM  TO  WEIGHT  DELAY  JITTER  LOSS  RATE  MTU  METRIC  BROKEN\n");
	shows("a graph", render_graph,
	      "{\"nodes\":[],\"links\":[{\"from\":\"alice\",\"to\":\"bob\",\"delay\":1000000,\"metric\":5,\"up\":true}]}",
	      "FROM   TO   DELAY  JITTER  LOSS  RATE  METRIC  COST  UP\n"
	      "alice  bob  1 ms   -       -     -     5       -     yes\n");
}

static void test_sentences(void)
{
	shows("init", render_joined,
	      "{\"network\":\"home\",\"name\":\"alice\",\"node\":\"00000000000000aa\",\"device\":\"mesh0\","
	      "\"addresses\":[\"fd00::aa\"],\"join\":\"meshctl -n home join meshlan1-abc\",\"expires\":1800003600}",
	      "This host is node alice (00000000000000aa) of network home.\n"
	      "  device       mesh0\n"
	      "  addresses    fd00::aa\n"
	      "\nOn the next host, until 2027-01-15T09:00:00Z (in 1 h 0 min):\n\n"
	      "  meshctl -n home join meshlan1-abc\n");
	shows("join", render_joined,
	      "{\"network\":\"home\",\"name\":\"bob\",\"node\":\"00000000000000bb\",\"device\":\"mesh0\","
	      "\"addresses\":[],\"peers\":3}",
	      "This host is node bob (00000000000000bb) of network home.\n"
	      "  device       mesh0\n"
	      "  addresses    -\n"
	      "  peers        3 up\n");
	shows("a token", render_token,
	      "{\"id\":\"01\",\"uses\":1,\"expires\":0,\"join\":\"meshctl join meshlan1-abc\",\"any_signer\":true}",
	      "token 01, for 1 use, until never\n\n  meshctl join meshlan1-abc\n\n"
	      "Any signer takes it, and each counts for itself: it may be used more often.\n");
	shows("leave", render_left, "{\"network\":\"home\"}",
	      "This host is no node of network home any more.\n");
	shows("connect", render_connected,
	      "{\"name\":\"bob\",\"endpoint\":\"192.0.2.1:1\"}",
	      "connected to bob at 192.0.2.1:1\n");
	shows("disconnect", render_disconnected, "{\"name\":\"bob\"}",
	      "disconnected from bob\n");
	shows("drain", render_drain, "{\"draining\":true}",
	      "draining: others go around this node\n");
	shows("drain off", render_drain, "{\"draining\":false}",
	      "not draining\n");
	shows("token revoke", render_token_revoked, "{\"id\":\"01\"}",
	      "token 01 is revoked\n");
	shows("node revoke", render_node_revoked,
	      "{\"name\":\"bob\",\"node\":\"00000000000000bb\"}",
	      "node bob (00000000000000bb) is revoked\n");
	shows("node renew", render_renewed,
	      "{\"name\":\"bob\",\"expires\":1799996400}",
	      "the certificate of bob ends 2027-01-15T07:00:00Z (past)\n");
	shows("signer add", render_signer,
	      "{\"name\":\"bob\",\"expires\":1800003600}",
	      "bob may admit nodes; ends 2027-01-15T09:00:00Z (in 1 h 0 min)\n");
	shows("reload", render_reload, "{\"changed\":[\"hub\",\"mtu\"]}",
	      "changed: hub, mtu\n");
	shows("cost", render_cost, "{\"name\":\"bob\",\"cost\":10}",
	      "cost of the link to bob: 10\n");
	shows("metrics", render_metrics, "{\"text\":\"meshlan_nodes 3\\n\"}",
	      "meshlan_nodes 3\n");
	shows("an event", render_event,
	      "{\"type\":\"peer-down\",\"time\":1800000000,\"text\":\"bob is away\"}",
	      "2027-01-15T08:00:00Z peer-down bob is away\n");
	shows("lost events", render_event, "{\"type\":\"lost\",\"count\":7}",
	      "7 events were lost, reading too slow\n");
	shows("findings", render_doctor,
	      "[{\"level\":\"good\",\"what\":\"clock\",\"cause\":\"synchronised\",\"remedy\":\"\"},"
	      "{\"level\":\"error\",\"what\":\"module\",\"cause\":\"not built\",\"remedy\":\"build it\"}]",
	      "good     clock: synchronised\n"
	      "error    module: not built\n"
	      "         -> build it\n");
}

/* What a daemon should never say does no harm. */
static void test_nonsense(void)
{
	static render_fn *const all[] = {
		render_status, render_peers, render_nodes, render_records,
		render_routes, render_path, render_graph, render_joined,
		render_left, render_connected, render_disconnected,
		render_drain, render_token, render_tokens,
		render_token_revoked, render_certificates, render_node_revoked,
		render_renewed, render_signer, render_signers, render_reload,
		render_doctor, render_cost, render_metrics, render_event,
	};
	static const char *const results[] = {
		"null", "7", "[]", "{}", "[7, null, \"x\"]", "[[]]",
		"{\"warnings\":[7],\"hubs\":[7],\"nat\":7,\"peers\":7,\"certificate\":[]}",
		"{\"hops\":7,\"links\":[7],\"changed\":{},\"expires\":-5,\"addresses\":7}",
		"[{\"delay\":-1,\"hops\":[7],\"addresses\":[7],\"age\":9223372036854775807}]",
	};
	FILE *out = fopen("/dev/null", "w");
	json_t *result;

	for (size_t i = 0; i < sizeof(results) / sizeof(*results); i++) {
		result = json_loads(results[i], JSON_DECODE_ANY, NULL);
		for (size_t j = 0; j < sizeof(all) / sizeof(*all); j++)
			all[j](out, result, DATE);
		json_decref(result);
	}
	fclose(out);
	point(true, "answers that make no sense do no harm");
}

/* --- a daemon that says what it is told to ------------------------------------------ */

static char dir[] = "/tmp/meshctl-unit.XXXXXX";

static const char *socket_path(const char *network)
{
	static char path[100];

	snprintf(path, sizeof(path), "%s/%s.sock", dir, network);
	return path;
}

static int listen_at(const char *network)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s",
		 socket_path(network));
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) || listen(fd, 8))
		perror(name.sun_path);
	return fd;
}

/* Reads one line, says @answer and leaves. */
static pid_t play(int listener, const char *answer)
{
	char line[4096];
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	fd = accept(listener, NULL, NULL);
	if (read(fd, line, sizeof(line)) < 0 ||
	    write(fd, answer, strlen(answer)) < 0)
		_exit(1);
	_exit(0);
}

static void answers(int listener, const char *name, const char *answer,
		    enum meshlan_status wanted, const char *text)
{
	struct daemon daemon = {0};
	struct meshlan_error err = {0};
	enum meshlan_status status;
	json_t *result = NULL;
	pid_t pid = play(listener, answer);

	status = daemon_open_network(&daemon, "one", &err);
	if (!status)
		status = daemon_ask(&daemon, "status", NULL, &result, &err);
	daemon_close(&daemon);
	json_decref(result);
	waitpid(pid, NULL, 0);
	if (status != wanted || strcmp(err.text, text))
		printf("got %d \"%s\"\n", status, err.text);
	point(status == wanted && !strcmp(err.text, text), "%s", name);
}

static void test_dialogue(int listener)
{
	answers(listener, "an answer",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n", MESHLAN_OK, "");
	answers(listener, "a refusal",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32003,"
		"\"message\":\"no node 'bob'\",\"data\":{\"status\":3}}}\n",
		MESHLAN_ERR_NOT_FOUND, "no node 'bob'");
	answers(listener, "a refusal without sense",
		"{\"error\":{\"code\":1,\"data\":{\"status\":77}}}\n",
		MESHLAN_ERR_REFUSED, "refused");
	answers(listener, "an old daemon",
		"{\"error\":{\"code\":-32601,\"message\":\"no such method\"}}\n",
		MESHLAN_ERR_DAEMON,
		"the meshd that runs is too old for this: restart it");
	answers(listener, "no JSON", "hello\n", MESHLAN_ERR_DAEMON,
		"meshd of one: its answer makes no sense");
	answers(listener, "half an answer", "{\"result\":", MESHLAN_ERR_DAEMON,
		"meshd of one: its answer makes no sense");
	answers(listener, "a daemon that ends", "", MESHLAN_ERR_DAEMON,
		"meshd of one ended meanwhile; its log says why");
}

static void test_networks(void)
{
	struct daemon daemon = {0};
	struct meshlan_error err = {0};
	int one, two;

	point(daemon_open(&daemon, &err) == MESHLAN_ERR_DAEMON &&
	      strstr(err.text, dir) && strstr(err.text, "meshctl init"),
	      "no daemon: %s", err.text);
	want_network = "one";
	point(daemon_open(&daemon, &err) == MESHLAN_ERR_DAEMON &&
	      strstr(err.text, "systemctl start meshd@one"),
	      "not for that network: %s", err.text);
	want_network = NULL;
	one = listen_at("one");
	point(!daemon_open(&daemon, &err) && !strcmp(daemon.network, "one"),
	      "the only network");
	daemon_close(&daemon);
	close(accept(one, NULL, NULL));
	two = listen_at("two");
	point(daemon_open(&daemon, &err) == MESHLAN_ERR_USAGE &&
	      strstr(err.text, "one") && strstr(err.text, "two"),
	      "two of them: %s", err.text);
	close(two);
	point(!daemon_open(&daemon, &err), "a dead one does not count");
	daemon_close(&daemon);
	for (int i = 0; i < 4; i++)
		close(accept(one, NULL, NULL));
	test_dialogue(one);
	close(one);
	unlink(socket_path("one"));
	unlink(socket_path("two"));
}

static void test_token(void)
{
	char word[] = "Meshlan1-ABC", path[64];
	struct meshlan_error err = {0};
	json_t *token = NULL;
	FILE *out;

	point(!read_token(word, &token, &err) &&
	      !strcmp(json_string_value(token), "Meshlan1-ABC") && !word[0],
	      "a token is taken, and wiped from the command line");
	json_decref(token);
	snprintf(path, sizeof(path), "%s/token", dir);
	out = fopen(path, "w");
	fputs("  meshlan1-abc\n def\n", out);
	fclose(out);
	token = NULL;
	point(!read_token(path, &token, &err) &&
	      !strcmp(json_string_value(token), "meshlan1-abcdef"),
	      "or read from a file");
	json_decref(token);
	out = fopen(path, "w");
	fputs("secret\n", out);
	fclose(out);
	point(read_token(path, &token, &err) == MESHLAN_ERR_USAGE &&
	      !strstr(err.text, "secret"), "a file without one is not shown");
	unlink(path);
}

static void test_doctor(void)
{
	json_t *findings = json_array(), *one;
	bool whole = true;
	size_t i;

	doctor_look(findings, 23731, 1360, false);
	point(json_array_size(findings) >= 4, "the doctor finds something");
	json_array_foreach(findings, i, one)
		whole &= json_object_get(one, "level") &&
			 json_object_get(one, "what") &&
			 json_object_get(one, "cause") &&
			 json_object_get(one, "remedy");
	point(whole, "with level, cause and remedy");
	json_decref(findings);
	point(good_network("home") && !good_network("") &&
	      !good_network("-a") && !good_network("../x") &&
	      !good_network("abcdefghijklmnopqrstuvwxyz012345"),
	      "names of networks");
}

static void test_module(void)
{
	struct module module = {"1", "abc", "2", "abc"};

	point(!module_differs(&module), "the same source is the same module");
	strcpy(module.installed_source, "abd");
	point(module_differs(&module), "another source is another one");
	module.installed_source[0] = 0;
	point(module_differs(&module), "else versions tell");
	module.installed[0] = 0;
	point(!module_differs(&module), "none installed is no other");
}

void test_daemon(void)
{
	if (!mkdtemp(dir)) {
		point(false, "a directory");
		return;
	}
	daemon_dir = dir;
	test_status();
	test_tables();
	test_sentences();
	test_nonsense();
	fflush(stdout);
	test_networks();
	test_token();
	test_doctor();
	test_module();
	rmdir(dir);
}

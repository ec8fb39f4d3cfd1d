// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * Send the meshlan family one request, attribute by attribute.
 *
 *	nlattr COMMAND [NUMBER=TYPE:VALUE...]
 *
 * COMMAND and NUMBER are those of <linux/meshlan.h>. TYPE is u8, u16, u32,
 * u64, be16, be32, hex (any bytes) or dev (an interface's name for its index).
 * COMMAND may be prefixed by "dump:". Prints "ok", or the error, the number of
 * the attribute the kernel calls bad (0 if none) and its message.
 *
 * With "echo:" a refusal is followed by a line with the attributes that the
 * kernel gave back, in hex. With "pause:", a dump that waits after its first
 * message: the shell command in $BETWEEN is run there, and what is printed is
 * "interrupted" if the kernel calls the dump so. With $SMALL set the kernel
 * knows of no large buffer here when a dump begins.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/meshlan.h>

static char buffer[65536];
static struct mnl_socket *nl;
static bool echo, dump, between;

static void die(const char *what)
{
	fprintf(stderr, "nlattr: %s: %s\n", what, strerror(errno));
	exit(70);
}

static int family_attr(const struct nlattr *attr, void *id)
{
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		*(unsigned int *)id = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int family_reply(const struct nlmsghdr *nlh, void *id)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), family_attr, id);
}

static struct nlmsghdr *begin(unsigned int type, unsigned int flags, int cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	nlh->nlmsg_seq = 1;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

static unsigned int family(void)
{
	struct nlmsghdr *nlh = begin(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	size_t room = getenv("SMALL") ? 4096 : sizeof(buffer);
	unsigned int id = 0;
	ssize_t n;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, MESHLAN_FAMILY_NAME);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		die("send");
	n = mnl_socket_recvfrom(nl, buffer, room);
	if (n < 0 || mnl_cb_run(buffer, n, 1, 0, family_reply, &id) < 0)
		die("family " MESHLAN_FAMILY_NAME);
	/* The acknowledgement. */
	mnl_socket_recvfrom(nl, buffer, room);
	return id;
}

static void put_hex(struct nlmsghdr *nlh, int number, const char *hex)
{
	unsigned char bytes[4096];
	size_t n = 0;

	while (hex[0] && hex[1] && n < sizeof(bytes)) {
		char pair[3] = { hex[0], hex[1] };

		bytes[n++] = strtoul(pair, NULL, 16);
		hex += 2;
	}
	mnl_attr_put(nlh, number, n, bytes);
}

static void put(struct nlmsghdr *nlh, const char *word)
{
	const char *type = strchr(word, '=');
	const char *text = type ? strchr(type, ':') : NULL;
	int number = atoi(word);
	unsigned long long value;

	if (!text) {
		fprintf(stderr, "nlattr: '%s' is not NUMBER=TYPE:VALUE\n", word);
		exit(64);
	}
	type++;
	text++;
	value = strtoull(text, NULL, 0);
	if (!strncmp(type, "u8:", 3))
		mnl_attr_put_u8(nlh, number, value);
	else if (!strncmp(type, "u16:", 4))
		mnl_attr_put_u16(nlh, number, value);
	else if (!strncmp(type, "u32:", 4))
		mnl_attr_put_u32(nlh, number, value);
	else if (!strncmp(type, "u64:", 4))
		mnl_attr_put_u64(nlh, number, value);
	else if (!strncmp(type, "be16:", 5))
		mnl_attr_put_u16(nlh, number, htons(value));
	else if (!strncmp(type, "be32:", 5))
		mnl_attr_put_u32(nlh, number, htonl(value));
	else if (!strncmp(type, "dev:", 4))
		mnl_attr_put_u32(nlh, number, if_nametoindex(text));
	else
		put_hex(nlh, number, text);
}

struct verdict {
	unsigned int	offset;
	const char	*text;
};

static int error_attr(const struct nlattr *attr, void *data)
{
	struct verdict *verdict = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
		verdict->text = mnl_attr_get_str(attr);
	else if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS)
		verdict->offset = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

/* Number of the attribute at an offset of what was sent. */
static int attr_at(const char *request, unsigned int offset)
{
	const struct nlattr *attr = (const void *)(request + offset);

	return offset ? mnl_attr_get_type(attr) : 0;
}

/* The kernel's copy of what it refused. */
static void print_echo(const struct nlmsgerr *err)
{
	const unsigned char *byte = mnl_nlmsg_get_payload(&err->msg);
	size_t n = mnl_nlmsg_get_payload_len(&err->msg);

	while (n--)
		printf("%02x", *byte++);
	putchar('\n');
}

static int verdict_of(const struct nlmsghdr *nlh, const char *request)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	struct verdict verdict = { .text = "" };
	unsigned int skip = sizeof(*err);

	if (!err->error) {
		puts("ok");
		return 0;
	}
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += mnl_nlmsg_get_payload_len(&(struct nlmsghdr){
				.nlmsg_len = err->msg.nlmsg_len });
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(nlh, MNL_ALIGN(skip), error_attr, &verdict);
	printf("%s %d %s\n", strerrorname_np(-err->error),
	       attr_at(request, verdict.offset), verdict.text);
	if (echo && !(nlh->nlmsg_flags & NLM_F_CAPPED))
		print_echo(err);
	return 1;
}

static int command_of(const char *word)
{
	const char *number = strchr(word, ':');

	echo = !strncmp(word, "echo:", 5);
	between = !strncmp(word, "pause:", 6);
	dump = between || !strncmp(word, "dump:", 5);
	return atoi(number ? number + 1 : word);
}

int main(int argc, char **argv)
{
	static char request[65536];
	bool interrupted = false;
	struct nlmsghdr *nlh;
	int i, one = 1;
	ssize_t n;

	if (argc < 2) {
		fprintf(stderr, "usage: nlattr COMMAND [NUMBER=TYPE:VALUE...]\n");
		return 64;
	}
	nl = mnl_socket_open(NETLINK_GENERIC);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		die("netlink");
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &one, sizeof(one));
	i = command_of(argv[1]);
	nlh = begin(family(), dump ? NLM_F_DUMP : 0, i);
	for (i = 2; i < argc; i++)
		put(nlh, argv[i]);
	memcpy(request, nlh, nlh->nlmsg_len);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		die("send");
	while ((n = mnl_socket_recvfrom(nl, buffer, sizeof(buffer))) > 0) {
		int len = n;

		if (between && system(getenv("BETWEEN") ?: "true"))
			die("$BETWEEN");
		between = false;
		for (nlh = (void *)buffer; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			interrupted |= nlh->nlmsg_flags & NLM_F_DUMP_INTR;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return verdict_of(nlh, request);
			if (nlh->nlmsg_type == NLMSG_DONE) {
				puts(interrupted ? "interrupted" : "ok");
				return 0;
			}
		}
	}
	die("receive");
	return 70;
}

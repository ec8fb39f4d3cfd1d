// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * Ask many daemons the same, by their local sockets.
 *
 *	crowd METHOD SOCKET...
 *
 * Each answer is a line of JSON: what the daemon sent, all of it.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(addr.sun_path, path);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -1;
	return fd;
}

static bool ask(const char *path, const char *method)
{
	int fd = connect_to(path);
	char *line = NULL;
	size_t size = 0;
	FILE *in;
	bool good;

	if (fd < 0) {
		fprintf(stderr, "crowd: %s: %s\n", path, strerror(errno));
		return false;
	}
	dprintf(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"}\n",
		method);
	in = fdopen(fd, "r");
	good = getline(&line, &size, in) > 0;
	if (good)
		fputs(line, stdout);
	else
		fprintf(stderr, "crowd: %s: no answer\n", path);
	free(line);
	fclose(in);
	return good;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 2; i < argc; i++)
		failed += !ask(argv[i], argv[1]);
	return argc < 3 || failed;
}

// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * What a member of the mesh can do: a node without a device, which has keys and
 * seals what it likes.
 *
 *	insider NODE NONCE PEER INDEX NONCE FROM TO MODE ARGUMENT...
 *
 * NODE is its id and NONCE what it gave for the key; PEER the node it attacks,
 * with the index and nonce of "key new" there: all in hex. The secret of the
 * key comes in base64 on standard input; the cipher is ChaCha20-Poly1305. FROM
 * and TO are IPv4 addresses; the port is 23731.
 *
 *	floods ORIGIN EPOCH FIRST COUNT [GAP]
 *		flooded frames, with a pause of GAP microseconds after each
 *	epochs ORIGIN SECONDS
 *		frames of two epochs in turns, each of them twice
 *	strangers COUNT
 *		each of an origin and a source address of its own
 *	fuzz COUNT SEED
 *		flooded frames, pieces, control messages and frames, valid but
 *		for a few bits, or not at all
 *
 * Prints how many frames these were, or different ones, where some go twice.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/meshlan.h>

#define PORT		23731
#define HASH		32
#define NONCE		16
#define TAG		16
#define PLAIN_MAX	1400
#define BURST		64

enum { DIRECT = 1, PROBE = 3 };
enum { FLOOD = 1, FRAGMENT = 2, NEEDS_CSUM = 4, ORDERED = 8, CONTROL = 16 };

struct header {
	uint8_t type, flags;
	uint16_t path;
	uint32_t index;
	uint64_t counter;
};

struct flood {
	uint64_t origin;
	uint16_t epoch;
	uint32_t number;
	uint8_t ttl, flags;
} __attribute__((packed));

/* What is in a packet, not sealed yet. */
struct plain {
	uint8_t type, flags;
	uint64_t counter;
	size_t len;
	uint8_t data[PLAIN_MAX];
};

static struct {
	uint8_t key[32], iv[12], hop[16];
} lane;

static uint32_t index_there;
static uint64_t next_counter;
static gnutls_aead_cipher_hd_t cipher;

static void die(const char *what)
{
	fprintf(stderr, "insider: %s\n", what);
	exit(1);
}

/* --- keys ----------------------------------------------------------------- */

static void from_hex(const char *text, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (sscanf(text + 2 * i, "%2hhx", &bytes[i]) != 1)
			die("a nonce has 32 hex digits");
	}
}

static void read_secret(uint8_t *secret)
{
	gnutls_datum_t text, bytes;
	char line[64] = "";

	if (!fgets(line, sizeof(line), stdin))
		die("no secret on standard input");
	line[strcspn(line, "\n")] = 0;
	text = (gnutls_datum_t){(uint8_t *)line, strlen(line)};
	if (gnutls_base64_decode2(&text, &bytes) || bytes.size != HASH)
		die("the secret is not 32 bytes in base64");
	memcpy(secret, bytes.data, HASH);
	gnutls_free(bytes.data);
}

static void derive(uint64_t we, const char *nonce, uint64_t peer,
		   const char *peer_nonce)
{
	struct {
		char label[9];
		uint64_t sender, receiver;
		uint8_t cipher, lane;
	} __attribute__((packed)) info = {
		.label = {'m', 'e', 's', 'h', 'l', 'a', 'n', ' ', '1'},
		.sender = htobe64(we),
		.receiver = htobe64(peer),
		.cipher = MESHLAN_CIPHER_CHACHA20_POLY1305,
	};
	uint8_t secret[HASH], salt[2 * NONCE], prk[HASH];
	gnutls_datum_t from = {secret, HASH}, with = {salt, sizeof(salt)};
	gnutls_datum_t about = {(uint8_t *)&info, sizeof(info)};
	gnutls_datum_t root = {prk, HASH}, key = {lane.key, sizeof(lane.key)};

	read_secret(secret);
	from_hex(we < peer ? nonce : peer_nonce, salt, NONCE);
	from_hex(we < peer ? peer_nonce : nonce, salt + NONCE, NONCE);
	if (gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &from, &with, prk) ||
	    gnutls_hkdf_expand(GNUTLS_MAC_SHA256, &root, &about, &lane,
			       sizeof(lane)) ||
	    gnutls_aead_cipher_init(&cipher, GNUTLS_CIPHER_CHACHA20_POLY1305,
				    &key))
		die("no keys");
}

/* --- sending -------------------------------------------------------------- */

static struct {
	uint8_t data[BURST][sizeof(struct header) + PLAIN_MAX + TAG];
	struct iovec piece[BURST];
	struct mmsghdr message[BURST];
	unsigned int count;
	int fd;
} out;

static void flush(void)
{
	unsigned int i = 0;
	int done;

	while (i < out.count) {
		done = sendmmsg(out.fd, out.message + i, out.count - i, 0);
		if (done < 0 && errno != ENOBUFS && errno != EAGAIN &&
		    errno != ECONNREFUSED)
			die(strerror(errno));
		i += done > 0 ? done : 0;
	}
	/* No more at once than the queues on the way hold. */
	if (out.count)
		usleep(200);
	out.count = 0;
}

static void open_socket(const char *from, const char *to)
{
	struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
	};
	struct sockaddr_in there = here;

	if (inet_pton(AF_INET, from, &here.sin_addr) != 1 ||
	    inet_pton(AF_INET, to, &there.sin_addr) != 1)
		die("FROM and TO are IPv4 addresses");
	out.fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (out.fd < 0 || bind(out.fd, (void *)&here, sizeof(here)) ||
	    connect(out.fd, (void *)&there, sizeof(there)))
		die(strerror(errno));
	for (unsigned int i = 0; i < BURST; i++) {
		out.message[i].msg_hdr.msg_iov = &out.piece[i];
		out.message[i].msg_hdr.msg_iovlen = 1;
		out.piece[i].iov_base = out.data[i];
	}
}

static void seal(const struct plain *plain)
{
	/* The first four bytes of the iv are not used with this cipher. */
	uint8_t *at = out.data[out.count], nonce[sizeof(lane.iv)] = {0};
	struct header header = {
		.type = plain->type,
		.flags = plain->flags,
		.index = htonl(index_there),
		.counter = htobe64(plain->counter),
	};
	size_t len = PLAIN_MAX + TAG;

	for (int i = 0; i < 8; i++)
		nonce[4 + i] = lane.iv[4 + i] ^
			       ((uint8_t *)&header.counter)[i];
	memcpy(at, &header, sizeof(header));
	if (gnutls_aead_cipher_encrypt(cipher, nonce, sizeof(nonce), &header,
				       sizeof(header), TAG, plain->data,
				       plain->len, at + sizeof(header), &len))
		die("the cipher refuses");
	out.piece[out.count].iov_len = sizeof(header) + len;
	if (++out.count == BURST)
		flush();
}

static void seal_next(struct plain *plain)
{
	plain->counter = next_counter++;
	seal(plain);
}

/* --- what is sent --------------------------------------------------------- */

static void put(struct plain *plain, const void *data, size_t len)
{
	memcpy(plain->data + plain->len, data, len);
	plain->len += len;
}

static void put_frame(struct plain *plain, uint32_t source)
{
	uint8_t frame[60] = {255, 255, 255, 255, 255, 255, 2, 1,
			     source >> 24, source >> 16, source >> 8, source,
			     0x88, 0xb5};

	put(plain, frame, sizeof(frame));
}

static struct plain flood(uint64_t origin, uint16_t epoch, uint32_t number,
			  uint32_t source)
{
	struct flood head = {
		.origin = htobe64(origin),
		.epoch = htons(epoch),
		.number = htonl(number),
		.ttl = 64,
	};
	struct plain plain = {.type = DIRECT, .flags = FLOOD};

	put(&plain, &head, sizeof(head));
	put_frame(&plain, source);
	return plain;
}

static unsigned int floods(uint64_t origin, uint16_t epoch, uint32_t first,
			   unsigned int count, unsigned int gap)
{
	struct plain plain;

	for (unsigned int i = 0; i < count; i++) {
		plain = flood(origin, epoch, first + i, 1);
		seal_next(&plain);
		if (gap) {
			flush();
			usleep(gap);
		}
	}
	return count;
}

/* As of a node that was restarted, whose old frames are still under way. */
static unsigned int epochs(uint64_t origin, unsigned int seconds)
{
	time_t end = time(NULL) + seconds;
	unsigned int sent = 0;
	struct plain plain;

	while (time(NULL) < end) {
		plain = flood(origin, 1000 + sent % 2, 1 + sent / 2, 1);
		seal_next(&plain);
		seal_next(&plain);
		flush();
		/* The second epoch may not begin with the first. */
		usleep(sent++ ? 5000 : 1100000);
	}
	return sent;
}

static unsigned int strangers(unsigned int count)
{
	struct plain plain;

	for (unsigned int i = 0; i < count; i++) {
		plain = flood(UINT64_C(0xdead) << 32 | i, 7, 1, i);
		seal_next(&plain);
	}
	return count;
}

/* --- nonsense ------------------------------------------------------------- */

/* xorshift64: the same seed gives the same packets everywhere. */
static uint64_t state;

static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % below;
}

static void put_noise(struct plain *plain, size_t len)
{
	while (len-- && plain->len < PLAIN_MAX)
		plain->data[plain->len++] = any(256);
}

static void flip(struct plain *plain)
{
	for (uint32_t n = any(4); plain->len && n; n--)
		plain->data[any(plain->len)] ^= 1 << any(8);
}

static struct plain some_flood(void)
{
	/* Nodes that the receiver knows, itself among them; others; anybody. */
	static const uint64_t known[] = {0xaa, 0xbb, 0xc1, 0xdd, 0xde};
	uint64_t origin = any(4) ? known[any(5)] : any(8) ? any(256) :
			  (uint64_t)any(UINT32_MAX) << any(32);
	struct plain plain = flood(origin, any(8) ? any(5) : any(65536),
				   any(4) ? any(100000) : any(UINT32_MAX),
				   any(5000));

	plain.data[14] = any(4) ? any(256) : any(2);
	plain.data[15] = any(8) ? any(2) : any(256);
	if (!any(4))
		put_noise(&plain, any(1200));
	if (!any(4))
		plain.len = any(plain.len + 1);
	return plain;
}

/* Headers that lead somewhere, and nothing that keeps their promises. */
static struct plain some_frame(void)
{
	static const uint16_t types[] = {0x0800, 0x86dd, 0x0806, 0x8100,
					 0x88a8, 0x88b5, 0x0004};
	struct plain plain = {.type = DIRECT};
	uint16_t type = htons(types[any(7)]);

	put_noise(&plain, 12);
	plain.data[6] &= any(4) ? 0xfe : 0xff;
	put(&plain, &type, sizeof(type));
	put_noise(&plain, any(200));
	if (plain.len > 14 && any(2))
		plain.data[14] = any(2) ? 0x45 : 0x60;
	if (plain.len > 23 && any(2))
		plain.data[23] = any(2) ? 6 : 17;
	if (any(2))
		plain.flags |= NEEDS_CSUM;
	return plain;
}

static struct plain some_control(void)
{
	static const uint8_t lengths[] = {68, 16, 1, 0, 17, 67, 100};
	struct plain plain = {.type = DIRECT, .flags = CONTROL};

	put_noise(&plain, lengths[any(7)]);
	plain.data[0] = any(6);
	return plain;
}

static struct plain some_packet(void)
{
	switch (any(8)) {
	case 0:
		return some_control();
	case 1:
	case 2:
		return some_frame();
	default:
		return some_flood();
	}
}

/* A frame in pieces, of which each may be missing, wrong, or there twice. */
static unsigned int send_pieces(void)
{
	struct plain whole = some_packet(), piece;
	uint8_t count = any(100) ? 2 + any(7) : any(256);
	uint64_t first = next_counter;
	size_t size = whole.len / (count ? count : 1) + any(2), offset = 0;
	unsigned int sent = 0;
	uint8_t head[2];

	next_counter += count;
	for (unsigned int i = 0; i < count; i++, offset += size) {
		if (!any(20))
			continue;
		piece = (struct plain){.type = DIRECT,
				       .flags = whole.flags | FRAGMENT,
				       .counter = first + i};
		head[0] = any(40) ? i : any(256);
		head[1] = any(40) ? count : any(256);
		put(&piece, head, 2);
		if (offset < whole.len)
			put(&piece, whole.data + offset,
			    size < whole.len - offset ? size : whole.len - offset);
		if (!any(20))
			put_noise(&piece, any(1300));
		if (!any(40))
			piece.flags ^= 1 << any(8);
		seal(&piece);
		sent++;
	}
	return sent;
}

static unsigned int fuzz(unsigned int count)
{
	unsigned int sent = 0;
	struct plain plain;

	while (sent < count) {
		if (!any(8)) {
			sent += send_pieces();
			continue;
		}
		plain = some_packet();
		flip(&plain);
		if (!any(16))
			plain.flags ^= 1 << any(8);
		if (!any(16))
			plain.flags |= ORDERED;
		if (!any(64))
			plain.type = PROBE;
		/* Some counters stay free, and come late. */
		if (!any(32))
			next_counter += any(50);
		seal_next(&plain);
		sent++;
	}
	return sent;
}

/* -------------------------------------------------------------------------- */

static uint64_t argument(int argc, char **argv, int i, int base)
{
	if (i >= argc)
		die("an argument is missing; see insider.c");
	return strtoull(argv[i], NULL, base);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 8 ? argv[8] : "";
	struct timespec now;
	unsigned int sent;

	if (argc < 9)
		die("usage: NODE NONCE PEER INDEX NONCE FROM TO MODE ...");
	derive(argument(argc, argv, 1, 16), argv[2],
	       argument(argc, argv, 3, 16), argv[5]);
	index_there = argument(argc, argv, 4, 0);
	open_socket(argv[6], argv[7]);
	/* A run's counters are above those of every run before. */
	clock_gettime(CLOCK_BOOTTIME, &now);
	next_counter = (uint64_t)now.tv_sec << 32 | now.tv_nsec;
	if (!strcmp(mode, "floods")) {
		sent = floods(argument(argc, argv, 9, 16),
			      argument(argc, argv, 10, 0),
			      argument(argc, argv, 11, 0),
			      argument(argc, argv, 12, 0),
			      argc > 13 ? argument(argc, argv, 13, 0) : 0);
	} else if (!strcmp(mode, "epochs")) {
		sent = epochs(argument(argc, argv, 9, 16),
			      argument(argc, argv, 10, 0));
	} else if (!strcmp(mode, "strangers")) {
		sent = strangers(argument(argc, argv, 9, 0));
	} else if (!strcmp(mode, "fuzz")) {
		state = argument(argc, argv, 10, 0) * 2 + 1;
		sent = fuzz(argument(argc, argv, 9, 0));
	} else {
		die("MODE is floods, epochs, strangers or fuzz");
	}
	flush();
	printf("%u\n", sent);
	return 0;
}

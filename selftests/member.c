// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * What a member can do that has keys but keeps no rules; and what somebody can
 * read who has some keys and not others. Written from
 * Documentation/networking/wire.rst, so that both are one check of the other.
 *
 *	member open KEYS <PACKETS
 *		print how many packets any of the keys opens, of how many
 *	member seal KEYS COUNTER FLAGS PLAINTEXT... >PACKETS
 *		DIRECT packets of these plaintexts, in hexadecimal
 *	member wrap KEYS COUNTER SOURCE DESTINATION [HOW] <PACKETS >PACKETS
 *		packets for a neighbour to pass on, or to take in. What stands
 *		before them already, if they are ROUTED, is taken away. HOW:
 *		as-is
 *		bare	without VIA, which only the header says
 *		splice	each header with what follows the next one's
 *
 * Each line of KEYS is one direction of a key: SENDER RECEIVER, the nonce of
 * the node with the lower id, that of the other, the receiver's INDEX and the
 * SECRET; all in hexadecimal. "seal" and "wrap" use the first line and lane 0;
 * counters begin with COUNTER. The cipher is ChaCha20-Poly1305. PACKETS are as
 * attack.c records them.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <inttypes.h>
#include <nettle/chacha-poly1305.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKET_MAX	9000
#define KEYS_MAX	64
#define LANES		4
#define HEADER		16
#define ROUTED		40
#define TAG		16
#define FLAG_VIA	0x20

struct packet {
	uint16_t len;
	uint8_t data[PACKET_MAX];
};

struct lane {
	uint8_t key[32];
	uint8_t iv[12];
	uint8_t hop[16];
};

struct key {
	uint32_t index;
	struct lane lane[LANES];
};

static struct key keys[KEYS_MAX];
static unsigned int key_count;

static void fail(const char *what)
{
	fprintf(stderr, "member: %s\n", what);
	exit(1);
}

/* --- keys ----------------------------------------------------------------- */

static size_t from_hex(const char *text, uint8_t *data, size_t max)
{
	size_t len = 0;
	unsigned int byte;

	for (; *text; text += 2) {
		if (len == max || sscanf(text, "%2x", &byte) != 1 || !text[1])
			fail("not hexadecimal, or too long");
		data[len++] = byte;
	}
	return len;
}

static void derive(const uint8_t salt[32], const uint8_t secret[32],
		   uint64_t sender, uint64_t receiver, struct key *key)
{
	struct hmac_sha256_ctx hmac;
	uint8_t prk[32], info[27] = "meshlan 1";

	hmac_sha256_set_key(&hmac, 32, salt);
	hkdf_extract(&hmac, (nettle_hash_update_func *)hmac_sha256_update,
		     (nettle_hash_digest_func *)hmac_sha256_digest, 32, 32,
		     secret, prk);
	sender = htobe64(sender);
	receiver = htobe64(receiver);
	memcpy(info + 9, &sender, 8);
	memcpy(info + 17, &receiver, 8);
	info[25] = 1;
	for (unsigned int i = 0; i < LANES; i++) {
		info[26] = i;
		hmac_sha256_set_key(&hmac, 32, prk);
		hkdf_expand(&hmac,
			    (nettle_hash_update_func *)hmac_sha256_update,
			    (nettle_hash_digest_func *)hmac_sha256_digest, 32,
			    sizeof(info), info, 60, key->lane[i].key);
	}
}

_Static_assert(sizeof(struct lane) == 60, "drawn as one");

static void load_keys(const char *name)
{
	char low[33], high[33], secret[65];
	uint8_t salt[32], bytes[32];
	uint64_t sender, receiver;
	FILE *file = fopen(name, "r");
	uint32_t index;

	if (!file)
		fail("no file of keys");
	while (key_count < KEYS_MAX &&
	       fscanf(file, "%" SCNx64 " %" SCNx64 " %32s %32s %" SCNx32 " %64s",
		      &sender, &receiver, low, high, &index, secret) == 6) {
		if (from_hex(low, salt, 16) + from_hex(high, salt + 16, 16) +
			    from_hex(secret, bytes, 32) != 64)
			fail("a nonce or secret is too short");
		keys[key_count].index = index;
		derive(salt, bytes, sender, receiver, &keys[key_count++]);
	}
	fclose(file);
	if (!key_count)
		fail("no keys");
}

/* --- packets -------------------------------------------------------------- */

static int read_packet(struct packet *p)
{
	return fread(&p->len, sizeof(p->len), 1, stdin) == 1 &&
	       p->len <= PACKET_MAX && fread(p->data, 1, p->len, stdin) == p->len;
}

static void write_packet(const struct packet *p)
{
	fwrite(&p->len, sizeof(p->len), 1, stdout);
	fwrite(p->data, p->len, 1, stdout);
}

static void unwrap(struct packet *p)
{
	if (p->len < ROUTED + HEADER || p->data[0] != 2)
		return;
	p->len -= ROUTED;
	memmove(p->data, p->data + ROUTED, p->len);
}

static void cipher_begin(struct chacha_poly1305_ctx *ctx,
			 const struct lane *lane, const uint8_t *header)
{
	uint8_t nonce[12] = {0};

	for (unsigned int i = 4; i < 12; i++)
		nonce[i] = lane->iv[i] ^ header[4 + i];
	chacha_poly1305_set_key(ctx, lane->key);
	chacha_poly1305_set_nonce(ctx, nonce);
	chacha_poly1305_update(ctx, HEADER, header);
}

static int opens(const struct lane *lane, const struct packet *p)
{
	static uint8_t plain[PACKET_MAX];
	struct chacha_poly1305_ctx ctx;
	size_t len = p->len - HEADER - TAG;
	uint8_t tag[TAG];

	cipher_begin(&ctx, lane, p->data);
	chacha_poly1305_decrypt(&ctx, len, plain, p->data + HEADER);
	chacha_poly1305_digest(&ctx, TAG, tag);
	return !memcmp(tag, p->data + HEADER + len, TAG);
}

static int any_opens(const struct packet *p)
{
	for (unsigned int i = 0; i < key_count * LANES; i++) {
		if (opens(&keys[i / LANES].lane[i % LANES], p))
			return 1;
	}
	return 0;
}

static void open_all(void)
{
	unsigned int opened = 0, all = 0;
	static struct packet p;

	while (read_packet(&p)) {
		unwrap(&p);
		if (p.len < HEADER + TAG)
			continue;
		opened += any_opens(&p);
		all++;
	}
	printf("%u of %u\n", opened, all);
}

static void put_header(uint8_t *header, uint64_t counter)
{
	uint32_t index = htonl(keys[0].index);

	counter = htobe64(counter);
	memcpy(header + 4, &index, sizeof(index));
	memcpy(header + 8, &counter, sizeof(counter));
}

static void seal(uint64_t counter, uint8_t flags, const char *text)
{
	static struct packet p;
	struct chacha_poly1305_ctx ctx;
	uint8_t plain[1000];
	size_t len = from_hex(text, plain, sizeof(plain));

	p.data[0] = 1;
	p.data[1] = flags;
	put_header(p.data, counter);
	cipher_begin(&ctx, keys[0].lane, p.data);
	chacha_poly1305_encrypt(&ctx, len, p.data + HEADER, plain);
	chacha_poly1305_digest(&ctx, TAG, p.data + HEADER + len);
	p.len = HEADER + len + TAG;
	write_packet(&p);
}

/* --- hops ----------------------------------------------------------------- */

static uint64_t rotate(uint64_t x, unsigned int n)
{
	return x << n | x >> (64 - n);
}

static void rounds(uint64_t v[4], unsigned int n)
{
	while (n--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32) + v[3];
		v[2] += v[1];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

/* SipHash-2-4 of 48 bytes. */
static uint64_t siphash(const uint8_t key[16], const uint8_t text[48])
{
	uint64_t k[2], m[6], v[4];

	memcpy(k, key, sizeof(k));
	memcpy(m, text, sizeof(m));
	k[0] = le64toh(k[0]);
	k[1] = le64toh(k[1]);
	v[0] = k[0] ^ UINT64_C(0x736f6d6570736575);
	v[1] = k[1] ^ UINT64_C(0x646f72616e646f6d);
	v[2] = k[0] ^ UINT64_C(0x6c7967656e657261);
	v[3] = k[1] ^ UINT64_C(0x7465646279746573);
	for (unsigned int i = 0; i <= 6; i++) {
		uint64_t word = i < 6 ? le64toh(m[i]) : UINT64_C(48) << 56;

		v[3] ^= word;
		rounds(v, 2);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void wrap(struct packet *p, uint64_t counter, uint64_t source,
		 uint64_t destination)
{
	uint8_t text[48];
	uint64_t mac;

	if (p->len + ROUTED > PACKET_MAX)
		fail("a packet is too long");
	memmove(p->data + ROUTED, p->data, p->len);
	p->len += ROUTED;
	memset(p->data, 0, ROUTED);
	p->data[0] = 2;
	p->data[1] = 64;
	put_header(p->data, counter);
	source = htobe64(source);
	destination = htobe64(destination);
	memcpy(p->data + 24, &source, 8);
	memcpy(p->data + 32, &destination, 8);
	memcpy(text, p->data, 16);
	memcpy(text + 16, p->data + 24, 32);
	mac = htobe64(siphash(keys[0].lane[0].hop, text));
	memcpy(p->data + 16, &mac, 8);
}

static void wrap_all(uint64_t counter, uint64_t source, uint64_t destination,
		     const char *how)
{
	static struct packet p, before;
	int first = 1;

	while (read_packet(&p)) {
		unwrap(&p);
		if (!strcmp(how, "bare"))
			p.data[1] &= ~FLAG_VIA;
		if (!strcmp(how, "splice")) {
			struct packet next = p;

			memcpy(p.data, before.data, HEADER);
			before = next;
			if (first) {
				first = 0;
				continue;
			}
		}
		wrap(&p, counter++, source, destination);
		write_packet(&p);
	}
}

static uint64_t number(const char *text, int base)
{
	return strtoull(text, NULL, base);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fputs("usage: member open|seal|wrap ...; see member.c\n",
		      stderr);
		return 64;
	}
	load_keys(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "open")) {
		open_all();
	} else if (argc >= 6 && !strcmp(argv[1], "seal")) {
		for (int i = 5; i < argc; i++)
			seal(number(argv[3], 0) + i - 5, number(argv[4], 0),
			     argv[i]);
	} else if (argc >= 6 && argc <= 7 && !strcmp(argv[1], "wrap")) {
		wrap_all(number(argv[3], 0), number(argv[4], 16),
			 number(argv[5], 16), argc > 6 ? argv[6] : "as-is");
	} else {
		return 64;
	}
	return fflush(stdout) ? 1 : 0;
}

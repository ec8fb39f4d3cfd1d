// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "../aead.c"

#include "later.h"
#include "suite.h"

/**
 * struct aead_vector - a sealed packet
 * @cipher: by which
 * @key: key
 * @nonce: the nonce that iv and counter must give
 * @header: the header, which ends in the counter
 * @text_len: length of the plaintext
 * @text: the plaintext
 * @sealed: what must come of it, with the tag
 */
struct aead_vector {
	enum meshlan_cipher	cipher;
	u8			key[MESHLAN_KEY_SIZE];
	u8			nonce[MESHLAN_IV_SIZE];
	u8			header[sizeof(struct meshlan_header)];
	unsigned int		text_len;
	u8			text[48];
	u8			sealed[48 + MESHLAN_TAG_SIZE];
};

/*
 * NIST CAVP gcmEncryptExtIV256, the first vector with 128 bits of additional
 * data and of text.
 */
static const struct aead_vector aes_vector = {
	.cipher = MESHLAN_CIPHER_AES_256_GCM,
	.key = {
		0x92, 0xe1, 0x1d, 0xcd, 0xaa, 0x86, 0x6f, 0x5c,
		0xe7, 0x90, 0xfd, 0x24, 0x50, 0x1f, 0x92, 0x50,
		0x9a, 0xac, 0xf4, 0xcb, 0x8b, 0x13, 0x39, 0xd5,
		0x0c, 0x9c, 0x12, 0x40, 0x93, 0x5d, 0xd0, 0x8b,
	},
	.nonce = {
		0xac, 0x93, 0xa1, 0xa6, 0x14, 0x52, 0x99, 0xbd,
		0xe9, 0x02, 0xf2, 0x1a,
	},
	.header = {
		0x1e, 0x08, 0x89, 0x01, 0x6f, 0x67, 0x60, 0x1c,
		0x8e, 0xbe, 0xa4, 0x94, 0x3b, 0xc2, 0x3a, 0xd6,
	},
	.text_len = 16,
	.text = {
		0x2d, 0x71, 0xbc, 0xfa, 0x91, 0x4e, 0x4a, 0xc0,
		0x45, 0xb2, 0xaa, 0x60, 0x95, 0x5f, 0xad, 0x24,
	},
	.sealed = {
		0x89, 0x95, 0xae, 0x2e, 0x6d, 0xf3, 0xdb, 0xf9,
		0x6f, 0xac, 0x7b, 0x71, 0x37, 0xba, 0xe6, 0x7f,
		0xec, 0xa5, 0xaa, 0x77, 0xd5, 0x1d, 0x4a, 0x0a,
		0x14, 0xd9, 0xc5, 0x1e, 0x1d, 0xa4, 0x74, 0xab,
	},
};

/*
 * RFC 8439 has none with the 16 bytes of additional data that we have: by
 * another implementation of it, which the example below agrees with as well.
 */
static const struct aead_vector chacha_vector = {
	.cipher = MESHLAN_CIPHER_CHACHA20_POLY1305,
	.key = {
		0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
		0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f,
		0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97,
		0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f,
	},
	.nonce = {
		0x00, 0x00, 0x00, 0x00, 0x45, 0x47, 0x45, 0x43,
		0x4d, 0x4f, 0x4d, 0x43,
	},
	.header = {
		0x01, 0x00, 0x12, 0x34, 0xab, 0xcd, 0xef, 0x05,
		0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
	},
	.text_len = 48,
	.text = {
		0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
		0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
		0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
		0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
		0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27,
		0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f,
	},
	.sealed = {
		0x04, 0x89, 0x7a, 0x6e, 0x92, 0xdb, 0x96, 0x7c,
		0x0d, 0x36, 0x63, 0xc4, 0xd1, 0x18, 0x9c, 0xb0,
		0xe6, 0x0e, 0x0b, 0x0d, 0xa9, 0x1b, 0xdf, 0x97,
		0xf9, 0xfb, 0x86, 0xd7, 0xa7, 0x6d, 0xae, 0xdc,
		0x88, 0xd9, 0xb0, 0xa3, 0xee, 0xe7, 0x89, 0x05,
		0xd9, 0xac, 0x3a, 0xe7, 0x10, 0xa1, 0xb2, 0xbe,
		0x8d, 0xc9, 0x98, 0x51, 0xf5, 0x87, 0x49, 0x35,
		0x8b, 0x01, 0x30, 0x6c, 0xa6, 0x08, 0x3e, 0x36,
	},
};

static struct sk_buff *vector_skb(const struct aead_vector *v)
{
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);

	if (skb) {
		skb_put_data(skb, v->header, sizeof(v->header));
		skb_put_data(skb, v->text, v->text_len);
	}
	return skb;
}

/* The iv that makes the nonce of the counter. */
static int vector_aead(const struct aead_vector *v, struct meshlan_aead *aead)
{
	struct meshlan_lane_keys keys;
	int i;

	memset(aead, 0, sizeof(*aead));
	memcpy(keys.key, v->key, sizeof(keys.key));
	memcpy(keys.iv, v->nonce, sizeof(keys.iv));
	for (i = 0; i < 8; i++)
		keys.iv[4 + i] ^= v->header[8 + i];
	return meshlan_aead_init(aead, v->cipher, &keys);
}

static void seal_and_open(struct kunit *test, const struct aead_vector *v)
{
	struct sk_buff *skb = vector_skb(v);
	struct meshlan_aead aead;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_ASSERT_EQ(test, vector_aead(v, &aead), 0);
	KUNIT_EXPECT_EQ(test, meshlan_aead_seal(&aead, skb, NULL, NULL), 0);
	KUNIT_EXPECT_EQ(test, skb->len, 16 + v->text_len + MESHLAN_TAG_SIZE);
	KUNIT_EXPECT_MEMEQ(test, skb->data, v->header, 16);
	KUNIT_EXPECT_MEMEQ(test, skb->data + 16, v->sealed,
			   v->text_len + MESHLAN_TAG_SIZE);
	KUNIT_EXPECT_EQ(test, meshlan_aead_open(&aead, skb, NULL, NULL), 0);
	KUNIT_EXPECT_EQ(test, skb->len, 16 + v->text_len);
	KUNIT_EXPECT_MEMEQ(test, skb->data + 16, v->text, v->text_len);
	meshlan_aead_uninit(&aead);
	kfree_skb(skb);
}

static void aes_published(struct kunit *test)
{
	seal_and_open(test, &aes_vector);
}

static void chacha_packet(struct kunit *test)
{
	seal_and_open(test, &chacha_vector);
}

/* RFC 8439, appendix A.5: the library's arguments and its nonce. */
static void chacha_published(struct kunit *test)
{
	static const char text[] = "Internet-Drafts are draft documents valid "
		"for a maximum of six months and may be updated, replaced, or "
		"obsoleted by other documents at any time. It is inappropriate "
		"to use Internet-Drafts as reference material or to cite them "
		"other than as /\xe2\x80\x9cwork in progress./\xe2\x80\x9d";
	static const u8 key[] = {
		0x1c, 0x92, 0x40, 0xa5, 0xeb, 0x55, 0xd3, 0x8a,
		0xf3, 0x33, 0x88, 0x86, 0x04, 0xf6, 0xb5, 0xf0,
		0x47, 0x39, 0x17, 0xc1, 0x40, 0x2b, 0x80, 0x09,
		0x9d, 0xca, 0x5c, 0xbc, 0x20, 0x70, 0x75, 0xc0,
	};
	static const u8 ad[] = {
		0xf3, 0x33, 0x88, 0x86, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x4e, 0x91,
	};
	static const u8 begins[] = {
		0x64, 0xa0, 0x86, 0x15, 0x75, 0x86, 0x1a, 0xf4,
		0x60, 0xf0, 0x62, 0xc7, 0x9b, 0xe6, 0x43, 0xbd,
	};
	static const u8 tag[] = {
		0xee, 0xad, 0x9d, 0x67, 0x89, 0x0c, 0xbb, 0x22,
		0x39, 0x23, 0x36, 0xfe, 0xa1, 0x85, 0x1f, 0x38,
	};
	const size_t len = sizeof(text) - 1;
	u8 *out = kunit_kzalloc(test, len + MESHLAN_TAG_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, out);
	KUNIT_ASSERT_EQ(test, len, 265);
	chacha20poly1305_encrypt(out, (const u8 *)text, len, ad, sizeof(ad),
				 0x0807060504030201, key);
	KUNIT_EXPECT_MEMEQ(test, out, begins, sizeof(begins));
	KUNIT_EXPECT_MEMEQ(test, out + len, tag, sizeof(tag));
}

/* One bit anywhere, and it is not authentic; nothing of it is cut off. */
static void flip_bits(struct kunit *test, const struct aead_vector *v)
{
	const unsigned int len = 16 + v->text_len + MESHLAN_TAG_SIZE;
	struct sk_buff *skb = vector_skb(v);
	struct meshlan_aead aead;
	unsigned int i;
	u8 good[96];

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_ASSERT_EQ(test, vector_aead(v, &aead), 0);
	KUNIT_EXPECT_EQ(test, meshlan_aead_seal(&aead, skb, NULL, NULL), 0);
	memcpy(good, skb->data, len);
	for (i = 0; i < len; i++) {
		memcpy(skb->data, good, len);
		skb->data[i] ^= BIT(i % 8);
		KUNIT_EXPECT_EQ(test, meshlan_aead_open(&aead, skb, NULL,
							NULL), -EBADMSG);
		KUNIT_EXPECT_EQ(test, skb->len, len);
	}
	memcpy(skb->data, good, len);
	skb_trim(skb, len - 1);
	KUNIT_EXPECT_EQ(test, meshlan_aead_open(&aead, skb, NULL, NULL),
			-EBADMSG);
	meshlan_aead_uninit(&aead);
	kfree_skb(skb);
}

static void aes_flipped(struct kunit *test)
{
	flip_bits(test, &aes_vector);
}

static void chacha_flipped(struct kunit *test)
{
	flip_bits(test, &chacha_vector);
}

/* A packet without text is header and tag. */
static void empty_text(struct kunit *test)
{
	struct aead_vector v[] = { aes_vector, chacha_vector };
	struct meshlan_aead aead;
	struct sk_buff *skb;
	int i;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		v[i].text_len = 0;
		skb = vector_skb(&v[i]);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		KUNIT_ASSERT_EQ(test, vector_aead(&v[i], &aead), 0);
		KUNIT_EXPECT_EQ(test, meshlan_aead_seal(&aead, skb, NULL,
							NULL), 0);
		KUNIT_EXPECT_EQ(test, skb->len, MESHLAN_SEAL_SIZE);
		KUNIT_EXPECT_EQ(test, meshlan_aead_open(&aead, skb, NULL,
							NULL), 0);
		KUNIT_EXPECT_EQ(test, skb->len, 16);
		meshlan_aead_uninit(&aead);
		kfree_skb(skb);
	}
}

static void unknown_cipher(struct kunit *test)
{
	struct meshlan_lane_keys keys = {};
	struct meshlan_aead aead = {};

	KUNIT_EXPECT_EQ(test, meshlan_aead_init(&aead, 0, &keys), -EINVAL);
	KUNIT_EXPECT_EQ(test, meshlan_aead_init(&aead, 3, &keys), -EINVAL);
}

/**
 * meshlan_later_use() - change a cipher for one that finishes later
 * @aead: AES
 * @key: its key
 *
 * Return: 0 or a negative error.
 */
int meshlan_later_use(struct meshlan_aead *aead, const u8 *key)
{
	crypto_free_aead(aead->tfm);
	kfree(xchg(&aead->spare, NULL));
	return aes_init(aead, MESHLAN_LATER, key);
}

/* What was told of a packet that finished later. */
struct told {
	int	err;
	bool	context;
};

static void tell(struct sk_buff *skb, int err, void *arg)
{
	struct told *told = arg;

	told->err = err;
	told->context = in_softirq() && rcu_read_lock_held();
}

static void expect_told(struct kunit *test, struct told *told, int err)
{
	KUNIT_EXPECT_EQ(test, told->err, 1);
	KUNIT_EXPECT_EQ(test, meshlan_later_finish(2), 1u);
	KUNIT_EXPECT_EQ(test, told->err, err);
	KUNIT_EXPECT_TRUE(test, told->context);
	told->err = 1;
}

static void later_once(struct kunit *test, struct meshlan_aead *aead,
		       struct sk_buff *skb)
{
	const struct aead_vector *v = &aes_vector;
	struct told told = { .err = 1 };
	int i;

	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, meshlan_aead_seal(aead, skb, tell,
							&told), -EINPROGRESS);
		expect_told(test, &told, 0);
		KUNIT_EXPECT_MEMEQ(test, skb->data + 16, v->sealed,
				   v->text_len + MESHLAN_TAG_SIZE);
		KUNIT_ASSERT_EQ(test, meshlan_aead_open(aead, skb, tell,
							&told), -EINPROGRESS);
		expect_told(test, &told, 0);
		KUNIT_EXPECT_EQ(test, skb->len, 16 + v->text_len);
		KUNIT_EXPECT_MEMEQ(test, skb->data + 16, v->text, v->text_len);
	}
	skb_put_zero(skb, MESHLAN_TAG_SIZE);
	KUNIT_ASSERT_EQ(test, meshlan_aead_open(aead, skb, tell, &told),
			-EINPROGRESS);
	expect_told(test, &told, -EBADMSG);
	KUNIT_EXPECT_EQ(test, skb->len, MESHLAN_SEAL_SIZE + v->text_len);
}

static void aes_later(struct kunit *test)
{
	struct sk_buff *skb = vector_skb(&aes_vector);
	struct meshlan_aead aead;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_ASSERT_EQ(test, vector_aead(&aes_vector, &aead), 0);
	KUNIT_EXPECT_EQ(test, meshlan_later_use(&aead, aes_vector.key), 0);
	KUNIT_EXPECT_TRUE(test, aead.async);
	if (aead.tfm)
		later_once(test, &aead, skb);
	meshlan_aead_uninit(&aead);
	kfree_skb(skb);
}

static int aead_init(struct kunit *test)
{
	return meshlan_later_init();
}

static void aead_exit(struct kunit *test)
{
	meshlan_later_exit();
}

static struct kunit_case aead_cases[] = {
	KUNIT_CASE(aes_published),
	KUNIT_CASE(chacha_published),
	KUNIT_CASE(chacha_packet),
	KUNIT_CASE(aes_flipped),
	KUNIT_CASE(chacha_flipped),
	KUNIT_CASE(empty_text),
	KUNIT_CASE(unknown_cipher),
	KUNIT_CASE(aes_later),
	{}
};

struct kunit_suite meshlan_aead_suite = {
	.name = "meshlan_aead",
	.init = aead_init,
	.exit = aead_exit,
	.test_cases = aead_cases,
};

// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "channel/internal.h"

/* In one go; the rest when the loop comes round again. */
#define BURST_MAX	64
#define PIECES_MAX	2

/* --- what QUIC asks for -------------------------------------------------- */

static void on_random(uint8_t *to, size_t len, const ngtcp2_rand_ctx *context)
{
	random_bytes(to, len);
	/*
	 * The one byte that 0.12 asks for decides whether it clears the fixed
	 * bit; packets without it would be taken for data.
	 */
	if (len == 1)
		*to &= ~1;
}

static int on_new_id(ngtcp2_conn *quic, ngtcp2_cid *cid, uint8_t *token,
		     size_t len, void *data)
{
	struct conn *conn = data;

	if (len != CID_SIZE)
		return NGTCP2_ERR_CALLBACK_FAILURE;
	random_bytes(cid->data, CID_SIZE);
	cid->datalen = CID_SIZE;
	endpoint_reset_token(conn->ep, cid, token);
	cids_add(&conn->ep->cids, conn, &conn->cids, cid->data);
	return 0;
}

static int on_old_id(ngtcp2_conn *quic, const ngtcp2_cid *cid, void *data)
{
	struct conn *conn = data;

	if (cid->datalen == CID_SIZE)
		cids_remove(&conn->ep->cids, &conn->cids, cid->data);
	return 0;
}

/* --- what happens: noted, and told when QUIC has returned ---------------- */

static int on_completed(ngtcp2_conn *quic, void *data)
{
	struct conn *conn = data;

	if (!tls_check(conn)) {
		conn->broken = "protocols or certificates do not fit";
		return 0;
	}
	/* Who dialled knows later whether its certificate was liked. */
	conn->came_up |= !conn->dialled;
	return 0;
}

static int on_confirmed(ngtcp2_conn *quic, void *data)
{
	struct conn *conn = data;

	conn->came_up |= conn->dialled && !conn->broken;
	return 0;
}

static int on_open(ngtcp2_conn *quic, int64_t id, void *data)
{
	struct conn *conn = data;

	if (conn->stream.id != STREAM_NONE)
		conn->broken = "one stream too many";
	conn->stream.id = id;
	return 0;
}

static int on_data(ngtcp2_conn *quic, uint32_t flags, int64_t id,
		   uint64_t offset, const uint8_t *bytes, size_t len,
		   void *data, void *stream_data)
{
	struct conn *conn = data;

	if (flags & NGTCP2_STREAM_DATA_FLAG_FIN)
		conn->broken = "the stream ended";
	if (id != conn->stream.id)
		return 0;
	stream_receive(&conn->stream, bytes, len);
	ngtcp2_conn_extend_max_stream_offset(quic, id, len);
	ngtcp2_conn_extend_max_offset(quic, len);
	return 0;
}

static int on_acked(ngtcp2_conn *quic, int64_t id, uint64_t offset,
		    uint64_t len, void *data, void *stream_data)
{
	struct conn *conn = data;

	if (id == conn->stream.id)
		stream_acked(&conn->stream, offset + len);
	return 0;
}

static int on_stream_reset(ngtcp2_conn *quic, int64_t id, uint64_t size,
			   uint64_t code, void *data, void *stream_data)
{
	((struct conn *)data)->broken = "the stream was reset";
	return 0;
}

static int on_stop_sending(ngtcp2_conn *quic, int64_t id, uint64_t code,
			   void *data, void *stream_data)
{
	((struct conn *)data)->broken = "the stream was refused";
	return 0;
}

static int on_path(ngtcp2_conn *quic, uint32_t flags, const ngtcp2_path *path,
		   QUIC_OLD_PATH ngtcp2_path_validation_result result,
		   void *data)
{
	struct conn *conn = data;
	union addr remote = {0};

	if (result != NGTCP2_PATH_VALIDATION_RESULT_SUCCESS || conn->dialled)
		return 0;
	memcpy(&remote, path->remote.addr, path->remote.addrlen);
	if (addr_equal(&remote, &conn->remote))
		return 0;
	conn->remote = remote;
	conn->moved = true;
	return 0;
}

static int on_forgotten(ngtcp2_conn *quic,
			const ngtcp2_pkt_stateless_reset *reset, void *data)
{
	((struct conn *)data)->forgotten = true;
	return 0;
}

#define COMMON								\
	.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,		\
	.handshake_completed = on_completed,				\
	.handshake_confirmed = on_confirmed,				\
	.encrypt = ngtcp2_crypto_encrypt_cb,				\
	.decrypt = ngtcp2_crypto_decrypt_cb,				\
	.hp_mask = ngtcp2_crypto_hp_mask_cb,				\
	.recv_stream_data = on_data,					\
	.acked_stream_data_offset = on_acked,				\
	.stream_open = on_open,						\
	.stream_reset = on_stream_reset,				\
	.stream_stop_sending = on_stop_sending,				\
	.recv_stateless_reset = on_forgotten,				\
	.rand = on_random,						\
	.get_new_connection_id = on_new_id,				\
	.remove_connection_id = on_old_id,				\
	.update_key = ngtcp2_crypto_update_key_cb,			\
	.path_validation = on_path,					\
	.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb, \
	.delete_crypto_cipher_ctx =					\
		ngtcp2_crypto_delete_crypto_cipher_ctx_cb,		\
	.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb, \
	.version_negotiation = ngtcp2_crypto_version_negotiation_cb

const ngtcp2_callbacks conn_client_callbacks = {
	COMMON,
	.client_initial = ngtcp2_crypto_client_initial_cb,
	.recv_retry = ngtcp2_crypto_recv_retry_cb,
};

const ngtcp2_callbacks conn_server_callbacks = {
	COMMON,
	.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
};

/* --- packets out --------------------------------------------------------- */

void conn_path(const struct conn *conn, const union addr *remote,
	       ngtcp2_path *path)
{
	memset(path, 0, sizeof(*path));
	ngtcp2_addr_init(&path->local, &conn->path_local.sa,
			 addr_len(&conn->path_local));
	ngtcp2_addr_init(&path->remote, &remote->sa, addr_len(remote));
}

static void send_packet(struct conn *conn, const ngtcp2_path *path,
			const uint8_t *packet, size_t len)
{
	union addr remote = {0};

	memcpy(&remote, path->remote.addr, path->remote.addrlen);
	endpoint_send(conn->ep, &conn->path_local, &remote, packet, len);
}

/* The one who dialled opens the stream, when it has something to say. */
static bool open_stream(struct conn *conn)
{
	if (conn->stream.id != STREAM_NONE)
		return true;
	return conn->dialled && conn->state != CONN_HANDSHAKE &&
	       !ngtcp2_conn_open_bidi_stream(conn->quic, &conn->stream.id,
					     NULL);
}

static unsigned int pieces(struct conn *conn, ngtcp2_vec *vec)
{
	struct span piece[PIECES_MAX];
	unsigned int count = stream_unsent(&conn->stream, piece, PIECES_MAX);

	if (!count || !open_stream(conn))
		return 0;
	for (unsigned int i = 0; i < count; i++)
		vec[i] = (ngtcp2_vec){ (uint8_t *)piece[i].data,
				       piece[i].len };
	return count;
}

/* One packet. Returns as ngtcp2 does: 0 if there is none to send. */
static ngtcp2_ssize write_one(struct conn *conn, bool *blocked, uint64_t now)
{
	uint8_t packet[PACKET_MAX];
	ngtcp2_vec vec[PIECES_MAX];
	ngtcp2_path_storage path;
	ngtcp2_pkt_info info;
	ngtcp2_ssize taken = -1, len;
	unsigned int count = *blocked ? 0 : pieces(conn, vec);

	ngtcp2_path_storage_zero(&path);
	len = ngtcp2_conn_writev_stream(conn->quic, &path.path, &info, packet,
					sizeof(packet), &taken, 0,
					count ? conn->stream.id : -1, vec,
					count, now);
	if (len == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
		*blocked = true;
		return 1;
	}
	if (taken > 0)
		stream_sent(&conn->stream, taken);
	if (len > 0)
		send_packet(conn, &path.path, packet, len);
	return len;
}

void conn_write(struct conn *conn, uint64_t now)
{
	bool blocked = false;
	ngtcp2_ssize len;

	conn->dirty = false;
	for (unsigned int i = 0; conn->quic; i++) {
		if (i == BURST_MAX) {
			conn->dirty = true;
			break;
		}
		len = write_one(conn, &blocked, now);
		if (len < 0)
			conn_fail(conn, len, now);
		if (len <= 0)
			break;
	}
	if (conn->quic && conn->state != CONN_LINGER)
		conn->expiry = ngtcp2_conn_get_expiry(conn->quic);
}

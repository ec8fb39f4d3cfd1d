/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_QUIC_COMPAT_H
#define MESHD_QUIC_COMPAT_H

/*
 * The code is written to ngtcp2 1.x; here is what 0.12 calls otherwise, and
 * nothing else.
 */

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#if NGTCP2_VERSION_NUM >= 0x010000

/* What a callback for a path has between the path and the result. */
#define QUIC_OLD_PATH		const ngtcp2_path *old_path,
/* What calls about a stream have before its number. */
#define QUIC_NO_FLAGS		0,

static inline void quic_get_ccerr(ngtcp2_conn *conn, ngtcp2_ccerr *ccerr)
{
	*ccerr = *ngtcp2_conn_get_ccerr(conn);
}

static inline ngtcp2_vec quic_token(const ngtcp2_pkt_hd *hd)
{
	return (ngtcp2_vec){ (uint8_t *)hd->token, hd->tokenlen };
}

static inline void quic_set_retry(ngtcp2_settings *settings,
				  ngtcp2_transport_params *params,
				  const ngtcp2_pkt_hd *hd)
{
	settings->token = hd->token;
	settings->tokenlen = hd->tokenlen;
	settings->token_type = NGTCP2_TOKEN_TYPE_RETRY;
	params->original_dcid_present = 1;
}

static inline uint64_t quic_rtt(ngtcp2_conn *conn)
{
	ngtcp2_conn_info info;

	ngtcp2_conn_get_conn_info(conn, &info);
	return info.smoothed_rtt;
}

#else

#define QUIC_OLD_PATH
#define QUIC_NO_FLAGS

typedef ngtcp2_connection_close_error ngtcp2_ccerr;

#define NGTCP2_CCERR_TYPE_TRANSPORT \
	NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_TRANSPORT
#define NGTCP2_CCERR_TYPE_APPLICATION \
	NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION

#define ngtcp2_ccerr_default	ngtcp2_connection_close_error_default
#define ngtcp2_ccerr_set_liberr \
	ngtcp2_connection_close_error_set_transport_error_liberr
#define ngtcp2_ccerr_set_tls_alert \
	ngtcp2_connection_close_error_set_transport_error_tls_alert
#define ngtcp2_ccerr_set_application_error \
	ngtcp2_connection_close_error_set_application_error
#define quic_get_ccerr		ngtcp2_conn_get_connection_close_error

static inline ngtcp2_vec quic_token(const ngtcp2_pkt_hd *hd)
{
	return hd->token;
}

static inline void quic_set_retry(ngtcp2_settings *settings,
				  ngtcp2_transport_params *params,
				  const ngtcp2_pkt_hd *hd)
{
	settings->token = hd->token;
}

static inline uint64_t quic_rtt(ngtcp2_conn *conn)
{
	ngtcp2_conn_stat stat;

	ngtcp2_conn_get_conn_stat(conn, &stat);
	return stat.smoothed_rtt;
}

#endif

#endif /* MESHD_QUIC_COMPAT_H */

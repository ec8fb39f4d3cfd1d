/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef LIBMESHLAN_H
#define LIBMESHLAN_H

/*
 * The kernel's meshlan family for programs. One structure per kind of object;
 * one table per structure (object.c) says how its members travel in netlink
 * attributes, what they are called and how they are shown.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>
#include <netinet/in.h>

#include <linux/meshlan.h>
#include <linux/if_link_meshlan.h>

/* --- errors ----------------------------------------------------------------
 *
 * Functions that can fail return one of these; programs exit with it. The
 * text is one line without a newline.
 */
enum meshlan_status {
	MESHLAN_OK,
	MESHLAN_ERR_USAGE,	/* the command makes no sense */
	MESHLAN_ERR_REFUSED,	/* the kernel does not want this value */
	MESHLAN_ERR_NOT_FOUND,
	MESHLAN_ERR_BUSY,	/* claimed, or port in use */
	MESHLAN_ERR_PERMISSION,
	MESHLAN_ERR_MODULE,	/* not loaded, or too old for this */
	MESHLAN_ERR_SYSTEM,
	MESHLAN_ERR_SILENCE,	/* the other node did not answer */
	MESHLAN_ERR_DAEMON,	/* meshd does not run, or does not answer */
};

struct meshlan_error {
	char text[320];
};

__attribute__((format(printf, 3, 4)))
enum meshlan_status meshlan_fail(struct meshlan_error *err,
				 enum meshlan_status status,
				 const char *format, ...);
enum meshlan_status meshlan_status_of(int error);

/* --- objects ------------------------------------------------------------- */

#define MESHLAN_COUNTERS_MAX	128
#define MESHLAN_HOPS_MAX	64
#define MESHLAN_ETHERTYPES_MAX	32
#define MESHLAN_DSCPS		64

struct meshlan_blob {
	uint8_t len;
	uint8_t data[MESHLAN_OWNER_MAX];
};

struct meshlan_counter_array {
	unsigned int count;
	uint64_t value[MESHLAN_COUNTERS_MAX];
};

/* Of any length; see meshlan_release(). */
struct meshlan_node_array {
	size_t count;
	uint64_t *node;
};

struct meshlan_ethertype_array {
	unsigned int count;
	uint16_t type[MESHLAN_ETHERTYPES_MAX];	/* host order */
};

/* In every object bit N of has says that attribute N is there. */
#define MESHLAN_BIT(attribute)	(UINT64_C(1) << (attribute))
#define MESHLAN_HAS(object, attribute) \
	(((object)->has & MESHLAN_BIT(attribute)) != 0)

struct meshlan_dev {
	uint64_t has;
	uint32_t ifindex;
	char ifname[IFNAMSIZ];
	uint64_t node;
	uint16_t port;
	uint64_t generation;
	uint64_t boot_time;
	uint32_t claim_pid;
	uint32_t cipher;
	uint32_t chacha_speed;
	uint32_t aes_speed;
	uint8_t lanes;
	struct meshlan_counter_array counters;
	uint32_t sessions;
	uint32_t fdb_entries;
	uint32_t fdb_limit;
	uint32_t fdb_node_limit;
	uint32_t fdb_age;
	uint32_t fwmark;
	uint8_t dscp;
	uint32_t owner_uid;
	uint32_t role;
	uint16_t epoch;
	uint32_t storm_limit;
	uint32_t flood_unknown;
	struct meshlan_ethertype_array flood_type;
	bool flood_any;
	uint32_t origins;
	uint32_t suppress;
	uint32_t link_local;
	uint64_t limit_up;
	uint64_t limit_down;
	uint16_t limit_burst;
	uint32_t scatter;
	struct meshlan_ethertype_array redundant_type;
	bool redundant_no_type;
	uint64_t redundant_dscp;
	uint32_t loop_probes;
	uint32_t loops;
	uint64_t loop_node;
	bool blocked;
};

struct meshlan_session {
	uint64_t has;
	uint32_t ifindex;
	uint64_t node;
	uint64_t expires;
	struct meshlan_blob owner;
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t auth_failures;
	uint64_t replays;
	uint32_t fdb_entries;
	bool expired;
	uint32_t paths;
	uint32_t keys;
	uint16_t best_path;
	uint64_t limit_up;
	uint64_t limit_down;
	uint32_t resequence_bytes;
	uint64_t resequence_waited;
	uint64_t resequence_delay;
	uint64_t resequence_lost;
	uint64_t resequence_expired;
	uint64_t resequence_late;
	uint64_t relay_limit;
	uint32_t memory;
	uint32_t window_memory;
};

struct meshlan_key {
	uint64_t has;
	uint32_t ifindex;
	uint64_t node;
	uint32_t index;
	uint8_t nonce[MESHLAN_NONCE_SIZE];
	uint32_t peer_index;
	uint8_t peer_nonce[MESHLAN_NONCE_SIZE];
	uint8_t secret[MESHLAN_SECRET_SIZE];
	uint32_t cipher;
	uint8_t lanes;
	uint32_t state;
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t auth_failures;
	uint32_t age;
};

struct meshlan_path {
	uint64_t has;
	uint32_t ifindex;
	uint64_t node;
	uint16_t id;
	uint16_t peer_id;
	struct in_addr remote_ipv4;
	struct in6_addr remote_ipv6;
	uint16_t remote_port;		/* host order */
	struct in_addr local_ipv4;
	struct in6_addr local_ipv6;
	uint32_t oif;
	uint32_t active_interval;
	uint32_t idle_interval;
	uint64_t rate;
	uint32_t weight;
	struct meshlan_blob owner;
	uint32_t state;
	uint32_t flags;
	uint64_t rtt_last;
	uint64_t rtt_min;
	uint64_t rtt_smoothed;
	uint64_t jitter;
	uint32_t loss_tx;
	uint32_t loss_rx;
	uint64_t rate_measured;
	uint32_t mtu;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t last_heard;
	uint32_t size;
};

struct meshlan_hop {
	uint64_t has;
	uint64_t node;
	uint32_t weight;
};

struct meshlan_hop_array {
	unsigned int count;
	struct meshlan_hop hop[MESHLAN_HOPS_MAX];
};

struct meshlan_route {
	uint64_t has;
	uint32_t ifindex;
	uint64_t node;
	struct meshlan_hop_array hop;
	struct meshlan_blob owner;
	uint32_t scatter;
	bool gone;
};

/* Somebody else's; what they say of a device is not sent. */
struct meshlan_route_array {
	size_t count;
	const struct meshlan_route *route;
};

/* Routes to be changed, all or none. */
struct meshlan_routes {
	uint64_t has;
	uint32_t ifindex;
	struct meshlan_route_array route;
};

struct meshlan_origin {
	uint64_t has;
	uint32_t ifindex;
	uint64_t node;
	struct meshlan_node_array child;
	bool leaf;
	struct meshlan_blob owner;
	bool configured;
	uint64_t frames;
	uint32_t epochs;
	uint32_t age;
};

struct meshlan_ping {
	uint64_t has;
	uint32_t ifindex;
	uint64_t node;
	uint32_t id;
	uint8_t ttl;
	uint64_t reporter;
	uint32_t cause;
	uint64_t rtt;
};

struct meshlan_report {
	uint64_t has;
	uint32_t ifindex;
	uint64_t node;
	uint64_t reporter;
	uint64_t via;
	uint32_t cause;
	uint16_t mtu;
};

struct meshlan_fdb {
	uint64_t has;
	uint32_t ifindex;
	uint8_t mac[6];
	uint16_t vlan;
	uint64_t node;
	uint32_t type;
	uint32_t age;
	uint32_t moves;
	bool frozen;
};

struct meshlan_event_info {
	uint64_t has;
	uint32_t ifindex;
	uint32_t type;
	uint64_t generation;
	uint64_t boot_time;
	uint64_t node;
	struct meshlan_session session;
	struct meshlan_key key;
	struct meshlan_path path;
	struct meshlan_fdb fdb;
	uint32_t claim_pid;
	struct meshlan_ping ping;
	struct meshlan_report report;
	uint64_t here;
	uint64_t blocked;
};

/* Attributes of rtnetlink's link kind "meshlan". */
struct meshlan_link {
	uint64_t has;
	uint16_t port;
	uint64_t node;
	uint8_t lanes;
	uint32_t fdb_limit;
	uint32_t fdb_node_limit;
	uint32_t fdb_age;
	uint32_t fwmark;
	uint8_t dscp;
	uint32_t owner_uid;
};

/* What a value is: its size in an attribute, its name and its looks. */
enum meshlan_type {
	MESHLAN_TYPE_U8,
	MESHLAN_TYPE_U16,
	MESHLAN_TYPE_U32,
	MESHLAN_TYPE_U64,
	MESHLAN_TYPE_BE16,	/* big-endian on the way, host order here */
	MESHLAN_TYPE_FLAG,
	MESHLAN_TYPE_NODE,	/* u64 */
	MESHLAN_TYPE_INDEX,	/* u32 */
	MESHLAN_TYPE_ENUM,	/* u32, or u8 */
	MESHLAN_TYPE_FLAGS,	/* u32 */
	MESHLAN_TYPE_IPV4,
	MESHLAN_TYPE_IPV6,
	MESHLAN_TYPE_MAC,
	MESHLAN_TYPE_NONCE,
	MESHLAN_TYPE_SECRET,	/* never shown */
	MESHLAN_TYPE_BLOB,
	MESHLAN_TYPE_STRING,
	MESHLAN_TYPE_COUNTERS,
	MESHLAN_TYPE_NEST,
	MESHLAN_TYPE_HOPS,	/* one nest each */
	MESHLAN_TYPE_ROUTES,	/* one nest each; only sent */
	MESHLAN_TYPE_NODES,	/* one u64 each */
	MESHLAN_TYPE_ETHERTYPES,	/* one u16 each */
	MESHLAN_TYPE_DSCPS,	/* u64, bit n for DSCP n */
};

struct meshlan_set;

struct meshlan_attr {
	const char *name;
	uint16_t number;
	uint16_t offset;
	uint16_t size;
	enum meshlan_type type;
	const struct meshlan_names *names;	/* of an enum or flags */
	const struct meshlan_set *nest;
};

struct meshlan_set {
	const char *name;
	const struct meshlan_attr *attr;
	unsigned int count;
	size_t size;
};

extern const struct meshlan_set meshlan_dev_set;
extern const struct meshlan_set meshlan_session_set;
extern const struct meshlan_set meshlan_key_set;
extern const struct meshlan_set meshlan_path_set;
extern const struct meshlan_set meshlan_hop_set;
extern const struct meshlan_set meshlan_route_set;
extern const struct meshlan_set meshlan_routes_set;
extern const struct meshlan_set meshlan_origin_set;
extern const struct meshlan_set meshlan_ping_set;
extern const struct meshlan_set meshlan_report_set;
extern const struct meshlan_set meshlan_fdb_set;
extern const struct meshlan_set meshlan_event_info_set;
extern const struct meshlan_set meshlan_link_set;

struct nlattr;
struct nlmsghdr;

const struct meshlan_attr *meshlan_attr_of(const struct meshlan_set *set,
					   unsigned int number);
/*
 * @data: attributes, @len bytes of them. False if they are malformed, or
 * without memory; else meshlan_release() the object.
 */
bool meshlan_decode(const struct meshlan_set *set, const void *data,
		    size_t len, void *object);
/* Frees what the object's members point to, not the object. */
void meshlan_release(const struct meshlan_set *set, void *object);
/* False without memory. */
bool meshlan_node_add(struct meshlan_node_array *nodes, uint64_t node);
/* False if @nlh, of @size bytes, has no room. */
bool meshlan_encode(const struct meshlan_set *set, const void *object,
		    struct nlmsghdr *nlh, size_t size);
/* As people read it; an empty string for what is never shown. */
const char *meshlan_attr_text(const struct meshlan_attr *attr,
			      const void *object, char *text, size_t size);

/* --- names of values ----------------------------------------------------- */

struct meshlan_names {
	unsigned int first;
	unsigned int count;
	const char *const *name;
};

extern const struct meshlan_names meshlan_switch_names;
extern const struct meshlan_names meshlan_cipher_names;
extern const struct meshlan_names meshlan_key_state_names;
extern const struct meshlan_names meshlan_path_state_names;
extern const struct meshlan_names meshlan_path_flag_names;
extern const struct meshlan_names meshlan_fdb_type_names;
extern const struct meshlan_names meshlan_role_names;
extern const struct meshlan_names meshlan_scatter_names;
extern const struct meshlan_names meshlan_cause_names;
extern const struct meshlan_names meshlan_event_names;
extern const struct meshlan_names meshlan_counter_names;

/* NULL if this library is older than the value. */
const char *meshlan_name(const struct meshlan_names *names,
			 unsigned int value);
/* Whole names, or beginnings that fit one only. */
bool meshlan_value(const struct meshlan_names *names, const char *name,
		   uint32_t *value);

/* --- netlink ------------------------------------------------------------- */

struct mnl_socket;

struct meshlan_nl {
	struct mnl_socket *sock;
	uint32_t portid;
	uint32_t seq;
	uint16_t family;
	uint32_t events;	/* multicast group */
	bool inherited;		/* somebody else's socket, see below */
};

/*
 * A process that runs under "meshctl dev claim" finds the claiming socket's
 * descriptor here; meshlan_open() then speaks through that socket.
 */
#define MESHLAN_CLAIM_FD	"MESHLAN_CLAIM_FD"

enum meshlan_status meshlan_open(struct meshlan_nl *nl,
				 struct meshlan_error *err);
enum meshlan_status meshlan_open_own(struct meshlan_nl *nl,
				     struct meshlan_error *err);
void meshlan_close(struct meshlan_nl *nl);

/* @reply: NULL, or an object of @set. */
enum meshlan_status meshlan_request(struct meshlan_nl *nl, uint8_t command,
				    const struct meshlan_set *set,
				    const void *object, void *reply,
				    struct meshlan_error *err);

/* Below what a socket takes by default: some thousand routes, for example. */
#define MESHLAN_REQUEST_SIZE	131072

/*
 * For programs that do not wait for answers. A request without flags and
 * number, at the start of @buf; NULL if it does not fit @size. And what is in
 * an answer or an event; if that is OK, meshlan_release() the object.
 */
struct nlmsghdr *meshlan_build(void *buf, size_t size, uint16_t family,
			       uint8_t command, const struct meshlan_set *set,
			       const void *object);
enum meshlan_status meshlan_decode_message(const struct nlmsghdr *nlh,
					   const struct meshlan_set *set,
					   void *object,
					   struct meshlan_error *err);

/* How many of these, from the first on, one request holds. */
size_t meshlan_routes_fit(const struct meshlan_route *route, size_t count);

struct meshlan_list {
	void *items;
	size_t count;
};

void meshlan_list_free(const struct meshlan_set *set,
		       struct meshlan_list *list);

/* @filter: an object whose attributes narrow the dump; never NULL. */
enum meshlan_status meshlan_dump(struct meshlan_nl *nl, uint8_t command,
				 const struct meshlan_set *set,
				 const void *filter, struct meshlan_list *list,
				 struct meshlan_error *err);

enum meshlan_status meshlan_subscribe(struct meshlan_nl *nl,
				      struct meshlan_error *err);
/*
 * Waits for events and calls @tell for each, until @tell returns false. @tell
 * gets NULL when the kernel had to leave some out.
 */
typedef bool meshlan_tell_fn(const struct meshlan_event_info *event,
			     void *data);
enum meshlan_status meshlan_listen(struct meshlan_nl *nl,
				   meshlan_tell_fn *tell, void *data,
				   struct meshlan_error *err);
/* As much as one read gives; @more becomes what @tell returned last. */
enum meshlan_status meshlan_hear(struct meshlan_nl *nl, meshlan_tell_fn *tell,
				 void *data, bool *more,
				 struct meshlan_error *err);

/* The kernel's refusal as one line; exposed for tests. */
enum meshlan_status meshlan_refusal(const struct nlmsghdr *reply,
				    const struct nlmsghdr *request,
				    size_t header,
				    const struct meshlan_set *set,
				    struct meshlan_error *err);

/* Devices themselves, by rtnetlink. @mac NULL, @mtu 0: the kernel's choice. */
enum meshlan_status meshlan_link_add(const char *name,
				     const struct meshlan_link *link,
				     const uint8_t *mac, uint32_t mtu, bool up,
				     struct meshlan_error *err);
enum meshlan_status meshlan_link_up(const char *name,
				    struct meshlan_error *err);
enum meshlan_status meshlan_link_mtu(const char *name, uint32_t mtu,
				     struct meshlan_error *err);
enum meshlan_status meshlan_link_del(const char *name,
				     struct meshlan_error *err);

/* @addr: of @family; what is already so is good. */
enum meshlan_status meshlan_link_address(uint32_t ifindex, bool add,
					 int family, const void *addr,
					 unsigned int prefix,
					 struct meshlan_error *err);

/* --- text to values: false if it is none --------------------------------- */

bool meshlan_parse_number(const char *text, uint64_t max, uint64_t *value);
/* Numbers or names with commas between them, or "none"; bit n for DSCP n. */
bool meshlan_parse_dscps(const char *text, uint64_t *dscps);
bool meshlan_parse_node(const char *text, uint64_t *node);
bool meshlan_parse_mac(const char *text, uint8_t mac[6]);
bool meshlan_parse_hex(const char *text, uint8_t *data, size_t len);
bool meshlan_parse_blob(const char *text, struct meshlan_blob *blob);
/* 44 characters of base64 or 64 of hex; blanks around are no part of it. */
bool meshlan_parse_secret(const char *text,
			  uint8_t secret[MESHLAN_SECRET_SIZE]);
/* @unit: nanoseconds that a number without unit counts. */
bool meshlan_parse_duration(const char *text, uint64_t unit, uint64_t *ns);
bool meshlan_parse_rate(const char *text, uint64_t *rate);
/* Seconds since the epoch, "never", "+1h", or an ISO 8601 time in UTC. */
bool meshlan_parse_time(const char *text, uint64_t now, uint64_t *seconds);

struct meshlan_endpoint {
	int family;			/* AF_INET or AF_INET6 */
	struct in_addr ipv4;
	struct in6_addr ipv6;
	char scope[IFNAMSIZ];		/* empty if none */
	uint16_t port;			/* host order, 0 if none */
};

/* 192.0.2.1:23731, [2001:db8::1]:23731, [fe80::1%eth0]:23731; or no port. */
bool meshlan_parse_endpoint(const char *text, struct meshlan_endpoint *end);

/* --- values to text ------------------------------------------------------ */

#define MESHLAN_TEXT_MAX	160

const char *meshlan_text_node(uint64_t node, char *text);
const char *meshlan_text_hex(const uint8_t *data, size_t len, char *text);
const char *meshlan_text_base64(const uint8_t secret[MESHLAN_SECRET_SIZE],
				char *text);
const char *meshlan_text_endpoint(const struct meshlan_endpoint *end,
				  char *text);
const char *meshlan_text_bytes(uint64_t bytes, char *text);
const char *meshlan_text_rate(uint64_t rate, char *text);
const char *meshlan_text_duration(uint64_t ns, char *text);
const char *meshlan_text_time(uint64_t seconds, char *text);

#endif /* LIBMESHLAN_H */

// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_text.h"
#include "meshd/base/clock.h"

enum meshlan_status parse_config(struct config *config, const char *text,
				 struct meshlan_error *err)
{
	enum meshlan_status status;

	err->text[0] = 0;
	config_begin(config, "home", false);
	status = config_parse(config, text, strlen(text), "f", err);
	return status ? status : config_finish(config, err);
}

TEST(config, table)
{
	const char *heading = "";
	bool seen;

	for (unsigned int i = 0; i < CONFIG_OPTIONS; i++) {
		const struct option *option = &config_options[i];

		point(option->name && option->value && option->form &&
		      option->help && option->parse && option->size &&
		      option->offset + option->size <= sizeof(struct config),
		      "option %u is whole", i);
		point(option_find(option->name) == option, "%s is found",
		      option->name);
		seen = false;
		for (unsigned int j = 0; strcmp(heading, option->heading) &&
		     j < i; j++)
			seen |= !strcmp(config_options[j].heading,
					option->heading);
		point(!seen, "%s stands with its like", option->name);
		heading = option->heading;
	}
}

TEST(config, standards)
{
	struct config config;
	struct meshlan_error err = {0};

	point(!parse_config(&config, "", &err), "nothing said: %s", err.text);
	point_text("device", config.device, "mesh0");
	point(!config.name && !config.peer.count && !config.psk_file,
	      "no name, peer or PSK");
	point(config.ports.count == 1 && config.ports.port[0] == 23731,
	      "port 23731");
	point(config.address.automatic && !config.address.count, "address");
	point_number("mtu", config.mtu, 1360);
	point_number("degree", config.degree, 16);
	point_number("rekey", config.rekey, 2 * MINUTE);
	point_number("keepalive", config.keepalive, 25 * SECOND);
	point_number("probe interval", config.probe_interval,
		     100 * MILLISECOND);
	point(config.scatter_ratio == 2, "scatter ratio");
	point(!config.deadman && !config.delay_cutoff && !config.lanes &&
	      !config.cipher && !config.metrics.sa.sa_family,
	      "off, none and auto are 0");
	point(config.lan && config.dns && config.signer && config.seccomp,
	      "switches");
	point_text("domain", config.domain, "home.internal");
	point_text("state", config.state_directory, "/var/lib/meshlan");
	point_text("user", config.user, "meshd");
	point(config.log_level == LOG_LEVEL_INFO, "log level");
	point(config.dev.role == MESHLAN_ROLE_MEMBER &&
	      config.dev.dscp == MESHLAN_DSCP_INHERIT &&
	      config.dev.scatter == MESHLAN_SCATTER_FLOW &&
	      config.dev.fdb_age == 300 && config.dev.limit_burst == 50 &&
	      config.dev.flood_unknown == MESHLAN_SWITCH_ON &&
	      config.dev.link_local == MESHLAN_SWITCH_OFF &&
	      config.dev.suppress && config.dev.loop_probes &&
	      config.dev.storm_limit == 10000, "the device");
	point(MESHLAN_HAS(&config.dev, MESHLAN_A_DEV_FLOOD_ANY) &&
	      !MESHLAN_HAS(&config.dev, MESHLAN_A_DEV_FLOOD_TYPE) &&
	      MESHLAN_HAS(&config.dev, MESHLAN_A_DEV_REDUNDANT_NO_TYPE),
	      "any type is flooded, none goes two ways");
	config_free(&config);
}

TEST(config, single_values)
{
	struct config config;
	struct meshlan_error err = {0};

	point(!parse_config(&config,
		     "  device = lab0   ; as on the label\n"
		     "name=alpha\r\n"
		     "# a comment\n"
		     "\t mtu : 0x578\n"
		     "[paths]\n"
		     "probe-interval = 50ms # quick\n"
		     "dscp = ef\n"
		     "fwmark = 0x10\n"
		     "[sessions]\n"
		     "rekey = 1s\n"
		     "deadman = 12h\n"
		     "cipher = aes-256-gcm\n"
		     "lanes = 4\n"
		     "[routing]\n"
		     "scatter = packet\n"
		     "scatter-ratio = 1.25\n"
		     "[limits]\n"
		     "limit-up = 10M\n"
		     "fdb-age = never\n"
		     "storm-limit = none\n"
		     "[daemon]\n"
		     "metrics = 127.0.0.1\n"
		     "log-level = debug", &err), "good: %s", err.text);
	point_text("device", config.device, "lab0");
	point_text("name", config.name, "alpha");
	point_number("mtu", config.mtu, 1400);
	point_number("probe interval", config.probe_interval,
		     50 * MILLISECOND);
	point_number("dscp", config.dev.dscp, 46);
	point_number("fwmark", config.dev.fwmark, 16);
	point_number("rekey", config.rekey, SECOND);
	point_number("deadman", config.deadman, 12 * HOUR);
	point_number("cipher", config.cipher, MESHLAN_CIPHER_AES_256_GCM);
	point_number("lanes", config.lanes, 4);
	point_number("scatter", config.dev.scatter, MESHLAN_SCATTER_PACKET);
	point(config.scatter_ratio == 1.25, "scatter ratio");
	point_number("limit-up", config.dev.limit_up, 10000000);
	point_number("fdb-age", config.dev.fdb_age, 0);
	point_number("storm-limit", config.dev.storm_limit, 0);
	point_number("metrics", addr_port(&config.metrics), 65533);
	point(config.log_level == LOG_LEVEL_DEBUG, "log level");
	config_free(&config);
}

TEST(config, lists)
{
	struct config config;
	struct meshlan_error err = {0};

	point(!parse_config(&config,
		     "port = 443, 23731,0x35\n"
		     "address = auto, 10.9.0.1/24\n"
		     "address = 2001:db8:9::/64\n"
		     "peer = 192.0.2.1\n"
		     "peer = [2001:db8::1]:443, 2001:db8::2, fe80::1%eth0\n"
		     "peer = host.example:5\n"
		     "underlay = eth*\n"
		     "not-underlay = docker?, veth*\n"
		     "cost = alpha 100ms, 00000000000000aa 7us\n"
		     "flood-types = 0x0806, 0x86dd\n"
		     "redundant-types = 0x88ba\n"
		     "redundant-dscp = ef, 48\n"
		     "ca = /a\nca = /b\ncertificate = /c\nkey = /d\n", &err),
	      "good: %s", err.text);
	point(config.ports.count == 3 && config.ports.port[0] == 443 &&
	      config.ports.port[2] == 53, "ports");
	point(config.address.automatic && config.address.count == 2 &&
	      config.address.prefix[0].bits == 24 &&
	      config.address.prefix[1].bits == 64 &&
	      config.address.prefix[1].addr.sa.sa_family == AF_INET6,
	      "addresses");
	point_number("peers", config.peer.count, 5);
	point_text("v4", config.peer.item[0].host, "192.0.2.1");
	point_number("its port", config.peer.item[0].port, 23731);
	point_text("v6 and port", config.peer.item[1].host, "2001:db8::1");
	point_number("its port", config.peer.item[1].port, 443);
	point_text("v6", config.peer.item[2].host, "2001:db8::2");
	point_text("link-local", config.peer.item[3].host, "fe80::1%eth0");
	point_text("name", config.peer.item[4].host, "host.example");
	point_number("its port", config.peer.item[4].port, 5);
	point(config.underlay.count == 1 && config.not_underlay.count == 2,
	      "underlay");
	point(config.cost.count == 2 && config.cost.item[0].cost == 100000 &&
	      config.cost.item[1].cost == 7 &&
	      !strcmp(config.cost.item[1].node, "00000000000000aa"), "costs");
	point(MESHLAN_HAS(&config.dev, MESHLAN_A_DEV_FLOOD_TYPE) &&
	      config.dev.flood_type.count == 2 &&
	      config.dev.flood_type.type[1] == 0x86dd, "flood types");
	point(config.dev.redundant_dscp == (1ULL << 46 | 1ULL << 48), "DSCPs");
	point_number("authorities", config.ca.count, 2);
	config_free(&config);
}

TEST(config, refusals)
{
	static const struct {
		const char *text, *error;
	} bad[] = {
		{ "mtu", "f:1: neither [heading] nor option = value" },
		{ "\n\n[mtu", "f:3: neither [heading] nor option = value" },
		{ "mtu\nport = x", "f:1: neither [heading] nor option = value" },
		{ "port = x\nmtu", "f:1: port: \"x\" is not a port (1 to 65535), up to four different ones" },
		{ "\nmtu = big", "f:2: mtu: \"big\" is not a number of bytes from 1280 to 9216" },
		{ "mtu = 1279", "f:1: mtu: \"1279\" is not a number of bytes from 1280 to 9216" },
		{ "mtu = 1400 bytes", "f:1: mtu: \"1400 bytes\" is not a number of bytes from 1280 to 9216" },
		{ "mtu = 1400\nlan=on\nmtu = 1400", "f:3: mtu: said twice, first in line 1" },
		{ "prot = 1", "f:1: prot: no such option; is \"port\" meant?" },
		{ "Key_Password_File = /a", "f:1: Key_Password_File: no such option; is \"key-password-file\" meant?" },
		{ "x = 1", "f:1: x: no such option; \"meshd --help\" lists all" },
		{ "mt = 1", "f:1: mt: no such option; is \"mtu\" meant?" },
		{ "multipath = on", "f:1: multipath: no such option; \"meshd --help\" lists all" },
		{ "[net]\nport = 1", "f:2: [net]: there is no such heading" },
		{ "[paths]\nport = 1", "f:2: port: belongs below [network], not [paths]" },
		{ "lan = yes", "f:1: lan: \"yes\" is not on or off" },
		{ "port = 1,2,3,4,5", "f:1: port: \"5\" is not a port (1 to 65535), up to four different ones" },
		{ "port = 9, 9", "f:1: port: \"9\" is not a port (1 to 65535), up to four different ones" },
		{ "port = 0", "f:1: port: \"0\" is not a port (1 to 65535), up to four different ones" },
		{ "port = 1,,2", "f:1: port: \"\" is not a port (1 to 65535), up to four different ones" },
		{ "underlay = eth0,", "f:1: underlay: \"\" is not an interface's name, perhaps with * and ?" },
		{ "name = Alpha", "f:1: name: \"Alpha\" is not a name (1 to 63 of a-z, 0-9 and -)" },
		{ "name = -a", "f:1: name: \"-a\" is not a name (1 to 63 of a-z, 0-9 and -)" },
		{ "device = mesh0123456789ab", "f:1: device: \"mesh0123456789ab\" is not a device's name (up to 15 characters)" },
		{ "device = a/b", "f:1: device: \"a/b\" is not a device's name (up to 15 characters)" },
		{ "rekey = 0.5s", "f:1: rekey: \"0.5s\" is not a time from 1s to 24h" },
		{ "probe-interval = 20.5ms", "f:1: probe-interval: \"20.5ms\" is not a time from 20ms to 60s, whole ms" },
		{ "scatter-ratio = 0.9", "f:1: scatter-ratio: \"0.9\" is not a number from 1 to 10 (1.5)" },
		{ "scatter-ratio = 1.", "f:1: scatter-ratio: \"1.\" is not a number from 1 to 10 (1.5)" },
		{ "scatter-ratio = 1e0", "f:1: scatter-ratio: \"1e0\" is not a number from 1 to 10 (1.5)" },
		{ "scatter = default", "f:1: scatter: \"default\" is not single, flow, packet or redundant" },
		{ "key = relative", "f:1: key: \"relative\" is not an absolute path" },
		{ "key = /k", "f:1: key: an own PKI needs ca, certificate and key, all three" },
		{ "crl = /k", "f:1: crl: an own PKI needs ca, certificate and key, all three" },
		{ "cost = alpha", "f:1: cost: \"alpha\" is not a node's name or id and a time up to 100s (alpha 10ms)" },
		{ "cost = alpha 101s", "f:1: cost: \"alpha 101s\" is not a node's name or id and a time up to 100s (alpha 10ms)" },
		{ "address = none, auto", "f:1: address: \"none\" has nothing beside it" },
		{ "address = 10.9.0.0/24", "f:1: address: \"10.9.0.0/24\" is not auto, none, or an own address with its prefix (10.9.0.1/24, 2001:db8:9::/64)" },
		{ "address = 10.9.0.1/33", "f:1: address: \"10.9.0.1/33\" is not auto, none, or an own address with its prefix (10.9.0.1/24, 2001:db8:9::/64)" },
		{ "address = fe80::1/64", "f:1: address: \"fe80::1/64\" is not auto, none, or an own address with its prefix (10.9.0.1/24, 2001:db8:9::/64)" },
		{ "address = 10.9.0.1/24, 10.9.1.1/24, 10.9.2.1/24\naddress = 10.9.3.1/24", "f:2: address: more than three prefixes" },
		{ "hub = a.b,b.b,c.b,d.b,e.b,f.b,g.b,h.b,i.b", "f:1: hub: more than 8" },
		{ "flood-types = 0x0806\nflood-types = any", "f:2: flood-types: \"any\" has nothing beside it" },
		{ "flood-types = 0x05ff", "f:1: flood-types: \"0x05ff\" is not an EtherType from 0x600 on (0x0806), or any" },
		{ "limit-up = 1k", "f:1: limit-up: \"1k\" is not a rate in bits per second (8k to 100G), or none" },
		{ "domain = a..b", "f:1: domain: \"a..b\" is not a domain name" },
	};
	static const char *const hosts[] = {
		"192.0.2", "192.0.2.256", "1.2.3.4:70000", "1.2.3.4:0",
		"[2001:db8::1", "[2001:db8::1]:", "host:", ":5", "a b", "-a.b",
		"host:port", "a..b", "http://host", "fe80::1%",
	};
	struct config config;
	struct meshlan_error err = {0};
	char text[100];

	for (size_t i = 0; i < COUNT(bad); i++) {
		point_number("refused",
			     parse_config(&config, bad[i].text, &err),
			     MESHLAN_ERR_USAGE);
		point_text(bad[i].error, err.text, bad[i].error);
		config_free(&config);
	}
	for (size_t i = 0; i < COUNT(hosts); i++) {
		snprintf(text, sizeof(text), "peer = %s", hosts[i]);
		point(parse_config(&config, text, &err) == MESHLAN_ERR_USAGE,
		      "no host: \"%s\"", hosts[i]);
		config_free(&config);
	}
}

/* What is not text at all, and what is long. */
TEST(config, strange_bytes)
{
	static const char zero[] = "lan = on\nmtu = 1400\0\n";
	struct config config;
	struct meshlan_error err = {0};
	char text[4096] = "name = ";
	int length;

	config_begin(&config, "home", false);
	config_parse(&config, zero, sizeof(zero) - 1, "f", &err);
	point_text("zero byte", err.text,
		   "f:2: holds a zero byte: this is no text");
	config_free(&config);

	memset(text + 7, 'a', 1000);
	point(parse_config(&config, text, &err) && strstr(err.text, "f:1: more than "),
	      "long line: %s", err.text);
	config_free(&config);

	strcpy(text, "\xef\xbb\xbfmtu = 1400\n");
	point(!parse_config(&config, text, &err) && config.mtu == 1400,
	      "byte order mark: %s", err.text);
	config_free(&config);

	length = snprintf(text, sizeof(text), "peer = a.b");
	for (int i = 1; i <= CONFIG_LIST_MAX; i++)
		length += snprintf(text + length, sizeof(text) - length,
				   "%sa%d.b", i % 20 ? "," : "\npeer=", i);
	parse_config(&config, text, &err);
	point_text("257 peers", err.text, "f:13: peer: more than 256 values");
	config_free(&config);
}

static char *path_of(const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", unit_dir(), name) < 0)
		abort();
	return path;
}

static void write_file(const char *name, const char *text)
{
	char *path = path_of(name);
	FILE *out = fopen(path, "w");

	fputs(text, out);
	fclose(out);
	free(path);
}

static void make_directory(const char *name)
{
	char *path = path_of(name);

	mkdir(path, 0755);
	free(path);
}

TEST(config, files)
{
	char *arguments[] = { "--lan", "off", "--peer=d.example",
			      "--underlay=" };
	struct config config;
	struct meshlan_error err = {0};
	char wanted[320];

	make_directory("files.conf.d");
	point(!config_load(&config, "files", unit_dir(), 0, NULL, &err),
	      "no file is no error: %s", err.text);
	config_free(&config);

	write_file("files.conf", "mtu = 1400\npeer = a.example\nunderlay = eth0\n"
		   "hub = h.example\n");
	write_file("files.conf.d/20.conf", "mtu = 1500\npeer = c.example\n"
		   "hub =\n");
	write_file("files.conf.d/10.conf", "mtu = 1450\npeer = b.example\n"
		   "device = x\n");
	write_file("files.conf.d/30.conf", "device =\n");
	write_file("files.conf.d/.hidden.conf", "nonsense\n");
	write_file("files.conf.d/other.txt", "nonsense\n");
	point(!config_load(&config, "files", unit_dir(), 4, arguments, &err),
	      "all together: %s", err.text);
	point_number("the later file", config.mtu, 1500);
	point(config.peer.count == 4 &&
	      !strcmp(config.peer.item[1].host, "b.example") &&
	      !strcmp(config.peer.item[3].host, "d.example"),
	      "lists grow in order");
	point(!config.hub.count && !config.underlay.count,
	      "an empty value empties");
	point_text("or takes back", config.device, "mesh0");
	point(!config.lan, "the command line is last");
	config_free(&config);

	write_file("files.conf.d/15.conf", "\nmtu = 9\n");
	config_load(&config, "files", unit_dir(), 0, NULL, &err);
	snprintf(wanted, sizeof(wanted),
		 "%s/files.conf.d/15.conf:2: mtu: \"9\" is not a number of bytes from 1280 to 9216",
		 unit_dir());
	point_text("wrong, though overridden", err.text, wanted);

	make_directory("folder.conf");
	point_number("a directory for a file",
		     config_load(&config, "folder", unit_dir(), 0, NULL, &err),
		     MESHLAN_ERR_SYSTEM);
}

TEST(config, options)
{
	static const struct {
		char *first, *second;
		const char *error;
	} bad[] = {
		{ "--mtu", NULL, "--mtu: needs a value: a number of bytes from 1280 to 9216" },
		{ "--mtu", "1", "command line: mtu: \"1\" is not a number of bytes from 1280 to 9216" },
		{ "--mut=1", NULL, "--mut: no such option; is \"mtu\" meant?" },
		{ "-m", "1", "-m: options begin with --" },
		{ "--", NULL, "--: options begin with --" },
		{ "--key=/a #b", NULL, "command line: key: \"/a #b\" is not an absolute path" },
		{ "--domain", "a\nb", "command line: domain: \"a\nb\" is not a domain name" },
	};
	struct config config;
	struct meshlan_error err = {0};

	for (size_t i = 0; i < COUNT(bad); i++) {
		char *arguments[] = { bad[i].first, bad[i].second };

		config_load(&config, "none", unit_dir(),
			    bad[i].second ? 2 : 1, arguments, &err);
		point_text(bad[i].first, err.text, bad[i].error);
	}
}

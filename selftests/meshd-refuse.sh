#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Who is refused, and that it is seen: strangers with certificates of many
# kinds, tokens that are no good, a proof that was used, another PSK. A join on
# the wire tells no secret. A revoked node neither gets nor brings anything. A
# member can do nothing to others. Signers elsewhere, renewal, 1970.
# meshlan-test: time=180 mem=512M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

hosts a b c d evil x
lan eth0 1 a b c d evil x
port=23731
stranger() { on evil "$TOP/build/selftests/stranger" "$@"; }
token() { value a .token token create "$@"; }
refused() { # CAUSE: how often by a
	value a .text metrics |
		sed -n "s/^meshlan_refused_total{.*cause=\"$1\".*} //p"
}
logged() { grep -q "$1" "$T/a/log"; }
seen() { # POINT CAUSE LOGGED
	check "$1: counted" wait_for 3 test "$(refused "$2")" -gt 0
	check "$1: in the log" wait_for 3 logged "$3"
}

for h in a b c d x; do daemon "$h"; done
check "init" ctl a init name a
on evil tcpdump -i eth0 -U -w "$T/other.pcap" 2>/dev/null &
at_end "kill $!"
on a tcpdump -i eth0 -s 0 -U -w "$T/wire" udp 2>"$T/tcpdump" &
at_end "kill $!"
wait_for 5 grep -q listening "$T/tcpdump"
wire=$(token)
check "b joins" ctl b join "$wire" name b
check "c joins" ctl c join "$(token)" name c

# --- a join on the wire -----------------------------------------------------------

sleep 0.3
check "the wire was heard" test "$(stat -c %s "$T/wire")" -gt 4000
tells() { # what of the secrets is on the wire, in text or in bytes
	python3 - "$T/wire" <<-END
	import base64, re, sys
	wire = open(sys.argv[1], "rb").read()
	found = []
	lib = "$T/a/lib/home/"
	secret = re.search(r"secret (\w+)", open(lib + "network").read())[1]
	if bytes.fromhex(secret) in wire or secret.encode() in wire:
	    found.append("network secret")
	for node in "a", "b":
	    pem = open("$T/" + node + "/lib/home/node.pem").read()
	    key = re.search("PRIVATE KEY-----(.*?)-----END", pem, re.S)[1]
	    if base64.b64decode(key)[-32:] in wire:
	        found.append("key of " + node)
	token = "$wire".split("-", 1)[1]
	bits = ""
	for c in token:
	    bits += format("0123456789abcdefghjkmnpqrstvwxyz".index(c), "05b")
	data = int(bits, 2).to_bytes((len(bits) + 7) // 8, "big")
	for shift in range(8):
	    b = bits[shift:]
	    b = b[:len(b) // 8 * 8]
	    data = int(b, 2).to_bytes(len(b) // 8, "big")
	    for at in range(16, min(56, len(data) - 16)):
	        if data[at:at + 16] in wire:
	            found.append("part of the token")
	            break
	if token[:40].encode() in wire:
	    found.append("token's text")
	print(", ".join(found))
	END
}
is "a join on the wire tells neither token nor key" "$(tells)" ""

# --- certificates that are no good ---------------------------------------------------

home=$T/a/lib/home
pki=$T/pki
mkdir "$pki"
id_of() { value "$1" .node status; }
own() { # FILE PREFIX: key and certificates of a stored identity
	sed -n '/BEGIN.*PRIVATE/,/END.*PRIVATE/p' "$1" >"$2.key"
	sed -n '/BEGIN CERT/,/END CERT/p' "$1" >"$2.crt"
}
own "$home/authority.pem" "$pki/ca"
own "$T/b/lib/home/node.pem" "$pki/b"
cat >"$pki/openssl.conf" <<END
[ca]
default_ca = all
[all]
dir = $pki
database = $pki/index
serial = $pki/serial
new_certs_dir = $pki
default_md = default
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = any_name
[any_name]
END
: >"$pki/index"
echo 1000 >"$pki/serial"
certify() { # FILE CA NAME ID KEY START END
	cat >"$pki/ext" <<-END
	basicConstraints = critical, CA:FALSE
	keyUsage = critical, digitalSignature
	subjectAltName = URI:meshlan://home/$4
	END
	openssl req -new -key "$5" -subj "/CN=$3" -config "$pki/openssl.conf" \
		-out "$pki/csr" && openssl ca -batch -notext \
		-config "$pki/openssl.conf" -cert "$2.crt" -keyfile "$2.key" \
		-extfile "$pki/ext" -startdate "$6" -enddate "$7" \
		-in "$pki/csr" -out "$1"
} 2>>"$pki/log"
spki_id() { # KEY: the node id that belongs to it
	openssl pkey -in "$1" -pubout -outform DER | sha256sum | cut -c 1-16
}
openssl genpkey -algorithm ed25519 -out "$pki/new.key" 2>/dev/null
openssl genpkey -algorithm ed25519 -out "$pki/bad.key" 2>/dev/null
openssl req -x509 -new -key "$pki/bad.key" -subj /CN=home -days 30 \
	-out "$pki/bad.crt" 2>/dev/null
new=$(spki_id "$pki/new.key")
now() { date -u -d "$1" +%Y%m%d%H%M%SZ; }
from=$(now -2hours)
till=$(now +2days)
is "the id of a key is as meshd has it" "$(spki_id "$pki/b.key")" "$(id_of b)"

certify "$pki/good.crt" "$pki/ca" good "$new" "$pki/new.key" "$from" "$till"
cat "$pki/ca.crt" >"$pki/roots"
is "a good certificate is taken (so these tests can tell)" "$(stranger \
	10.1.0.1:$port "$pki/good.crt" "$pki/new.key")" "is taken for a node"

bad() { # POINT CAUSE LOGGED CHAIN KEY [PSK]
	local before out

	before=$(refused "$2")
	out=$(stranger 10.1.0.1:$port "${@:4}")
	diag "$1: $out"
	check "$1: is refused" test "$out" != "is taken for a node" -a \
		"$out" != "nothing was said" -a -n "$out"
	check "$1: counted" test "$(refused "$2")" -gt "${before:-0}"
	check "$1: in the log" logged "$3"
}
certify "$pki/1.crt" "$pki/bad" good "$new" "$pki/new.key" "$from" "$till"
bad "another CA" wrong-ca 'refused 10.1.0.5.*CA' "$pki/1.crt" "$pki/new.key"
certify "$pki/2.crt" "$pki/ca" good "$new" "$pki/new.key" \
	"$(now -3days)" "$(now -1days)"
bad "expired" expired 'refused 10.1.0.5.*\(expired\|ended\|past\)' \
	"$pki/2.crt" "$pki/new.key"
certify "$pki/3.crt" "$pki/ca" c "$(id_of c)" "$pki/new.key" "$from" "$till"
bad "the id of another" node-id 'refused 10.1.0.5.*\(id\|key\)' \
	"$pki/3.crt" "$pki/new.key"
certify "$pki/4.crt" "$pki/b" c "$(id_of c)" "$pki/b.key" "$from" "$till"
cat "$pki/b.crt" >>"$pki/4.crt"
bad "a stolen node key signs for another's name" "\\(wrong-ca\\|purpose\\)" \
	'refused 10.1.0.5' "$pki/4.crt" "$pki/b.key"
secret=$(meshctl genkey)
bad "another PSK" psk 'refused.*PSK' "$pki/good.crt" "$pki/new.key" "$secret"

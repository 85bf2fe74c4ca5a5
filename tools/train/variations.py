# SPDX-License-Identifier: MIT
"""How a recording is varied: names, words, sizes and addresses of its recipe, and the settings of common clients."""
import re

DOMAINS = ("example.net", "corp.example", "a.b.example", "lab", "branch-office.test", "x.invalid", "northern-division.example.org", "home.arpa")
LABELS = ("www", "host", "srv7", "mail", "node-12", "a", "gateway", "database-primary", "print", "h")
ADDRESSES = (("192.0.2.", "2001:db8::"), ("198.51.100.", "2001:db8:77::"), ("203.0.113.", "fd00:12::"), ("10.20.30.", "2001:db8:a:b::"), ("192.168.7.", "fd7a:1:2::"))
WORDS = ("meadow", "ox", "thunderstorm", "k9", "violet", "seventeen", "paperclip", "quarry", "e", "lantern", "harbour", "zinc", "observatory",
         "mill", "north", "correspondence", "tea", "glacier", "w3", "bridge", "inventory", "falcon", "dust", "schedule", "pilot", "green")
REPLACED = ("guest", "hello", "secret", "worked", "Welcome", "greeting", "alice", "bob", "password", "nothing", "numbers", "data",
            "jobs", "queue", "topic", "key", "value", "field", "line", "file", "test", "title", "thing", "room", "news", "sensor")
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Wget/1.21.3", "okhttp/4.9.0", "Go-http-client/1.1",
          "python-requests/2.28.1", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15", "x", "Java/17.0.2")
HEADERS = ("Accept-Language: en-GB,en;q=0.5", "Cookie: session=0123456789abcdef; theme=dark", "Cache-Control: no-cache", "Accept: application/json",
           "X-Request-Id: 7f3d", "DNT: 1", "Connection: close", "Upgrade-Insecure-Requests: 1", "Range: bytes=0-99")
GROUPS = ("X25519:P-256:P-384", "P-256", "P-521:P-256", "X25519", "P-384:X25519", "X448:P-256")
CIPHERS = ("DEFAULT@SECLEVEL=1", "ECDHE+AESGCM", "HIGH", "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384", "ALL@SECLEVEL=0",
           "ECDHE+CHACHA20:ECDHE+AES")
SUITES = ("TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256")
DIG = ("+noedns", "+dnssec", "+nocookie", "+bufsize=512", "+noadflag", "+nsid", "+cdflag", "+padding=64", "+norecurse", "+bufsize=4096")
SSH = ("Ciphers aes128-ctr,aes256-ctr", "KexAlgorithms curve25519-sha256", "KexAlgorithms ecdh-sha2-nistp256,diffie-hellman-group14-sha256",
       "MACs hmac-sha2-256", "Compression yes", "Ciphers chacha20-poly1305@openssh.com", "HostKeyAlgorithms ssh-ed25519,rsa-sha2-512")


def rewriter(rng, gently):
    """A function over a file's text; all files of one recording are rewritten alike."""
    four, six = rng.choice(ADDRESSES)
    domain, label = rng.choice(DOMAINS), rng.choice(LABELS)
    words = dict(zip(rng.sample(REPLACED, len(REPLACED)), rng.choices(WORDS, k=len(REPLACED))))
    scale = rng.choice((0.1, 0.4, 1, 2, 3))

    def rewrite(text):
        text = text.replace("192.0.2.", four).replace("2001:db8::", six)
        text = re.sub(r"(head -c |count=)(\d+)", lambda m: m.group(1) + str(max(1, int(int(m.group(2)) * scale))), text)
        if gently:
            return text
        if "zone" not in text and "@ NS" not in text:
            text = re.sub(r"\bhost\.example\b", label + "." + domain, text)
        for old, new in words.items():  # a word that is set to something, or an option, is a setting's name
            text = re.sub(r"(?<![-./\w])%s\b(?!\s*[=:{(.]|[-\w])" % old, new, text)
        return text
    return rewrite


def settings(rng):
    """Files of a home folder: settings of clients that many recipes use."""
    curl = ['user-agent = "%s"' % rng.choice(AGENTS)] + ['header = "%s"' % h for h in rng.sample(HEADERS, rng.randrange(4))]
    curl += rng.sample(("compressed", "http1.0", "tls-max = 1.2", "referer = http://192.0.2.9/page", "no-alpn"), rng.randrange(2))
    openssl = ["openssl_conf = d", "[d]", "ssl_conf = s", "[s]", "system_default = c", "[c]", "Groups = " + rng.choice(GROUPS),
               "CipherString = " + rng.choice(CIPHERS), "Ciphersuites = " + rng.choice(SUITES)]
    if rng.random() < 0.4:
        openssl.append("Options = -SessionTicket")
    gnutls = ["[overrides]"] + ["tls-disabled-%s" % x for x in rng.sample(("group = group-x25519", "cipher = aes-256-gcm", "mac = sha1", "group = group-ffdhe2048"), 2)]
    return {".curlrc": curl, "openssl.cnf": openssl, "gnutls.cnf": gnutls, ".digrc": [" ".join(rng.sample(DIG, rng.randrange(4)))],
            ".ssh/config": ["Host *"] + ["  " + line for line in rng.sample(SSH, rng.randrange(3))],
            ".wgetrc": ["user_agent = " + rng.choice(AGENTS)]}


AGAIN = """
# The client's side, TIMES over, each time with other settings; only the first time has to work.
with_settings() {
    mkdir -p /root/.ssh
    cp -rT "/recorder/homes/$1" /root
    chmod -R go= /root/.ssh
    export OPENSSL_CONF=/root/openssl.cnf GNUTLS_SYSTEM_PRIORITY_FILE=/root/gnutls.cnf
}
again() {
    local round player
    client
    shopt -s nullglob
    for round in /recorder/homes/*; do
        with_settings "${round##*/}"
        client &
        player=$!
        for _ in $(seq 150); do kill -0 $player 2>/dev/null || break; sleep 0.1; done
        kill $player 2>/dev/null || :
        wait $player || :
    done
}
. /recipe/recipe
if [ "$1" = client ]; then again; else "$1"; fi
"""

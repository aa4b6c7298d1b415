# SPDX-License-Identifier: Apache-2.0
"""The actuator `hook` in a running daemon: what its program is told at start and after a crash; how it
and an HTTPS server know each other."""

import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import signal
import ssl
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402


class Site:
    """A configuration with a hook whose program writes down what it gets, or with these settings."""

    def __init__(self, **hook):
        self.folder = tap.scratch()
        self.log = self.folder / "log"
        self.program = self.folder / "program"
        self.program.write_text(f"#!/bin/sh\ncat >>'{self.log}' && echo >>'{self.log}'\n")
        self.program.chmod(0o755)
        settings = {"listen": {"netflow": [f"127.0.0.1:{tap.free_port()}"], "sflow": []}, "report": [],
                    "state": {"path": str(self.folder)}, "control": {"socket": f"{self.folder}/sock"},
                    "actuators": [{"name": "cloud", "kind": "hook", "retries": 0,
                                   **(hook or {"program": str(self.program)})}]}
        self.config = self.folder / "weir.yaml"
        self.config.write_text(json.dumps(settings))

    def start(self):
        self.err = open(self.folder / "err", "a", encoding="utf-8")
        return tap.start([tap.weir(), "run", "-c", self.config], stderr=self.err)

    def said(self):
        return (self.folder / "err").read_text()

    def told(self):
        text = self.log.read_text() if self.log.exists() else ""
        return [json.loads(line) for line in text.splitlines()] if text.endswith("}\n") else []


@tap.case
def a_new_process_says_what_is_wanted_and_after_a_crash_again():
    site = Site()
    daemon = site.start()
    tap.wait_for(lambda: len(site.told()) == 1, "a message to the program", 30)
    tap.stop(daemon, signal.SIGKILL)
    daemon = site.start()
    tap.wait_for(lambda: len(site.told()) == 2, "a message of the second process", 30)
    tap.stop(daemon)
    first, second = site.told()
    tap.equal((first["event"], first["actuator"], first["plans"]), ("sync", "cloud", []), "the message")
    tap.equal(second["key"], first["key"], "key of the second process")


@tap.case
def a_program_that_is_not_there_is_told_at_start():
    site = Site()
    site.program.unlink()
    done = tap.run([tap.weir(), "run", "-c", site.config], status=None)
    tap.equal(done.status, 1, "exit status")
    tap.contains(done.err, f"actuator cloud: {site.program}: No such file or directory; put the program there")


class Authority:
    """An authority of certificates that nobody knows, and what it signed."""

    def __init__(self):
        tap.need("openssl")
        self.folder = tap.scratch()
        self.make("ca", "-x509", "-subj", "/CN=authority")

    def path(self, name):
        return str(self.folder / name)

    def make(self, name, *words):
        tap.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                 "-nodes", "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.pem"),
                 *words])
        return self.path(f"{name}.pem"), self.path(f"{name}.key")

    def signs(self, name):
        return self.make(name, "-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key"), "-subj",
                         f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1")

    def private(self, name, text, mode=0o600):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return str(path)


class Server:
    """An HTTPS server that wants a certificate of its clients, and keeps what they ask."""

    def __init__(self, authority, wants_ours=True):
        self.asked = asked = []
        self.wants = None
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                peer = dict(pair[0] for pair in (self.connection.getpeercert() or {}).get("subject", ()))
                asked.append((self.headers, body, peer.get("commonName")))
                known = server.wants in (None, self.headers["Authorization"])
                self.send_response(200 if known else 503)
                self.end_headers()

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.signs("server"))
        if wants_ours:
            context.load_verify_locations(authority.path("ca.pem"))
            context.verify_mode = ssl.CERT_REQUIRED
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        # Of clients that it refuses there is nothing to say here.
        self.server.handle_error = lambda *_: None
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        tap.cleanups.append(self.server.server_close)
        tap.cleanups.append(self.server.shutdown)
        self.url = f"https://127.0.0.1:{self.server.server_port}/weir"


@tap.case
def who_asks_is_shown_by_certificate_token_and_signature():
    authority = Authority()
    server = Server(authority)
    certificate, key = authority.signs("weir-client")
    pathlib.Path(key).chmod(0o600)
    secret = bytes(range(32))
    site = Site(url=server.url, ca_file=authority.path("ca.pem"), cert_file=certificate, key_file=key,
                token_file=authority.private("token", "hush-4711\n"),
                secret_file=authority.private("secret", f"whsec_{base64.b64encode(secret).decode()}\n"))
    daemon = site.start()
    tap.wait_for(lambda: server.asked, "a message", 30)
    tap.stop(daemon)
    headers, body, client = server.asked[0]
    tap.equal(client, "weir-client", "the client's certificate")
    tap.equal(headers["Authorization"], "Bearer hush-4711", "the token")
    tap.equal(json.loads(body)["key"], headers["webhook-id"], "the message's id")
    tap.true(abs(int(headers["webhook-timestamp"]) - time.time()) < 300, "the time is that of now")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
    tap.equal(headers["webhook-signature"], f"v1,{wanted}", "the signature")
    tap.lacks(site.said(), "hush-4711", "the log")
    tap.lacks(site.said(), base64.b64encode(secret).decode(), "the log")


def fails(words, **hook):
    """The message does not arrive as it should, and the log says so."""
    site = Site(**hook)
    daemon = site.start()
    tap.wait_for(lambda: "error actuate: cloud" in site.said().replace("   ", " "),
                 "an error in the log", 30)
    for word in words:
        tap.contains(site.said(), word, "the log")
    return site, daemon


@tap.case
def what_does_not_fit_together_is_told():
    authority, other = Authority(), Authority()
    server = Server(authority)
    ca, (certificate, key) = authority.path("ca.pem"), authority.signs("weir-client")
    pathlib.Path(key).chmod(0o600)
    _, foreign = other.signs("weir-client")
    pathlib.Path(foreign).chmod(0o600)
    locked = authority.path("locked.key")
    tap.run(["openssl", "pkey", "-aes256", "-passout", "pass:hush", "-in", key, "-out", locked])
    pathlib.Path(locked).chmod(0o600)

    def told(*words, **hook):
        site, daemon = fails(words, url=server.url, **hook)
        tap.stop(daemon)
        tap.equal(server.asked, [], f"messages that arrived; {site.said()}")

    told("does not trust", "`ca_file`", cert_file=certificate, key_file=key)
    told("does not trust", "`ca_file`", ca_file=other.path("ca.pem"), cert_file=certificate,
         key_file=key)
    told("`ca_file` is to hold certificates", ca_file=key)
    told("certificate of ours that it knows", ca_file=ca)
    told("belong together", ca_file=ca, cert_file=certificate, key_file=foreign)
    told("the key has no password", ca_file=ca, cert_file=certificate, key_file=locked)


@tap.case
def files_that_others_may_read_or_that_are_not_there_stop_the_start():
    authority = Authority()
    certificate, key = authority.signs("weir-client")
    url = "https://127.0.0.1:1/"
    pathlib.Path(key).chmod(0o644)
    for words, hook in (
            ("`key_file`: others than Weir may read", {"cert_file": certificate, "key_file": key}),
            ("`token_file`: others than Weir may read",
             {"token_file": authority.private("t", "hush-1", 0o640 | 0o004)}),
            ("`secret_file`: others than Weir may read",
             {"secret_file": authority.private("s", "hush-2", 0o620)}),
            ("holds no secret", {"secret_file": authority.private("s2", "hush-3")}),
            ("something else than a bearer token", {"token_file": authority.private("t2", "hush 4")}),
            ("`ca_file`: /nonexistent/ca: No such file", {"ca_file": "/nonexistent/ca"})):
        site = Site(url=url, **hook)
        done = tap.run([tap.weir(), "run", "-c", site.config], status=1)
        tap.contains(done.err, "actuator cloud: ", "where it stands")
        tap.contains(done.err, words, "standard error")
        tap.lacks(done.err, "hush", "standard error")


@tap.case
def a_token_that_is_exchanged_counts_from_the_next_message_on():
    authority = Authority()
    server = Server(authority, wants_ours=False)
    token = pathlib.Path(authority.private("token", "first"))
    server.wants = "Bearer second"
    site, daemon = fails(["HTTP status 503"], url=server.url, ca_file=authority.path("ca.pem"),
                         token_file=str(token))
    token.write_text("second")
    tap.wait_for(lambda: server.asked[-1][0]["Authorization"] == "Bearer second", "the other token", 60)
    tap.wait_for(lambda: "cloud works again" in site.said(), "that it works again", 30)
    tap.equal(server.asked[0][0]["Authorization"], "Bearer first", "the token")
    tap.stop(daemon)


if __name__ == "__main__":
    tap.main()

# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Private RabbitMQ brokers on loopback: own ports, own folders, own cookie; ended with whoever started them.

    python3 tests/examples/broker.py COMMAND...     runs COMMAND with CONSUMER_QUEUE set to the URL of a broker
"""

import base64
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BIN = "/usr/lib/rabbitmq/bin"  # Debian's rabbitmq-server in PATH is a wrapper that changes the user
USER, PASSWORD, VHOST = "consumer", "secret", "jobs"
VERSION = '{<<"version">>,long,1}'  # the header that every message has, as a term of Erlang
START_TIME_OUT = 180


def missing():
    """What keeps brokers from being started here; None: nothing."""
    for tool in (f"{BIN}/rabbitmq-server", f"{BIN}/rabbitmqctl", shutil.which("epmd") or "epmd"):
        if not os.access(tool, os.X_OK):
            return tool
    return None


def free_port(address):
    with socket.socket() as sock:
        sock.bind((address, 0))
        return sock.getsockname()[1]


def definitions(vhosts):
    """One user, who may do everything in all the virtual hosts."""
    salt = os.urandom(4)
    digest = base64.b64encode(salt + hashlib.sha256(salt + PASSWORD.encode()).digest()).decode()
    return {"users": [{"name": USER, "password_hash": digest, "hashing_algorithm": "rabbit_password_hashing_sha256",
                       "tags": "administrator"}],
            "vhosts": [{"name": vhost} for vhost in vhosts],
            "permissions": [{"user": USER, "vhost": vhost, "configure": ".*", "write": ".*", "read": ".*"}
                            for vhost in vhosts]}


def exit_on_signals():
    """So that what is started is ended, too, after Ctrl-C and SIGTERM."""
    def leave(number, _):
        sys.exit(128 + number)
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)


class Node:
    """One broker. Its folder outlives it, so that it can be started again."""

    def __init__(self, cluster, number):
        self.cluster = cluster
        self.address = f"127.0.0.{10 + number}"
        self.name = f"pool{number}@{self.address}"
        self.port = free_port(self.address)
        self.dist_port = free_port(self.address)
        self.folder = os.path.join(cluster.folder, f"node{number}")
        self.process = None
        os.mkdir(self.folder)

    def env(self):
        interface = "{" + self.address.replace(".", ",") + "}"
        return {**os.environ, **self.cluster.env(),
                "RABBITMQ_NODENAME": self.name,
                "RABBITMQ_DIST_PORT": str(self.dist_port),
                "RABBITMQ_MNESIA_BASE": self.folder,
                "RABBITMQ_LOG_BASE": self.folder,
                "RABBITMQ_PID_FILE": os.path.join(self.folder, "pid"),
                "RABBITMQ_GENERATED_CONFIG_DIR": self.folder,
                "RABBITMQ_CONFIG_FILE": os.path.join(self.folder, "rabbitmq.conf"),
                "RABBITMQ_ADVANCED_CONFIG_FILE": os.path.join(self.folder, "none.config"),
                "RABBITMQ_ENABLED_PLUGINS_FILE": os.path.join(self.folder, "plugins"),
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                    f"-kernel inet_dist_use_interface {interface} +sbwt none +sbwtdcpu none +sbwtdio none"}

    def configure(self, peers):
        lines = [f"listeners.tcp.1 = {self.address}:{self.port}",
                 "loopback_users = none", f"load_definitions = {self.cluster.definitions}",
                 "disk_free_limit.absolute = 50MB", "log.file.level = info",
                 "cluster_formation.peer_discovery_backend = classic_config",
                 "cluster_partition_handling = ignore"]
        lines += [f"cluster_formation.classic_config.nodes.{i} = {peer.name}" for i, peer in enumerate(peers, 1)]
        with open(os.path.join(self.folder, "rabbitmq.conf"), "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        with open(os.path.join(self.folder, "plugins"), "w", encoding="ascii") as file:
            file.write("[].\n")

    def start(self, wait=True):
        with open(os.path.join(self.folder, "output"), "ab") as output:
            self.process = subprocess.Popen([f"{BIN}/rabbitmq-server"], env=self.env(), stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output, start_new_session=True)
        if wait:
            self.wait()

    def answers(self):
        """Whether it speaks AMQP. It listens when it has started, and not before."""
        try:
            with socket.create_connection((self.address, self.port), timeout=5) as sock:
                sock.sendall(b"AMQP\0\0\x09\x01")
                return len(sock.recv(1)) == 1
        except OSError:
            return False

    def wait(self):
        until = time.monotonic() + START_TIME_OUT
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > until:
                with open(os.path.join(self.folder, "output"), "rb") as file:
                    raise RuntimeError(f"{self.name} did not start: {file.read()[-2000:].decode(errors='replace')}")
            time.sleep(0.1)

    def kill(self):
        """As if the machine were switched off."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self):
        """In an orderly way; killed if that takes too long."""
        if self.process:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=60)
            self.kill()

    def ctl(self, *arguments):
        done = subprocess.run([f"{BIN}/rabbitmqctl", "--longnames", "-n", self.name, "-q", *arguments], env=self.env(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=START_TIME_OUT)
        if done.returncode != 0:
            raise RuntimeError(f"rabbitmqctl {arguments}: {done.stdout.decode()} {done.stderr.decode()}")
        return done.stdout.decode()

    def publish(self, vhost, body, name, headers=VERSION):
        """Puts a message into the queue of work that the consumer would not write. `body` is a term of Erlang."""
        self.ctl("eval", f"""
            X = rabbit_misc:r(<<"{vhost}">>, exchange, <<>>),
            P = [{{headers, [{headers}]}}, {{message_id, <<"{name}">>}}, {{delivery_mode, 2}}],
            rabbit_basic:publish(X, <<"consumer.work">>, P, {body}).""")

    def url(self, user=USER, password=PASSWORD, vhost=VHOST):
        return f"amqp://{user}:{password}@{self.address}:{self.port}/{vhost}"


class Cluster:
    """As many brokers as one likes, one cluster. Usage: with Cluster(3) as cluster."""

    def __init__(self, count=1, vhosts=(VHOST,)):
        self.folder = tempfile.mkdtemp(prefix="consumer-broker-")
        self.epmd_port = free_port("127.0.0.1")
        self.definitions = os.path.join(self.folder, "definitions.json")
        with open(self.definitions, "w", encoding="ascii") as file:
            json.dump(definitions(vhosts), file)
        self.nodes = [Node(self, number) for number in range(1, count + 1)]
        for node in self.nodes:
            node.configure(self.nodes if count > 1 else [])
        cookie = os.path.join(self.folder, ".erlang.cookie")
        with open(cookie, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(16))
        os.chmod(cookie, 0o400)
        self.epmd = None

    def env(self):
        return {"HOME": self.folder, "ERL_EPMD_PORT": str(self.epmd_port), "RABBITMQ_USE_LONGNAME": "true",
                "ERL_EPMD_ADDRESS": ",".join(node.address for node in self.nodes),
                "RABBITMQ_CONF_ENV_FILE": os.path.join(self.folder, "none.conf"), "LC_ALL": "C.UTF-8"}

    def __enter__(self):
        try:
            self.epmd = subprocess.Popen(["epmd"], env={**os.environ, **self.env()}, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
            for node in self.nodes:
                node.start()
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        for node in self.nodes:
            node.kill()
        if self.epmd:
            self.epmd.kill()
            self.epmd.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, vhost=VHOST):
        hosts = ",".join(f"{node.address}:{node.port}" for node in self.nodes)
        return f"amqp://{USER}:{PASSWORD}@{hosts}/{vhost}"


def main():
    tool = missing()
    if tool:
        sys.exit(f"broker.py: no {tool}; Debian has it in rabbitmq-server")
    exit_on_signals()
    with Cluster() as cluster:
        return subprocess.run(sys.argv[1:], env={**os.environ, "CONSUMER_QUEUE": cluster.url()}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Three brokers, four consumers and a collector on made-up hosts of loopback, which are killed again and again.

    EXAMPLES_DIR=build/demo python3 tests/examples/cluster_test.py --kills 100 --seed 1

Every file is enqueued once. What comes of it is told by witnesses outside of the programs: a list of what was confirmed
to the producer, a trigger in the database that records each effect, and a line in a file for each delivery.
"""

import argparse
import collections
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

import broker
import relay
import support

POINTS = ("after-fetch", "mid-submit", "mid-group", "after-wait", "before-ack", "after-ack")
POISON = ("/proc/self/mem", "/proc/self//mem", "/proc/self/./mem", "/proc/./self/mem", "/proc//self/mem")
ATTEMPTS = 3
PREFETCH = 32
TIME_OUT = 600


def wait_until(condition, what):
    until = time.monotonic() + TIME_OUT
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"not within {TIME_OUT} s: {what}")
        time.sleep(0.05)


class Program:
    """A consumer or a collector, started again and again. Its stderr goes to one file."""

    def __init__(self, world, name, url, *arguments):
        self.world, self.name, self.url, self.arguments = world, name, url, arguments
        self.log = os.path.join(world.work, f"{name}.log")
        self.process = None

    def start(self, **env):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [support.CONSUMER, "--db", self.world.db, "--queue", self.url, "--heartbeat", "2", "--patience", "3600",
                 "--json", *self.arguments], stdout=subprocess.PIPE, stderr=log,
                env={**os.environ, "CONSUMER_LEDGER": self.world.ledger, **env})

    def kill(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended by itself: {self.process.returncode}, see {self.log}")
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def die(self):
        """Waits until it has killed itself."""
        wait_until(lambda: self.process.poll() is not None, f"{self.name} to pass its point")
        assert self.process.returncode == -signal.SIGKILL, self.process.returncode
        self.process.stdout.close()

    def drained(self):
        """What it says at its end, which SIGTERM has asked for."""
        out = self.process.communicate(timeout=TIME_OUT)[0]
        assert self.process.returncode == 0, (self.name, self.process.returncode)
        return json.loads(out)

    def lost(self):
        """How many connections it has lost, by its own word."""
        with open(self.log, "rb") as file:
            return file.read().count(b"connection to the broker lost")


class World:
    """Everything that is started, and the witnesses."""

    def __init__(self, work, cluster, portion):
        self.work, self.cluster, self.portion = work, cluster, portion
        self.db = os.path.join(work, "results.db")
        self.ledger = os.path.join(work, "ledger")
        self.tree = os.path.join(os.fsencode(work), b"tree")
        os.mkdir(self.tree)
        self.portions = 0
        self.producer_url = cluster.url()
        self.relay = relay.Relay("127.0.0.24", [(node.address, node.port) for node in cluster.nodes])
        run = ("run", "--stay", "--prefetch", str(PREFETCH), "--workers", "2", "--retry-delay", "0.1",
               "--max-attempts", str(ATTEMPTS), "--deadline", "120")
        urls = [cluster.url()] * 3 + [f"amqp://{broker.USER}:{broker.PASSWORD}@{self.relay.text}/{broker.VHOST}"]
        self.consumers = [Program(self, f"consumer{i}", url, *run) for i, url in enumerate(urls, 1)]
        self.collector = Program(self, "collector", cluster.url(), "collect", "--stay")

    def prepare(self):
        """The witness in the database: whoever writes a row leaves a trace there, in the same transaction."""
        self.run("collect")  # makes the tables
        support.query(self.db, "CREATE TABLE effects(path BLOB, what TEXT)")
        for table in ("results", "dead"):
            for event in ("INSERT", "UPDATE"):
                support.query(self.db, f"CREATE TRIGGER {table}_{event} AFTER {event} ON {table} BEGIN"
                                       f" INSERT INTO effects VALUES(NEW.path, '{table}'); END")

    def run(self, *arguments):
        done = subprocess.run([support.CONSUMER, "--db", self.db, "--queue", self.producer_url, "--json", "--patience",
                               "600", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              env={**os.environ, "CONSUMER_LEDGER": self.ledger})
        assert done.returncode == 0, (arguments, done.returncode, done.stderr)
        return json.loads(done.stdout)

    def enqueue(self, files=None):
        folder = os.path.join(self.tree, b"%04d" % self.portions)
        self.portions += 1
        os.mkdir(folder)
        support.make_files(folder, files or self.portion, seed=self.portions)
        self.run("enqueue", folder)

    def events(self):
        """Event to how often each message had it."""
        seen = collections.defaultdict(collections.Counter)
        with open(self.ledger, encoding="ascii") as file:
            for line in file:
                if line.endswith("\n"):
                    _, event, name = line[:-1].split(" ")
                    seen[event][name] += 1
        return seen

    def deliveries(self):
        seen = self.events()
        return seen["delivered"].total() + seen["redelivered"].total()

    def collected(self):
        return {bytes(row[0]).decode() for row in support.query(self.db, "SELECT id FROM collected")}

    def wait_for_all(self):
        """Everything that was confirmed has come to an end."""
        wanted = set(self.events()["enqueued"]) | {f"poison-{i}" for i in range(len(POISON))}
        try:
            wait_until(lambda: wanted <= self.collected(), "all messages to have come to an end")
        except AssertionError:
            print(f"lost: {sorted(wanted - self.collected())[:20]}; {self.run('status')}", flush=True)
            raise


def named_points(world, rng):
    for point in POINTS:
        victim = rng.choice(world.consumers)
        victim.kill()
        victim.start(CONSUMER_KILL=f"{point}:{rng.randint(1, PREFETCH)}")
        while victim.process.poll() is None:
            world.enqueue()
        victim.die()
        victim.start()
    return 2 * len(POINTS)


def random_instants(world, rng, kills):
    """Returns how many consumers and how many brokers were killed."""
    consumers = brokers = 0
    for i in range(kills):
        world.enqueue()
        time.sleep(rng.uniform(0, 0.5))
        if i % 3 == 2:
            node = rng.choice(world.cluster.nodes)
            node.kill()
            brokers += 1
            time.sleep(rng.uniform(0, 0.5))
            node.start()
        else:
            victim = rng.choice([*world.consumers, world.collector])
            victim.kill()
            consumers += 1
            victim.start()
        if i % 10 == 9:
            print(f"{time.strftime('%H:%M:%S')} {i + 1} kills, {world.deliveries()} deliveries, "
                  f"{len(world.collected())} of {len(world.events()['enqueued'])} collected", flush=True)
    return consumers, brokers


def partition(world):
    """The fourth consumer and its broker hear nothing of each other, and neither is told so."""
    consumer = world.consumers[3]
    before = consumer.lost()
    world.enqueue()
    world.relay.fall_silent()
    wait_until(lambda: consumer.lost() > before, "the consumer to miss its broker's heartbeat")
    world.enqueue()
    world.relay.heal()


def restart_under_load(world, rng):
    node = rng.choice(world.cluster.nodes)
    world.enqueue()
    node.stop()
    world.enqueue()
    node.start()


def drain(world):
    """All four end in an orderly way under load; nothing that they had is delivered again."""
    before = world.events()["redelivered"].total()
    begin = world.deliveries()
    world.enqueue(1000)
    wait_until(lambda: world.deliveries() > begin + 50, "work")
    for consumer in world.consumers:
        consumer.process.send_signal(signal.SIGTERM)
    reports = [consumer.drained() for consumer in world.consumers]
    handed_back = sum(report["handed_back"] for report in reports)
    world.run("run")
    return world.events()["redelivered"].total() - before, handed_back


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100, help="at random instants")
    parser.add_argument("--portion", type=int, default=100, help="files enqueued at a time")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    print(f"kills {options.kills}, portion {options.portion}, seed {options.seed}", flush=True)
    rng = random.Random(options.seed)
    begin = time.monotonic()
    failures = []

    def check(name, value, wanted, holds):
        print(f"{name:44} {value:>10}   wanted: {wanted}{'' if holds else '   FAILED'}", flush=True)
        if not holds:
            failures.append(name)

    with tempfile.TemporaryDirectory(prefix="consumer-cluster-", ignore_cleanup_errors=True) as work, \
            broker.Cluster(3) as cluster:
        print(f"{time.strftime('%H:%M:%S')} brokers: {', '.join(node.name for node in cluster.nodes)}", flush=True)
        world = World(work, cluster, options.portion)
        world.run("status")  # makes the queues
        world.prepare()
        programs = [*world.consumers, world.collector]
        try:
            for i, path in enumerate(POISON):
                cluster.nodes[0].publish(broker.VHOST, f'<<"{path}">>', f"poison-{i}")
            for program in programs:
                program.start()
            killed = named_points(world, rng)
            print(f"{time.strftime('%H:%M:%S')} named points done", flush=True)
            consumers, brokers = random_instants(world, rng, options.kills)
            partition(world)
            print(f"{time.strftime('%H:%M:%S')} partition done", flush=True)
            restart_under_load(world, rng)
            world.wait_for_all()
            redelivered = world.events()["redelivered"].total()
            drained_redelivered, handed_back = drain(world)
            world.wait_for_all()
            world.collector.process.send_signal(signal.SIGTERM)
            collected = world.collector.drained()
            lost_connections = sum(consumer.lost() for consumer in world.consumers)
        finally:
            for program in programs:
                if program.process and program.process.poll() is None:
                    program.process.kill()
                    program.process.wait()

        events = world.events()
        enqueued = set(events["enqueued"])
        effects = collections.Counter(row[0] for row in support.query(world.db, "SELECT path FROM effects"))
        dead = {bytes(row[0]).decode(): row[1] for row in support.query(world.db, "SELECT path, failures FROM dead")}
        rows, want = support.results(world.db), support.expected(world.tree)
        killed += consumers
        bound = (killed + lost_connections) * PREFETCH
        print(f"killed: {killed} consumers and collectors, {brokers} brokers; connections that living consumers lost: "
              f"{lost_connections}", flush=True)
        print(f"messages enqueued {len(enqueued)}, deliveries {world.deliveries()}, last collector {collected}")
        check("lost messages", len(enqueued - world.collected()), 0, enqueued <= world.collected())
        check("rows that are not as computed from the files", sum(rows.get(path) != row for path, row in want.items()),
              0, rows == want)
        check("effects of a message beyond the first", sum(effects.values()) - len(effects), 0,
              set(effects.values()) == {1} and len(effects) == len(want) + len(POISON))
        check("redeliveries", redelivered, f"at most {bound}", redelivered <= bound)
        check("poison messages dead", len(dead), len(POISON), set(dead) == set(POISON))
        check("their attempts that failed", str(sorted(set(dead.values()))), f"[{ATTEMPTS}]",
              set(dead.values()) == {ATTEMPTS})
        check("redeliveries after a drain", drained_redelivered, 0, drained_redelivered == 0 and handed_back == 0)
        world.relay.close()
    verdict = "FAILED: " + ", ".join(failures) if failures else "passed"
    print(f"{verdict} in {time.monotonic() - begin:.0f} s", flush=True)
    return 1 if failures else 0


if broker.missing():
    print(f"SKIPPED: no {broker.missing()} (Debian: rabbitmq-server)")
    sys.exit(77)
broker.exit_on_signals()
sys.exit(main())

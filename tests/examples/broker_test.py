# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The consumer on a broker: the results of an undisturbed life, whatever happens to consumers and broker.

    EXAMPLES_DIR=build/demo python3 tests/examples/broker_test.py

All tests share one broker; each has a virtual host of its own.
"""

import collections
import json
import os
import re
import signal
import subprocess
import sys
import time

import broker
import support

VHOSTS = [f"test{i}" for i in range(40)]
POINTS = ("after-fetch", "mid-submit", "mid-group", "after-wait", "before-ack", "after-ack")
POISON = b"/proc/self/mem"  # a regular file whose first page nobody can read: an I/O error, which is tried again


def setUpModule():  # the name is unittest's
    global CLUSTER
    CLUSTER = broker.Cluster(vhosts=VHOSTS)
    CLUSTER.__enter__()


def tearDownModule():
    CLUSTER.__exit__()


class BrokerTest(support.ConsumerTest):
    """A test with a virtual host of its own; self.db is where results are collected."""

    def setUp(self):
        super().setUp()
        self.node = CLUSTER.nodes[0]
        self.vhost = VHOSTS.pop()
        self.ledger = os.path.join(self.work, "ledger")
        self.use(CLUSTER.url(self.vhost))
        self.addCleanup(self.use, None)

    def use(self, url):
        for name, value in (("CONSUMER_QUEUE", url), ("CONSUMER_LEDGER", self.ledger)):
            if url:
                os.environ[name] = value
            else:
                os.environ.pop(name, None)

    def json(self, *arguments, **options):
        return json.loads(self.consumer(*arguments, "--json", **options).stdout)

    def enqueue(self, files=0):
        support.make_files(self.tree, files)
        return self.json("enqueue", self.tree)["messages"]

    def collect(self):
        """Takes what is there into the database, and wants the broker's queues to be empty then."""
        collected = self.json("collect")
        self.assertEqual(self.json("status"), {"ready": 0, "delayed": 0, "consumers": 0, "results": 0, "dead": 0})
        return collected

    def seen(self):
        """How often each message was delivered, and how many deliveries were not the first, by the broker's word."""
        deliveries, redelivered = collections.Counter(), 0
        if os.path.exists(self.ledger):
            with open(self.ledger, encoding="ascii") as file:
                for line in file:
                    _, event, name = line.rstrip("\n").split(" ")
                    deliveries[name] += event in ("delivered", "redelivered")
                    redelivered += event == "redelivered"
        return deliveries, redelivered

    def wait_for_deliveries(self, count):
        self.wait_until(lambda: self.seen()[0].total() >= count, f"{count} deliveries")

    def dead(self):
        return {row[0]: row[1:] for row in support.query(self.db, "SELECT path, attempt, failures, reason FROM dead")}

    def publish(self, body, name, headers=broker.VERSION):
        """Puts a message into the queue of work that no program of ours has written."""
        self.node.publish(self.vhost, body, name, headers)

    def wait_for_work(self, count):
        self.wait_until(lambda: self.json("status")["ready"] == count, f"{count} messages")


class Results(BrokerTest):
    def test_equal_those_of_undisturbed_files(self):
        count = support.make_nasty(self.tree)
        os.mkdir(os.path.join(self.tree, b"many"))
        support.make_files(os.path.join(self.tree, b"many"), support.scaled(1000))
        count += support.scaled(1000)
        self.assertEqual(self.json("enqueue", self.tree)["messages"], count)
        self.assertEqual(self.json("status")["ready"], count)
        report = self.json("run")
        self.assertEqual((report["messages"], report["retries"], report["stale_receipts"], report["redelivered"]),
                         (count, 0, 0, 0))
        self.assertEqual(self.collect(), {"results": count, "dead_letters": 0, "duplicates": 0})
        self.assert_results()

    def test_of_files_enqueued_twice(self):
        count = self.enqueue(200)
        self.enqueue()
        self.assertEqual(self.json("run")["messages"], 2 * count)
        self.assertEqual(self.collect()["results"], 2 * count)
        self.assert_results()

    def test_several_at_once(self):
        count = self.enqueue(support.scaled(3000))
        runs = [self.start("run", "--json", "--prefetch", "64") for _ in range(3)]
        reports = [json.loads(self.end(run)[0]) for run in runs]
        self.assertEqual(sum(report["messages"] for report in reports), count)
        self.assertEqual(self.collect()["results"], count)
        self.assert_results()

    def test_slow_message_holds_up_nobody(self):
        """All others, many times the prefetch, are done and confirmed while it is still in work."""
        faults = support.build_faults(self.work)
        if faults is None:
            self.skipTest("no preloaded library")
        count = self.enqueue(500)
        go_on = os.path.join(self.work, "go-on")
        process = self.start("run", "--json", "--prefetch", "8", "--workers", "4",
                             env={**os.environ, "LD_PRELOAD": faults, "FAULT_WAIT": f"file-333:{go_on}"})
        self.wait_until(lambda: self.json("status")["results"] == count - 1, "all others")
        self.assertIsNone(process.poll())
        support.write(go_on)
        report = json.loads(self.end(process)[0])
        self.assertEqual((report["messages"], report["redelivered"]), (count, 0))
        self.collect()
        self.assert_results()

    def test_run_waits_for_what_somebody_else_has(self):
        path = self.make_large()
        self.enqueue()
        first = self.start("run", "--json")
        self.wait_for_readers(first, path, 1)
        second = self.start("run", "--json")
        # Once nobody is subscribed but the first, the second has looked and found nothing.
        self.wait_until(lambda: self.json("status")["consumers"] == 1, "the second to end its subscription")
        os.truncate(path, 1000)
        first.kill()
        self.assertEqual(json.loads(self.end(second)[0])["messages"], 1)
        self.collect()
        self.assert_results()


class Killed(BrokerTest):
    def test_at_every_named_point(self):
        count = self.enqueue(600)
        for point in POINTS:
            killed = self.start("run", "--prefetch", "16", env={**os.environ, "CONSUMER_KILL": f"{point}:20"})
            self.end(killed, status=-signal.SIGKILL)
        report = self.json("run")
        self.assertGreater(report["redelivered"], 0)
        collected = self.collect()
        self.assertEqual((collected["results"], collected["dead_letters"]), (count, 0))
        # What was confirmed and not acknowledged was done twice, and counts once.
        self.assertGreater(collected["duplicates"], 0)
        self.assert_results()
        deliveries, redelivered = self.seen()
        self.assertEqual(len(deliveries), count)
        self.assertLessEqual(redelivered, len(POINTS) * 16)

    def test_collector(self):
        count = self.enqueue(3000)
        self.json("run")
        for _ in range(3):
            collector = self.start("collect")
            self.wait_until(lambda: os.path.exists(self.db) and os.stat(self.db).st_size > 0, "a database")
            collector.kill()
        self.collect()
        self.assert_results()
        self.assertEqual(len(support.results(self.db)), count)

    def test_killing_makes_no_dead_letter(self):
        """Attempts that were lost with their consumers' lives are no failures."""
        self.enqueue(1)
        for _ in range(4):
            killed = self.start("run", "--max-attempts", "2", env={**os.environ, "CONSUMER_KILL": "mid-group"})
            self.end(killed, status=-signal.SIGKILL)
        self.json("run", "--max-attempts", "2")
        self.assertEqual(self.collect()["dead_letters"], 0)
        self.assert_results()


class Poison(BrokerTest):
    def test_is_dead_after_exactly_so_many_attempts(self):
        count = self.enqueue(50)
        self.publish(f'<<"{POISON.decode()}">>', "poison")
        self.wait_for_work(count + 1)
        report = self.json("run", "--max-attempts", "3", "--retry-delay", "0.1", status=support.LEFT_OUT)
        self.assertEqual((report["messages"], report["retries"], report["dead_letters"]), (count, 2, 1))
        self.assertEqual(self.seen()[0]["poison"], 3)
        self.assertEqual(self.collect(), {"results": count, "dead_letters": 1, "duplicates": 0})
        self.assertEqual(self.dead(), {POISON: (3, 3, "read: Input/output error")})
        self.assert_results()

    def test_gone_and_revived(self):
        self.enqueue(3)
        gone = os.path.join(os.path.realpath(self.tree), b"000", b"file-1")
        os.unlink(gone)
        self.json("run", status=support.LEFT_OUT)
        self.collect()
        self.assertEqual(self.dead(), {gone: (1, 1, "open: No such file or directory")})
        support.write(gone, b"back\n")
        self.enqueue()
        self.json("run")
        self.collect()
        self.assertEqual(self.dead(), {})

    def test_messages_that_nobody_can_read(self):
        self.consumer("status")  # makes the queues
        version = broker.VERSION
        self.publish('<<"/no/version">>', "a", '{<<"failures">>,long,1}')
        self.publish('<<"/of/the/future">>', "b", '{<<"version">>,long,9}')
        self.publish('<<"relative">>', "c", version)
        self.publish('binary:copy(<<"/0123456">>, 300000)', "d", version)
        self.publish('<<"/text/where/a/number/is">>', "e", version + ', {<<"failures">>,longstr,<<"many">>}')
        self.publish('<<"/no/id">>', "", version)
        self.wait_for_work(6)
        done = self.consumer("run", "--json", status=support.LEFT_OUT)
        self.assertEqual(json.loads(done.stdout)["dead_letters"], 6)
        self.assertEqual(len(done.stderr.splitlines()), 6)
        self.collect()
        dead = {path[:20]: reason for path, (_, _, reason) in self.dead().items()}
        self.assertEqual(dead, {
            b"/no/version": 'malformed message: no header "version"',
            b"/of/the/future": "message of an unknown version, 9",
            b"relative": "malformed message: its body is no absolute path",
            b"/0123456/0123456/012": "message too large: its body is longer than 1,048,576 bytes",
            b"/text/where/a/number": 'malformed message: header "failures" is no integer',
            b"/no/id": "malformed message: no message id",
        })


class Drained(BrokerTest):
    def test_redelivers_none(self):
        count = self.enqueue(support.scaled(4000))
        done = 0
        for number in 4 * [signal.SIGTERM, signal.SIGINT]:  # some of them in the instant that matters
            process = self.start("run", "--json", "--prefetch", "64", "--deadline", "50")
            self.wait_for_deliveries(done + support.scaled(100))
            process.send_signal(number)
            report = json.loads(self.end(process)[0])
            self.assertTrue(report["drained"])
            self.assertEqual(report["handed_back"], 0)
            done += report["messages"]
        report = self.json("run")
        self.assertEqual((report["messages"], report["redelivered"]), (count - done, 0))
        self.assertEqual(self.collect(), {"results": count, "dead_letters": 0, "duplicates": 0})
        self.assert_results()
        self.assertEqual(set(self.seen()[0].values()), {1})

    def test_hands_back_what_is_not_finished_in_time(self):
        path = self.make_large()
        self.enqueue()
        process = self.start("run", "--json", "--deadline", "0.2")
        self.wait_for_readers(process, path, 1)
        process.send_signal(signal.SIGTERM)
        report = json.loads(self.end(process)[0])
        self.assertEqual((report["messages"], report["handed_back"]), (0, 1))
        os.truncate(path, 1 << 20)
        report = self.json("run")
        self.assertEqual((report["messages"], report["redelivered"]), (1, 1))
        self.collect()
        self.assert_results()

    def test_while_there_is_no_broker(self):
        self.use("amqp://a:b@127.0.0.1:1/none")
        process = self.start("run", "--json")
        self.assertIn(b"again in", process.stderr.readline())
        process.send_signal(signal.SIGTERM)
        self.assertTrue(json.loads(self.end(process)[0])["drained"])


class Lost(BrokerTest):
    def test_broker_killed_under_load(self):
        count = self.enqueue(support.scaled(5000))
        runs = [self.start("run", "--json", "--prefetch", "32") for _ in range(2)]
        self.wait_for_deliveries(count // 10)
        self.node.kill()
        self.node.start()
        ends = [self.end(run) for run in runs]
        self.assertTrue(any(b"lost" in err and b": connected" in err for _, err in ends), ends)
        collected = self.collect()
        self.assertEqual((collected["results"], collected["dead_letters"]), (count, 0))
        self.assert_results()
        deliveries, redelivered = self.seen()
        self.assertEqual(len(deliveries), count)
        self.assertLessEqual(redelivered, 2 * 32)

    def test_connection_closed_in_the_middle_of_a_group(self):
        """The tag of the old connection means nothing on the new one: settled there, another message would be."""
        path = self.make_large()
        self.enqueue()
        process = self.start("run", "--json", "--prefetch", "4", "--workers", "4")
        self.wait_for_readers(process, path, 3)
        self.node.ctl("close_all_connections", "--vhost", self.vhost, "test")
        self.assertIn(b"lost: CONNECTION_FORCED", process.stderr.readline())
        self.wait_until(lambda: self.seen()[1] == 1, "the message again")
        os.truncate(path, 1 << 20)
        report = json.loads(self.end(process)[0])
        self.assertEqual((report["messages"], report["stale_receipts"], report["redelivered"]), (1, 1, 1))
        self.assertEqual(self.collect(), {"results": 1, "dead_letters": 0, "duplicates": 0})
        self.assert_results()

    def test_acknowledged_only_when_the_result_is_confirmed(self):
        """The results cannot be delivered: their queue has gone meanwhile."""
        faults = support.build_faults(self.work)
        if faults is None:
            self.skipTest("no preloaded library")
        count = self.enqueue(20)
        go_on = os.path.join(self.work, "go-on")
        process = self.start("run", "--json", env={**os.environ, "LD_PRELOAD": faults, "FAULT_WAIT": f"file:{go_on}"})
        self.wait_for_deliveries(count)
        self.node.ctl("delete_queue", "--vhost", self.vhost, "consumer.results")
        support.write(go_on)
        self.assertIn(b"lost: publish: no queue consumer.results", process.stderr.readline())
        report = json.loads(self.end(process)[0])
        self.assertEqual((report["messages"], report["stale_receipts"]), (count, count))
        self.collect()
        self.assert_results()

    def test_silent_consumer_is_taken_for_dead(self):
        path = os.path.join(self.tree, b"slow")
        support.write(path)
        os.truncate(path, 200 << 20)
        self.enqueue()
        silent = self.start("run", "--json", "--heartbeat", "1")
        self.wait_for_readers(silent, path, 1)
        silent.send_signal(signal.SIGSTOP)
        self.assertEqual(self.json("run")["messages"], 1)
        silent.send_signal(signal.SIGCONT)
        report = json.loads(self.end(silent)[0])
        self.assertEqual((report["messages"], report["stale_receipts"]), (0, 1))
        self.assertEqual(self.collect(), {"results": 1, "dead_letters": 0, "duplicates": 0})
        self.assert_results()

    def test_heartbeat_goes_on_during_a_long_group(self):
        path = self.make_large()
        self.enqueue()
        process = self.start("run", "--json", "--heartbeat", "1", "--deadline", "0", "--prefetch", "1")
        self.wait_for_readers(process, path, 1)
        time.sleep(6)  # the broker would take it for dead after two
        process.send_signal(signal.SIGTERM)
        out, err = self.end(process)
        self.assertEqual(json.loads(out)["handed_back"], 1)
        self.assertNotIn(b"lost", err)


class BadInput(BrokerTest):
    def every_command(self, *parts, patience="1"):
        for arguments in (("enqueue", self.tree), ("run",), ("collect",), ("status",)):
            done = self.consumer("--patience", patience, *arguments, status=support.DATABASE)
            lines = done.stderr.splitlines()
            for part in parts:
                self.assertIn(part, lines[-1], arguments)
            self.assertNotIn(broker.PASSWORD.encode(), done.stderr)
            for line in lines[:-1]:
                self.assertRegex(line, rb"^consumer: broker at .*; again in \d+ ms$")

    def test_no_broker(self):
        port = broker.free_port(self.node.address)
        self.use(f"amqp://{self.node.address}:{port}")
        self.every_command(b"consumer: broker at %b:%d: " % (self.node.address.encode(), port), b"tried for 1.0 s")

    def test_second_of_two_brokers(self):
        port = broker.free_port(self.node.address)
        self.use(CLUSTER.url(self.vhost).replace(f"@{self.node.address}", f"@{self.node.address}:{port},"
                                                                           f"{self.node.address}"))
        for _ in range(4):  # whichever is tried first
            self.consumer("status")

    def test_wrong_credentials(self):
        for url in (self.node.url(password="wrong", vhost=self.vhost), self.node.url(user="nobody", vhost=self.vhost)):
            self.use(url)
            self.every_command(b"login: ACCESS_REFUSED", patience="30")

    def test_wrong_virtual_host(self):
        self.use(self.node.url(vhost="nowhere"))
        self.every_command(b"NOT_ALLOWED", b"vhost nowhere not found", patience="30")

    def test_queue_declared_otherwise(self):
        self.node.ctl("eval", f"""
            rabbit_amqqueue:declare(rabbit_misc:r(<<"{self.vhost}">>, queue, <<"consumer.work">>), true, false, [],
                                    none, <<"test">>).""")
        self.every_command(b"queue consumer.work: PRECONDITION_FAILED", b"x-queue-type", patience="30")

    def test_disk_alarm(self):
        count = self.enqueue(100)
        self.node.ctl("set_disk_free_limit", "900000GB")
        try:
            process = self.start("run", "--json")
            self.assertRegex(process.stderr.readline(), rb"the broker takes no messages: low on disk; waiting")
            self.assertIsNone(process.poll())
        finally:
            self.node.ctl("set_disk_free_limit", "50MB")
        out, err = self.end(process)
        self.assertIn(b"takes messages again", err)
        report = json.loads(out)
        self.assertEqual((report["messages"], report["stale_receipts"]), (count, 0))
        self.collect()
        self.assert_results()

    def test_disk_alarm_and_a_signal(self):
        count = self.enqueue(100)
        self.node.ctl("set_disk_free_limit", "900000GB")
        try:
            process = self.start("run", "--json")
            process.stderr.readline()
            process.send_signal(signal.SIGTERM)
            self.assertEqual(json.loads(self.end(process)[0])["messages"], 0)
        finally:
            self.node.ctl("set_disk_free_limit", "50MB")
        self.assertEqual(self.json("run")["messages"], count)
        self.collect()
        self.assert_results()

    def test_urls(self):
        for url, part in (("http://host", b"scheme"), ("amqp://", b"host"), ("amqp://a:b@:1/x", b"host"),
                          ("amqp://host:0/x", b"port"), ("amqp://host:x/x", b"port"), ("amqp://host/", b"vhost"),
                          ("amqp://a%2:b@host/x", b"user"), ("amqp://[::1/x", b"host"), ("sqlite:", b"scheme")):
            self.use(url)
            self.assert_line(self.consumer("status", status=support.USAGE), b"--queue: " + part)

    def test_collect_without_broker(self):
        self.use("sqlite:" + self.db)
        self.assert_line(self.consumer("collect", status=support.USAGE), b"collect", b"--queue amqp://")

    def test_sqlite_by_url(self):
        self.use("sqlite:" + self.db)
        self.assertEqual(self.enqueue(10), 10)
        self.json("run")
        self.assert_results()


def built_without_amqp():
    done = subprocess.run([support.CONSUMER, "--queue", "amqp://127.0.0.1:1/none", "--patience", "0", "status"],
                          stderr=subprocess.PIPE, check=False)
    return re.search(rb"built without AMQP", done.stderr) is not None


if broker.missing():
    print(f"SKIPPED: no {broker.missing()} (Debian: rabbitmq-server)")
    sys.exit(77)
if os.access(support.CONSUMER, os.X_OK) and built_without_amqp():
    print("SKIPPED: the consumer was built without AMQP (Debian: librabbitmq-dev)")
    sys.exit(77)
broker.exit_on_signals()
support.main()

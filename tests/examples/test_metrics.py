# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The pool's metrics: what they say, that parsers of others take them, and how they are served."""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import unittest

import openmetrics
import support

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class MetricsTest(support.ConsumerTest):
    def run_with_metrics(self, *arguments, host="127.0.0.1", port=0):
        """Starts a run that serves, and lasts until it is told to stop: three workers are at one large file. Returns
        the process; self.port is the port."""
        support.make_files(self.tree, 20)
        self.large = self.make_large()
        self.consumer("enqueue", self.tree)
        process = self.start("run", "--workers", "3", "--deadline", "0.1", "--metrics", f"{host}:{port}", *arguments)
        line = process.stderr.readline().decode()
        told = re.fullmatch(rf"consumer: metrics at http://{re.escape(host)}:(\d+)/metrics\n", line)
        self.assertTrue(told, line)
        self.port = int(told[1])
        return process

    def stop(self, process, status=support.OK):
        process.send_signal(signal.SIGTERM)
        return self.end(process, status)

    def ask(self, path="/metrics", method="GET", host="127.0.0.1"):
        connection = http.client.HTTPConnection(host, self.port, timeout=support.TIME_OUT)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response, response.read().decode()
        finally:
            connection.close()

    def scrape(self):
        response, text = self.ask()
        self.assertEqual((response.status, response.getheader("Content-Type")), (200, CONTENT_TYPE))
        return openmetrics.read(text), text

    def scrape_when_held(self, process):
        """Once nothing moves any more: the large file is being read, and the tasks of the others are there."""
        self.wait_for_readers(process, self.large, 3)

        def all_there():
            families = self.scrape()[0]
            return 60 == (openmetrics.value_of(families, "libpool_finished", "_total")
                          + openmetrics.value_of(families, "libpool_queued"))

        self.wait_until(all_there, "three tasks for each of the other messages")
        return self.scrape()


class Figures(MetricsTest):
    def test_figures(self):
        process = self.run_with_metrics()
        families = self.scrape_when_held(process)[0]
        figure = lambda name, suffix="": openmetrics.value_of(families, "libpool_" + name, suffix)
        self.assertEqual((figure("workers"), figure("workers_idle"), figure("workers_peak")), (3, 0, 3))
        finished = figure("finished", "_total")
        self.assertEqual((figure("running"), finished + figure("queued")), (3, 60))
        self.assertEqual((figure("failed", "_total"), figure("rejected", "_total")), (0, 0))
        # Every task is timed.
        self.assertEqual((figure("wait_seconds", "_count"), figure("run_seconds", "_count")),
                         (finished + 3, finished))
        self.assertGreater(figure("longest_run_seconds"), 0)
        self.assertEqual({labels["pool"] for family in families.values() for _, labels, _ in family.samples},
                         {"consumer"})
        self.stop(process)

    def test_they_grow(self):
        process = self.run_with_metrics()
        before = openmetrics.value_of(self.scrape_when_held(process)[0], "libpool_longest_run_seconds")
        self.wait_until(lambda: openmetrics.value_of(self.scrape()[0], "libpool_longest_run_seconds") > before + 0.1,
                        "the oldest running task gets older")
        self.stop(process)


class Parsers(MetricsTest):
    def setUp(self):
        super().setUp()
        process = self.run_with_metrics()
        self.text = self.scrape_when_held(process)[1]
        self.stop(process)

    def run_parser(self, *command, text):
        done = subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        return done.returncode, done.stdout.decode()

    def test_prometheus_client(self):
        python = openmetrics.python_with_parser()
        if python is None:
            self.skipTest("SKIPPED: prometheus_client (Debian: python3-prometheus-client)")
        families = openmetrics.read(self.text)
        self.assertEqual(self.run_parser(python, "-c", openmetrics.PARSER, text=self.text), (0, f"{len(families)}\n"))
        # It would have said so.
        self.assertNotEqual(self.run_parser(python, "-c", openmetrics.PARSER, text=self.text[:-6])[0], 0)

    @unittest.skipUnless(shutil.which("promtool"), "SKIPPED: promtool (Debian: prometheus)")
    def test_promtool(self):
        """Its linter knows the older text format only; Prometheus' own reader of OpenMetrics is behind another one of
        its commands, which wants times."""
        self.assertEqual(self.run_parser("promtool", "check", "metrics",
                                         text=openmetrics.as_prometheus_text(self.text)), (0, ""))
        path, blocks = os.path.join(self.work, "metrics"), os.path.join(self.work, "blocks")
        support.write(path, openmetrics.with_timestamps(self.text).encode())
        status, out = self.run_parser("promtool", "tsdb", "create-blocks-from", "openmetrics", path, blocks, text="")
        self.assertEqual(status, 0, out)
        support.write(path, openmetrics.with_timestamps(self.text)[:-6].encode())
        self.assertNotEqual(
            self.run_parser("promtool", "tsdb", "create-blocks-from", "openmetrics", path, blocks, text="")[0], 0)


class Serving(MetricsTest):
    def test_not_found_elsewhere(self):
        process = self.run_with_metrics()
        for path in ("/", "/metrics/", "/metricsx", "/x/metrics", "/../metrics", "/%2e%2e/etc/passwd"):
            self.assertEqual(self.ask(path)[0].status, 404, path)
        self.assertEqual(self.ask(method="POST")[0].status, 404)
        response, body = self.ask(method="HEAD")
        self.assertEqual((response.status, body), (200, ""))
        self.assertEqual(self.ask("/metrics?x=1")[0].status, 200)
        self.stop(process)

    def test_port_is_taken(self):
        process = self.run_with_metrics()
        done = self.consumer("run", "--metrics", f"127.0.0.1:{self.port}", status=support.USAGE)
        self.assert_line(done, b"--metrics 127.0.0.1:%d: " % self.port, b"in use")
        self.scrape()
        self.stop(process)
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            done = self.consumer("run", "--metrics", f"127.0.0.1:{port}", status=support.USAGE)
            self.assert_line(done, b"--metrics 127.0.0.1:%d: " % port, b"in use")

    def test_wrong_addresses(self):
        for address in ("", "9090", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:-1", "127.0.0.1:65536",
                        "127.0.0.1:99999999999", "127.0.0.1:1 ", ":9090", "0.0.0.0:9090", "192.0.2.1:9090",
                        "example.org:9090", "::1:9090", "[::]:9090"):
            self.assert_line(self.consumer("run", "--metrics", address, status=support.USAGE), b"--metrics")
        self.assert_line(self.consumer("status", "--metrics", "127.0.0.1:0", status=support.USAGE), b"--metrics")

    def test_ends_beside_silent_clients(self):
        """A signal ends the run also while connections are open, and the port is free at once."""
        process = self.run_with_metrics()
        self.scrape()
        silent = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(5)]
        silent[0].sendall(b"GET /metrics HTTP/1.1\r\nHost:")
        self.stop(process)
        again = self.start("run", "--metrics", f"127.0.0.1:{self.port}", "--deadline", "0.1")
        self.assertIn(b"metrics at", again.stderr.readline())
        self.scrape()
        self.stop(again)
        for connection in silent:
            connection.close()

    def test_ends_with_the_run(self):
        self.consumer("enqueue", self.tree)
        done = self.consumer("run", "--metrics", "127.0.0.1:0")
        self.assert_line(done, b"metrics at http://127.0.0.1:")

    def test_ipv6(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("SKIPPED: IPv6")
        process = self.run_with_metrics(host="[::1]")
        self.assertEqual(self.ask(host="::1")[0].status, 200)
        self.stop(process)


support.main()

# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Messages a second of one, two and four consumers on brokers of this machine, and beside a slow message.

    EXAMPLES_DIR=build/demo python3 tests/examples/broker_rate.py --nodes 3 --files 10000 --turns 3
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import broker
import support

TICKS = os.sysconf("SC_CLK_TCK")


def broker_cpu(cluster):
    """Seconds of processor time that the brokers' processes have used."""
    total = 0
    sessions = {node.process.pid for node in cluster.nodes}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
                fields = file.read().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(fields[3]) in sessions:
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def own_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Bench:
    def __init__(self, work, cluster, options):
        self.work, self.cluster, self.options = work, cluster, options
        self.tree = os.path.join(os.fsencode(work), b"tree")
        os.mkdir(self.tree)
        support.make_files(self.tree, options.files)
        self.db = os.path.join(work, "results.db")

    def command(self, *arguments):
        return [support.CONSUMER, "--db", self.db, "--queue", self.queue, "--json", *arguments]

    def call(self, *arguments):
        return json.loads(subprocess.run(self.command(*arguments), stdout=subprocess.PIPE, check=True).stdout)

    def turn(self, queue, count, *arguments, slow=False, by_results=False):
        """Returns messages a second, CPU seconds of the consumers and of the brokers."""
        self.queue = queue
        self.call("enqueue", self.tree)
        env, go_on, files = dict(os.environ), os.path.join(self.work, "go-on"), self.options.files
        if slow:
            if os.path.exists(go_on):
                os.unlink(go_on)
            env |= {"LD_PRELOAD": self.faults, "FAULT_WAIT": f"file-{files // 2}:{go_on}"}
        cpu, brokers, begin = own_cpu(), broker_cpu(self.cluster), time.monotonic()
        runs = [subprocess.Popen(self.command("run", *arguments), stdout=subprocess.DEVNULL, env=env)
                for _ in range(count)]
        if by_results:  # without the time that it takes to see that there is no more; all but the slow one
            while self.call("status")["results"] < files - 1:
                time.sleep(0.2)  # each look is a connection
            seconds = time.monotonic() - begin
            support.write(go_on)
        for run in runs:
            assert run.wait() == 0
        if not by_results:
            seconds = time.monotonic() - begin
        used = own_cpu() - cpu, broker_cpu(self.cluster) - brokers
        if queue.startswith("amqp"):
            assert self.call("collect")["results"] == files
        return files / seconds, *used


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--only", default="", help="cases with this text in their names")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="consumer-rate-") as work, broker.Cluster(options.nodes) as cluster:
        bench = Bench(work, cluster, options)
        bench.faults = support.build_faults(work)
        amqp, sqlite = cluster.url(), "sqlite:" + os.path.join(work, "queue.db")
        cases = {f"{count} consumers on {name}": (url, count, "--workers", "2", "--prefetch", "256")
                 for name, url in (("SQLite", sqlite), (f"{options.nodes} brokers", amqp)) for count in (1, 2, 4)}
        cases["5 workers, no slow message"] = (amqp, 1, "--workers", "5", "--prefetch", "256")
        cases["5 workers, one slow message"] = (amqp, 1, "--workers", "5", "--prefetch", "256")
        cases = {name: case for name, case in cases.items() if options.only in name}
        figures = {name: [] for name in cases}
        for _ in range(options.turns):
            for name, arguments in cases.items():
                figures[name].append(bench.turn(*arguments, slow=name.endswith("one slow message"),
                                                by_results=name.startswith("5 workers")))
                print(name, [round(figure, 1) for figure in figures[name][-1]], file=sys.stderr, flush=True)
        print(f"{'':32} {'messages/s':>22} {'CPU s, consumers':>18} {'CPU s, brokers':>16}")
        for name, turns in figures.items():
            rates, own, brokers = zip(*turns)
            spread = f"{statistics.median(rates):,.0f} ({min(rates):,.0f}-{max(rates):,.0f})"
            print(f"{name:32} {spread:>22} {statistics.median(own):18.1f} {statistics.median(brokers):16.1f}")


if broker.missing():
    sys.exit(f"broker_rate.py: no {broker.missing()}; Debian has it in rabbitmq-server")
broker.exit_on_signals()
main()

# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""A stretch of network that can fall silent: bytes go through it, or into it, and nobody is told."""

import contextlib
import random
import socket
import threading


class Relay:
    """Listens on an address of its own; each connection goes on to one of the targets that answers."""

    def __init__(self, address, targets):
        self.targets = targets
        self.open = threading.Event()
        self.open.set()
        self.lock = threading.Lock()
        self.sockets = set()
        self.listener = socket.create_server((address, 0))
        self.text = f"{address}:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = self.connect()
            if far is None:
                near.close()
                continue
            with self.lock:
                self.sockets |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=(one, other), daemon=True).start()

    def connect(self):
        for target in random.sample(self.targets, len(self.targets)):
            with contextlib.suppress(OSError):
                far = socket.create_connection(target, timeout=5)
                far.settimeout(None)
                return far
        return None

    def carry(self, one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                self.open.wait()
                other.sendall(data)
        self.forget(one, other)

    def forget(self, *sockets):
        with self.lock:
            self.sockets -= set(sockets)
        for sock in sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def fall_silent(self):
        self.open.clear()

    def heal(self):
        """What was on its way is gone, and so are the connections of old."""
        self.forget(*list(self.sockets))
        self.open.set()

    def close(self):
        self.listener.close()
        self.heal()

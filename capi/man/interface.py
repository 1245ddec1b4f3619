# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""All that the headers say of a function, with what they say once for several."""
import re

import header as reader

HEADERS = ("pool/pool.h", "pool/insight.h")


def capital(text):
    return text[0].upper() + text[1:]


class Interface:
    """The headers in the folder `include`, and the version script, which knows since when there is what."""

    def __init__(self, include, map_):
        self.headers = [reader.read(include, name) for name in HEADERS]
        self.items = [item for header in self.headers for item in header.items]
        self.by_name = {name: item for item in self.items for name in item.names}
        self.statuses = {member.split(" = ")[0]: text for member, text in self.by_name["POOL_OK"].members}
        about = self.headers[0].about
        self.points = [text for kind, text in about if kind == "point"]
        self.meanings = {name: text for kind, entries in about if kind == "names" for names, text in entries
                         for name in names.split(", ")}
        self.read_since(map_)

    def read_since(self, map_):
        """The version of a function is that of the node of the map that exports it; its comment has to say the same."""
        nodes = re.findall(r"LIBPOOL_([\d.]+) \{(.*?)\}", map_.read_text(), flags=re.S)
        since = {name: version for version, body in nodes for name in re.findall(r"\bpool_\w+(?=;)", body)}
        for item in self.items:
            for function in item.functions:
                if since.get(function.name) != item.since:
                    raise reader.Fault(f"{function.name}: since {item.since}, in the map {since.get(function.name)}")

    def parameters(self, item):
        """(type, name, what it means) of all functions of an item."""
        found = []
        for function in item.functions:
            for type_, name in function.parameters:
                is_written = "*" in type_ and "const" not in type_
                key = f"*{name}" if is_written and f"*{name}" in self.meanings else name
                if key not in self.meanings:
                    raise reader.Fault(f"{function.name}: {name} is not in the list of parameters in {HEADERS[0]}")
                if (type_, name, self.meanings[key]) not in found:
                    found.append((type_, name, self.meanings[key]))
        return found

    def usual(self, item, status):
        """When a status is returned of which the function says nothing of its own."""
        for returned in item.returns:
            for said in self.by_name[returned[1]].returns if returned[0] == "as" else []:
                if said[0] == status:
                    return said[1] or self.usual(self.by_name[returned[1]], status)
        return self.statuses.get(status, "")

    def returns(self, item):
        """What a function returns, as [(whence, [(statuses, when)])]; whence is empty for what it says itself."""
        seen, groups = set(), []
        self.gather_returns(item, "", seen, groups)
        if "POOL_EBADHANDLE" in seen:
            groups.append(("As every function that takes a handle", [("POOL_EFORKED", self.statuses["POOL_EFORKED"])]))
        return groups

    def gather_returns(self, item, whence, seen, groups):
        own = []
        groups.append((whence, own))
        for returned in item.returns:
            if returned[0] == "as":
                self.gather_returns(self.by_name[returned[1]], f"As {returned[1]}{returned[2]}", seen, groups)
                continue
            names, text = returned
            new = [name for name in re.split(r", | or ", names) if name not in seen]
            seen.update(new)
            if not text or text.startswith("also "):
                text = "; ".join(filter(None, (self.usual(item, names), text)))
            if new:
                own.append((", ".join(new), text))
        if not own:
            groups.remove((whence, own))

    def attributes(self, item):
        """What holds for all functions, unless one says otherwise: (what, text)."""
        safety = next(text.partition(": ")[2] for text in self.points if text.startswith("Thread-safety: "))
        signals = next(text for text in self.points if "async-signal-safe" in text)
        if any("signal handler" in text for text in item.text):
            signals = "It may be called from a signal handler."
        return [("Thread-safety", capital(safety)), ("Blocking", item.blocking), ("Signal handlers", signals)]

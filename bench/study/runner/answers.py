# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The findings in sentences. Every number is computed, and a sentence that the data do not bear out is not said."""
from data import crossing
from subjects import OURS
from verdicts import (ahead, by_lead, case_words, crossing_text, factor_text, judge, length_crossing, verdicts, widest)
from words import bytes_text, count_text, listed, times_text, time_text


def clip(phrases, most=2):
    """The largest regions, and that there are more."""
    return "; ".join(phrases[:most]) + ("; and elsewhere" if len(phrases) > most else "")


def middle_of(values):
    values = sorted(values)
    return values[len(values) // 2] if values else None


def sleeper_case(data, flight=None):
    """The case of the longest sleep with so many in flight, or with the most that a thread for each was measured at."""
    grid = data.grid("sleepers")
    length = max((cell[0] for cell in grid), default=None)
    flights = sorted(other for own, other in grid if own == length)
    if flight is None:
        flights = [other for other in flights if data.best(grid[length, other], "memory", "threads")]
        flight = flights[-1] if flights else None
    return grid.get((length, flight)), flight


def from_text(found):
    """What crossing() found, as the rest of a sentence."""
    value, how = found
    return {"below": "at every length measured", "above": f"at none, not even {time_text(value)},"}.get(
        how, f"from {crossing_text(found)} on")


def threads_line(data):
    """From which length of a task on a thread for each is no worse."""
    at = {flight: length_crossing(data, "threads", flight) for flight in (10, 1_000)}
    at = {flight: found for flight, found in at.items() if found}
    if not at:
        return ""
    known = [f"{from_text(found)} with {count_text(flight)} in flight" for flight, found in at.items()]
    text = f"tasks are few and long: a thread for each costs at most a tenth more time than libpool {listed(known)}"
    case, flight = sleeper_case(data)
    own, other = (data.best(case, "memory", family) if case else None for family in (OURS, "threads"))
    if own and other:
        text += f". {count_text(flight)} that sleep take {bytes_text(other[0])}, with libpool {bytes_text(own[0])}"
    return f"**Use plain threads when** {text}."


def rival_line(data, family, name):
    """When a rival is the better choice."""
    found = verdicts(data, "time", family)
    if not found:
        return ""
    won = by_lead(found, 1)
    regions = ahead(data, "time", family)[0] + ahead(data, "time", family, "sleepers", "sleeping tasks")[0]
    memory = middle_of([1 / verdict.ratio for verdict in verdicts(data, "memory", family)])
    extra = f", at {times_text(memory)} times its memory" if memory else ""
    if not won:
        nearest = max(found, key=lambda verdict: verdict.ratio)
        return (f"**Use {name} when** it is there already: in none of {len(found)} cases it is ahead of libpool{extra};"
                f" nearest: {case_words(data, nearest.case)} ({times_text(1 / nearest.ratio)} times libpool's time).")
    where = clip(regions, 1) if regions else case_words(data, widest(won).case)
    return (f"**Use {name} when** you have {where}{lone_start(data, family)}. It is ahead of libpool in {len(won)} of "
            f"{len(found)} cases, by up to {factor_text(widest(won))}{extra}.")


def lone_start(data, family):
    """That a lone task starts sooner, where it does by a factor."""
    case = data.levels.get("in_flight", {}).get("1")
    verdict = case and judge(data, case, "start_p50", family)
    if not verdict or verdict.lead != 1 or verdict.factor < 1.5:
        return ""
    return f"; a lone task starts in {time_text(verdict.theirs)}, not {time_text(verdict.ours)}"


def ours_line(data):
    """Where libpool is ahead of everybody, and how often."""
    times, memory = verdicts(data, "time"), verdicts(data, "memory")
    if not times:
        return ""
    regions = ahead(data, "time", OURS)[0] + ahead(data, "time", OURS, "sleepers", "sleeping tasks")[0]
    text = f"you have {clip(regions, 2)}" if regions else "you want its bounds, its groups or its one pool for all"
    text += f". It is first in {len(by_lead(times, -1))} of {len(times)} cases, even in {len(by_lead(times, 0))}"
    if memory:
        text += f"; in memory in {len(by_lead(memory, -1))} and {len(by_lead(memory, 0))}"
    return f"**Use libpool when** {text}."


def first_lines(data):
    """What to use when: the answer on top of the page."""
    lines = [threads_line(data), rival_line(data, "Go", "Go"), rival_line(data, "oneTBB", "oneTBB"), ours_line(data)]
    return [text for text in lines if text]


def pair_text(data, case, above, below, metric="time"):
    """By how much one subject is over another in a case, as a number; None if one of them is missing."""
    first, second = data.mid(case, above, metric), data.mid(case, below, metric)
    return None if first is None or not second else first / second


def crossing_of(data, above, below, flight=1_000, threshold=1.1):
    """From which length on one subject costs at most a tenth more than another."""
    points = [(length, pair_text(data, case, above, below)) for (length, other), case in data.grid("map").items()
              if other == flight]
    points = [point for point in points if point[1] is not None]
    return crossing(points, threshold) if len(points) > 1 else None


def channels(data):
    """Do channels limit a pool?"""
    case = data.grid("map").get((0.0, 1_000.0)) or data.levels.get("work", {}).get("empty")
    limited, own = pair_text(data, case, "Go channel", "Go"), pair_text(data, case, "Go channel", OURS)
    if limited is None:
        return ""
    answer = "Yes, where tasks are short" if limited > 1.1 else "No" if limited > 0.9 else "No, it even helps"
    times = [time_text(data.mid(case, name, "time")) for name in ("Go channel", "Go")]
    text = (f"{answer}. An empty goroutine that passes a buffered channel takes {times_text(limited)} times what it "
            f"takes without ({' beside '.join(times)})")
    if own:
        text += f", and {times_text(own)} times a task of libpool"
    found = crossing_of(data, "Go channel", "Go")
    if limited > 1.1 and found:
        text += f". With 1,000 in flight the channel costs at most a tenth {from_text(found)}"
    return text + "."


def reuse(data):
    """Does reuse help once creation is cheap?"""
    case = data.grid("map").get((0.0, 1_000.0)) or data.levels.get("work", {}).get("empty")
    parts = []
    for maker, keeper, what in (("std::thread", OURS, "threads"), ("Go", "ants", "goroutines"),
                                ("Java virtual", "Java pool", "Java's virtual threads")):
        ratio = pair_text(data, case, maker, keeper)
        if ratio is None:
            continue
        made, kept = (time_text(data.mid(case, name, "time")) for name in (maker, keeper))
        helps = f"reuse helps ({times_text(ratio)} times less time)" if ratio > 1.1 else \
            "reuse makes no difference" if ratio > 1 / 1.1 else f"reuse harms ({times_text(1 / ratio)} times the time)"
        parts.append(f"{what}: {helps}: an empty task takes {made} with a new one ({maker}), {kept} with one that is "
                     f"kept ({keeper})")
    if not parts:
        return ""
    found = crossing_of(data, "std::thread", OURS)
    tail = f" For threads it stops to matter {from_text(found)} a task (a tenth, 1,000 in flight)." if found else ""
    return "It depends on what is created. For " + "; for ".join(parts) + "." + tail


def memory_decides(data):
    """When does memory, not time, decide? Where several are nearly as fast as the fastest, yet differ in memory."""
    met, seen = [], 0
    for case in dict.fromkeys(verdict.case for verdict in verdicts(data, "time")):
        ranking = data.ranking(case, "time")
        near = [name for value, name in ranking if value <= 1.25 * ranking[0][0]]
        grown = sorted((data.mid(case, name, "memory") - (data.mid(case, name, "rss_base") or 0), name) for name in near
                       if data.mid(case, name, "memory"))
        seen += 1
        if len(grown) > 1 and grown[-1][0] > 2 * grown[0][0] and grown[-1][0] - grown[0][0] > 16e6:
            met.append((grown[-1][0] - grown[0][0], float(data.keys[case]["in_flight"]), case, grown))
    if not seen:
        return ""
    if not met:
        return (f"Not in these {seen} cases: nowhere do two that are within a quarter of the fastest differ by a "
                "factor of two and 16 MB in what they add to their process.")
    _, _, case, grown = max(met)
    least = min(flight for _, flight, _, _ in met)
    return (f"In {len(met)} of {seen} cases, from {count_text(least)} in flight on: there some are within a quarter of "
            "the fastest, yet differ by a factor of two and 16 MB or more in what they add to their process. Most in "
            f"“{case_words(data, case)}”: {grown[-1][1]} adds {bytes_text(grown[-1][0])}, {grown[0][1]} "
            f"{bytes_text(max(grown[0][0], 0))}.")


def guesses(data):
    """[(question, answer)], those that can be answered."""
    every = (("Do channels limit a pool?", channels(data)), ("Does reuse help once creation is cheap?", reuse(data)),
             ("When does memory, not time, decide?", memory_decides(data)))
    return [(question, answer) for question, answer in every if answer]


def elsewhere(data):
    """Who else is ahead of libpool, in a sentence."""
    parts = []
    for family in data.families:
        if family in (OURS, "Go", "oneTBB"):
            continue
        found = verdicts(data, "time", family)
        won = by_lead(found, 1)
        if won:
            top = widest(won)
            parts.append(f"{family} in {len(won)} of {len(found)} (up to {factor_text(top)} times: "
                         f"{case_words(data, top.case)})")
    return "Of the others, these are ahead of libpool in time: " + listed(parts) + "." if parts else ""

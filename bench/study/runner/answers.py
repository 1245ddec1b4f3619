# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The findings in sentences. Every number is computed, and a sentence that the data do not bear out is not said."""
import statistics

from data import crossing
from subjects import OURS
from verdicts import (ahead, by_lead, case_words, crossing_text, factor_text, judge, length_crossing, verdicts, widest)
from words import bytes_text, count_text, listed, times_text, time_text


def clip(phrases, most=2):
    """The largest regions, and that there are more."""
    return "; ".join(phrases[:most]) + ("; and elsewhere" if len(phrases) > most else "")


def memory_beside(data, found):
    """(what the rivals' quickest takes in the memory of libpool's quickest, in the middle, and who these are)."""
    ratios, ours, theirs = [], {}, {}
    for verdict in found:
        own = data.mid(verdict.case, verdict.our_way, "memory")
        other = data.mid(verdict.case, verdict.their_name, "memory")
        if own and other:
            ratios.append(other / own)
            ours[verdict.our_way] = theirs[verdict.their_name] = True
    return (statistics.median(ratios), list(theirs), list(ours)) if ratios else None


def dropped_text(data, family):
    """How many cells a family has no figure in, since a run of it was ended."""
    cells = data.dropped().get(family, ())
    limit = max((data.unfinished[key] or 0 for key in data.unfinished if key[0] in cells), default=0)
    return f"; {len(cells)} more {'was' if len(cells) == 1 else 'were'} not over after {limit:.0f} s" if cells else ""


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
    if all(found[1] == "above" for found in at.values()):
        longest = max(found[0] for found in at.values())
        text = (f"**Plain threads** cost more than a tenth over libpool's time at every length measured (up to "
                f"{time_text(longest)}) with {listed(map(count_text, at))} in flight")
    else:
        known = [f"with {count_text(flight)} in flight {from_text(found)}".rstrip(",") for flight, found in at.items()]
        text = ("**Plain threads will do when** your tasks are long for their number: a thread for each costs at most "
                f"a tenth more time than libpool {listed(known)}")
        if all(found[1] == "below" for found in at.values()):
            text = f"**Plain threads will do** here: a thread for each costs at most a tenth more time {listed(known)}"
    case, flight = sleeper_case(data)
    own, other = (data.best(case, "time", family) if case else None for family in (OURS, "threads"))
    if own and other:
        parts = [f"{bytes_text(data.mid(case, name, 'memory'))} with {name}" for _, name in (other, own)]
        text += f". {count_text(flight)} that sleep take {listed(parts)}, which are the quickest of each"
    return text + "."


def rival_line(data, family, name):
    """When a rival is the better choice."""
    found = verdicts(data, "time", family)
    if not found:
        return ""
    won = by_lead(found, 1)
    regions = ahead(data, "time", family)[0] + ahead(data, "time", family, "sleepers", "sleeping tasks")[0]
    memory = memory_beside(data, found)
    extra = "" if memory is None else (f" In the middle case its quickest way ({listed(memory[1], 'or')}) has "
                                       f"{times_text(memory[0])} times the memory of libpool's.")
    dropped = dropped_text(data, family)
    if not won:
        nearest = max(found, key=lambda verdict: verdict.ratio)
        return (f"**{name}** is ahead of libpool in none of {len(found)} cases{dropped}; nearest: "
                f"{case_words(data, nearest.case)} ({times_text(1 / nearest.ratio)} times libpool's time).{extra}")
    where = clip(regions, 1) if regions else case_words(data, widest(won).case)
    return (f"**Use {name} when** you have {where}{lone_start(data, family)}. It is ahead of libpool in {len(won)} of "
            f"{len(found)} cases, by up to {factor_text(widest(won))} times{dropped}.{extra}")


def lone_start(data, family):
    """That a lone task starts sooner, where it does by a factor."""
    case = data.levels.get("in_flight", {}).get("1")
    verdict = case and judge(data, case, "start_p50", family)
    if not verdict or verdict.lead != 1 or verdict.factor < 1.5:
        return ""
    return f"; a lone task starts in {time_text(verdict.theirs)}, not {time_text(verdict.ours)}"


def ours_line(data):
    """Where libpool is ahead of everybody, and how often."""
    times = verdicts(data, "time")
    if not times:
        return ""
    regions = ahead(data, "time", OURS)[0] + ahead(data, "time", OURS, "sleepers", "sleeping tasks")[0]
    text = f"you have {clip(regions, 2)}" if regions else "you want its bounds, its groups or its one pool for all"
    text += f". It is first in {len(by_lead(times, -1))} of {len(times)} cases, even in {len(by_lead(times, 0))}"
    memory = memory_beside(data, times)
    if memory:
        text += (f"; in the middle case the quickest of the others has {times_text(memory[0])} times the memory of "
                 f"its quickest ({listed(memory[2], 'or')})")
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


def empty_case(data):
    return data.grid("map").get((0.0, 1_000.0)) or data.levels.get("work", {}).get("empty")


def channels(data):
    """Do channels limit a pool? A pool of goroutines beside a goroutine for each task, and libpool beside both."""
    case = empty_case(data)
    limited = pair_text(data, case, "Go pool", "Go") if case else None
    if limited is None:
        return ""
    answer = "Yes, where tasks are short" if limited > 1.1 else "No" if limited > 0.9 else "No, it even helps"
    times = [f"{time_text(data.mid(case, name, 'time'))} ({name})" for name in ("Go pool", "Go")]
    text = (f"{answer}. With 1,000 in flight, as many goroutines as CPUs that range over a channel take "
            f"{times_text(limited)} times as long for an empty task as a goroutine for each: {' beside '.join(times)}")
    own, semaphore = (data.mid(case, name, "time") for name in (OURS, "Go channel"))
    if semaphore:
        text += f". A goroutine for each that passes a channel as semaphore takes {time_text(semaphore)} (Go channel)"
    if own:
        text += f". Beside them, with another scheduler, libpool takes {time_text(own)}"
    found = crossing_of(data, "Go pool", "Go")
    if limited > 1.1 and found:
        text += f". The pool costs at most a tenth {from_text(found)}".rstrip(",")
    return text + "."


def reuse(data):
    """Does reuse help once creation is cheap?"""
    case = empty_case(data)
    ratio = pair_text(data, case, "Go", "ants") if case else None
    parts = []
    for maker, keeper in (("std::thread", OURS), ("Go", "ants"), ("Java virtual", "Java fork-join"),
                          ("Java virtual", "Java pool")):
        if case and pair_text(data, case, maker, keeper) is not None:
            made, kept = (time_text(data.mid(case, name, "time")) for name in (maker, keeper))
            parts.append(f"{maker} {made} beside {keeper} {kept}")
    if not parts:
        return ""
    text = ""
    if ratio is not None:
        text = "For goroutines it " + ("does" if ratio > 1.1 else "makes no difference" if ratio > 1 / 1.1 else
                                       "does not") + ": " + \
            f"a new one for each task takes {times_text(ratio)} times what one that ants keeps takes. "
    text += f"An empty task, 1,000 in flight, with a new one for each beside one that is kept: {'; '.join(parts)}"
    text += ". But for Go and ants, these pairs differ in their schedulers, too."
    found = crossing_of(data, "std::thread", OURS)
    if found:
        tail = from_text(found).rstrip(",")
        text += f" A thread for each costs at most a tenth over libpool {tail} (length of a task, 1,000 in flight)."
    return text


def flights_of(met, seen):
    """At which numbers in flight: "from" only if it is so in every case from there on."""
    least, most = min(met), max(met)
    holds = [flight for flight in sorted(set(met)) if sum(one >= flight for one in met) ==
             sum(one >= flight for one in seen)]
    text = f"with {count_text(least)} in flight" if least == most else \
        f"with {count_text(least)} to {count_text(most)} in flight"
    if holds and holds[0] == least:
        return f"all those from {count_text(least)} in flight on"
    return text + (f", among them all from {count_text(holds[0])} on" if holds else "")


def memory_decides(data):
    """When does memory, not time, decide? Where several are nearly as fast as the fastest, yet differ in memory."""
    met, seen = [], []
    for case in dict.fromkeys(verdict.case for verdict in verdicts(data, "time")):
        ranking = data.ranking(case, "time")
        near = [name for value, name in ranking if value <= 1.25 * ranking[0][0]]
        grown = sorted((data.mid(case, name, "memory") - (data.mid(case, name, "rss_base") or 0), name) for name in near
                       if data.mid(case, name, "memory"))
        flight = float(data.keys[case]["in_flight"])
        seen.append(flight)
        if len(grown) > 1 and grown[-1][0] > 2 * grown[0][0] and grown[-1][0] - grown[0][0] > 16e6:
            met.append((grown[-1][0] - grown[0][0], flight, case, grown))
    if not seen:
        return ""
    if not met:
        return (f"Not in these {len(seen)} cases: nowhere do two that are within a quarter of the fastest differ by a "
                "factor of two and 16 MB in what they add to their process.")
    _, _, case, grown = max(met)
    return (f"In {len(met)} of {len(seen)} cases, {flights_of([flight for _, flight, _, _ in met], seen)}: there some "
            "are within a quarter of the fastest, yet differ by a factor of two and 16 MB or more in what they add to "
            f"their process. Most in “{case_words(data, case)}”: {grown[-1][1]} adds {bytes_text(grown[-1][0])}, "
            f"{grown[0][1]} {bytes_text(max(grown[0][0], 0))}.")


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


def dropped_line(data):
    """Where families are in no comparison, since they were not over in time."""
    parts = []
    for family, cases in data.dropped().items():
        words = clip([case_words(data, case) for case in sorted(cases)], 3)
        parts.append(f"{family} in {len(cases)} ({words})")
    return "In no comparison, since a run was not over in time and was ended: " + listed(parts) + "." if parts else ""

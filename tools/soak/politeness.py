"""A source that asks for patience: nobody asks within a Retry-After window, and a limit is met closely from below."""

import time

from world import check


def storm(world, movies, rate):
    """Three processes share a run on a source that answers 429 again and again."""
    demo = world.demo(movies, "429=3,latency=5ms")
    database = world.database("postgres")
    processes = [world.fetch(database, demo, rate=rate) for _ in range(3)]
    codes = [process.wait()[0] for process in processes]
    check(codes == [0, 0, 0], f"each completes: {codes} {processes[0].words()[-1500:]}")
    stats = demo.ask("stats")
    check(stats["inside_window"] == 0, f"nobody asks inside a window: {stats}")
    return {
        "processes": 3,
        "requests": stats["requests"],
        "windows": stats["faults"],
        "refused with 429": stats["faults"] + stats["throttled"],
        "inside a window": stats["inside_window"],
    }


def limited(world, limit, seconds):
    """A source that takes so many requests a second, from a command that is allowed five times as many."""
    demo = world.demo(int(limit * (seconds + 10)), f"rate={limit},latency=5ms")
    fetch = world.fetch(world.database("sqlite"), demo, rate=5 * limit)
    # The first half is for settling.
    fetch.ended_within(seconds / 2)
    before, begun_at = demo.ask("stats"), time.monotonic()
    fetch.ended_within(seconds / 2)
    after, elapsed = demo.ask("stats"), time.monotonic() - begun_at
    check(fetch.runs(), "the catalogue is large enough to measure with")
    fetch.kill()
    refused = after["throttled"] - before["throttled"]
    asked = after["requests"] - before["requests"]
    throughput = (asked - refused) / elapsed / limit
    figures = {
        "limit": f"{limit}/s",
        "throughput once settled": f"{throughput:.2f} of the limit",
        "429 once settled": f"{100 * refused / max(asked, 1):.2f} %",
        "inside a window": after["inside_window"],
    }
    check(0.9 <= throughput <= 1.01 and refused < asked / 100, f"it is met from below: {figures}")
    return figures

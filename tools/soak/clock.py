"""A clock that jumps by a day, forth and back, while a run goes on: for the process that fetches, by libfaketime."""

import glob

import rows
from world import check

# Where systems put it (Debian: apt-get install faketime).
PLACES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib*/faketime/libfaketimeMT.so.1", "/usr/local/lib/faketime/libfaketimeMT.so.1")
EVERY = 0.4


def faketime():
    """Returns where libfaketime is, or nothing where it is not installed."""
    return next((found for place in PLACES for found in glob.glob(place)), None)


def jumped(world, kind, movies):
    """Moves the clock of a run a day on, then two back, and so on, until it ends. The steady clock goes on as it is."""
    demo = world.demo(movies, "latency=60ms")
    expected = world.undisturbed(kind, demo)
    before = demo.ask("stats")["details"]
    offset = world.folder / "offset"
    offset.write_text("+0\n")
    faked = {
        "LD_PRELOAD": faketime(), "FAKETIME_TIMESTAMP_FILE": str(offset), "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    database = world.database(kind)
    fetch = world.fetch(database, demo, environment=faked)
    jumps = 0
    while not fetch.ended_within(EVERY):
        jumps += 1
        offset.write_text("+1d\n" if jumps % 2 else "-1d\n")
    code, summary = fetch.wait()
    check(code == 0, f"it completes (exit code {code}): {fetch.words()[-2000:]} {summary}")
    check(jumps > 1, "the clock jumped forth and back")
    difference = rows.compare(expected, rows.read(database))
    check(difference == (0, 0), f"the rows are those of an undisturbed run: {difference}")
    again = demo.ask("stats")["details"] - before - movies
    check(again == 0, f"no page was taken from a worker that lives: {again} details fetched again")
    return {"jumps of a day or two": jumps, "details fetched again": again, "rows lost, doubled or wrong": 0}

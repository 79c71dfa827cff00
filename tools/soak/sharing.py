"""Four processes on one PostgreSQL, with kill -9 and with SIGSTOP past the lease and SIGCONT among them."""

import signal
import time

import rows
from world import LIMIT, WORKERS, check

# Longer than a lease, and than a transaction may stand still.
STOPPED_FOR = 35
PASSED_ON = "passed to another process before it was saved here"


def shared(world, movies, rate):
    """Runs four processes until all have ended."""
    demo = world.demo(movies, "latency=20ms")
    expected = world.undisturbed("postgres", demo)
    before = demo.ask("stats")
    database = world.database("postgres")
    processes = [world.fetch(database, demo, rate=rate) for _ in range(4)]
    stopped, kills, stops = {}, 0, 0
    is_running = "SELECT COUNT(*) FROM run_pages WHERE run_id = 1 AND status IN ('due', 'leased')"
    time.sleep(3)
    while any(process.runs() for process in processes):
        time.sleep(world.rng.uniform(1, 4))
        now = time.monotonic()
        for place in [place for place, until in stopped.items() if until <= now]:
            processes[place].signal(signal.SIGCONT)
            del stopped[place]
        if int(database.query(is_running)[0][0]) <= 8 * WORKERS:
            # Near the end a newcomer would only begin the next run.
            continue
        place = world.rng.randrange(4)
        if place in stopped or not processes[place].runs():
            continue
        # Two of four stand still at most, so that there is something to disturb.
        if world.rng.random() < 0.4 and len(stopped) < 2:
            processes[place].signal(signal.SIGSTOP)
            stopped[place] = now + STOPPED_FOR
            stops += 1
        else:
            processes[place].kill()
            kills += 1
            processes[place] = world.fetch(database, demo, rate=rate)
    codes = [process.wait()[0] for process in processes]
    check(all(code == 0 for code in codes), f"each process that lived to the end completes: {codes} " + processes[0].words()[-1500:])
    refused = sum(process.words().count(PASSED_ON) for process in world.fetches)
    # Each commit of a page leaves one reading: more of them than pages read would be stale commits.
    commits, pages, again = (int(number) for number in database.query(
        "SELECT (SELECT COUNT(*) FROM run_readings WHERE run_id = 1 AND page > 0), (SELECT COUNT(*) FROM run_pages WHERE run_id = 1), "
        "(SELECT pages_read_again FROM runs WHERE id = 1)")[0])
    details = demo.ask("stats")["details"] - before["details"]
    difference = rows.compare(expected, rows.read(database))
    check(difference == (0, 0), f"the rows are those of one process: {difference}")
    check(commits == pages + again, f"no page is committed twice: {commits} commits of {pages} + {again} pages")
    allowed = (kills + stops) * WORKERS * LIMIT
    check(details - movies <= allowed, f"only pages of the disturbed are fetched again: {details - movies} of {allowed}")
    return {
        "movies": movies,
        "kills": kills,
        "stops of 35 s": stops,
        "stale commits refused": refused,
        "stale commits accepted": commits - pages - again,
        "details fetched again": f"{details - movies} of {allowed} allowed",
        "rows lost, doubled or wrong": sum(difference),
    }

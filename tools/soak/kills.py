"""kill -9 and Ctrl-C at random moments, the same command each time, compared row for row with an undisturbed run."""

import signal

import rows
from world import LIMIT, WORKERS, check

MOVIES = 1000
# A run takes about 1.5 s undisturbed; kills come at any moment of it, from before its first request on.
LATEST_KILL = 0.7


def killed(world, kind, kill_count):
    """Kills until so many kills are made, over as many databases as that takes."""
    demo = world.demo(MOVIES, "latency=20ms")
    expected = world.undisturbed(kind, demo)
    kills = databases = lost = surplus = again = 0
    most_again = 0
    while kills < kill_count:
        database = world.database(kind)
        databases += 1
        fetched_before = demo.details()
        again_before = 0
        while True:
            fetch = world.fetch(database, demo)
            if kills >= kill_count or fetch.ended_within(world.rng.uniform(0, LATEST_KILL)):
                break
            fetch.kill()
            kills += 1
            committed = int(database.query_after_kill("SELECT COUNT(*) FROM movies")[0][0])
            fetched = demo.details() - fetched_before
            most_again = max(most_again, fetched - committed - again_before)
            again_before = fetched - committed
        code, summary = fetch.wait()
        check(code == 0, f"the same command finishes the job (exit code {code}): {fetch.words()[-2000:]}")
        again += demo.details() - fetched_before - MOVIES
        missing, more = rows.compare(expected, rows.read(database))
        lost, surplus = lost + missing, surplus + more
        database.drop()
    check(lost == 0 and surplus == 0, f"nothing is lost or doubled: {lost} rows lost, {surplus} too many")
    check(most_again <= WORKERS * LIMIT, f"a kill costs at most a page a worker: {most_again} details")
    return {
        "kills": kills,
        "databases": databases,
        "rows each": rows.total(expected),
        "rows lost": lost,
        "rows doubled or wrong": surplus,
        "details fetched again, a kill": f"{again / kills:.1f}",
        "at most": f"{most_again} of {WORKERS * LIMIT} allowed",
    }


def interrupted(world, kind, count):
    """Sends SIGINT at random moments; each must end with 130 and be gone on with."""
    demo = world.demo(MOVIES, "latency=20ms")
    expected = world.undisturbed(kind, demo)
    interrupts = databases = again = early = 0
    while interrupts < count:
        database = world.database(kind)
        databases += 1
        fetched_before = demo.details()
        while True:
            fetch = world.fetch(database, demo)
            if interrupts >= count or fetch.ended_within(world.rng.uniform(0, LATEST_KILL)):
                break
            fetch.signal(signal.SIGINT)
            code, _ = fetch.wait(30)
            # Before the handler stands, SIGINT ends the process as it ends any; after the last page it comes too late.
            early += code == -signal.SIGINT
            check(code in (130, -signal.SIGINT, 0), f"it ends as interrupted, not with {code}: {fetch.words()[-2000:]}")
            interrupts += 1
            if code == 0:
                break
        code, _ = fetch.wait()
        check(code == 0, f"the same command finishes the job (exit code {code})")
        again += demo.details() - fetched_before - MOVIES
        difference = rows.compare(expected, rows.read(database))
        check(difference == (0, 0), f"nothing is lost or doubled: {difference}")
        database.drop()
    return {
        "interrupts": interrupts,
        "before the handler stood": early,
        "databases": databases,
        "rows lost": 0,
        "rows doubled or wrong": 0,
        "details fetched again, in all": again,
    }

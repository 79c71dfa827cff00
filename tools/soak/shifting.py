"""A list that shifts while it is read: movies come in at its head and go from anywhere, so many a second."""

import threading
import time

from world import check


class Shift:
    """Has the list shift until stopped."""

    def __init__(self, demo, inserts_a_second):
        self.demo = demo
        self.pause = 1 / inserts_a_second
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        next_at, number = time.monotonic(), 0
        while not self.stopping.wait(max(0, next_at - time.monotonic())):
            next_at += self.pause
            number += 1
            self.demo.ask("insert")
            # A fifth as many go as come.
            if number % 5 == 0:
                self.demo.ask("remove")

    def stop(self):
        self.stopping.set()
        self.thread.join()


def _present(database):
    return {int(row[0]) for row in database.query("SELECT external_id FROM movies WHERE deleted_at IS NULL")}


def _deleted(database):
    return {int(row[0]) for row in database.query("SELECT external_id FROM movies WHERE deleted_at IS NOT NULL")}


def shifted(world, kind, inserts_a_second, movies, rate):
    """Reads the list while it shifts, then once more when it has come to rest."""
    demo = world.demo(movies, "latency=20ms")
    database = world.database(kind)
    listed_at_start = set(demo.ask("listed"))
    shift = Shift(demo, inserts_a_second)
    fetch = world.fetch(database, demo, rate=rate, limit=50)
    code, first = fetch.wait()
    listed_when_done = demo.ask("listed")
    shift.stop()
    check(code in (0, 3), f"it completes, or says that it could not show it ({code}): {fetch.words()[-2000:]}")
    present = _present(database)
    # What was there before the run and after it was there all the time.
    missed = (listed_at_start & set(listed_when_done)) - present
    if code == 0:
        check(not missed, f"a certified run missed {len(missed)} movies that were listed all the time")
    false_deletions = _deleted(database) & set(listed_when_done)
    check(not false_deletions, f"{len(false_deletions)} listed movies are marked as deleted")
    read_again = database.query("SELECT pages_read_again FROM runs ORDER BY id")[0][0]
    shifted_by = demo.ask("stats")
    only_new_code, only_new = world.fetch(database, demo, "--only-new", rate=rate, limit=50).wait()
    check(only_new_code == 0, f"a list at rest is certified: exit code {only_new_code}")
    listed = set(demo.ask("listed"))
    missed_at_rest = listed - _present(database)
    check(not missed_at_rest, f"{len(missed_at_rest)} movies are missed once the list is at rest")
    world.run_through(database, demo, rate=rate, limit=50)
    return {
        "inserts": shifted_by["inserted"],
        "removals": shifted_by["removed"],
        "first run": f"{'certified' if code == 0 else 'not shown, exit 3'}, {first['requests']['list']} list requests",
        "pages read again": read_again,
        "missed of those listed all the time": len(missed),
        "missed after one --only-new more": len(missed_at_rest),
        "its list requests": only_new["requests"]["list"],
        "listed but marked as deleted": len(_deleted(database) & listed),
    }

"""kill -9 at each named point between the list and the commit: of a page that was not committed nothing stays."""

import sqlite3
import subprocess
import time

import rows
from world import LIMIT, POSTGRES_URL, PSQL, WORKERS, check

MOVIES = 80
# Long enough for all workers to have their requests on the wire at once.
LATENCY_SECONDS = 0.15
# Whatever is waited for comes sooner, or never.
LONGEST_WAIT = 30


def _until(what, is_so):
    begun_at = time.monotonic()
    while not is_so():
        check(time.monotonic() - begun_at < LONGEST_WAIT, f"the run comes to the point: {what}")
        time.sleep(0.002)


class _PostgresLock:
    """Keeps others from writing to a table."""

    # What the one who saves a page says when it comes to the table.
    SAYS = {"movies": 'INSERT INTO "movies"', "torrents": 'INSERT INTO "torrents"', "run_pages": '"finished_at" ='}

    def __init__(self, database, table, _rng):
        self.database, self.table = database, table
        url = POSTGRES_URL.rsplit("/", 1)[0] + "/" + database.name
        self.psql = subprocess.Popen([PSQL, url, "-XAtq"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def take(self):
        self.psql.stdin.write(f"BEGIN; LOCK TABLE {self.table} IN EXCLUSIVE MODE; SELECT 'locked';\n")
        self.psql.stdin.flush()
        check(self.psql.stdout.readline() == "locked\n", f"{self.table} can be locked")

    def is_waited_for(self):
        return int(self.database.query(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
            f"AND query LIKE '%{self.SAYS[self.table]}%'")[0][0]) > 0

    def give_up(self):
        self.psql.communicate("ROLLBACK;\n", timeout=30)


class _SqliteLock:
    """Keeps others from writing to the file. Who waits for it cannot be seen, so some time passes instead."""

    def __init__(self, database, _table, rng):
        self.connection, self.database, self.rng = None, database, rng
        self.until = None

    def take(self):
        self.connection = sqlite3.connect(self.database.file, isolation_level=None, timeout=60)
        self.connection.execute("BEGIN EXCLUSIVE")

    def is_waited_for(self):
        self.until = self.until or time.monotonic() + self.rng.uniform(0.2, 0.4)
        return time.monotonic() > self.until

    def give_up(self):
        self.connection.execute("ROLLBACK")
        self.connection.close()


def _list_not_answered(_world, demo, before, _database):
    _until("a list is asked for", lambda: demo.ask("stats")["requests"] > before["requests"])
    check(demo.ask("stats")["list"] == before["list"], "it is not answered yet")


def _details_missing(_world, demo, before, _database):
    _until("details are asked for", lambda: demo.ask("stats")["requests"] > before["requests"] + WORKERS)


def _just_committed(_world, _demo, _before, database):
    _until("a page is committed", lambda: int(database.query_after_kill("SELECT COUNT(*) FROM movies")[0][0]) > 0)


def _waiting_for(table):
    def reach(world, demo, before, database):
        lock = (_PostgresLock if database.kind == "postgres" else _SqliteLock)(database, table, world.rng)
        _details_missing(world, demo, before, database)
        lock.take()
        _until(f"it waits for {table}", lock.is_waited_for)
        return lock

    return reach


# How to come to each point, and whether a page may be saved there.
POINTS = {
    "before the list is answered": (_list_not_answered, False),
    "before the details": (_details_missing, False),
    "all fetched, nothing written": (_waiting_for("movies"), False),
    "in the middle of the transaction": (_waiting_for("torrents"), False),
    "before the mark that the page is done": (_waiting_for("run_pages"), False),
    "just committed": (_just_committed, True),
}
# A file has one lock, which is taken before the first table.
ONLY_POSTGRES = ("in the middle of the transaction", "before the mark that the page is done")


def killed(world, kind, times):
    """Kills so many times at each point, each time on a database of its own, and has the same command finish."""
    demo = world.demo(MOVIES, f"latency={round(LATENCY_SECONDS * 1000)}ms")
    expected = world.undisturbed(kind, demo)
    figures, most_again = {}, 0
    for name, (reach, may_be_saved) in POINTS.items():
        if kind == "sqlite" and name in ONLY_POSTGRES:
            continue
        for _ in range(times):
            database = world.database(kind)
            before = demo.ask("stats")
            details_before = demo.details()
            fetch = world.fetch(database, demo)
            lock = reach(world, demo, before, database)
            check(fetch.runs(), f"it runs until it is killed, {name}: {fetch.words()[-2000:]}")
            fetch.kill()
            if lock:
                lock.give_up()
            saved = int(database.query_after_kill("SELECT COUNT(*) FROM movies")[0][0])
            check(may_be_saved or saved == 0, f"nothing stays of a page that was not committed, {name}: {saved} movies")
            check(saved % LIMIT == 0, f"pages are whole, {name}: {saved} movies")
            code, summary = world.fetch(database, demo).wait()
            check(code == 0, f"the same command finishes the job, {name} (exit code {code}): {summary}")
            most_again = max(most_again, demo.details() - details_before - MOVIES)
            difference = rows.compare(expected, rows.read(database))
            check(difference == (0, 0), f"nothing is lost or doubled, {name}: {difference}")
            database.drop()
        figures[name] = f"{times} kills"
    check(most_again <= WORKERS * LIMIT, f"a kill costs at most a page a worker: {most_again} details")
    return {
        **figures,
        "rows lost, doubled or wrong": 0,
        "details fetched again, at most": f"{most_again} of {WORKERS * LIMIT} allowed",
    }

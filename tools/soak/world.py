"""What every experiment works with: the programs as processes of their own, a demo API, databases that are thrown away.

Memory is watched here too: the peak (VmHWM) of each fetch-yts that was started. What is tried stands in the files
named after it; how databases are compared is in rows.py.
"""

import json
import os
import pathlib
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
import urllib.request

import rows

PROGRAMS = pathlib.Path(os.environ["SOAK_PROGRAMS"])
POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "")
POSTGRES_CTL = os.environ.get("TEST_POSTGRES_CTL", "")
PSQL = os.path.join(os.environ.get("TEST_POSTGRES_BIN", ""), "psql")

# Pages in hand at a time, and movies on each: what a kill may cost.
WORKERS = 4
LIMIT = 10

# Nothing here takes longer than this: whatever does, hangs.
LONGEST_RUN = 600
LONGEST_ANSWER = 60


class Disproved(Exception):
    """A promise that was not kept."""


def check(is_kept, promise):
    """Fails the experiment where a promise was not kept."""
    if not is_kept:
        raise Disproved(promise)


class Demo:
    """The demo API in a process of its own."""

    def __init__(self, movies, faults=""):
        arguments = ["--movies", str(movies), "--seed", "11", "--faults", faults]
        program = PROGRAMS / "examples" / "demo-api"
        self.movies = movies
        self.process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True)
        self.base_url = self.process.stdout.readline().split()[-1]
        self.root = self.base_url.removesuffix("/api/v2/")

    def ask(self, what):
        """Asks the backstage of the API: stats, listed, insert, remove."""
        with urllib.request.urlopen(f"{self.root}/demo/{what}", timeout=30) as answer:
            return json.load(answer)

    def details(self):
        """Returns how many details it has answered, once it has nothing left to answer."""
        begun_at = time.monotonic()
        while True:
            check(time.monotonic() - begun_at < LONGEST_ANSWER, "the demo API answers what it was asked")
            stats = self.ask("stats")
            if stats["requests"] == sum(stats[kind] for kind in ("list", "details", "other", "faults", "throttled")):
                return stats["details"]
            time.sleep(0.005)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Sqlite:
    """A SQLite file of its own."""

    kind = "sqlite"

    def __init__(self, folder=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.file = self.folder / "yts.db"
        self.url = f"sqlite://{self.file}?mode=rwc"

    def query(self, sql):
        with sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=60) as connection:
            return connection.execute(sql).fetchall()

    def query_after_kill(self, sql):
        """Asks a copy, so that it is left to fetch-yts to recover the file; checks the copy's integrity too."""
        copy = Sqlite()
        for suffix in ("", "-wal"):
            part = pathlib.Path(f"{self.file}{suffix}")
            if part.exists():
                shutil.copy(part, f"{copy.file}{suffix}")
        with sqlite3.connect(copy.file) as connection:
            try:
                verdict = connection.execute("PRAGMA integrity_check").fetchall()
                check(verdict == [("ok",)], f"the file is sound after a kill: {verdict}")
                return connection.execute(sql).fetchall()
            except sqlite3.OperationalError as error:
                check("no such table" in str(error), f"the file can be read after a kill: {error}")
                return [(0,)]
            finally:
                shutil.rmtree(copy.folder)

    def drop(self):
        shutil.rmtree(self.folder)


class Postgres:
    """A database of its own on the throwaway server."""

    kind = "postgres"

    def __init__(self, _folder=None):
        self.name = f"soak_{os.getpid()}_{random.getrandbits(32):08x}"
        on_server("postgres", f"CREATE DATABASE {self.name} TEMPLATE template0")
        self.url = POSTGRES_URL.rsplit("/", 1)[0] + "/" + self.name

    def query(self, sql):
        return on_server(self.name, sql)

    def query_after_kill(self, sql):
        try:
            return self.query(sql)
        except subprocess.CalledProcessError as error:
            check("does not exist" in error.stderr, f"the database can be read after a kill: {error.stderr}")
            return [(0,)]

    def drop(self):
        on_server("postgres", f"DROP DATABASE {self.name} WITH (FORCE)")


def on_server(database, sql):
    """Runs a statement by psql, and returns its rows as texts."""
    url = POSTGRES_URL.rsplit("/", 1)[0] + "/" + database
    command = [PSQL, url, "-XAtq", "-v", "ON_ERROR_STOP=1", "-F", "\x1f", "-R", "\x1e", "-c", sql]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.rstrip("\n")
    return [tuple(row.split("\x1f")) for row in output.split("\x1e")] if output else []


class Fetch:
    """A fetch-yts, with its peak of memory watched until it ends."""

    def __init__(self, world, database_url, demo, arguments, max_file_bytes=None, more_environment=None):
        command = [PROGRAMS / "fetch-yts", "--database-url", database_url, "--base-url", demo.base_url, "--json"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("YTS__", "DATABASE_"))}
        environment |= {"NO_COLOR": "1", **(more_environment or {})}
        self.world = world
        self.log = tempfile.TemporaryFile(dir=world.folder)
        self.output = tempfile.TemporaryFile(dir=world.folder)
        limit = None
        if max_file_bytes is not None:
            limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))
        self.process = subprocess.Popen(
            [*command, *map(str, arguments)],
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.log, cwd=world.folder, env=environment, preexec_fn=limit,
        )
        self.memory = threading.Thread(target=self.watch_memory, daemon=True)
        self.memory.start()

    def watch_memory(self):
        """VmHWM only grows, so looking now and then is enough, but for the last moments before an end."""
        while self.process.poll() is None:
            try:
                status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
            except OSError:
                return
            for line in status.splitlines():
                if line.startswith("VmHWM:"):
                    self.world.peak_kib = max(self.world.peak_kib, int(line.split()[1]))
            time.sleep(0.02)

    def runs(self):
        return self.process.poll() is None

    def ended_within(self, seconds):
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def signal(self, number):
        if self.runs():
            self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait(30)

    def wait(self, seconds=LONGEST_RUN):
        """Waits for the end; returns exit code and summary."""
        if not self.ended_within(seconds):
            self.kill()
            raise Disproved(f"it ends within {seconds} s; its log ends:\n{self.words()[-2000:]}")
        self.output.seek(0)
        text = self.output.read().decode()
        return self.process.returncode, json.loads(text) if text.strip() else {}

    def words(self):
        """Returns what it said on stderr."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")


class World:
    """The folder, the random numbers and the memory peak of one experiment."""

    def __init__(self, seed):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="yts-soak."))
        self.rng = random.Random(seed)
        self.peak_kib = 0
        self.demos = []
        self.fetches = []

    def demo(self, movies, faults=""):
        self.demos.append(Demo(movies, faults))
        return self.demos[-1]

    def database(self, kind):
        return Sqlite(self.folder) if kind == "sqlite" else Postgres()

    def fetch(self, database, demo, *more, rate=0, limit=LIMIT, workers=WORKERS, url=None, max_file_bytes=None, environment=None):
        """Starts the command; the same each time."""
        arguments = ["--rate", rate, "--workers", workers, "--limit", limit, "--concurrency", 16, *more]
        self.fetches.append(Fetch(self, url or database.url, demo, arguments, max_file_bytes, environment))
        return self.fetches[-1]

    def run_through(self, database, demo, *more, rate=0, limit=LIMIT, workers=WORKERS):
        """Runs the command to its end, which must be a complete one."""
        fetch = self.fetch(database, demo, *more, rate=rate, limit=limit, workers=workers)
        code, summary = fetch.wait()
        check(code == 0, f"it completes (exit code {code}): {fetch.words()[-2000:]} {summary}")
        return summary

    def undisturbed(self, kind, demo):
        """Returns the rows that a run makes which nothing disturbs."""
        database = self.database(kind)
        self.run_through(database, demo)
        return rows.read(database)

    def close(self):
        for fetch in self.fetches:
            if fetch.runs():
                fetch.signal(signal.SIGCONT)
                fetch.kill()
        for demo in self.demos:
            demo.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

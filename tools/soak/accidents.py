"""Accidents of one machine: the disk is full, and another program holds the database's lock."""

import contextlib
import os
import sqlite3
import subprocess
import tempfile
import time

import rows
from world import Sqlite, check


def disk_full(world, movies, times):
    """Lets the file reach a limit that rises from one attempt to the next, then lifts it."""
    demo = world.demo(movies)
    expected = world.undisturbed("sqlite", demo)
    database = world.database("sqlite")
    codes, slowest = [], 0.0
    for attempt in range(times):
        fetch = world.fetch(database, demo, max_file_bytes=200_000 + attempt * 150_000 + world.rng.randrange(100_000))
        begun_at = time.monotonic()
        codes.append(fetch.wait(180)[0])
        slowest = max(slowest, time.monotonic() - begun_at)
        words = fetch.words()
        check(codes[-1] in (0, 5), f"it ends with the database's exit code, not {codes[-1]}: {words[-2000:]}")
        check(codes[-1] == 0 or "full" in words or "too large" in words or "disk" in words, f"it says why: {words[-2000:]}")
        database.query_after_kill("SELECT COUNT(*) FROM movies")
        if codes[-1] == 0:
            break
    world.run_through(database, demo)
    difference = rows.compare(expected, rows.read(database))
    check(difference == (0, 0), f"the rows are those of an undisturbed run: {difference}")
    return {
        "times full": codes.count(5),
        "longest until it said so": f"{slowest:.1f} s",
        "files damaged": 0,
        "rows lost, doubled or wrong": sum(difference),
    }


def locked(world, movies, seconds, times):
    """Holds the write lock from outside, again and again, while a run goes on."""
    demo = world.demo(movies, "latency=20ms")
    expected = world.undisturbed("sqlite", demo)
    before = demo.ask("stats")["details"]
    database = world.database("sqlite")
    fetch = world.fetch(database, demo, rate=movies / 5)
    held = 0
    for _ in range(times):
        fetch.ended_within(world.rng.uniform(0.5, 1.5))
        if not fetch.runs():
            break
        with sqlite3.connect(database.file, isolation_level=None, timeout=60) as other:
            other.execute("BEGIN EXCLUSIVE")
            time.sleep(seconds)
            other.execute("ROLLBACK")
            held += 1
    code, summary = fetch.wait()
    words = fetch.words()
    check(code == 0, f"it waits and completes (exit code {code}): {words[-2000:]}")
    difference = rows.compare(expected, rows.read(database))
    check(difference == (0, 0), f"the rows are those of an undisturbed run: {difference}")
    return {
        f"locks of {seconds} s": held,
        "said of it": words.count("locked"),
        "failures": len(summary["failures"]),
        "details fetched again": demo.ask("stats")["details"] - before - movies,
        "rows lost, doubled or wrong": sum(difference),
    }


@contextlib.contextmanager
def _volume(mebibytes):
    """Mounts a volume in memory of this size, which takes the rights of root."""
    with tempfile.TemporaryDirectory(prefix="yts-volume.") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", folder], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def can_mount():
    return os.geteuid() == 0


def volume_full(world, movies, times):
    """Lets a small volume run full, then makes it larger."""
    demo = world.demo(movies)
    expected = world.undisturbed("sqlite", demo)
    full, slowest = 0, 0.0
    for attempt in range(times):
        with _volume(1 + attempt % 4) as folder:
            database = Sqlite(folder)
            filling = database.folder / "other"
            # Something else takes a part of it, another each time.
            filling.write_bytes(bytes(world.rng.randrange(700_000)))
            begun_at = time.monotonic()
            fetch = world.fetch(database, demo)
            code, _ = fetch.wait(120)
            slowest = max(slowest, time.monotonic() - begun_at)
            words = fetch.words()
            check(code == 5, f"it ends with the database's exit code, not {code}: {words[-2000:]}")
            check("full" in words or "space" in words or "disk" in words, f"it says why: {words[-2000:]}")
            full += 1
            database.query_after_kill("SELECT COUNT(*) FROM movies")
            subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
            world.run_through(database, demo)
            difference = rows.compare(expected, rows.read(database))
            check(difference == (0, 0), f"the rows are those of an undisturbed run: {difference}")
    return {
        "times full": full,
        "longest until it said so": f"{slowest:.1f} s",
        "files damaged": 0,
        "rows lost, doubled or wrong": 0,
    }

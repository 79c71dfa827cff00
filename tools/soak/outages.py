"""PostgreSQL goes away in mid-run: restarted in three ways, or behind a proxy that cuts and swallows connections."""

import os
import signal
import subprocess
import time

import rows
from proxy import Proxy
from world import LONGEST_RUN, POSTGRES_CTL, POSTGRES_URL, check, on_server


def _control(*arguments):
    return subprocess.run([POSTGRES_CTL, *arguments], capture_output=True, text=True, check=False).returncode == 0


def _restart(how):
    if how != "kill -9":
        check(_control("restart", "-m", how), f"the server restarts ({how})")
        return
    data = on_server("postgres", "SHOW data_directory")[0][0]
    with open(os.path.join(data, "postmaster.pid"), encoding="ascii") as file:
        os.kill(int(file.readline()), signal.SIGKILL)
    # Its children must have seen it before another can start.
    for _ in range(60):
        time.sleep(0.5)
        if _control("start"):
            return
    check(False, "the server starts after kill -9")


def _movies(database):
    return int(database.query_after_kill("SELECT COUNT(*) FROM movies")[0][0])


def _behind_proxy(database):
    """Puts a proxy before the server; returns it, and the URL by which it leads to the database."""
    host = POSTGRES_URL.split("@")[-1].split("/")[0]
    proxy = Proxy(host)
    return proxy, database.url.replace(host, f"127.0.0.1:{proxy.port}")


def _ended_well(fetch, database, expected, seconds=LONGEST_RUN):
    """Waits for a run that must go on by itself; returns how many rows are not those of an undisturbed one: none may be."""
    code, _ = fetch.wait(seconds)
    check(code == 0, f"the run goes on by itself (exit code {code}): {fetch.words()[-2000:]}")
    difference = rows.compare(expected, rows.read(database))
    check(difference == (0, 0), f"the rows are those of an undisturbed run: {difference}")
    return sum(difference)


def restarted(world, movies, rate):
    """Restarts the server again and again while one run goes on."""
    demo = world.demo(movies, "latency=20ms")
    expected = world.undisturbed("postgres", demo)
    before = demo.ask("stats")["details"]
    database = world.database("postgres")
    fetch = world.fetch(database, demo, rate=rate)
    ways, recoveries = {"fast": 0, "immediate": 0, "kill -9": 0}, []
    time.sleep(3)
    while fetch.runs():
        how = world.rng.choice(sorted(ways))
        _restart(how)
        ways[how] += 1
        came_back = time.monotonic()
        saved = _movies(database)
        while fetch.runs() and _movies(database) == saved:
            time.sleep(0.05)
        recoveries.append(time.monotonic() - came_back)
        fetch.ended_within(world.rng.uniform(1, 4))
    wrong = _ended_well(fetch, database, expected)
    again = demo.ask("stats")["details"] - before - movies
    return {
        **ways,
        "longest from the server's return to the next commit": f"{max(recoveries, default=0):.1f} s",
        "details fetched again": again,
        "rows lost, doubled or wrong": wrong,
    }


def cut(world, movies, rate):
    """Cuts all connections, and swallows what they say, behind a proxy."""
    demo = world.demo(movies, "latency=20ms")
    expected = world.undisturbed("postgres", demo)
    before = demo.ask("stats")["details"]
    database = world.database("postgres")
    proxy, url = _behind_proxy(database)
    fetch = world.fetch(database, demo, rate=rate, url=url)
    cuts, holes = 0, []
    time.sleep(3)
    while fetch.runs():
        if world.rng.random() < 0.6:
            proxy.cut()
            cuts += 1
        else:
            holes.append(world.rng.uniform(1, 12))
            proxy.swallow(True)
            fetch.ended_within(holes[-1])
            proxy.swallow(False)
            # What was swallowed never arrives: such a connection is as good as cut, which the network says at last.
            proxy.cut()
        fetch.ended_within(world.rng.uniform(0.5, 3))
    wrong = _ended_well(fetch, database, expected)
    again = demo.ask("stats")["details"] - before - movies
    return {
        "cuts": cuts,
        "black holes": len(holes),
        "of up to": f"{max(holes, default=0):.0f} s",
        "details fetched again": again,
        "rows lost, doubled or wrong": wrong,
    }


def silenced(world, movies, rate):
    """Swallows what the connections of a run say for ever; new ones work."""
    demo = world.demo(movies, "latency=20ms")
    expected = world.undisturbed("postgres", demo)
    database = world.database("postgres")
    proxy, url = _behind_proxy(database)
    fetch = world.fetch(database, demo, rate=rate, url=url)
    time.sleep(4)
    proxy.swallow_those_there()
    silenced_at, saved = time.monotonic(), _movies(database)
    check(fetch.runs() and saved > 0, "it falls silent in the middle of the run")
    while fetch.runs() and _movies(database) == saved:
        check(time.monotonic() - silenced_at < 300, "connections that fell silent for ever are given up within 300 s")
        time.sleep(0.2)
    stall = time.monotonic() - silenced_at
    wrong = _ended_well(fetch, database, expected, 300)
    return {"stall": f"{stall:.0f} s", "rows lost, doubled or wrong": wrong}


def lost(world, stride):
    """Breaks off one connection in each of many runs: at every so many-th message, heard or unheard by the server."""
    movies, limit = 4, 2
    demo = world.demo(movies)
    database = world.database("postgres")
    world.run_through(database, demo, limit=limit, workers=1)
    expected = rows.read(database)
    figures, slowest = {}, 0.0
    for is_heard in (False, True):
        runs, again = 0, 0
        while True:
            database.query("TRUNCATE runs, movies, genres, casts RESTART IDENTITY CASCADE")
            proxy, url = _behind_proxy(database)
            proxy.break_at(1 + runs * stride, is_heard, b'INTO "runs"')
            before, begun_at = demo.details(), time.monotonic()
            fetch = world.fetch(database, demo, limit=limit, workers=1, url=url)
            code, summary = fetch.wait(120)
            what = f"message {runs * stride} is lost, {'heard' if is_heard else 'unheard'}"
            check(code == 0, f"the run goes on where {what} (exit code {code}): {fetch.words()[-2000:]}")
            slowest = max(slowest, time.monotonic() - begun_at)
            found = (summary["pages"]["done"], summary["movies"]["listed"], summary["movies"]["saved"])
            check(found == (movies // limit, movies, movies), f"its figures are exact where {what}: {summary}")
            check(rows.compare(expected, rows.read(database)) == (0, 0), f"the rows are the same where {what}")
            again += demo.details() - before - movies
            if not proxy.has_broken():
                break
            runs += 1
        check(runs > 20, f"a run has more messages than {runs}")
        figures["answers lost" if is_heard else "messages lost"] = f"{runs}, one a run; {again} details fetched again"
    return {**figures, "longest run": f"{slowest:.1f} s", "rows lost, doubled or wrong": 0}

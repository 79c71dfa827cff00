"""Measures crawls beside what network and databases cost by themselves, and prints a table. Called by scripts/bench.

One size after the other; within a size every kind of work once a round, so that what else the machine does falls on all
of them alike. The figures are medians over the rounds.
"""

import argparse
import functools
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import floors
import measure
from world import PROGRAMS, POSTGRES_CTL, Demo, Postgres, Sqlite

IN_FLIGHT = 32
PAGE = 50
LATENCY_MS = 50
LATENCY_MOVIES = 2000


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures crawls beside what network and databases cost.")
    parser.add_argument("--movies", type=int, nargs="+", default=[2000, 20000, 200000],
                        help="sizes of the catalogue (default: 2000 20000 200000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default: 3)")
    parser.add_argument("--programs", type=pathlib.Path, default=PROGRAMS, help="folder of the fetch-yts to measure")
    parser.add_argument("--arguments", default="", help="more arguments of fetch-yts, such as '--embeddings off'")
    parser.add_argument("--only", choices=["postgres", "sqlite", "latency"], help="only this part")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, for programs")
    options = parser.parse_args()

    measured = {}
    with tempfile.TemporaryDirectory(prefix="yts-bench.") as folder:
        bench = Bench(options, pathlib.Path(folder))
        for movies in options.movies:
            measured[f"{movies} movies"] = bench.measure_size(movies)
        if options.only in (None, "latency"):
            measured[f"{LATENCY_MOVIES} movies at {LATENCY_MS} ms"] = bench.measure_latency()
    if options.json:
        json.dump(measured, sys.stdout, indent=2)
        print()
    else:
        for title, works in measured.items():
            show(title, works)
        show_growth(measured)


class Bench:
    """What all measurements share."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        status = subprocess.run([POSTGRES_CTL, "status"], capture_output=True, text=True, check=False).stdout
        data = status.partition('"-D" "')[2].partition('"')[0]
        self.server = int(pathlib.Path(data, "postmaster.pid").read_text().split()[0])

    def measure_size(self, movies):
        """Measures everything at one size; returns the figures of each work."""
        api = Demo(movies)
        rounds = Rounds()
        kinds = [kind for kind in ("postgres", "sqlite") if self.options.only in (None, kind)]
        try:
            for number in range(self.options.rounds if kinds else 0):
                self.say(f"{movies} movies, round {number + 1} of {self.options.rounds}")
                rounds.add("HTTP floor", self.http(api))
                rounds.add("HTTP floor, lists only", self.http(api, "--lists-only"))
                if "postgres" in kinds:
                    self.round_on(Postgres(), api, rounds)
                if "sqlite" in kinds:
                    self.round_on(Sqlite(self.folder), api, rounds)
        finally:
            api.stop()
        return rounds.medians()

    def round_on(self, database, api, rounds):
        """First run, run again, update, and the floor of the same rows."""
        server = self.server if database.kind == "postgres" else None
        try:
            rounds.add(f"{database.kind}: first run", self.fetch(api, database, server))
            rounds.add(f"{database.kind}: run again", self.fetch(api, database, server, "--fresh"))
            rounds.add(f"{database.kind}: update", self.fetch(api, database, server, "--fresh", "--existing", "update"))
            if server is None:
                load = functools.partial(floors.sqlite_floor, database.file, folder=self.folder)
                rounds.add("sqlite: database floor", self.into_copy(database, load))
            else:
                for floor, without in (("with documents", ()), ("making documents", ("search_document",))):
                    load = functools.partial(floors.Rows(database, self.folder, without).load, server=server)
                    rounds.add(f"postgres: database floor, {floor}", self.into_copy(database, load))
        finally:
            database.drop()

    def into_copy(self, database, load):
        """Loads rows into an empty copy of the schema; returns the figures."""
        empty = type(database)(self.folder)
        try:
            floors.copy_schema(database, empty)
            return load(empty)
        finally:
            empty.drop()

    def measure_latency(self):
        """Measures first runs against an API that takes its time."""
        api = Demo(LATENCY_MOVIES, f"latency={LATENCY_MS}ms")
        rounds = Rounds()
        try:
            for number in range(self.options.rounds):
                self.say(f"{LATENCY_MOVIES} movies at {LATENCY_MS} ms, round {number + 1} of {self.options.rounds}")
                rounds.add("HTTP floor", self.http(api))
                for kind, server in (("postgres", self.server), ("sqlite", None)):
                    database = Postgres() if kind == "postgres" else Sqlite(self.folder)
                    rounds.add(f"{kind}: first run", self.fetch(api, database, server, "--concurrency", IN_FLIGHT))
                    database.drop()
        finally:
            api.stop()
        ideal = (LATENCY_MOVIES + LATENCY_MOVIES / PAGE) / IN_FLIGHT * LATENCY_MS / 1000
        return {f"ideal: requests / {IN_FLIGHT} x {LATENCY_MS} ms": {"wall": ideal}, **rounds.medians()}

    def fetch(self, api, database, server, *more):
        """Runs fetch-yts to its end, which must be a complete one."""
        command = [self.options.programs / "fetch-yts", "--base-url", api.base_url, "--database-url", database.url,
                   "--limit", PAGE, "--rate", 0, "--json", *self.options.arguments.split(), *more]
        figures, output = measure.run(command, server=server, api=api.process.pid, folder=self.folder)
        summary = json.loads(output)
        if summary["movies"]["listed"] < api.movies:
            raise RuntimeError(f"not every movie was listed: {output}")
        return {**figures, "requests": summary["requests"]["total"], "mib": summary["bytes"] / 2**20}

    def http(self, api, *more):
        command = [PROGRAMS / "examples" / "http-floor", "--base-url", api.base_url, "--movies", api.movies,
                   "--limit", PAGE, "--concurrency", IN_FLIGHT, *more]
        figures, output = measure.run(command, api=api.process.pid, folder=self.folder)
        words = output.split()
        return {**figures, "requests": int(words[0]), "mib": int(words[2]) / 2**20}

    @staticmethod
    def say(text):
        print(text, file=sys.stderr, flush=True)


class Rounds:
    """Figures of each work, round after round."""

    def __init__(self):
        self.works = {}

    def add(self, work, figures):
        self.works.setdefault(work, []).append(figures)

    def medians(self):
        return {
            work: {figure: statistics.median(round[figure] for round in rounds) for figure in rounds[0]}
            for work, rounds in self.works.items()
        }


COLUMNS = {
    "wall": "wall s", "cpu": "CPU s", "server_cpu": "server s", "api_cpu": "API s", "peak_mib": "peak MiB", "requests": "requests",
    "mib": "MiB",
}


def show(title, works):
    """Prints the table of a size, with the ratios that say how far from the floors a work is."""
    print(f"\n{title}")
    print(f"  {'':<44}" + "".join(f"{name:>10}" for name in COLUMNS.values()))
    for work, figures in works.items():
        print(f"  {work:<44}" + "".join(cell(column, figures.get(column)) for column in COLUMNS))
    for text, ratio in ratios(works):
        print(f"  {text:<60}{ratio:>8.2f}")


def cell(column, value):
    if value is None:
        return f"{'':>10}"
    return f"{value:>10.0f}" if column in ("peak_mib", "requests", "mib") else f"{value:>10.2f}"


def ratios(works):
    """Returns what is compared, with the ratio."""
    def ratio(text, one, other, figure):
        if one in works and other in works:
            yield text, works[one][figure] / works[other][figure]

    ideal = next((work for work in works if work.startswith("ideal")), None)
    for kind in ("postgres", "sqlite"):
        first, again, update = f"{kind}: first run", f"{kind}: run again", f"{kind}: update"
        if ideal:
            yield from ratio(f"{kind}: first run / ideal, wall", first, ideal, "wall")
            continue
        for floor in (work for work in works if work.startswith(f"{kind}: database floor")):
            yield from ratio(f"{kind}: first run / {floor.partition(': ')[2]}, wall", first, floor, "wall")
        yield from ratio(f"{kind}: first run / HTTP floor, CPU of the client", first, "HTTP floor", "cpu")
        yield from ratio(f"{kind}: update of nothing / run again, wall", update, again, "wall")


def show_growth(measured):
    """Prints how the time a movie and the memory grow from one size to the next."""
    sizes = sorted(int(title.split()[0]) for title in measured if title.endswith("movies"))
    for small, large in zip(sizes, sizes[1:]):
        print(f"\nGrowth from {small} to {large} movies: time a movie, and memory")
        before, after = (measured[f"{size} movies"] for size in (small, large))
        for first in ("postgres: first run", "sqlite: first run"):
            if first in before and first in after:
                time = after[first]["wall"] / large / (before[first]["wall"] / small)
                memory = after[first]["peak_mib"] / before[first]["peak_mib"]
                print(f"  {first:<28}{time:>10.2f}{memory:>10.2f}")


if __name__ == "__main__":
    main()

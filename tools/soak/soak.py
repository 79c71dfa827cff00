"""Runs the experiments that are named, or all, and prints a table of what came of them. Called by scripts/soak."""

import argparse
import signal
import sys
import time
import traceback

import accidents
import clock
import kills
import outages
import points
import politeness
import sharing
import shifting
from world import Disproved, World

# What each does. The numbers are the long form; --part divides them.
EXPERIMENTS = {
    "kills-sqlite": lambda world, part: kills.killed(world, "sqlite", part(500)),
    "kills-postgres": lambda world, part: kills.killed(world, "postgres", part(300)),
    "interrupts-sqlite": lambda world, part: kills.interrupted(world, "sqlite", part(100)),
    "interrupts-postgres": lambda world, part: kills.interrupted(world, "postgres", part(100)),
    "points-sqlite": lambda world, part: points.killed(world, "sqlite", part(20)),
    "points-postgres": lambda world, part: points.killed(world, "postgres", part(20)),
    "sharing": lambda world, part: sharing.shared(world, part(8000), 80),
    "restarts": lambda world, part: outages.restarted(world, part(4000), 100),
    "cuts": lambda world, part: outages.cut(world, part(4000), 100),
    "silence": lambda world, part: outages.silenced(world, max(600, part(1000)), 100),
    "lost": lambda world, part: outages.lost(world, 1 if part(2) > 1 else 10),
    "storm": lambda world, part: politeness.storm(world, part(6000), 200),
    "limit": lambda world, part: politeness.limited(world, 40, part(150)),
    "shift-1": lambda world, part: shifting.shifted(world, "sqlite", 1, part(3000), 150),
    "shift-10": lambda world, part: shifting.shifted(world, "postgres", 10, part(3000), 150),
    "shift-50": lambda world, part: shifting.shifted(world, "sqlite", 50, part(3000), 150),
    "disk-full": lambda world, part: accidents.disk_full(world, 1000, part(20)),
    "volume-full": lambda world, part: accidents.volume_full(world, 2000, part(20)),
    "clock-sqlite": lambda world, part: clock.jumped(world, "sqlite", part(4000)),
    "clock-postgres": lambda world, part: clock.jumped(world, "postgres", part(4000)),
    "locked": lambda world, part: accidents.locked(world, part(4000), 10, part(4)),
}


def main():
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__.split(". Called")[0])
    parser.add_argument("names", nargs="+", metavar="NAME", choices=["all", *EXPERIMENTS], help="all, or: " + ", ".join(EXPERIMENTS))
    parser.add_argument("--seed", type=int, default=1, help="which random moments (default: 1)")
    parser.add_argument("--part", type=int, default=1, metavar="N", help="do the N-th part of each, for a quick look")
    arguments = parser.parse_args()
    is_all = "all" in arguments.names
    wanted = list(EXPERIMENTS) if is_all else arguments.names
    names = [name for name in wanted if can_run(name)]
    # So that what was started is ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"seed {arguments.seed}, 1/{arguments.part} of the long form", flush=True)
    verdicts = [run(name, arguments) for name in names]
    print(f"\n{verdicts.count(True)} of {len(verdicts)} kept what is promised")
    # An experiment that was asked for by its name has proven nothing where it was not run.
    return 0 if all(verdicts) and (is_all or names == wanted) else 1


def can_run(name):
    """Says whether this machine has what the experiment takes."""
    if name == "volume-full" and not accidents.can_mount():
        print(f"{name} is not run: it takes the rights of root")
        return False
    if name.startswith("clock-") and clock.faketime() is None:
        print(f"{name} is not run: it takes libfaketime (Debian: apt-get install faketime)")
        return False
    return True


def run(name, arguments):
    """Runs one experiment; says whether its promises were kept."""
    world = World(f"{name} {arguments.seed}")
    begun_at = time.monotonic()
    try:
        figures = EXPERIMENTS[name](world, lambda number: max(1, number // arguments.part))
        verdict = "kept"
    except Disproved as broken:
        figures, verdict = {"not kept": str(broken)}, "NOT KEPT"
    except Exception:  # noqa: BLE001: the others are to run all the same
        figures, verdict = {"the experiment failed": traceback.format_exc()}, "FAILED"
    finally:
        world.close()
    figures["seconds"] = f"{time.monotonic() - begun_at:.0f}"
    figures["memory peak of a fetch-yts"] = f"{world.peak_kib / 1024:.0f} MiB"
    if verdict == "kept" and world.peak_kib > 150 * 1024:
        verdict = "NOT KEPT: more than 150 MiB"
    print(f"\n{name}: {verdict}")
    width = max(len(key) for key in figures)
    for key, value in figures.items():
        print(f"  {key:<{width}}  {value}")
    sys.stdout.flush()
    return verdict == "kept"


if __name__ == "__main__":
    sys.exit(main())

"""Runs a command and measures it: seconds, CPU of the command, of the database's server and of the API, peak memory."""

import os
import pathlib
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


def run(command, server=None, api=None, folder=None, check=True):
    """Runs a command to its end; returns its figures and what it printed."""
    before = cpu_of_tree(server), cpu_of(api)
    begun_at = time.monotonic()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("YTS__", "DATABASE_"))}
    with open(os.path.join(folder, "stderr"), "w+b") as stderr, open(os.path.join(folder, "stdout"), "w+b") as stdout:
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=environment, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begun_at
        # So that what served it is done, or has ended and is counted with its parent.
        time.sleep(0.2)
        process.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        stderr.seek(0)
        if check and process.returncode != 0:
            raise RuntimeError(f"{command} ended with {process.returncode}: {stderr.read().decode(errors='replace')[-2000:]}")
        output = stdout.read().decode()
    figures = {
        "wall": seconds,
        "cpu": usage.ru_utime + usage.ru_stime,
        "server_cpu": cpu_of_tree(server) - before[0],
        "api_cpu": cpu_of(api) - before[1],
        "peak_mib": usage.ru_maxrss / 1024,
    }
    return figures, output


def stat(pid):
    """Returns the fields of /proc/PID/stat that follow the name, which may hold anything."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_of(pid):
    """Returns the CPU seconds of a process."""
    if pid is None:
        return 0.0
    fields = stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_of_tree(pid):
    """Returns the CPU seconds of a process, its children, and those of its children that have ended."""
    if pid is None:
        return 0.0
    fields = stat(pid)
    ticks = sum(map(int, fields[11:15]))
    for child in os.listdir("/proc"):
        if child.isdigit():
            try:
                fields = stat(child)
            except OSError:
                continue
            if int(fields[1]) == pid:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS

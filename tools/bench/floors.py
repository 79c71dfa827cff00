"""The least that the same rows cost: loaded into an empty copy of the same schema, every index and constraint in place.

On PostgreSQL by `psql \\copy`, table after table over one connection, with the documents of full-text search or leaving it to
the database to make them; on SQLite by prepared inserts in one transaction.
"""

import pathlib
import sqlite3
import subprocess
import sys
import time

import measure
from world import PSQL, on_server

PG_DUMP = pathlib.Path(PSQL).with_name("pg_dump")

# In the order that the foreign keys ask for; the search's own tables on SQLite follow by triggers.
TABLES = ("genres", "casts", "movies", "movie_genres", "movie_casts", "torrents", "movie_embeddings")


class Rows:
    """The finished rows of a PostgreSQL database, as files that \\copy reads; without columns that it makes itself."""

    def __init__(self, database, folder, without=()):
        self.folder = pathlib.Path(folder)
        self.into = {}
        for table in TABLES:
            columns = on_server(database.name, "SELECT column_name FROM information_schema.columns "
                                f"WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY ordinal_position")
            columns = ", ".join(name for (name,) in columns if name not in without)
            self.into[table] = f"{table} ({columns})"
            on_server(database.name, f"\\copy (SELECT {columns} FROM {table}) TO '{self.file(table)}'")

    def file(self, table):
        return self.folder / f"{table}.copy"

    def load(self, database, server):
        """Loads them; returns the figures."""
        commands = [f"\\copy {self.into[table]} FROM '{self.file(table)}'" for table in TABLES]
        script = self.folder / "load.sql"
        script.write_text("\n".join(commands) + "\n")
        command = [PSQL, database.url, "-Xq", "-v", "ON_ERROR_STOP=1", "-f", script]
        return measure.run(command, server=server, folder=self.folder)[0]


def copy_schema(source, target):
    """Makes an empty copy of a database's schema."""
    if source.kind == "postgres":
        dump = subprocess.run([PG_DUMP, "--schema-only", source.url], capture_output=True, check=True, timeout=60)
        subprocess.run([PSQL, target.url, "-Xq", "-v", "ON_ERROR_STOP=1"], input=dump.stdout, capture_output=True, check=True, timeout=60)
        return
    made_by_others = "name LIKE 'sqlite_%' OR name GLOB '*_search_*' AND type = 'table'"
    schema = source.query(f"SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND NOT ({made_by_others}) ORDER BY type = 'table' DESC")
    with sqlite3.connect(target.file) as connection:
        for (sql,) in schema:
            connection.execute(sql)


def load_sqlite(source, target):
    """Loads the rows of one SQLite file into another; to be run as a process of its own. Only the loading is timed."""
    with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as connection:
        rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
    connection = sqlite3.connect(target, isolation_level=None)
    # As fetch-yts sets them for the connection that writes.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-16384", "mmap_size=0",
                   "wal_autocheckpoint=8000", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    begun_at, cpu = time.monotonic(), time.process_time()
    connection.execute("BEGIN IMMEDIATE")
    for table, content in rows.items():
        if content:
            places = ", ".join("?" * len(content[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({places})", content)
    connection.execute("COMMIT")
    connection.close()
    print(time.monotonic() - begun_at, time.process_time() - cpu)


def sqlite_floor(source, database, folder):
    """Loads in a process of its own; returns the figures."""
    command = [sys.executable, __file__, source, database.file]
    figures, output = measure.run(command, folder=folder)
    figures["wall"], figures["cpu"] = map(float, output.split())
    return figures


if __name__ == "__main__":
    load_sqlite(*sys.argv[1:])

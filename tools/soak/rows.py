"""The whole catalogue as rows that depend neither on our own ids nor on when they were written, to compare databases
with each other row for row."""

import collections

MOVIE = """external_id imdb_code title title_english title_long slug year rating runtime description_intro description_full
yt_trailer_code language mpa_rating like_count url background_image background_image_original small_cover_image
medium_cover_image large_cover_image date_uploaded deleted_at""".split()
TORRENT = """hash url quality type is_repack video_codec bit_depth audio_channels seeds peers size size_bytes
date_uploaded""".split()


def _columns(table, names):
    return ", ".join(f"{table}.{name}" for name in names)


TABLES = {
    "movies": f"SELECT {_columns('m', MOVIE)} FROM movies m",
    "genres": "SELECT name FROM genres",
    "casts": "SELECT name, imdb_code, url_small_image FROM casts",
    "torrents": f"SELECT m.external_id, {_columns('t', TORRENT)} FROM torrents t LEFT JOIN movies m ON m.id = t.movie_id",
    "movie_genres": "SELECT m.external_id, g.name FROM movie_genres l LEFT JOIN movies m ON m.id = l.movie_id "
    "LEFT JOIN genres g ON g.id = l.genre_id",
    "movie_casts": "SELECT m.external_id, l.position, c.name, c.imdb_code, l.character_name FROM movie_casts l "
    "LEFT JOIN movies m ON m.id = l.movie_id LEFT JOIN casts c ON c.id = l.cast_id",
}


def read(database):
    """Reads the catalogue: for each table how often each row stands there."""
    return {table: collections.Counter(database.query(sql)) for table, sql in TABLES.items()}


def compare(expected, found):
    """Returns how many rows were lost, and how many stand there that should not: twice, or at all."""
    lost = sum(((expected[table] - found[table]).total() for table in TABLES))
    surplus = sum(((found[table] - expected[table]).total() for table in TABLES))
    return lost, surplus


def total(rows):
    """Returns how many rows there are."""
    return sum(counter.total() for counter in rows.values())

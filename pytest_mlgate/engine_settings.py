"""What a gate file may say to another engine: how large a session is, and where a database lies. Nothing that runs.

Settings of Spark and parameters of a URL can name classes, files, statements and other machines. A gate file of a pull
request reaches them, so what is not known to be harmless is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Setting = bool | int | float | str
# How large a session is and how it reads. Settings that name classes, jars, files or other machines could run code.
_SPARK_SETTINGS = re.compile(
    r"spark\.(sql\.(shuffle|adaptive|ansi|autoBroadcastJoinThreshold|session\.timeZone|caseSensitive|files\.max)[\w.]*"
    r"|(driver|executor)\.(memory|memoryOverhead|cores|instances|maxResultSize)"
    r"|default\.parallelism|memory\.[\w.]*|dynamicAllocation\.[\w.]*|task\.cpus|network\.timeout|app\.name)"
)
_SPARK_MASTER = re.compile(r"local(\[[\d*]+(,\d+)?\])?")
_SPARK_VALUE = re.compile(r"[\w.:/+ -]+")
# What a URL may say beside where the database is; other parameters can run statements or name files.
_URL_PARAMETERS = frozenset({"sslmode", "schema", "warehouse", "role", "catalog"})


def setting_mistakes(settings: Mapping[str, Setting]) -> Iterable[str]:
    """Find settings by which a gate file could run code or reach another cluster."""
    for name, value in settings.items():
        local = name == "spark.master" and _SPARK_MASTER.fullmatch(str(value))
        if not local and not (_SPARK_SETTINGS.fullmatch(name) and _SPARK_VALUE.fullmatch(str(value))):
            yield (
                f"a gate file cannot set {name} to {value!r}: set it in spark-defaults.conf, or return a DataFrame "
                "of your own session from a fixture"
            )


def url_mistakes(url: str) -> Iterable[str]:
    """Find what the URL of a database may not say; none of it is shown, since it may hold a password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        yield "url is no URL"
        return
    if not parts.scheme or parts.scheme in {"file", "parquet", "csv", "http", "https"} or "://" not in url:
        yield "url is that of a database, as postgres://host/database or duckdb:///folder/file.duckdb"
    extra = sorted({name for name, _ in parse_qsl(parts.query)} - _URL_PARAMETERS)
    if extra:
        yield f"url sets {', '.join(extra)}: connect in a fixture, which returns the table"

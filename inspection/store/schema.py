"""Every table of the store: importing this module makes ``metadata`` whole, whoever asks for it."""

from inspection.store import (
    account_tables,
    log_tables,
    outbox_tables,
    pledge_tables,
    publication_tables,
    schedule_tables,
    work_tables,
)
from inspection.store.tables import metadata

TABLES = (account_tables, log_tables, outbox_tables, pledge_tables, publication_tables, schedule_tables, work_tables)
"""Modules that declare tables beside ``tables`` itself; a new one is added here."""

__all__ = ["TABLES", "metadata"]

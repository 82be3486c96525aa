from __future__ import annotations

import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from one_row_each import fill
from sqlalchemy import Connection, create_engine, inspect, text

from inspection.errors import StoreError
from inspection.store import schema, tables
from inspection.store.engine import connect, migrate
from inspection.store.plans import Store
from inspection.store.rows import row_lines, stored_tables


def test_newest_migration_is_the_one_the_store_knows() -> None:
    scripts = ScriptDirectory(str(resources.files("inspection.store") / "migrations"))
    assert scripts.get_heads() == [tables.HEAD]


def test_bare_database_is_upgraded_to_every_table(bare_url: str) -> None:
    store = Store.at(bare_url)
    assert set(inspect(store.engine).get_table_names()) == {*schema.metadata.tables, "alembic_version"}
    store.close()


def test_upgraded_tables_autogenerate_finds_no_difference(store: Store) -> None:
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []


def _rules(connection: Connection) -> Any:
    """Columns, keys, checks and indexes by table as the database states them; autogenerate ignores checks."""
    inspector = inspect(connection)
    found = {}
    for table in schema.metadata.tables:
        columns = [(each["name"], str(each["type"]), each["nullable"]) for each in inspector.get_columns(table)]
        checks = sorted((each["name"], each["sqltext"]) for each in inspector.get_check_constraints(table))
        keys = sorted((each["name"], each["constrained_columns"]) for each in inspector.get_foreign_keys(table))
        indexes = sorted(
            (each["name"], each["column_names"], each["unique"], *map(str, each["dialect_options"].values()))
            for each in inspector.get_indexes(table)
        )
        uniques = sorted((each["name"], each["column_names"]) for each in inspector.get_unique_constraints(table))
        found[table] = (columns, inspector.get_pk_constraint(table), checks, keys, indexes, uniques)
    return found


def test_upgraded_tables_equal_the_declared_ones_in_every_rule(store: Store) -> None:
    with store.reading() as connection:
        migrated = _rules(connection)
    migrate(store.engine, "base")
    schema.metadata.create_all(store.engine)
    with store.reading() as connection:
        assert migrated == _rules(connection)
    assert migrated["log_entries"][2]


def test_downgrade_leaves_nothing_and_upgrade_comes_back(store: Store) -> None:
    migrate(store.engine, "base")
    assert inspect(store.engine).get_table_names() == ["alembic_version"]
    store.upgrade()
    assert set(inspect(store.engine).get_table_names()) == {*schema.metadata.tables, "alembic_version"}


def _revisions() -> list[str]:
    """All of them, the newest first."""
    scripts = ScriptDirectory(str(resources.files("inspection.store") / "migrations"))
    return [script.revision for script in scripts.walk_revisions()]


def _contents(store: Store) -> dict[str, bytes]:
    with store.reading() as connection:
        return {table.name: b"".join(row_lines(connection, table)) for table in stored_tables(connection)}


def test_every_downgrade_keeps_the_rows_it_has_tables_for_and_upgrade_comes_back(store: Store) -> None:
    with store.writing() as connection:
        fill(connection)
    before = _contents(store)
    assert before.keys() == schema.metadata.tables.keys() and all(before.values())
    for revision in _revisions()[1:]:
        migrate(store.engine, revision)
        left = _contents(store)
        assert left and all(left.values())
        store.upgrade()
        after = _contents(store)
        assert after.keys() == before.keys()
        assert {name: after[name] for name in left} == {name: before[name] for name in left}
        migrate(store.engine, revision)


def test_store_of_a_newer_program_is_refused(store: Store, url: str) -> None:
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError) as refusal:
        Store.at(url)
    assert (refusal.value.code, refusal.value.params["found"]) == ("store.schema.newer", "9999")


def test_migration_that_fails_halfway_leaves_the_tables_as_they_were(bare_url: str) -> None:
    engine = connect(bare_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE needs (x INTEGER)"))
    with pytest.raises(Exception, match="needs"):
        Store(engine).upgrade()
    assert inspect(engine).get_table_names() == ["needs"]
    engine.dispose()


def test_opening_a_store_at_the_newest_version_imports_no_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    Store.at(url).close()
    code = f"import sys; from inspection.store.plans import Store; Store.at({url!r}); print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("no url: pass=secret", "store.database.url"),
        ("mysql://root:secret@host/db", "store.database.kind"),
        ("postgresql://user:secret@127.0.0.1:1/db", "store.database.unreachable"),
        ("sqlite:////nowhere/at/all/store.db", "store.database.unreachable"),
    ],
)
def test_database_that_cannot_be_used_is_named_without_its_password(url: str, code: str) -> None:
    with pytest.raises(StoreError) as refusal:
        Store.at(url)
    assert refusal.value.code == code
    assert "secret" not in refusal.value.text("zh") + refusal.value.text("en")


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"PK\x03\x04 a spreadsheet" * 500)
    with pytest.raises(StoreError) as refusal:
        Store.at(f"sqlite:///{tmp_path / 'store.db'}")
    assert refusal.value.code == "store.database.unreachable"


def test_sqlite_commits_are_synced_in_wal_mode_with_foreign_keys(tmp_path: Path) -> None:
    store = Store.at(f"sqlite:///{tmp_path / 'store.db'}")
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
    with store.reading() as connection:
        assert [connection.scalar(text(f"PRAGMA {name}")) for name in pragmas] == ["wal", 2, 1, 1]
    store.close()


def test_two_writers_take_turns_and_lose_nothing(store: Store, url: str) -> None:
    with store.writing() as connection:
        connection.execute(text("CREATE TABLE counter (value INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    code = (
        "import sys; from sqlalchemy import text; from inspection.store.plans import Store\n"
        f"store = Store.at({url!r})\n"
        "for _ in range(50):\n"
        "    with store.writing() as c:\n"
        "        value = c.scalar(text('SELECT value FROM counter'))\n"
        "        c.execute(text('UPDATE counter SET value = :v'), {'v': value + 1})\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    engine = create_engine(url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT value FROM counter")) == 100
    engine.dispose()

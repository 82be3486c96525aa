"""Alembic migrations of the store, forwards and back; ``engine.migrate`` runs them."""

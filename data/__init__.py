"""Alias tables, code sets, templates and messages kept as data; installed as ``inspection_data``."""

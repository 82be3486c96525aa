"""Arrays and indices only: quotas, chances and days, all decided before a seed exists (SOLVER.md)."""

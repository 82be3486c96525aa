"""The line of a plan step by step, each stored before the next: frame, quotas, draws, days, and who solves them."""

"""What people ask of a plan as it stands: what if, why this chance, figures, audits. Nothing here changes a plan."""

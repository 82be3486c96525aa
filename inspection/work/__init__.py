"""The year as work: visits carried out, findings, disclosure, publication, statistics, papers."""

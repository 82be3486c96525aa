"""One file per migration, each frozen once released."""

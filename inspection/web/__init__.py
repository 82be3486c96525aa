"""Page and API over HTTP: thin, on the service functions the commands use. Needs the ``web`` extra."""

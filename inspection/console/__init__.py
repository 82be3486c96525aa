"""What the command line shows: progress on stderr, results on stdout, questions in the meeting room."""

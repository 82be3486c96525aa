"""When things are done: a ticker, the jobs of the year, and who does which of them; what is done is a service call."""

"""The only floor that sees both the domain and the solver."""

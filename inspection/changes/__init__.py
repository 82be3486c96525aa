"""What happens to a drawn plan: void, replace, substitute, close, redate; one person asks, another approves."""

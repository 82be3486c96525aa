"""The store: workspace, frozen files, plans and steps, draws, and the log with its signed checkpoints."""

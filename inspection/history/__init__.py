"""Years of draws against what chance allows: bundles of ours, and lists that older systems left behind."""

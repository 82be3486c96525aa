"""What leaves the house: bundles for auditors."""

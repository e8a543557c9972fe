"""What runs the benchmark: builds, workers, turns, records."""

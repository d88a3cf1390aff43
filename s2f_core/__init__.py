"""Speech2Face, re-measured and rebuilt: the core package behind the notebooks."""

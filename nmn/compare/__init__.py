"""The comparison: every system on the same data, with the same budget, and one table of what came out."""

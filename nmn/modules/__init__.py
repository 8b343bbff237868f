"""The meaning of every name in SIGNATURES, as functions on batches of calls."""

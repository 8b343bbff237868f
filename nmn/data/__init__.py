"""Datasets as examples: a question, the scene it is about, the recorded answer."""

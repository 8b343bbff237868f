"""Tests, and the random layouts and scenes that several of them draw."""

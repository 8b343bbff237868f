"""From parse trees to phrases: what was said."""

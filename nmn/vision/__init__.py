"""Pixels to what is in them: scenes, or regions for the modules to attend to."""

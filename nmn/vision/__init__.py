"""From pixels to regions: grids of CNN features, and objects proposed from an image."""

"""Speed, as ratios measured in one run: ``nmn bench``."""

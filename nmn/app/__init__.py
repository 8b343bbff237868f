"""The explorer in the browser: one page over a JSON API, for one person at their own machine."""

"""``python -m nmn``: the command line."""

from nmn.cli import main

main()

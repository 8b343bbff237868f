"""The module network and the systems it is compared with, one file each; ``build.py`` holds every number."""

"""Pixels to regions: pictures of any kind, the networks that read them, and a cache of what those made of them."""

"""Traces as pictures: where everything lies is decided once, and drawn in any format from that."""

"""Layouts to one batched run: plan, execute, trace."""

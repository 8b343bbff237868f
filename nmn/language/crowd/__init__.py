"""Statements as crowd workers write them: noisy words to layouts, by a weighted chart of meanings."""

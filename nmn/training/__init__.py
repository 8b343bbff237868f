"""Training from images, questions and answers."""

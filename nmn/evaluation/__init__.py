"""How well answers fit what was recorded: metrics as functions of records."""

"""Shape worlds: the independent reference evaluator that checks every label."""

"""Paid attempts at vendors: intents, jobs, rate limits, what the operator spends."""

"""Customers' credits: accounts, balances, double-entry transfers, statements."""

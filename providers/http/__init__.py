"""HTTP to vendors and to foreign addresses: clients, messages, egress guard, pagination, downloads."""

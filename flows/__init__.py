"""Order only: a flow reads like the list of statuses."""

"""The database itself: engine, drivers, tables, records, clock."""

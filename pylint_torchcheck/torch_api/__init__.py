"""What is known about torch: tables, and the lookups that read them."""

"""Who must hear about it? Evidence, contacts, complaints, reports."""

"""Tables of a ledger, and what is done with them in processes of their own."""

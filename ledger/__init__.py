"""The ledger: films, segments, attempts, credits. Rows are the only truth; one transaction per public function."""

"""One Prefect task a stage, one file a stage; the paid-POST protocol, because only here ledger and vendors meet."""

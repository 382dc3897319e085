"""What Yett keeps: API keys, as HMAC with a pepper. Never a key itself; nothing is decided here."""

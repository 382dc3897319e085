"""The plan: yett.yaml → models → check → compile → what the engine is handed. Imports nothing; sees no request."""

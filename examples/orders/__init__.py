"""The demo: a deliberately vulnerable shop, its description and plan, the attacks on it and their player."""

"""The processes of a gateway: the parent watches, the child serves. Imports nothing, for the child's sake."""

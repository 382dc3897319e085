"""The one error of the store, apart from what it takes to open one: whoever never opens it need not import that."""


class StoreError(Exception):
    """The store cannot be used; the text says why and what to do."""

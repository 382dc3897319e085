"""The steps from one form of the store to the next. A step that was published is never changed."""

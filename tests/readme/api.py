"""The API that README takes for granted where it says: with your API running. Nothing of Yett is in it."""

from fastapi import FastAPI

app = FastAPI(title="Items", version="1")


@app.get("/items/{item}")
def read_item(item: int) -> dict[str, int]:
    """One item."""
    return {"item": item}

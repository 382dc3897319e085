"""Reading API descriptions: OpenAPI 3.0 and 3.1 → operations and one bundle of JSON Schemas. Knows nothing of the
plan.
"""

from yett.openapi.description import Body, Description, Operation, Parameter, Reply, Scheme
from yett.openapi.problem import DescriptionError, Place, Problem
from yett.openapi.read import read

__all__ = [
    "Body",
    "Description",
    "DescriptionError",
    "Operation",
    "Parameter",
    "Place",
    "Problem",
    "Reply",
    "Scheme",
    "read",
]

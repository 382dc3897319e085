"""`python -m yett.cli`: the command line without its installed program."""

from yett.cli import main

main()

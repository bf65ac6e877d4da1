"""`python -m parley` is the command line."""

from parley.cli.main import main

if __name__ == "__main__":
    main()

"""The parent's side of workers: start, watch, kill, replace, place calls."""

import logging

# Unless somebody sets up a log, its lines go nowhere: `notice` is what a user at a terminal sees.
logging.getLogger(__name__).addHandler(logging.NullHandler())

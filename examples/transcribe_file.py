"""Transcribe a file and print who said what: `python examples/transcribe_file.py meeting.mp4`."""

import sys

import parley

transcript = parley.transcribe(sys.argv[1])
for segment in transcript.segments:
    print(f"{segment.start:7.2f}  {segment.speaker}: {segment.text}")

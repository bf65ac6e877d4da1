"""A transcript becomes json, srt, vtt, txt, tsv or rttm."""

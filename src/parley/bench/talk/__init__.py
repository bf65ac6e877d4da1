"""Measures conversations: how long an answer has to be waited for, heard from a recording of both sides."""

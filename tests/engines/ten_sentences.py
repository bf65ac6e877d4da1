"""What the embedded voice says and the embedded recogniser has to understand."""

from __future__ import annotations

TEN = (
    "Good morning, how are you today?",
    "The train to London leaves at half past nine.",
    "Could you please close the window before it starts to rain?",
    "My sister bought three apples and a loaf of bread at the market.",
    "We are going to visit our grandparents in the country next weekend.",
    "Turn left at the second traffic light and then walk straight ahead.",
    "The doctor said that he should drink more water and sleep eight hours a night.",
    "I have been learning to play the piano for almost two years.",
    "Most people think that winter is the hardest season for birds.",
    "Thank you for your help, I will send you the report tomorrow afternoon.",
)
"""Chosen before anybody knew how well they are heard."""

MOST_WRONG = 0.10
"""Of their words."""

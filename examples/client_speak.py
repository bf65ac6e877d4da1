"""A server speaks into a file: `python examples/client_speak.py talk.wav localhost:8767 Good morning.`"""

import sys
import wave

from parley.client import Client, Sentence, SpeechBegun, SpokenAudio

path, server, *words = sys.argv[1:]
with wave.open(path, "wb") as file, Client(server) as client:
    file.setnchannels(1)
    file.setsampwidth(2)
    for event in client.speak(" ".join(words)):
        if isinstance(event, SpeechBegun):
            file.setframerate(event.sample_rate_hz)
        if isinstance(event, Sentence):
            print(f"{event.first_sample:8}  {event.text}")
        if isinstance(event, SpokenAudio):
            file.writeframes(event.pcm)

"""A turn of a conversation: `python examples/client_converse.py answer.wav localhost:8767 Who are you?`"""

import asyncio
import sys
import wave

from parley.client import AnswerSound, AssistantResponse, AsyncClient, TurnMeasured


async def main(path: str, server: str, text: str) -> None:
    async with AsyncClient(server) as client, client.converse(hands_free=False) as talk:
        await talk.say(text)
        with wave.open(path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(talk.facts.sample_rate)
            async for event in talk:
                if isinstance(event, AnswerSound):
                    file.writeframes(event.pcm)
                    # A loudspeaker says so when it has played it.
                    await talk.played(event.turn, event.first_sample + len(event.pcm) // 2)
                if isinstance(event, AssistantResponse) and event.is_complete:
                    print(event.content)
                if isinstance(event, TurnMeasured):
                    await talk.stop()


asyncio.run(main(sys.argv[1], sys.argv[2], " ".join(sys.argv[3:])))

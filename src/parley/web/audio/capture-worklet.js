/** The microphone at its own rate becomes frames of PCM16 at the rate of the recogniser. */
import { Resampler } from "./resample.js";
import { Framer, loudness, mono, pcm16 } from "./samples.js";

export const RATE = 16000;
/** 32 ms: short enough for a conversation, long enough not to drown the line in frames. */
const FRAME = 512;

class Capture extends AudioWorkletProcessor {
  #resampler = new Resampler(sampleRate, RATE);
  #framer = new Framer(FRAME);

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const channels = inputs[0] ?? [];
    // An input that is not connected (yet) has no channels.
    if (channels.length === 0) return true;
    for (const frame of this.#framer.push(this.#resampler.push(mono(channels)))) {
      const pcm = pcm16(frame).buffer;
      this.port.postMessage({ pcm, level: loudness(frame) }, [pcm]);
    }
    return true;
  }
}

registerProcessor("capture", Capture);

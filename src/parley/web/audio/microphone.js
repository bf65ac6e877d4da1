/**
 * The microphone, as frames of PCM16 at 16 kHz.
 *
 * @typedef {object} Listener
 * @property {(pcm: ArrayBuffer, level: number) => void} frame 32 ms of it; level 0 to 1
 * @property {(why: string) => void} ended it was taken away; the key of a sentence
 */

export const RATE = 16000;

/** Why there is no microphone; `key` names the sentence for people. */
export class NoMicrophone extends Error {
  /** @param {string} key */
  constructor(key) {
    super(key);
    this.key = key;
  }
}

/**
 * The key of the sentence that says why this browser gives us no microphone at all; null where it may.
 * @param {{isSecureContext: boolean, navigator: {mediaDevices?: any}}} place
 */
export function whyNot(place = window) {
  if (!place.isSecureContext) return "mic.insecure";
  return typeof place.navigator.mediaDevices?.getUserMedia === "function" ? null : "mic.unsupported";
}

/**
 * The key of the sentence for what `getUserMedia` failed with.
 * @param {string} name of the DOMException
 */
export function keyOf(name) {
  switch (name) {
    case "NotAllowedError": case "SecurityError": return "mic.refused";
    case "NotFoundError": case "OverconstrainedError": return "mic.none";
    case "NotReadableError": case "AbortError": return "mic.busy";
    default: return "mic.failed";
  }
}

/** The microphones there are; their names are known once one was allowed. */
export async function microphones() {
  if (whyNot()) return [];
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((device) => device.kind === "audioinput" && device.deviceId);
}

/** An open microphone. */
export class Microphone {
  /** @type {MediaStream} */ #stream;
  /** @type {AudioContext} */ #context;

  /**
   * @param {MediaStream} stream
   * @param {AudioContext} context
   */
  constructor(stream, context) {
    this.#stream = stream;
    this.#context = context;
  }

  /** The device it is. */
  get deviceId() {
    return this.#stream.getAudioTracks()[0]?.getSettings().deviceId ?? "";
  }

  /** Let go of the device. */
  close() {
    for (const track of this.#stream.getTracks()) {
      track.onended = null;
      track.stop();
    }
    void this.#context.close();
  }
}

/**
 * Ask for the microphone and listen; throws NoMicrophone.
 * @param {string} deviceId "" for the one the system prefers
 * @param {Listener} listener
 */
export async function openMicrophone(deviceId, listener) {
  const why = whyNot();
  if (why) throw new NoMicrophone(why);
  const stream = await ask(deviceId);
  try {
    return await listen(stream, listener);
  } catch (error) {
    for (const track of stream.getTracks()) track.stop();
    console.error(error);
    throw new NoMicrophone("mic.failed");
  }
}

/** @param {string} deviceId */
async function ask(deviceId) {
  const audio = {
    echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1,
    ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
  };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    // The chosen one was unplugged: better the usual one than none.
    if (deviceId && name === "OverconstrainedError") return ask("");
    throw new NoMicrophone(keyOf(name));
  }
}

/**
 * @param {MediaStream} stream
 * @param {Listener} listener
 */
async function listen(stream, listener) {
  const track = stream.getAudioTracks()[0];
  const rate = track?.getSettings().sampleRate;
  // At the device's own rate: some browsers refuse to join two rates, others resample poorly.
  const context = new AudioContext(rate ? { sampleRate: rate } : {});
  try {
    await context.audioWorklet.addModule("/page/audio/capture-worklet.js");
    const capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
    capture.port.onmessage = ({ data }) => listener.frame(data.pcm, data.level);
    context.createMediaStreamSource(stream).connect(capture);
    await context.resume();
  } catch (error) {
    void context.close();
    throw error;
  }
  if (track) track.onended = () => listener.ended("mic.lost");
  return new Microphone(stream, context);
}

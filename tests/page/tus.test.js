// Uploads against a server that is kept in memory and can be made to fail.
import assert from "node:assert/strict";
import { test } from "node:test";
import { metadata, Upload } from "../../src/parley/web/transcribe/tus.js";

const SIZE = 5 * 1024 * 1024 + 3;

/** @param {number} status @param {string} [code] @param {number} [retryAfter] */
const refusal = (status, code = "", retryAfter) => Object.assign(new Error(`no: ${status} ${code}`), { status, code, retryAfter });

class Server {
  /** @type {Map<string, {size: number, at: number, metadata: string}>} */
  uploads = new Map();
  /** @type {string[]} */
  asked = [];
  /** What goes wrong next, by method. @type {Record<string, (() => void)[]>} */
  mishaps = {};
  full = 0;
  now = 0;
  /** @type {number[]} */
  waits = [];

  /** @type {import("../../src/parley/web/transcribe/tus.js").Means} */
  means = {
    ask: (path, init) => this.answer(path, init),
    wait: async (ms) => {
      this.waits.push(ms);
      this.now += ms;
    },
    now: () => this.now,
  };

  /** @param {string} path @param {RequestInit} init */
  async answer(path, init) {
    const method = String(init.method);
    const headers = /** @type {Record<string, string>} */ (init.headers);
    this.asked.push(method);
    assert.equal(headers["Tus-Resumable"], "1.0.0");
    await new Promise(setImmediate);
    if (init.signal?.aborted) throw new DOMException("left", "AbortError");
    this.now += 100;
    this.mishaps[method]?.shift()?.();
    if (method === "POST") return this.create(headers);
    const id = path.split("/").at(-1) ?? "";
    const upload = this.uploads.get(id);
    if (!upload) throw refusal(404, "session_not_found");
    if (method === "DELETE") {
      this.uploads.delete(id);
      return new Response(null, { status: 204 });
    }
    if (method === "PATCH") {
      if (Number(headers["Upload-Offset"]) !== upload.at) throw refusal(409, "offset_conflict");
      upload.at += /** @type {any} */ (init.body).length;
    }
    return this.stand(upload, id);
  }

  /** @param {Record<string, string>} headers */
  create(headers) {
    const id = `u${this.uploads.size + 1}-${this.asked.length}`;
    const upload = { size: Number(headers["Upload-Length"]), at: 0, metadata: headers["Upload-Metadata"] ?? "" };
    this.uploads.set(id, upload);
    return new Response(null, { status: 201, headers: { Location: `/v1/uploads/${id}`, "Upload-Offset": "0" } });
  }

  /** @param {{size: number, at: number}} upload @param {string} id */
  stand(upload, id) {
    if (upload.at < upload.size) return new Response(null, { headers: { "Upload-Offset": String(upload.at) } });
    if (this.full-- > 0) throw refusal(503, this.asked.at(-1) === "HEAD" ? "" : "queue_full", 7);
    return new Response(null, { headers: { "Upload-Offset": String(upload.at), "Parley-Job": id } });
  }
}

/** @param {Server} server @param {{id?: string}} [before] */
function upload(server, before) {
  /** @type {import("../../src/parley/web/transcribe/tus.js").Facts[]} */
  const told = [];
  const source = { name: "讲话.wav", size: SIZE, slice: (/** @type {number} */ start, /** @type {number} */ end) => /** @type {any} */ ({ length: end - start }) };
  const made = new Upload(source, { engine: "embedded", language: "" }, server.means, (facts) => told.push(facts), before);
  return { made, told };
}

test("a file is sent in chunks, and becomes a job", async () => {
  const server = new Server();
  const { made, told } = upload(server);
  await made.run();
  assert.deepEqual([made.facts.state, made.facts.sent], ["done", SIZE]);
  assert.deepEqual([...server.uploads.keys()], [made.facts.id]);
  const name = Buffer.from("讲话.wav").toString("base64");
  assert.equal(server.uploads.get(made.facts.id)?.metadata, `engine ${Buffer.from("embedded").toString("base64")},filename ${name}`);
  assert.ok(told.filter((facts) => facts.sent > 0 && facts.sent < SIZE).length > 0, "progress is seen");
  await made.run();
  assert.equal(made.facts.state, "done");
});

test("a pause stops, and resuming asks where the server stands", async () => {
  const server = new Server();
  const { made, told } = upload(server);
  server.mishaps.PATCH = [() => made.pause()];
  await made.run();
  assert.equal(made.facts.state, "paused");
  // The chunk under way arrived although nobody heard the answer.
  const [kept] = server.uploads.values();
  assert.ok(kept && kept.at > 0 && kept.at < SIZE);
  server.asked.length = 0;
  await made.run();
  assert.equal(server.asked[0], "HEAD");
  assert.equal(made.facts.state, "done");
  assert.ok(told.some((facts) => facts.state === "paused"));
});

test("resuming before the pause is over goes on all the same", async () => {
  const server = new Server();
  const { made } = upload(server);
  const first = made.run();
  await new Promise(setImmediate);
  made.pause();
  await made.run();
  await first;
  assert.equal(made.facts.state, "done");
});

test("a lost line is tried again with growing pauses", async () => {
  const server = new Server();
  const lost = () => { throw refusal(0); };
  server.mishaps = { PATCH: [() => {}, lost], HEAD: [lost, () => { throw refusal(502); }, lost] };
  const { made, told } = upload(server);
  await made.run();
  assert.equal(made.facts.state, "done");
  assert.ok(told.some((facts) => facts.state === "lost" && facts.problem));
  assert.equal(made.facts.problem, "");
  assert.deepEqual(server.waits, [500, 1000, 2000, 4000]);
});

test("a server that is gone for long fails it, and it can be tried again", async () => {
  const server = new Server();
  const { made } = upload(server);
  server.mishaps.POST = Array.from({ length: 500 }, () => () => { throw refusal(0); });
  await made.run();
  assert.equal(made.facts.state, "failed");
  assert.ok(server.waits.length < 500 && server.waits.reduce((sum, ms) => sum + ms, 0) < 40 * 60_000);
  server.mishaps = {};
  await made.run();
  assert.equal(made.facts.state, "done");
});

test("an upload of an earlier visit goes on where the server stands", async () => {
  const server = new Server();
  server.uploads.set("old", { size: SIZE, at: 4_000_000, metadata: "" });
  const { made, told } = upload(server, { id: "old" });
  await made.run();
  assert.deepEqual([made.facts.state, made.facts.id], ["done", "old"]);
  assert.equal(server.asked[0], "HEAD");
  assert.ok(!server.asked.includes("POST"));
  assert.ok(told.every((facts) => facts.sent === 0 || facts.sent >= 4_000_000));
});

test("one that the server forgot begins anew", async () => {
  const server = new Server();
  const { made } = upload(server, { id: "forgotten" });
  await made.run();
  assert.deepEqual([made.facts.state, server.asked.slice(0, 2)], ["done", ["HEAD", "POST"]]);
});

test("a full queue is waited for, and nothing is sent twice", async () => {
  const server = new Server();
  server.full = 4;
  const { made, told } = upload(server);
  await made.run();
  assert.equal(made.facts.state, "done");
  const busy = told.filter((facts) => facts.state === "busy");
  assert.ok(busy.length >= 4);
  assert.ok(busy.every((facts) => facts.problem.includes("queue_full")), "HEAD does not say why, the answer before did");
  assert.ok(server.waits.every((ms) => ms >= 7000));
});

test("what is refused for good is said", async () => {
  const server = new Server();
  server.mishaps.POST = [() => { throw refusal(413, "file_too_large"); }];
  const { made } = upload(server);
  await made.run();
  assert.deepEqual([made.facts.state, made.facts.problem, made.facts.code], ["failed", "no: 413 file_too_large", "file_too_large"]);
  assert.equal(server.asked.length, 1);
});

test("a cancelled upload is forgotten by the server, too", async () => {
  const server = new Server();
  const { made } = upload(server);
  /** @type {Promise<void> | undefined} */
  let cancelling;
  server.mishaps.PATCH = [() => void (cancelling = made.cancel())];
  await made.run();
  await cancelling;
  assert.equal(made.facts.state, "cancelled");
  assert.equal(server.uploads.size, 0);
  await made.run();
  assert.equal(made.facts.state, "cancelled");
});

test("metadata leaves out what is empty", () => {
  assert.equal(metadata({ a: "1", b: "" }), "a MQ==");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, waitBefore } from "../../src/parley/web/ws.js";

test("a line goes where the page came from", () => {
  assert.equal(addressOf("/assistant", { protocol: "https:", host: "a.example" }), "wss://a.example/assistant");
  assert.equal(addressOf("/tts", { protocol: "http:", host: "[::1]:8767" }), "ws://[::1]:8767/tts");
});

test("waits grow up to a bound, and no two pages wait the same", () => {
  for (let tries = 0; tries < 50; tries++) {
    const [least, most] = [waitBefore(tries, 0), waitBefore(tries, 1)];
    assert.ok(least > 0 && least < most && most <= 6.25);
    assert.ok(waitBefore(tries + 1, 0.5) >= waitBefore(tries, 0.5));
  }
});

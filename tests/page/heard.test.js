// How far an answer was heard, though the voice gets other words than the page shows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { heardUpTo } from "../../src/parley/web/talk/heard.js";

/** What was heard. @param {string} content @param {any[]} clauses @param {number} end @param {number} played */
const heard = (content, clauses, end, played) => content.slice(0, heardUpTo(content, clauses, end, played));

test("nothing, a half, everything", () => {
  const content = "The capital of Peru is Lima. It lies by the sea.";
  const clauses = [{ text: "The capital of Peru is Lima.", first: 0 }, { text: "It lies by the sea.", first: 22000 }];
  assert.equal(heard(content, clauses, 44000, 0), "");
  assert.equal(heard(content, clauses, 44000, 22000), "The capital of Peru is Lima");
  assert.equal(heard(content, clauses, 44000, 44000), content);
});

test("a word that has begun counts, as an eye follows words", () => {
  const content = "Good morning everybody";
  const clauses = [{ text: "Good morning everybody", first: 0 }];
  assert.equal(heard(content, clauses, 1000, 250), "Good morning");
  assert.equal(heard(content, clauses, 1000, 60), "Good");
});

test("Chinese goes character by character", () => {
  const content = "今天天气很好，我们去公园吧。";
  const clauses = [{ text: "今天天气很好，", first: 0 }, { text: "我们去公园吧。", first: 6000 }];
  assert.equal(heard(content, clauses, 12000, 3000), "今天天");
  assert.equal(heard(content, clauses, 12000, 8000), "今天天气很好，我们");
  assert.equal(heard(content, clauses, 12000, 12000), content);
});

test("markup, links and code that nobody speaks are passed over", () => {
  const content = "**Lima** is it; see [the map](https://example.org/lima-peru). Then `print(1)`. Farewell!";
  const clauses = [{ text: "Lima is it; see the map.", first: 0 }, { text: "Farewell!", first: 10000 }];
  assert.ok(heard(content, clauses, 14000, 10000).startsWith("**Lima** is it; see [the map"));
  assert.ok(!heard(content, clauses, 14000, 10000).includes("Farewell"));
  assert.equal(heard(content, clauses, 14000, 14000), content);
});

test("it never goes back while more is played, and never beyond the text", () => {
  const content = "One two three. Four, five, six seven eight nine ten. 十一 十二。";
  const clauses = [{ text: "One two three.", first: 0 }, { text: "Four five six seven eight nine ten.", first: 5000 }, { text: "十一 十二。", first: 16000 }];
  let before = 0;
  for (let played = 0; played <= 24000; played += 100) {
    const position = heardUpTo(content, clauses, 20000, played);
    assert.ok(position >= before && position <= content.length, `${played}`);
    before = position;
  }
  assert.equal(before, content.length);
});

test("a clause that is not in the text does not lose the place of the others", () => {
  const content = "First. Second.";
  const clauses = [{ text: "First.", first: 0 }, { text: "Nowhere to be found.", first: 1000 }];
  assert.equal(heardUpTo(content, [], 0, 100), 0);
  assert.ok(heardUpTo(content, clauses, 2000, 1000) >= 5);
});

// Every word of the page is there in every language, and every key that the page uses has words.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as i18n from "../../src/parley/web/i18n.js";

const WEB = fileURLToPath(new URL("../../src/parley/web/", import.meta.url));
const FILES = readdirSync(WEB, { recursive: true, encoding: "utf-8" }).filter((name) => /\.(js|html)$/.test(name));
const DICTIONARIES = FILES.filter((name) => /(^|[\\/])words\.js$/.test(name));

const loaded = await Promise.all(
  DICTIONARIES.map(async (name) => ({ name, words: (await import(pathToFileURL(WEB + name).href)).words })),
);

/** Keys that code names outright: t("x"), t: "x", tLabel: "x", data-t="x". */
const USED = /(?:\bt\(\s*|\bt(?:Label|Placeholder)?:\s*|data-t(?:-label|-placeholder)?=)["'`]([a-z][\w.-]*)["'`]/g;

test("each dictionary has the same keys in every language, and no empty words", () => {
  assert.ok(loaded.length > 0);
  for (const { name, words } of loaded) {
    assert.deepEqual(Object.keys(words.zh).sort(), Object.keys(words.en).sort(), name);
    for (const text of [...Object.values(words.en), ...Object.values(words.zh)]) assert.ok(String(text).trim(), name);
  }
});

test("translations fill in the same values", () => {
  const blanks = (/** @type {string} */ text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
  for (const { name, words } of loaded) {
    for (const key of Object.keys(words.en)) {
      assert.deepEqual(blanks(words.zh[key]), blanks(words.en[key]), `${name}: ${key}`);
    }
  }
});

test("every key in use has words", () => {
  const known = new Set(loaded.flatMap(({ words }) => Object.keys(words.en)));
  for (const name of FILES) {
    const code = readFileSync(WEB + name, "utf-8").replace(/\/\*[\s\S]*?\*\//g, "");
    for (const [, key] of code.matchAll(USED)) {
      assert.ok(known.has(key), `${name} uses "${key}", for which there are no words`);
    }
  }
});

test("values are filled in, and strange keys are shown as they are", () => {
  i18n.add({ en: { "a.b": "{n} of {all}" }, zh: { "a.b": "{all} 中的 {n}" } });
  assert.equal(i18n.t("a.b", { n: 1, all: 3 }), "1 of 3");
  assert.equal(i18n.t("a.b", { n: 1 }), "1 of {all}");
  i18n.speak("zh");
  assert.equal(i18n.t("a.b", { n: 1, all: 3 }), "3 中的 1");
  assert.equal(i18n.t("nobody.knows"), "nobody.knows");
  i18n.speak("en");
});

test("followers hear of a change of language until they stop", () => {
  let heard = 0;
  const stop = i18n.follow(() => void heard++);
  i18n.speak("zh");
  stop();
  i18n.speak("en");
  assert.equal(heard, 1);
});

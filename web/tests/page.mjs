// Drives the review page in Chromium as a person would. Each scenario gets the address that labelqa
// review printed and prints one line of JSON with what it did; tests/review/test_browser.py starts
// the server, runs one scenario and holds the outcome against the server and the files.
//
//   node web/tests/page.mjs SCENARIO ADDRESS [ARGUMENT...]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [name, address, ...rest] = process.argv.slice(2);
const base = address.split("/?")[0];
const problems = [];

async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/40[49]/.test(message.text())) problems.push(message.text());
  });
  await page.goto(address);
  await page.waitForSelector("nav");
  return page;
}

const go = async (page, hash) => {
  await page.goto(`${base}/#/${hash}`);
  await page.waitForSelector("main");
};

const rowShown = async (page) => {
  const label = await page.locator("article.review").getAttribute("aria-label");
  return Number(label.replace("Row ", ""));
};

const tag = async (page, kind) => {
  const found = page.locator(`.labels .tag.${kind}`);
  return (await found.count()) > 0 ? (await found.first().textContent()).trim() : null;
};

/** Waits until another row than `before` is on the screen (or none is). */
const nextRow = (page, before) =>
  page.waitForFunction(
    (old) => {
      const article = document.querySelector("article.review");
      return article === null || article.getAttribute("aria-label") !== `Row ${old}`;
    },
    before,
    { polling: "raf" },
  );

/** Decides n rows by keys; returns what each key meant. */
async function decideRows(page, n, decided = []) {
  const classes = await page.locator(".classes .class bdi").allTextContents();
  for (let i = 0; i < n; i++) {
    const row = await rowShown(page);
    const given = await tag(page, "given");
    const suggested = (await tag(page, "suggested")) ?? given;
    const way = i % 4;
    if (way === 0 || way === 3) {
      await page.keyboard.press("Enter");
      decided.push([row, suggested]);
    } else if (way === 1) {
      await page.keyboard.press("k");
      decided.push([row, given]);
    } else {
      await page.keyboard.press("2");
      decided.push([row, classes[1]]);
    }
    await nextRow(page, row);
  }
  return decided;
}

const drained = (page) =>
  page.waitForFunction(() =>
    Object.keys(localStorage)
      .filter((key) => key.startsWith("labelqa:outbox:"))
      .every((key) => localStorage.getItem(key) === "[]"),
  );

const scenarios = {
  async queue(browser) {
    const page = await open(browser);
    await go(page, "queue");
    await page.waitForSelector("article.review");
    const decided = await decideRows(page, 20);
    // Undo: the last row is back, and is decided otherwise.
    await page.keyboard.press("z");
    const [row] = decided.pop();
    await page.waitForSelector(`article[aria-label="Row ${row}"]`);
    await page.keyboard.press("/");
    await page.keyboard.type("fru");
    await page.keyboard.press("Enter");
    decided.push([row, "fruit"]);
    await nextRow(page, row);
    // A note, a skip, and unsure.
    const noted = await rowShown(page);
    await page.keyboard.press("n");
    await page.keyboard.type("odd wording k z 1");
    await page.keyboard.press("Enter");
    await page.waitForSelector("p.note");
    await page.keyboard.press("1");
    decided.push([noted, (await page.locator(".classes .class bdi").first().textContent()).trim()]);
    await nextRow(page, noted);
    const skipped = await rowShown(page);
    await page.keyboard.press("s");
    await nextRow(page, skipped);
    const unsure = await rowShown(page);
    await page.keyboard.press("u");
    await nextRow(page, unsure);
    await drained(page);
    // Reload and go on; the skipped row is still there.
    await page.reload();
    await page.waitForSelector("article.review");
    await decideRows(page, 29, decided);
    await drained(page);
    console.log(JSON.stringify({ decided, unsure, noted }));
  },

  async filter(browser) {
    const page = await open(browser);
    await go(page, "queue");
    await page.waitForSelector("article.review");
    const given = page.locator(".filters label", { hasText: /^Given/ }).locator("select");
    await given.selectOption("car");
    const seen = [];
    for (let i = 0; i < 3; i++) {
      await page.waitForFunction(
        () => document.querySelector(".labels .tag.given")?.textContent === "car",
      );
      const row = await rowShown(page);
      seen.push(row);
      await page.keyboard.press("k");
      await nextRow(page, row);
    }
    await drained(page);
    await page.reload();
    await page.waitForSelector("article.review");
    const kept = await given.inputValue();
    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.waitForSelector("article.review");
    console.log(JSON.stringify({ seen, kept }));
  },

  async trial(browser, n) {
    const page = await open(browser);
    await go(page, "queue");
    await page.waitForSelector("article.review");
    const start = Date.now();
    const decided = await decideRows(page, Number(n));
    const seconds = (Date.now() - start) / 1000;
    await drained(page);
    console.log(JSON.stringify({ decided, seconds }));
  },

  async speed(browser, n) {
    const page = await open(browser);
    await go(page, "queue");
    await page.waitForSelector("article.review");
    await page.waitForTimeout(500);
    const times = [];
    for (let i = 0; i < Number(n); i++) {
      times.push(
        await page.evaluate(
          () =>
            new Promise((resolve) => {
              const name = () =>
                document.querySelector("article.review")?.getAttribute("aria-label");
              const before = name();
              const start = performance.now();
              dispatchEvent(new KeyboardEvent("keydown", { key: "k", bubbles: true }));
              const look = () =>
                name() === before
                  ? requestAnimationFrame(look)
                  : resolve(performance.now() - start);
              requestAnimationFrame(look);
            }),
        ),
      );
      await page.waitForTimeout(150);
    }
    const [entry] = await page.evaluate(() =>
      performance.getEntriesByType("navigation").map((one) => one.loadEventEnd),
    );
    console.log(JSON.stringify({ times, load: entry }));
  },

  async batch(browser, alike = "classes") {
    const page = await open(browser);
    await go(page, "batch");
    await page.waitForSelector("table.plain tbody tr");
    await page
      .locator("tbody tr", { has: page.locator("td", { hasText: new RegExp(`^${alike}$`) }) })
      .first()
      .getByRole("button", { name: /^Open/ })
      .click();
    await page.waitForSelector("ol.cards li");
    const out = await page.locator("ol.cards li").first().locator("label").textContent();
    await page.locator("ol.cards li input").first().uncheck();
    const all = page.getByRole("button", { name: /^All are/ });
    const waits = await all.isDisabled();
    for (const card of await page.locator("ol.cards li").all()) {
      await card.scrollIntoViewIfNeeded();
      await page.waitForTimeout(30);
    }
    const label = (await all.textContent()).replace("All are", "").trim();
    const rows = await page.locator("ol.cards li:not(.out) label").allTextContents();
    await all.click();
    await drained(page);
    const numbers = rows.map((text) => Number(/Row (\d+)/.exec(text)[1]));
    console.log(JSON.stringify({ waits, numbers, label, out: Number(/Row (\d+)/.exec(out)[1]) }));
  },

  async blind(browser) {
    const page = await open(browser);
    await go(page, "queue");
    await page.waitForSelector("article.review");
    await page.getByLabel("Blind").check();
    const hidden = (await page.locator(".labels, .why, .nearby").count()) === 0;
    const row = await rowShown(page);
    await page.keyboard.press("Enter"); // no key of a suggestion may work
    await page.keyboard.press("k");
    await page.waitForTimeout(200);
    const stays = (await rowShown(page)) === row;
    await page.keyboard.press("1");
    await nextRow(page, row);
    await drained(page);
    console.log(JSON.stringify({ hidden, stays, row }));
  },

  async reviewers(browser) {
    const first = await open(browser);
    const second = await open(browser);
    await first.getByLabel("Reviewer").fill("ann");
    await second.getByLabel("Reviewer").fill("bob");
    for (const page of [first, second]) {
      await page.keyboard.press("Tab");
      await go(page, "queue");
      await page.waitForSelector("article.review");
    }
    const row = await rowShown(first);
    const same = (await rowShown(second)) === row;
    await first.keyboard.press("1");
    await second.keyboard.press("2");
    await nextRow(first, row);
    await drained(first);
    await drained(second);
    await go(first, "differences");
    await first.waitForSelector("ol.cards li");
    const shown = await first.locator("ol.cards li").first().textContent();
    const before = await first.locator("ol.cards li").count();
    await first.locator("ol.cards li").first().getByRole("button", { name: /bob/ }).click();
    await first.waitForFunction(
      (n) => document.querySelectorAll("ol.cards li").length === n - 1,
      before,
    );
    console.log(JSON.stringify({ row, same, shown }));
  },

  async judge(browser, stop) {
    const page = await open(browser);
    await go(page, "judge");
    await page.getByLabel("Rows in all").fill("60");
    await page.getByRole("button", { name: "Plan" }).click();
    await page.waitForSelector("section.plan");
    const prompt = await page.locator("section.plan pre").textContent();
    await page.getByRole("button", { name: "Run …" }).click();
    await page.getByRole("button", { name: /^Run and spend/ }).click();
    await page.waitForFunction(
      () => document.querySelectorAll("table.plain tbody tr").length >= 3,
      undefined,
      { timeout: 60000 },
    );
    if (stop === "stop") await page.getByRole("button", { name: "Stop", exact: true }).click();
    await page.waitForFunction(
      () => /finished/.test(document.querySelector("[aria-label=Progress]")?.textContent ?? ""),
      undefined,
      { timeout: 120000 },
    );
    const progress = await page.locator("[aria-label=Progress]").textContent();
    await page.waitForFunction(() => /has judged/.test(document.body.textContent ?? ""));
    const before = await page.getByText("has judged").textContent();
    console.log(JSON.stringify({ prompt, progress, before }));
  },

  async spot(browser, n, truth) {
    const right = JSON.parse(readFileSync(truth, "utf8"));
    const page = await open(browser);
    await go(page, "spot-check");
    await page.getByLabel("Rows", { exact: true }).fill(n);
    await page.getByRole("button", { name: "Draw the sample" }).click();
    await page.waitForSelector("article.review");
    const classes = await page.locator(".classes .class bdi").allTextContents();
    while ((await page.locator("article.review").count()) > 0) {
      const row = await rowShown(page);
      await page.keyboard.press(String(classes.indexOf(right[row]) + 1));
      await nextRow(page, row);
      await page.waitForTimeout(20);
    }
    await page.getByText("Every drawn row is checked.").waitFor();
    console.log(JSON.stringify({ rate: await page.locator(".verdict-line").textContent() }));
  },

  async rows(browser) {
    const page = await open(browser);
    await go(page, "rows");
    await page.waitForSelector(".grid-row");
    await page.getByLabel("Search").fill("apple");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() =>
      [...document.querySelectorAll(".grid-row")].every((row) => /apple|…/.test(row.textContent)),
    );
    await page.getByRole("button", { name: /^Row/ }).click();
    await page.waitForTimeout(300);
    const numbers = (await page.locator(".grid-row > div:first-child").allTextContents()).map(
      Number,
    );
    await page.locator(".grid-row").first().click();
    await page.waitForSelector("dialog[open]");
    const dialog = await page.locator("dialog[open]").textContent();
    console.log(JSON.stringify({ numbers, dialog }));
  },

  async hostile(browser) {
    const page = await open(browser);
    let alerts = 0;
    page.on("dialog", (dialog) => {
      alerts += 1;
      void dialog.dismiss();
    });
    const texts = {};
    for (const hash of ["overview", "queue", "batch", "rows", "judge", "spot-check"]) {
      await go(page, hash);
      await page.waitForTimeout(500);
      texts[hash] = (await page.locator("main").textContent()).slice(0, 20000);
    }
    const scripts = await page.evaluate(
      () => document.querySelectorAll("main script, main b.evil").length,
    );
    console.log(JSON.stringify({ alerts, scripts, texts }));
  },

  /** Two runs compared: what the page says, and the names of all pages. */
  async versions(browser) {
    const page = await open(browser);
    const pages = await page.locator("nav a").allTextContents();
    if (pages.includes("Versions")) {
      await page.locator("nav a", { hasText: "Versions" }).click();
      await page.locator("h1", { hasText: "Versions" }).waitFor();
    }
    const cells = await page
      .locator("main tr")
      .evaluateAll((rows) =>
        rows.map((row) => [...row.cells].map((cell) => cell.textContent.trim())),
      );
    const said = (await page.locator("main p").allTextContents()).join("\n");
    console.log(JSON.stringify({ pages, cells, said }));
  },

  /** Every page by axe-core and by width: serious faults, and pages wider than the screen. */
  async access(browser) {
    const source = readFileSync(
      createRequire(import.meta.url).resolve("axe-core/axe.min.js"),
      "utf8",
    );
    const faults = [];
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [390, 1280, 2560]) {
        const page = await open(browser, {
          viewport: { width, height: 800 },
          colorScheme,
          bypassCSP: true,
        });
        for (const hash of [
          "overview",
          "queue",
          "batch",
          "rows",
          "judge",
          "spot-check",
          "differences",
          "versions",
        ]) {
          await go(page, hash);
          await page.waitForTimeout(250);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
          if (wide) faults.push(`${hash} at ${width}: wider than the screen`);
          await page.evaluate(source);
          const found = await page.evaluate(() => window.axe.run());
          for (const one of found.violations) {
            if (["serious", "critical"].includes(one.impact)) {
              faults.push(`${hash} at ${width} ${colorScheme}: ${one.id} ${one.nodes[0].html}`);
            }
          }
        }
        await page.context().close();
      }
    }
    console.log(JSON.stringify({ faults }));
  },

  /** Pictures of every page, light and dark, wide and narrow. */
  async pictures(browser, folder) {
    for (const [size, width, colorScheme] of [
      ["wide", 1280, "light"],
      ["wide", 1280, "dark"],
      ["phone", 390, "light"],
      ["phone", 390, "dark"],
    ]) {
      const page = await open(browser, { viewport: { width, height: 800 }, colorScheme });
      for (const hash of [
        "overview",
        "queue",
        "batch",
        "rows",
        "judge",
        "spot-check",
        "differences",
        "versions",
      ]) {
        await go(page, hash);
        await page.waitForTimeout(600);
        await page.screenshot({ path: `${folder}/${hash}-${size}-${colorScheme}.png` });
      }
      await page.context().close();
    }
    console.log("{}");
  },
};

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
try {
  await scenarios[name](browser, ...rest);
} finally {
  await browser.close();
}
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exitCode = 1;
}

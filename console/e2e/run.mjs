// Drives the console in a real browser against a running server.
//
//   PICKET_CONSOLE_URL       where the console is, for example http://127.0.0.1:8000
//   PICKET_CONSOLE_USERNAME  who logs in
//   PICKET_CONSOLE_PASSWORD
//   PICKET_E2E_SCREENSHOTS   folder for pictures; when absent, only what fails is pictured, in a new folder
//   PICKET_E2E_EXPECT_ALARM  1: at least one alarm must be active
//   PICKET_E2E_EXPECT_EVENTS 1: the searches must find something
//   PICKET_E2E_LOOKS         only these looks, for example light,phone; all when absent
//   PICKET_CHROMIUM          the browser; /usr/bin/chromium when absent
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { checkAccessibility } from "./accessibility.mjs";
import { stories } from "./stories.mjs";

const settings = {
  url: required("PICKET_CONSOLE_URL").replace(/\/$/, ""),
  username: required("PICKET_CONSOLE_USERNAME"),
  password: required("PICKET_CONSOLE_PASSWORD"),
  screenshots: process.env.PICKET_E2E_SCREENSHOTS,
  expectAlarm: process.env.PICKET_E2E_EXPECT_ALARM === "1",
  expectEvents: process.env.PICKET_E2E_EXPECT_EVENTS === "1",
};

const LOOKS = [
  { name: "light", colorScheme: "light", viewport: { width: 1280, height: 800 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1280, height: 800 } },
  { name: "phone", colorScheme: "light", viewport: { width: 400, height: 800 } },
  { name: "phone-dark", colorScheme: "dark", viewport: { width: 400, height: 800 } },
];

// Far above what they take on a quiet machine, where a story takes one second: a busy one is ten times slower.
const STEP_MS_MAX = 30_000;
const STORY_MS_MAX = 180_000;

/** Tells what this run makes from what earlier ones have made. */
const RUN = Date.now().toString(36).slice(-5);

function required(name) {
  const value = process.env[name];
  if (value) return value;
  console.error(`${name} is not set`);
  process.exit(2);
}

/** What a story works with: a page, and ways to take pictures and to check accessibility. */
async function open(browser, look) {
  const context = await browser.newContext({
    viewport: look.viewport,
    colorScheme: look.colorScheme,
    reducedMotion: "reduce",
    timezoneId: "UTC",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_MS_MAX);
  const complaints = [];
  // A story that asks for what is not there says so.
  const allowed = [/status of (400|401)/];
  page.on("pageerror", (error) => complaints.push(`script error: ${error.message}`));
  page.on("console", (message) => {
    const expected = allowed.some((pattern) => pattern.test(message.text()));
    if (message.type() === "error" && !expected)
      complaints.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on("request", (request) => {
    const address = request.url();
    const own =
      address.startsWith(settings.url) || address.startsWith("data:") || address.startsWith("blob:");
    if (!own) complaints.push(`request to another host: ${address}`);
  });
  const seen = async (name) => {
    await checkAccessibility(page, name, look);
    if (settings.screenshots) {
      await page.screenshot({ path: join(settings.screenshots, `${name}-${look.name}.png`) });
    }
  };
  const allow = async (pattern, work) => {
    allowed.push(pattern);
    await work();
    allowed.pop();
  };
  return { context, page, complaints, seen, allow, settings, look: `${look.name}-${RUN}` };
}

/** Ends a story that does not end by itself. */
async function inTime(story, cx) {
  let timer;
  const over = new Promise((_, reject) => {
    const error = new Error(`the story is not over after ${STORY_MS_MAX / 1000} s`);
    timer = setTimeout(() => reject(error), STORY_MS_MAX);
  });
  try {
    await Promise.race([story(cx), over]);
  } finally {
    clearTimeout(timer);
  }
}

/** Says what went wrong, where, and what was on the screen. */
async function tellFailure({ page, complaints }, look, name, error) {
  const folder = settings.screenshots ?? (await mkdtemp(join(tmpdir(), "picket-console-")));
  const picture = join(folder, `failed-${look.name}-${name.replaceAll(/[^a-z0-9]+/gi, "-")}.png`);
  const taken = await page.screenshot({ path: picture }).then(
    () => picture,
    (cause) => `none: ${cause.message}`,
  );
  const lines = [`FAILED  ${look.name}: ${name}`, `at ${page.url()}`, `picture ${taken}`, error.stack];
  console.log([...lines, ...complaints].join("\n"));
}

async function main() {
  if (settings.screenshots) await mkdir(settings.screenshots, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.PICKET_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  let failed = 0;
  const wanted = process.env.PICKET_E2E_LOOKS ? process.env.PICKET_E2E_LOOKS.split(",") : null;
  for (const look of LOOKS.filter((one) => !wanted || wanted.includes(one.name))) {
    const cx = await open(browser, look);
    for (const [name, story] of Object.entries(stories)) {
      const begun = performance.now();
      const seconds = () => ((performance.now() - begun) / 1000).toFixed(1);
      try {
        await inTime(story, cx);
        if (cx.complaints.length > 0) throw new Error(cx.complaints.splice(0).join("\n"));
        console.log(`ok      ${look.name}: ${name} (${seconds()} s)`);
      } catch (error) {
        failed += 1;
        await tellFailure(cx, look, `${name} (${seconds()} s)`, error);
        // The stories build on each other.
        break;
      }
    }
    await cx.context.close();
  }
  await browser.close();
  console.log(failed === 0 ? "all stories passed" : `${failed} stories failed`);
  process.exit(failed === 0 ? 0 : 1);
}

await main();

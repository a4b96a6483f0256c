// Steers one page of headless Chromium: an order a line on standard input (JSON), an answer a line on standard output.
'use strict';
const readline = require('node:readline');
const puppeteer = require('puppeteer-core');
const axe = require('axe-core');

let page;
let faults = [];

const orders = {
  // Opens an address in a fresh page of the given width; faults of the page (errors, refused requests) are gathered.
  async open({ url, width = 1280, height = 900, script = true, media = null }) {
    if (page) await page.close();
    faults = [];
    page = await browser.newPage();
    page.on('pageerror', (error) => faults.push('error: ' + error.message));
    page.on('console', (message) => { if (message.type() === 'error') faults.push('console: ' + message.text()); });
    await page.setViewport({ width, height });
    await page.setJavaScriptEnabled(script);
    if (media) await page.emulateMediaType(media);
    await page.goto(url, { waitUntil: 'load' });
    return null;
  },
  evaluate: ({ expression }) => page.evaluate(expression),
  async until({ expression }) {
    await page.waitForFunction(expression, { timeout: 60000, polling: 100 });
    return null;
  },
  async press({ key, times = 1 }) {
    for (let time = 0; time < times; time += 1) await page.keyboard.press(key);
    return page.evaluate('(document.activeElement.innerText || document.activeElement.nodeName).slice(0, 80)');
  },
  // What axe finds of serious or critical weight, and how many rules passed, so that no finding means something.
  async axe() {
    // Through the protocol, not a script element: the page's own policy allows no foreign script.
    await page.evaluate(axe.source);
    const found = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })');
    const heavy = found.violations.filter((rule) => ['serious', 'critical'].includes(rule.impact));
    return {
      violations: heavy.map((rule) => ({ id: rule.id, help: rule.help, nodes: rule.nodes.slice(0, 5).map((node) => node.html.slice(0, 200) + ' :: ' + node.failureSummary) })),
      passes: found.passes.map((rule) => rule.id),
    };
  },
  async picture({ path, whole = true }) {
    await page.screenshot({ path, fullPage: whole });
    return null;
  },
  async print({ path }) {
    const pdf = await page.pdf({ path, format: 'A4', printBackground: true });
    return pdf.length;
  },
  faults: () => faults,
};

let browser;
(async () => {
  browser = await puppeteer.launch({
    executablePath: process.env.HOMEWARD_CHROMIUM,
    userDataDir: process.env.HOMEWARD_PROFILE,
    // A container runs tests as root, where the sandbox refuses to start; the pages are our own.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--force-color-profile=srgb', '--hide-scrollbars=false'],
  });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    let answer;
    try {
      answer = { value: await orders[order.do](order) ?? null };
    } catch (error) {
      answer = { error: String(error && error.stack || error) };
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
  await browser.close();
})().catch((error) => {
  process.stderr.write(String(error && error.stack || error) + '\n');
  process.exit(1);
});

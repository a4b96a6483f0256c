// Bundles the page and opens it in headless Chromium, once for each board that is named: a file of answers in, a picture
// and a report out. `node draw.cjs FOLDER NAME...` reads FOLDER/NAME.answers.json and writes FOLDER/NAME.png and
// FOLDER/NAME.report.json.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const esbuild = require('esbuild');
const puppeteer = require('puppeteer-core');

const packages = process.env.NODE_PATH;
const ICONS = path.join(packages, '@grafana/ui/dist/public/img/icons');
// Grafana's letter, which its server has in files of its own: widths of words depend on it.
const LETTERS = path.join(packages, '@fontsource/inter/files');
const WEIGHTS = { 'Inter-Regular.woff2': 'inter-latin-400-normal.woff2', 'Inter-Medium.woff2': 'inter-latin-500-normal.woff2' };

// Milliseconds for one step on a busy machine.
const PATIENCE = 120_000;

async function bundle() {
  const built = await esbuild.build({
    entryPoints: [path.join(__dirname, 'page.tsx')],
    nodePaths: [packages],
    bundle: true,
    write: false,
    format: 'iife',
    jsx: 'automatic',
    logLevel: 'error',
    // Editors are not drawn.
    external: ['monaco-editor'],
    loader: { '.svg': 'dataurl', '.png': 'dataurl' },
    define: { 'process.env.NODE_ENV': '"production"' },
    outdir: 'none',
  });
  const text = (ending) => built.outputFiles.filter((file) => file.path.endsWith(ending)).map((file) => file.text).join('\n');
  return { script: text('.js'), style: text('.css') };
}

async function draw(browser, { script, style }, folder, name) {
  const given = fs.readFileSync(path.join(folder, `${name}.answers.json`), 'utf8');
  const html = `<!doctype html><html lang="en-GB"><meta charset="utf-8"><title>${name}</title><style>${style}
    body { margin: 0 } h2 { font-size: 16px; margin: 4px 0 0 }
    /* A table out of sight is not painted, and a picture has no sight. */
    [role=grid] { content-visibility: visible !important }</style>
    <div id="board"></div><script>window.given = ${given.replace(/</g, '\\u003c')}</script>
    <script src="/page.js"></script></html>`;
  const page = await browser.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push('error: ' + error.message));
  page.on('console', (message) => { if (['error', 'warn'].includes(message.type())) faults.push(message.type() + ': ' + message.text()); });
  // As tall as any board: a table draws only the rows that are in sight.
  await page.setViewport({ width: 1616, height: 8000 });
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    const icon = pathname.split('/img/icons/')[1];
    const file = icon && path.join(ICONS, path.normalize('/' + icon));
    const weight = WEIGHTS[path.basename(pathname)];
    if (pathname === '/') request.respond({ contentType: 'text/html', body: html });
    else if (pathname === '/page.js') request.respond({ contentType: 'text/javascript; charset=utf-8', body: script });
    else if (pathname === '/favicon.ico') request.respond({ status: 204 });
    else if (weight) request.respond({ contentType: 'font/woff2', body: fs.readFileSync(path.join(LETTERS, weight)) });
    else if (file && fs.existsSync(file)) request.respond({ contentType: 'image/svg+xml', body: fs.readFileSync(file) });
    else {
      faults.push('missing: ' + request.url());
      request.respond({ status: 404 });
    }
  });
  await page.goto('http://boards.localhost/', { waitUntil: 'load', timeout: PATIENCE });
  await page.evaluate('window.drawn');
  await page.evaluate('window.settled()');
  const report = { console: faults, ...(await page.evaluate('window.report()')) };
  await (await page.$('#board')).screenshot({ path: path.join(folder, `${name}.png`) });
  fs.writeFileSync(path.join(folder, `${name}.report.json`), JSON.stringify(report, null, 1));
  await page.close();
}

(async () => {
  const [folder, ...names] = process.argv.slice(2);
  const bundled = await bundle();
  const browser = await puppeteer.launch({
    executablePath: process.env.HOMEWARD_CHROMIUM,
    timeout: PATIENCE,
    protocolTimeout: PATIENCE,
    // A container runs tests as root, where the sandbox refuses to start; the page is our own.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--force-color-profile=srgb'],
  });
  for (const name of names) await draw(browser, bundled, folder, name);
  await browser.close();
})().catch((error) => {
  process.stderr.write(String((error && error.stack) || error) + '\n');
  process.exit(1);
});

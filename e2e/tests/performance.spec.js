import { brotliCompressSync } from 'node:zlib';

import { expect, expectFits, signIn, test } from './fixtures.js';
import { command, openRunningServer } from './running-server.js';

test.use({ panelOf: 'performance' });

const LINES = 50_000;

function report(what, value) {
  process.stdout.write(`${what}: ${value}\n`);
}

function row(page, server) {
  return page.getByRole('list', { name: 'Servers', exact: true }).getByRole('listitem').filter({ hasText: server.name });
}

test('the first load is compressed, cached by name, and its parts are known', async ({ request }) => {
  const index = await request.get('/', { headers: { 'accept-encoding': 'br' } });
  expect(index.headers()['cache-control']).toBe('no-cache');
  const html = await index.text();
  const parts = { 'index.html': brotliCompressSync(html).length };
  for (const [, name] of html.matchAll(/(?:href|from|module_or_path:) *[=(]?["'](\/[^"']+\.(?:css|js|wasm))["']/g)) {
    const response = await request.get(name, { headers: { 'accept-encoding': 'br' } });
    expect(response.headers()['content-encoding'], name).toBe('br');
    expect(response.headers()['cache-control'], name).toContain('immutable');
    parts[name.slice(1)] = Number(response.headers()['content-length']);
  }
  let sum = 0;
  for (const [name, bytes] of Object.entries(parts)) {
    report(`first load, ${name}`, `${(bytes / 1024).toFixed(1)} KiB`);
    sum += bytes;
  }
  report('first load, all', `${(sum / 1024).toFixed(1)} KiB with brotli`);
  expect(Object.keys(parts).some((name) => name.endsWith('.wasm'))).toBe(true);
});

test('a game killed on the host shows without a reload, and soon', async ({ page, site }) => {
  await site.install();
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await client.runJob(`/servers/${server.id}/jobs`, 'start');
  await signIn(page, username);
  await expect(row(page, server).getByText('running', { exact: true })).toBeVisible();

  // Both are noted in the page, by its own clock: when an event comes that changes the state, and when it is seen.
  await page.evaluate((name) => {
    window.seen = { event: [], page: [] };
    const now = () => performance.timeOrigin + performance.now();
    new EventSource('/api/v1/events').addEventListener('server', (message) => {
      const { display_state: state } = JSON.parse(message.data);
      if (state === 'failed') window.seen.event.push(now());
    });
    new MutationObserver(() => {
      const items = [...document.querySelectorAll('.server')].filter((item) => item.textContent.includes(name));
      if (items.some((item) => item.querySelector('.badge--failed'))) window.seen.page.push(now());
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  }, server.name);
  // The supervisor starts it again a few times before it gives up.
  await expect
    .poll(() => (site.killGame(server), row(page, server).getByText('failed', { exact: true }).isVisible()), {
      timeout: 45_000,
      intervals: [200],
    })
    .toBe(true);
  await expect(row(page, server).locator('.server__error')).toContainText('crashed');
  const { event, page: drawn } = await page.evaluate(() => window.seen);
  // The page's own stream may be told a moment before this one.
  const latency = Math.max(0, drawn[0] - event[0]);
  const { actual_state_updated_at: noticed } = await client.get(`/servers/${server.id}`);
  report('from the event to the page', `${latency.toFixed(1)} ms`);
  report('from the panel noticing it to the page', `${(drawn[0] - Date.parse(noticed)).toFixed(1)} ms`);
  expect(latency).toBeLessThan(200);
});

test('the first server row is seen on a slow machine', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await signIn(page, username);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
  const began = Date.now();
  await page.goto('/');
  await expect(row(page, server)).toBeVisible();
  report('first server row with the CPU slowed 4 times', `${Date.now() - began} ms`);
});

/** Scrolls for three seconds and counts what was drawn. */
function framesPerSecond(log, { from, pixelsPerSecond }) {
  return log.evaluate(
    async (pane, [from, pixelsPerSecond]) => {
      const start = pane.scrollHeight * from;
      pane.scrollTop = start;
      await new Promise(requestAnimationFrame);
      const began = performance.now();
      let frames = 0;
      while (performance.now() - began < 3_000) {
        await new Promise(requestAnimationFrame);
        frames += 1;
        pane.scrollTop = start + (pixelsPerSecond * (performance.now() - began)) / 1_000;
      }
      return (frames * 1_000) / (performance.now() - began);
    },
    [from, pixelsPerSecond],
  );
}

/** The same on a pane of the same size with nothing in it: what this machine can do at this moment. */
async function emptyPaneFramesPerSecond(page, log, pace) {
  await log.evaluate((pane) => {
    const { width, height } = pane.getBoundingClientRect();
    const empty = document.createElement('div');
    empty.id = 'empty-pane';
    Object.assign(empty.style, { width: `${width}px`, height: `${height}px`, overflow: 'auto' });
    const content = document.createElement('div');
    content.style.height = `${pane.scrollHeight}px`;
    empty.append(content);
    document.body.append(empty);
  });
  const frames = await framesPerSecond(page.locator('#empty-pane'), pace);
  await page.evaluate(() => document.getElementById('empty-pane').remove());
  return frames;
}

function mean(numbers) {
  return (numbers.reduce((sum, number) => sum + number, 0) / numbers.length).toFixed(1);
}

test('a log of 50,000 lines scrolls smoothly, can be searched, and is bounded', async ({ page, site }) => {
  test.setTimeout(180_000);
  await openRunningServer(page, site);
  const log = page.getByRole('log');
  await command(page, `standin_flood ${LINES + 5_000}`);
  await expect(log).toContainText(`flood line ${LINES + 5_000} of`, { timeout: 90_000 });

  // It followed the end, and only what is within reach is on the page.
  expect(await log.locator('.log__line').count()).toBeLessThan(400);
  // At the pace of a hand on a wheel, and through everything in a few seconds.
  const wheel = { from: 0.5, pixelsPerSecond: 3_000 };
  const [empty, reading] = [[], []];
  for (let round = 0; round < 3; round += 1) {
    empty.push(await emptyPaneFramesPerSecond(page, log, wheel));
    reading.push(await framesPerSecond(log, wheel));
  }
  const rushing = await framesPerSecond(log, { from: 0, pixelsPerSecond: 250_000 });
  const heap = await page.evaluate(() => performance.memory.usedJSHeapSize / 1024 / 1024);
  process.stdout.write(
    `log of ${LINES} lines: ${mean(reading)} frames a second (an empty pane: ${mean(empty)}), ` +
      `${rushing.toFixed(1)} while rushing through all of it; ` +
      `JavaScript heap ${heap.toFixed(1)} MiB\n`,
  );
  // Of 60 frames 50; where other programs take part of the machine, the same share of what is left.
  expect(Math.max(...reading) / Math.max(...empty)).toBeGreaterThan(50 / 60);

  // The oldest lines are gone, the last 50,000 are there.
  const search = page.getByRole('searchbox', { name: 'Search the log' });
  await search.fill('flood line');
  await expect(page.getByRole('search').getByRole('status')).toHaveText(/^(49|50)\d{3} lines$/);
  await search.fill('FLOOD LINE 30000 OF');
  await expect(page.getByRole('search').getByRole('status')).toHaveText('1 line');
  await search.press('Enter');
  await expect(page.getByRole('search').getByRole('status')).toHaveText('1 of 1');
  await expect(log.locator('.log__line--current')).toContainText('flood line 30000 of');
  await expect(log.locator('.log__line--current')).toBeInViewport();
  await expectFits(page, 'log-search');
});

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { Panel, REPOSITORY, settings } from '../lib/panel.js';
import { expect, expectFits, signIn, test } from './fixtures.js';
import { command, openRunningServer } from './running-server.js';

// To record what the browser does takes about a third of its frames.
test.use({ panelOf: 'performance', trace: 'off' });

const LINES = 50_000;
/** What the pages may take before the first of them is seen: page, styles, scripts and program as they are sent. */
const FIRST_LOAD_BYTES = 250_000;

function report(what, value) {
  process.stdout.write(`${what}: ${value}\n`);
}

function row(page, server) {
  return page.getByRole('list', { name: 'Servers', exact: true }).getByRole('listitem').filter({ hasText: server.name });
}

/**
 * Opens an address with nothing cached, in a context of its own, and gives the page once `selector` was drawn, with when the
 * frame that shows it began and ended.
 */
async function openAfresh(browser, url, selector, { storageState, slowed = 1 } = {}) {
  const context = await browser.newContext({ storageState });
  const page = await context.newPage();
  await page.addInitScript((selector) => {
    window.drawn = new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        if (!document.querySelector(selector)) return;
        observer.disconnect();
        requestAnimationFrame(() => {
          const frameAt = performance.now();
          // The frame that shows it is done when the next task runs.
          setTimeout(() => resolve({ frameAt, drawnAt: performance.now() }));
        });
      });
      observer.observe(document, { subtree: true, childList: true });
    });
  }, selector);
  const devtools = await context.newCDPSession(page);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: slowed });
  await page.goto(url);
  return { context, page, ...(await page.evaluate(() => window.drawn)) };
}

test('the first load is small, compressed, cached by name, and its parts are known', async ({
  browser,
  page,
  request,
  site,
}) => {
  const { username, client } = await site.newUser();
  await site.newServer(client);
  await signIn(page, username);
  const storageState = await page.context().storageState();
  const fresh = await openAfresh(browser, site.url, '.server', { storageState });
  const fetched = await fresh.page.evaluate(() =>
    [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map(
      ({ name, startTime, encodedBodySize }) => ({ address: new URL(name).pathname, startTime, bytes: encodedBodySize }),
    ),
  );
  await fresh.context.close();
  const first = fetched.filter(({ address, startTime }) => startTime < fresh.frameAt && !address.startsWith('/api/'));
  for (const { address, bytes } of first) {
    report(`first load, ${address}`, `${bytes.toLocaleString('en')} bytes`);
    const headers = (await request.get(address, { headers: { 'accept-encoding': 'br' } })).headers();
    expect(headers['content-encoding'], address).toBe('br');
    expect(headers['cache-control'], address).toContain(address === '/' ? 'no-cache' : 'immutable');
  }
  const sum = first.reduce((sum, { bytes }) => sum + bytes, 0);
  report('first load, all', `${sum.toLocaleString('en')} bytes`);
  for (const kind of ['css', 'js', 'wasm']) {
    expect(first.some(({ address }) => address.endsWith(kind)), kind).toBe(true);
  }
  expect(sum).toBeLessThanOrEqual(FIRST_LOAD_BYTES);
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

test('the first server row is seen on a slow machine', async ({ browser, page, site }) => {
  const { username, client } = await site.newUser();
  await site.newServer(client);
  await signIn(page, username);
  const storageState = await page.context().storageState();
  const emptyPage = path.join(process.env.L4D2_WEB_TARGET ?? path.join(REPOSITORY, 'target-web'), 'empty-page');
  expect(existsSync(emptyPage), `${emptyPage}: run 'scripts/build-web --with-empty-page'`).toBe(true);
  const directory = mkdtempSync(path.join(tmpdir(), 'l4d2-e2e-empty-'));
  const panel = await Panel.start(settings(directory, { FRONTEND_DIST: emptyPage }));
  const [rows, empty] = [[], []];
  try {
    for (let round = 0; round < 3; round += 1) {
      for (const [times, ...parameters] of [
        [empty, panel.url, '.row', { slowed: 4 }],
        [rows, site.url, '.server', { slowed: 4, storageState }],
      ]) {
        const { context, drawnAt } = await openAfresh(browser, ...parameters);
        await context.close();
        times.push(drawnAt);
      }
    }
  } finally {
    await panel.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  report('first server row with the CPU slowed 4 times', `${median(rows).toFixed(0)} ms`);
  report('the row of an empty Leptos page, likewise', `${median(empty).toFixed(0)} ms`);
});

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

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
  await page.addInitScript(() => {
    for (const name of ['instantiate', 'instantiateStreaming']) {
      const instantiate = WebAssembly[name];
      WebAssembly[name] = async (...args) => {
        const made = await instantiate.apply(WebAssembly, args);
        // The chunks have none of their own.
        window.programMemory ??= (made.instance ?? made).exports.memory;
        return made;
      };
    }
  });
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
  // The lines are in the program's own memory, which the JavaScript heap doesn't hold.
  const [heap, memory] = await page.evaluate(() =>
    [performance.memory.usedJSHeapSize, window.programMemory.buffer.byteLength].map((bytes) => bytes / 1024 / 1024),
  );
  process.stdout.write(
    `log of ${LINES} lines: ${mean(reading)} frames a second (an empty pane: ${mean(empty)}), ` +
      `${rushing.toFixed(1)} while rushing through all of it; ` +
      `program ${memory.toFixed(1)} MiB, JavaScript heap ${heap.toFixed(1)} MiB\n`,
  );
  expect(memory).toBeLessThan(24);
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

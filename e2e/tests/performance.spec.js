import { brotliCompressSync } from 'node:zlib';

import { expect, signIn, test } from './fixtures.js';

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

import { readFileSync } from 'node:fs';

import { copy, expect, expectFits, signIn, test } from './fixtures.js';
import { command, openRunningServer } from './running-server.js';

test.use({ panelOf: 'job-log' });

/** An install whose log is longer than what a stream begins with; its page is open. */
async function openLongLog(page, site, lines) {
  const { username, client } = await site.newAdmin();
  site.tellSteamcmd(`flood:${lines}`);
  const job = await client.runJob('/jobs', 'install');
  site.tellSteamcmd();
  await signIn(page, username);
  await page.goto(`/jobs/${job.id}`);
  await expect(page.getByRole('status').filter({ hasText: 'Complete' })).toBeVisible();
  return { client, job };
}

/** The whole log as the panel's API has it. */
async function lines(client, job) {
  const all = [];
  for (let after = 0; after !== null; ) {
    const page = await client.get(`/jobs/${job.id}/logs?limit=1000&after_seq=${after}`);
    all.push(...page.items.map(({ line }) => line));
    after = page.next;
  }
  return all;
}

test('a long log begins with its last lines, and earlier ones are loaded when asked for', async ({ page, site }) => {
  const { client, job } = await openLongLog(page, site, 2_500);
  const all = await lines(client, job);
  expect(all.length).toBeGreaterThan(2_500);
  const log = page.getByRole('log');
  const first = () => log.evaluate((pane) => ((pane.scrollTop = 0), pane.querySelector('.log__number:not(:empty)')?.textContent));
  await log.hover();
  await page.mouse.wheel(0, -1_000_000);
  await expect(log).toContainText(`${all.length - 2_000} earlier lines are not shown`);
  await expect.poll(first).toBe(String(all.length - 2_000 + 1));
  await expectFits(page, 'job-log-earlier');

  const earlier = page.getByRole('button', { name: 'Load earlier lines' });
  await earlier.click();
  await expect(earlier).toBeHidden();
  await expect(page.getByRole('status').filter({ hasText: 'Complete' })).toBeVisible();
  await expect.poll(first).toBe('1');
  await expect(log).not.toContainText('not shown');
});

test('of a very long log as much is shown as is kept, and what is not is told', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  const job = await client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  const LAST = 60_000;
  // A log of so many lines, as the panel would give it.
  await page.route(`**/jobs/${job.id}/stream*`, (route) => {
    const behind = new URL(route.request().url()).searchParams.get('last_seq');
    const first = Number(behind ?? LAST - 2_000) + 1;
    const skipped = behind === null ? `event: skipped\ndata: {"lines":${first - 1}}\n\n` : '';
    const lines = Array.from({ length: LAST - first + 1 }, (_, index) => `id: ${first + index}\nevent: stdout\ndata: line ${first + index}\n\n`);
    return route.fulfill({
      contentType: 'text/event-stream',
      body: `${skipped}${lines.join('')}event: end\ndata: {"reason":"job_finished"}\n\n`,
    });
  });
  await signIn(page, username);
  await page.goto(`/jobs/${job.id}`);
  const log = page.getByRole('log');
  const earlier = page.getByRole('button', { name: 'Load earlier lines' });
  await earlier.click();
  // There is no room for more.
  await expect(earlier).toBeHidden();
  await expect(log).toContainText(`line ${LAST}`);
  await log.evaluate((pane) => {
    pane.scrollTop = 0;
  });
  await expect(log).toContainText('10001 earlier lines are not shown');
  await expect(log.locator('.log__number:not(:empty)').first()).toHaveText('10002');
});

test('what is copied and downloaded is the log', async ({ page, site, context }) => {
  const { client, job } = await openLongLog(page, site, 100);
  const whole = (await lines(client, job)).map((line) => `${line}\n`).join('');
  await context.grantPermissions(['clipboard-read']);
  await copy(page);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(whole);
  // It doesn't say so for ever.
  await expect(page.getByRole('button', { name: 'Copy', exact: true })).toBeVisible();

  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download' }).click();
  expect(readFileSync(await (await download).path(), 'utf8')).toBe(whole);
});

test('all lines of a log are printed, dark on white, and nothing that is pressed', async ({ page, site }) => {
  const { client, job } = await openLongLog(page, site, 500);
  const all = await lines(client, job);
  const log = page.getByRole('log');
  expect(await log.locator('.log__line').count()).toBeLessThan(200);

  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  await expect(log.locator('.log__line')).toHaveCount(all.length);
  await expect(page.getByRole('navigation')).toBeHidden();
  await expect(page.getByRole('button', { name: 'Copy' })).toBeHidden();
  await expect(page.getByRole('searchbox')).toBeHidden();
  const { hidden, color, background } = await log.evaluate((pane) => ({
    hidden: pane.scrollHeight - pane.clientHeight,
    color: getComputedStyle(pane.querySelector('.log__line--system .log__text')).color,
    background: getComputedStyle(pane).backgroundColor,
  }));
  expect({ hidden, color, background }).toEqual({ hidden: 0, color: 'rgb(0, 0, 0)', background: 'rgba(0, 0, 0, 0)' });
  const places = await log.locator('.log__line').evaluateAll((found) => found.map((line) => line.getBoundingClientRect().top));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  await page.screenshot({ path: 'screenshots/print-1280.png', fullPage: true });

  await page.emulateMedia({ media: 'screen' });
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
  await expect.poll(() => log.locator('.log__line').count()).toBeLessThan(200);

  // The browser's own printing: some 50 lines fit on a sheet.
  await page.emulateMedia({ media: null });
  const document = (await page.pdf()).toString('latin1');
  expect(document.match(/\/Type\s*\/Page\b/g).length).toBeGreaterThan(5);
});

test('the output of a game is downloaded as it is on the page', async ({ page, site }) => {
  await openRunningServer(page, site);
  await command(page, 'echo to be saved');
  await expect(page.getByRole('log').getByText('to be saved', { exact: true })).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/\.log$/);
  const text = readFileSync(await file.path(), 'utf8');
  const shown = await page.getByRole('log').locator('.log__line:not(.log__line--mark) .log__text').allTextContents();
  expect(text.split('\n').slice(-shown.length - 1)).toEqual([...shown, '']);
});

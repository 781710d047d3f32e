import { expect, expectFits, signIn, test } from './fixtures.js';
import { command, openRunningServer } from './running-server.js';

test.use({ panelOf: 'logs' });

test('a log holds still when one scrolls up, and jumps to the end again', async ({ page, site }) => {
  await openRunningServer(page, site);
  const log = page.getByRole('log');
  await command(page, 'standin_flood 500');
  await expect(log.getByText('flood line 500 of 500')).toBeInViewport();
  await log.hover();
  await page.mouse.wheel(0, -3_000);
  const jump = page.getByRole('button', { name: 'Jump to the end' });
  await expect(jump).toBeVisible();
  const place = await log.evaluate((pane) => pane.scrollTop);
  await command(page, 'echo something new');
  await expect(page.getByLabel('Console')).toHaveValue('');
  expect(await log.evaluate((pane) => pane.scrollTop)).toBe(place);
  await jump.click();
  await expect(log.getByText('something new', { exact: true })).toBeInViewport();
  await expect(jump).toBeHidden();
});

test('who scrolls up while lines arrive stays there', async ({ page, site }) => {
  await openRunningServer(page, site);
  const log = page.getByRole('log');
  await command(page, 'standin_flood 12000 600');
  await expect(log).toContainText(/flood line \d{3,4} of 12000/);
  await log.hover();
  await page.mouse.wheel(0, -3_000);
  const jump = page.getByRole('button', { name: 'Jump to the end' });
  await expect(jump).toBeVisible();
  const [place, height] = await log.evaluate((pane) => [pane.scrollTop, pane.scrollHeight]);
  await expect.poll(() => log.evaluate((pane) => pane.scrollHeight)).toBeGreaterThan(height);
  expect(await log.evaluate((pane) => pane.scrollTop)).toBe(place);
  await jump.click();
  await expect(log.getByText('flood line 12000 of 12000')).toBeInViewport({ timeout: 60_000 });
});

test('a line for the console that may be lost is said to be where it was sent', async ({ page, site, failing }) => {
  await openRunningServer(page, site);
  await failing.fail('/servers/\\d+/console');
  await command(page, 'status');
  await expect(page.getByLabel('Console')).toHaveValue('status');
  const marks = page.getByRole('log').locator('.log__line--mark');
  await expect(marks).toHaveText(['> status', 'The line above may not have arrived']);
  await expectFits(page, 'console-failed');
});

test('a log shows colours, and lines can run on without wrapping', async ({ page, site }) => {
  // The console takes no control characters, so the lines come from here.
  const lines = ['\u001b[31mred\u001b[0m and \u001b[1;92mgreen', `${'long '.repeat(100)}end`];
  const events = lines.map((line, index) => `id: c${index}\nevent: stdout\ndata: ${line}\n\n`).join('');
  await page.route('**/logs/stream*', (route) =>
    route.fulfill({
      contentType: 'text/event-stream',
      body: `${events}event: skipped\ndata: {"lines":7}\n\nevent: end\ndata: {"reason":"deleted"}\n\n`,
    }),
  );
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await signIn(page, username);
  await page.goto(`/servers/${server.id}`);
  const log = page.getByRole('log');
  await expect(log.locator('.ansi-1')).toHaveText('red');
  await expect(log.locator('.ansi-10.ansi-bold')).toHaveText('green');
  await expect(log).toContainText('7 lines are missing here');
  const wide = () => log.evaluate((pane) => pane.scrollWidth > pane.clientWidth);
  expect(await wide()).toBe(false);
  await expectFits(page, 'log-colours');
  await page.getByLabel('Wrap lines').uncheck();
  await expect.poll(wide).toBe(true);
});

test('the end of a log is seen whatever its lines are written in', async ({ page, site }) => {
  // How wide such letters are drawn is a matter of the fonts at hand.
  const joined = '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466}'.repeat(60);
  const lines = [...Array.from({ length: 300 }, () => `${joined} ${'e\u0301'.repeat(80)}`), 'the last line'];
  const events = lines.map((line, index) => `id: c${index}\nevent: stdout\ndata: ${line}\n\n`).join('');
  await page.route('**/logs/stream*', (route) =>
    route.fulfill({ contentType: 'text/event-stream', body: `${events}event: end\ndata: {"reason":"deleted"}\n\n` }),
  );
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await signIn(page, username);
  await page.goto(`/servers/${server.id}`);
  const log = page.getByRole('log');
  await expect(log.getByText('the last line')).toBeInViewport();
  // It stands at the lower edge, and the pane is full above it.
  const [pane, last, first] = await log.evaluate((element) => {
    const rows = [...element.querySelectorAll('.log__line')];
    return [element, rows.at(-1), rows[0]].map((part) => part.getBoundingClientRect()).map(({ top, bottom }) => ({ top, bottom }));
  });
  expect(pane.bottom - last.bottom).toBeLessThan(30);
  expect(first.top).toBeLessThanOrEqual(pane.top);
});

test('a lost connection is shown, and the log goes on where it ended', async ({ page, site }) => {
  const { server, client } = await openRunningServer(page, site);
  const log = page.getByRole('log');
  await command(page, 'echo before the break');
  await expect(log.getByText('before the break', { exact: true })).toBeVisible();
  await site.restart(async () => {
    await expect(page.getByText('Lost, trying again…')).toBeVisible();
    await expectFits(page, 'log-lost');
  });
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible();
  await client.post(`/servers/${server.id}/console`, { command: 'echo after the break' });
  await expect(log).toContainText('after the break');
  expect(await log.getByText('before the break', { exact: true }).count()).toBe(1);
});

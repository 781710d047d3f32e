import { expect, expectFits, signIn, test } from './fixtures.js';

const LINES = 50_000;

/** A running server, with its page open. */
async function openRunningServer(page, site) {
  await site.install();
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await client.runJob(`/servers/${server.id}/jobs`, 'start');
  await signIn(page, username);
  await page.goto(`/servers/${server.id}`);
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible();
  return { server, client };
}

async function command(page, text) {
  const console = page.getByLabel('Console');
  await console.fill(text);
  await console.press('Enter');
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
  const empty = await emptyPaneFramesPerSecond(page, log, wheel);
  const reading = await framesPerSecond(log, wheel);
  const rushing = await framesPerSecond(log, { from: 0, pixelsPerSecond: 250_000 });
  const heap = await page.evaluate(() => performance.memory.usedJSHeapSize / 1024 / 1024);
  process.stdout.write(
    `log of ${LINES} lines: ${reading.toFixed(1)} frames a second (an empty pane: ${empty.toFixed(1)}), ` +
      `${rushing.toFixed(1)} while rushing through all of it; ` +
      `JavaScript heap ${heap.toFixed(1)} MiB\n`,
  );
  // Of 60 frames 50; where other programs take part of the machine, the same share of what is left.
  expect(reading / empty).toBeGreaterThan(50 / 60);

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
  await expect(log.getByText('something new')).toBeInViewport();
  await expect(jump).toBeHidden();
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

test('a lost connection is shown, and the log goes on where it ended', async ({ page, site }) => {
  const { server, client } = await openRunningServer(page, site);
  const log = page.getByRole('log');
  await command(page, 'echo before the break');
  await expect(log).toContainText('before the break');
  await site.restart(async () => {
    await expect(page.getByText('Connection lost, trying again…')).toBeVisible();
    await expectFits(page, 'log-lost');
  });
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible();
  await client.post(`/servers/${server.id}/console`, { command: 'echo after the break' });
  await expect(log).toContainText('after the break');
  expect(await log.getByText('before the break', { exact: true }).count()).toBe(1);
});

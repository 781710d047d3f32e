import { copy, expect, expectFits, signIn, test } from './fixtures.js';
import { command, openRunningServer } from './running-server.js';

// Far from the panel's own: the times are those of the clock where the page is read.
test.use({ panelOf: 'log-times', timezoneId: 'Asia/Kathmandu' });

/** What the clock there shows at a moment, as the gutter says it. */
function clock(moment) {
  return new Date(moment).toLocaleTimeString('en-GB', { timeZone: 'Asia/Kathmandu' });
}

/** The lines that are on the page, with what stands beside them. */
function lines(log) {
  return log.locator('.log__line').evaluateAll((found) =>
    found.map((line) => {
      const time = line.querySelector('.log__time');
      return {
        text: line.querySelector('.log__text').textContent,
        time: time?.textContent,
        exact: time?.title,
        isRead: time !== null && time.ariaHidden !== 'true',
      };
    }),
  );
}

/** A stream of a game's log as the panel would give it. */
async function pretend(page, site, events) {
  await page.route('**/logs/stream*', (route) =>
    route.fulfill({
      contentType: 'text/event-stream',
      body: `${events.join('\n\n')}\n\nevent: end\ndata: {"reason":"deleted"}\n\n`,
    }),
  );
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await signIn(page, username);
  await page.goto(`/servers/${server.id}`);
}

const line = (text, index) => `id: c${index}\nevent: stdout\ndata: ${text}`;
const time = (moment) => `event: time\ndata: ${new Date(moment).toISOString().replace(/\.\d+/, '')}`;

test("a game's lines have their times, until one doesn't want them", async ({ page, site }) => {
  const { server, client } = await openRunningServer(page, site);
  const log = page.getByRole('log');
  const times = page.getByLabel('Times');
  await expect(times).toBeChecked();
  await command(page, 'echo what time is it');
  await expect(log.getByText('what time is it', { exact: true })).toBeVisible();
  const sent = '> echo what time is it';
  const shown = (await lines(log)).filter(({ text }) => text !== sent);
  const { items } = await client.get(`/servers/${server.id}/logs?lines=2000`);
  const written = items.find(({ line }) => line === 'what time is it').time;
  const { time: beside, exact } = shown.find(({ text }) => text === 'what time is it');
  expect(exact).toBe(written.replace(/\.\d+/, ''));
  expect(beside).toBe(clock(written));
  expect(shown.every(({ time }) => /^\d\d:\d\d:\d\d$/.test(time))).toBe(true);

  const wrap = page.getByLabel('Wrap lines');
  await wrap.uncheck();
  await times.uncheck();
  await expect(log.locator('.log__time')).toHaveCount(0);
  await page.reload();
  await expect(wrap).not.toBeChecked();
  await expect(log).toContainText('what time is it');
  await expect(times).not.toBeChecked();
  await expect(log.locator('.log__time')).toHaveCount(0);
  // It is a choice about logs, not about this one.
  const [job] = (await client.get(`/jobs?server_id=${server.id}`)).items;
  await page.goto(`/jobs/${job.id}`);
  await expect(page.getByRole('status').filter({ hasText: 'Complete' })).toBeVisible();
  await expect(times).not.toBeChecked();
  await times.check();
  await page.reload();
  await expect(times).toBeChecked();
  await expect(log.locator('.log__time').first()).toBeVisible();
});

test("a job's lines have the times that the panel has of them, and are copied without", async ({ page, site, context }) => {
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  const job = await client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  const { items } = await client.get(`/jobs/${job.id}/logs`);
  await signIn(page, username);
  await page.goto(`/jobs/${job.id}`);
  await expect(page.getByRole('status').filter({ hasText: 'Complete' })).toBeVisible();
  const log = page.getByRole('log');
  await expect(log.locator('.log__line')).toHaveCount(items.length);
  const shown = await lines(log);
  expect(shown.map(({ text, exact, time }) => [text, exact, time])).toEqual(
    items.map(({ line, created_at: moment }) => [line, moment.replace(/\.\d+/, ''), clock(moment)]),
  );
  await expectFits(page, 'log-times-job');

  await context.grantPermissions(['clipboard-read']);
  await copy(page);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(items.map(({ line }) => `${line}\n`).join(''));
  // By hand, too.
  const selected = await log.evaluate((pane) => {
    getSelection().selectAllChildren(pane.querySelector('.log__window'));
    return getSelection().toString();
  });
  expect(selected.trim().split(/\n+/)).toEqual(items.map(({ line }) => line));
});

test('lines of another day have its date, and time is read aloud once a minute', async ({ page, site }) => {
  const minute = new Date(Date.now() - 3 * 24 * 3_600_000);
  minute.setUTCSeconds(0, 0);
  const began = minute.getTime();
  const today = Date.now();
  await pretend(page, site, [
    time(began + 1_000),
    line('first', 1),
    line('in the same second', 2),
    time(began + 59_000),
    line('in the same minute', 3),
    'event: skipped\ndata: {"lines":7}',
    time(began + 60_000),
    line('in the next', 4),
    time(today),
    line('today', 5),
  ]);
  const log = page.getByRole('log');
  await expect(log).toContainText('today');
  const day = { timeZone: 'Asia/Kathmandu', month: 'short', day: '2-digit' };
  const dated = (moment) => `${new Date(moment).toLocaleDateString('en-US', day)} ${clock(moment)}`;
  expect((await lines(log)).map(({ text, time, isRead }) => [text, time, isRead])).toEqual([
    ['first', dated(began + 1_000), true],
    ['in the same second', dated(began + 1_000), false],
    ['in the same minute', dated(began + 59_000), false],
    ['7 lines are missing here', '', true],
    ['in the next', dated(began + 60_000), true],
    ['today', clock(today), true],
  ]);
  await expectFits(page, 'log-times-dated');
});

test('lines wrap beside their times, and the end of the log stays in sight', async ({ page, site }) => {
  // Few enough to be on the page at once, on a phone too.
  const texts = Array.from({ length: 8 }, (_, index) => 'much too long for one row '.repeat(index + 1));
  const events = texts.flatMap((text, index) => [time(Date.now() + index * 1_000), line(text, index)]);
  await pretend(page, site, [...events, line('the last line', texts.length)]);
  const log = page.getByRole('log');
  const times = page.getByLabel('Times');
  const last = log.getByText('the last line');
  await expect(last).toBeInViewport();
  // What the page reckons the lines take, and what they do take: the browser breaks them where the page thinks.
  const heights = () =>
    log.evaluate((pane) => {
      const space = pane.querySelector('.log__space').getBoundingClientRect().height;
      const lines = [...pane.querySelectorAll('.log__line')].map((line) => line.getBoundingClientRect().height);
      return [lines.length, Math.round(space), Math.round(lines.reduce((sum, height) => sum + height, 0))];
    });
  const all = async () => {
    const [count, space, taken] = await heights();
    return count === texts.length + 1 && space === taken;
  };
  for (const width of [1280, 700, 360]) {
    await page.setViewportSize({ width, height: 4_000 });
    // On a phone the lines need all the room, until one wants it otherwise.
    await expect(times).toBeChecked({ checked: width > 360 });
    await expect.poll(all, { message: `${width} px` }).toBe(true);
  }
  await times.check();
  await expect.poll(all).toBe(true);
  await page.setViewportSize({ width: 360, height: 740 });
  // The page has more than the log; within the log, its end is what is seen.
  await log.evaluate((pane) => pane.scrollIntoView({ block: 'end' }));
  await expect(last).toBeInViewport();
  await page.screenshot({ path: 'screenshots/log-times-phone-360.png', fullPage: true });
  await times.uncheck();
  await expect(last).toBeInViewport();
});

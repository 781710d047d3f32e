import { expect, expectFits, signIn, test } from './fixtures.js';
import { openRunningServer } from './running-server.js';

test.use({ panelOf: 'offline' });

const LOST = 'The connection to the panel was lost.';

test('without a network the page says so, and no line of a log is lost', async ({ page, site, context }) => {
  const { server, client } = await openRunningServer(page, site);
  const log = page.getByRole('log');
  const say = (text) => client.post(`/servers/${server.id}/console`, { command: `echo ${text}` });
  await say('line 0');
  await expect(log).toContainText('line 0');

  await context.setOffline(true);
  const notice = page.getByRole('alert').filter({ hasText: LOST });
  await expect(notice).toBeVisible();
  await expect(page.getByText('Lost, trying again…')).toBeVisible();
  // Also for who reads on far below.
  await page.setViewportSize({ width: 360, height: 500 });
  await page.getByRole('button', { name: 'Delete server…' }).scrollIntoViewIfNeeded();
  await expect(page.getByRole('heading', { name: server.name, exact: true })).not.toBeInViewport();
  await expect(notice).toBeInViewport({ ratio: 1 });
  await expectFits(page, 'offline');
  for (let number = 1; number <= 20; number += 1) await say(`line ${number}`);
  // What is asked for meanwhile says why it can't be had.
  await page.getByRole('region', { name: 'State' }).getByRole('button', { name: 'Stop' }).click();
  const unreachable = page.getByRole('alert').filter({ hasText: 'The panel could not be reached.' });
  await expect(unreachable).toBeVisible();

  await context.setOffline(false);
  await expect(notice).toHaveCount(0, { timeout: 30_000 });
  await expect(unreachable).toHaveCount(0);
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible({ timeout: 30_000 });
  await expect(log).toContainText('line 20');
  const said = (await log.locator('.log__text').allTextContents()).filter((text) => /^line \d+$/.test(text));
  expect(said).toEqual(Array.from({ length: 21 }, (_, number) => `line ${number}`));
});

test('nothing on the page moves when the connection is lost', async ({ page, site, context }) => {
  await openRunningServer(page, site);
  await expect(page.getByRole('list', { name: 'Last jobs' })).toBeVisible();
  await expect(page.getByText(/ KiB$/)).toBeVisible();
  const notice = page.getByRole('alert').filter({ hasText: LOST });
  for (const [width, height] of [
    [1280, 800],
    [1024, 800],
    [360, 740],
  ]) {
    await page.setViewportSize({ width, height });
    const places = async () => {
      const parts = [
        page.getByRole('heading', { level: 1 }),
        page.getByRole('searchbox', { name: 'Search the log' }),
        page.getByRole('log'),
        page.getByLabel('Console'),
        page.getByRole('button', { name: 'Delete server…' }),
      ];
      return Promise.all(parts.map((part) => part.boundingBox()));
    };
    await page.getByRole('log').scrollIntoViewIfNeeded();
    const before = await places();
    await context.setOffline(true);
    await expect(notice).toBeInViewport({ ratio: 1 });
    await expect(page.getByText('Lost, trying again…')).toBeVisible();
    expect(await places()).toEqual(before);
    await page.screenshot({ path: `screenshots/connection-lost-${width}.png` });
    if (width >= 1024) {
      const send = await page.getByRole('button', { name: 'Send' }).boundingBox();
      expect((await notice.boundingBox()).x).toBeGreaterThanOrEqual(send.x + send.width);
    }
    // What the page ends with comes out from under the notice.
    await page.getByRole('button', { name: 'Delete server…' }).click({ trial: true });
    await context.setOffline(false);
    await expect(notice).toHaveCount(0, { timeout: 30_000 });
    await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible({ timeout: 30_000 });
  }
});

test('that the connection was lost covers none of the editor’s buttons', async ({ page, site, context }) => {
  const { username, client } = await site.newUser();
  const blueprint = await client.post('/blueprints', { name: 'comp' });
  await signIn(page, username);
  await page.goto(`/blueprints/${blueprint.id}`);
  const save = page.getByRole('button', { name: 'Save', exact: true });
  const remove = page.getByRole('button', { name: 'Delete', exact: true });
  await expect(remove).toBeVisible();
  await context.setOffline(true);
  const notice = page.getByRole('alert').filter({ hasText: LOST });
  await expect(notice).toBeVisible();
  for (const [width, height] of [
    [1280, 800],
    [960, 700],
    [360, 740],
  ]) {
    await page.setViewportSize({ width, height });
    await save.click({ trial: true });
    await remove.click({ trial: true });
    // Also at the very end, where nothing more can be scrolled.
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    await save.click({ trial: true });
    await remove.click({ trial: true });
    await expect(notice).toBeInViewport({ ratio: 1 });
    await page.screenshot({ path: `screenshots/connection-lost-editor-${width}.png` });
  }
});

test('what is on the page stays there without a network', async ({ page, site, context }) => {
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  await signIn(page, username);
  await page.getByRole('navigation').getByRole('link', { name: 'Jobs' }).click();
  const list = page.getByRole('list', { name: 'Jobs' });
  await expect(list.getByRole('listitem')).toHaveCount(1);
  await context.setOffline(true);
  await expect(page.getByRole('alert').filter({ hasText: LOST })).toBeVisible();
  await expect(list.getByRole('listitem')).toHaveCount(1);
  await client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  await context.setOffline(false);
  await expect(list.getByRole('listitem')).toHaveCount(2, { timeout: 30_000 });
  await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toHaveCount(0);
});

test('what could not be fetched without a network is there with it', async ({ page, site, context }) => {
  const { username } = await site.newUser();
  await signIn(page, username);
  const calls = /\/api\/v1\/auth\/(sessions|tokens)/;
  await page.route(calls, (route) => route.abort('internetdisconnected'));
  await page.goto('/account');
  const unreachable = page.getByRole('alert').filter({ hasText: 'The panel could not be reached.' });
  await expect(unreachable).toHaveCount(2);
  await context.setOffline(true);
  await expect(page.getByRole('alert').filter({ hasText: LOST })).toBeVisible();
  await page.unroute(calls);
  await context.setOffline(false);
  await expect(page.getByRole('list', { name: 'Sessions' }).getByRole('listitem')).not.toHaveCount(0, { timeout: 30_000 });
  await expect(unreachable).toHaveCount(0);
});

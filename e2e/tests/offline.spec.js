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
  await expectFits(page, 'offline');
  for (let number = 1; number <= 20; number += 1) await say(`line ${number}`);
  // What is asked for meanwhile says why it can't be had.
  await page.getByRole('region', { name: 'State' }).getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'The panel could not be reached.' })).toBeVisible();

  await context.setOffline(false);
  await expect(notice).toHaveCount(0, { timeout: 30_000 });
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible({ timeout: 30_000 });
  await expect(log).toContainText('line 20');
  const said = (await log.locator('.log__text').allTextContents()).filter((text) => /^line \d+$/.test(text));
  expect(said).toEqual(Array.from({ length: 21 }, (_, number) => `line ${number}`));
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

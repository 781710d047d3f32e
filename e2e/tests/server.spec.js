import { readFileSync } from 'node:fs';

import { expect, expectFits, signIn, test } from './fixtures.js';

test.use({ panelOf: 'server' });

test('a server is made, run, talked to and deleted on its page', async ({ page, site }) => {
  await site.install();
  const { username, client } = await site.newUser();
  await client.post('/blueprints', { name: 'coop', arguments: ['+map c1m1_hotel'], config: [], overlay_ids: [] });
  await signIn(page, username);
  await page.getByRole('main').getByRole('link', { name: 'New server' }).click();
  await expect(page.getByRole('heading', { name: 'New server' })).toBeVisible();

  // What is wrong is said at the field.
  await page.getByLabel('Name', { exact: true }).fill('Not A Name');
  await page.getByLabel('Port').fill('80');
  await page.getByRole('button', { name: 'Create server' }).click();
  await expect(page.getByLabel('Port')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Port')).toBeFocused();
  const [name, port] = [site.newName('made'), await site.freePort()];
  await page.getByLabel('Port').fill(String(port));
  await page.getByRole('button', { name: 'Create server' }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await expectFits(page, 'server-new');
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Create server' }).click();

  await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
  const console = page.getByLabel('Console');
  await expect(console).toBeDisabled();
  await expect(page.getByText(`${name} doesn't run, so it has no console.`)).toBeVisible();
  await expect(page.getByText('Nothing yet', { exact: true })).toBeVisible();
  await expectFits(page, 'server-stopped');

  const state = page.getByRole('region', { name: 'State' });
  await state.getByRole('button', { name: 'Initialize' }).click();
  await expect(page.getByRole('list', { name: 'Last jobs' }).getByText('succeeded', { exact: true })).toBeVisible();
  await expect(state.locator('.badge')).toHaveText('stopped');
  await expect(page.getByText(/^\d+(\.\d)? KiB$/)).toBeVisible();

  await page.getByText('What it gets at its next start').click();
  await expect(page.getByLabel('Command line')).toContainText(`-port ${port} `);
  await expect(page.getByLabel('Command line')).toContainText('+map c1m1_hotel');
  await expect(page.getByLabel('Text of server.cfg')).toContainText(`Written by the panel for ${name}:`);
  await expectFits(page, 'server-preview');
  const [blueprint] = await client.list('/blueprints');
  await client.patch(`/blueprints/${blueprint.id}`, { config: ['hostname "Changed"'] });
  await expect(page.getByLabel('Text of server.cfg')).toContainText('hostname "Changed"');

  await state.getByRole('button', { name: 'Start' }).click();
  await expect(state.locator('.badge')).toHaveText('running');
  await expect(state.getByRole('button', { name: 'Initialize' })).toHaveCount(0);
  await expect(console).toBeEnabled();
  await expect(page.getByText(`connect 127.0.0.1:${port}`)).toBeVisible();

  const log = page.getByRole('log');
  await console.fill('status');
  await console.press('Enter');
  await expect(log).toContainText('players : 0 humans');
  // What was sent is seen where it was, but is no line of the log.
  const shown = await log.locator('.log__text').allTextContents();
  expect(shown).toContain('> status');
  expect(shown.indexOf('> status')).toBeLessThan(shown.findIndex((text) => text.startsWith('players : 0 humans')));
  await page.getByRole('searchbox', { name: 'Search the log' }).fill('> status');
  await expect(page.getByRole('search').getByRole('status')).toHaveText('Nothing found');
  await page.getByRole('searchbox', { name: 'Search the log' }).fill('');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  const saved = readFileSync(await (await download).path(), 'utf8');
  expect(saved).toContain('players : 0 humans');
  expect(saved).not.toContain('> status');
  await expect(console).toHaveValue('');
  await console.fill('echo second');
  await console.press('Enter');
  await expect(log.getByText('second', { exact: true })).toBeVisible();
  await expect(console).toHaveValue('');
  await console.fill('draft');
  await console.press('ArrowUp');
  await expect(console).toHaveValue('echo second');
  await console.press('ArrowUp');
  await expect(console).toHaveValue('status');
  await console.press('ArrowDown');
  await console.press('ArrowDown');
  await expect(console).toHaveValue('draft');
  await expectFits(page, 'server-running');
  // The line that one types into is in sight without scrolling.
  for (const height of [720, 800, 1080]) {
    await page.setViewportSize({ width: 1280, height });
    await page.evaluate(() => window.scrollTo(0, 0));
    await expect(console).toBeInViewport({ ratio: 1 });
  }
  await page.setViewportSize({ width: 1280, height: 800 });

  await page.getByRole('button', { name: 'Delete server…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(name);
  await expectFits(page, 'server-delete');
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole('button', { name: 'Delete server…' }).click();
  await dialog.getByRole('button', { name: 'Delete server' }).click();
  await expect(page.getByRole('heading', { name: 'Deleted' })).toBeFocused();
  await expectFits(page, 'server-deleted');
  await page.getByRole('link', { name: 'All servers' }).click();
  await expect(page.getByRole('heading', { name: 'No servers yet' })).toBeVisible();
});

test('a blueprint without servers leads to a new one of it', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const chosen = await client.post('/blueprints', { name: 'chosen' });
  await client.post('/blueprints', { name: 'newest' });
  await signIn(page, username);
  await page.goto(`/blueprints/${chosen.id}`);
  await page.getByRole('region', { name: 'Linked servers' }).getByRole('link', { name: 'New server' }).click();
  await expect(page).toHaveURL(`/servers/new?blueprint=${chosen.id}`);
  await expect(page.getByLabel('Blueprint')).toHaveValue(String(chosen.id));
  await page.goto('/servers/new?blueprint=999999');
  await expect(page.getByLabel('Blueprint').locator('option:checked')).toHaveText('newest');
});

test('a server is linked to another blueprint while it runs', async ({ page, site }) => {
  await site.install();
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await client.post('/blueprints', { name: 'other', arguments: ['-tickrate 60'], config: [], overlay_ids: [] });
  await client.runJob(`/servers/${server.id}/jobs`, 'start');
  await signIn(page, username);
  await page.getByRole('main').getByRole('link', { name: server.name, exact: true }).click();
  await page.getByLabel('Blueprint').selectOption('other');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved. It takes effect')).toBeVisible();
  const state = page.getByRole('region', { name: 'State' });
  await expect(state.getByRole('link', { name: 'other', exact: true })).toHaveAttribute('href', /^\/blueprints\/\d+$/);
  await state.getByRole('button', { name: 'Restart to apply changes' }).click();
  await expect(state.getByRole('button', { name: `Restart ${server.name}`, exact: true })).toBeVisible();
  await expect(state.locator('.badge')).toHaveText('running');
});

test('an admin can keep a blueprint that is private to a server’s owner', async ({ page, site }) => {
  const owner = await site.newUser();
  const server = await site.newServer(owner.client);
  const admin = await site.newAdmin();
  await admin.client.post('/blueprints', { name: 'of the admin' });
  await signIn(page, admin.username);
  await page.goto(`/servers/${server.id}`);
  const choice = page.getByLabel('Blueprint');
  await choice.selectOption('of the admin');
  await choice.selectOption('private blueprint');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Nothing to save.')).toBeVisible();
  expect((await owner.client.get(`/servers/${server.id}`)).blueprint_id).toBe(server.blueprint_id);
});

test('a new server’s form proposes a port that is free, and is not left by accident', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const blueprint = await client.post('/blueprints', { name: 'comp' });
  await client.post('/servers', { name: site.newName('usual'), port: 27_015, blueprint_id: blueprint.id });
  await signIn(page, username);
  // This page asks once more when its stream begins: that is not what is waited for below.
  await page.goto('about:blank');
  // The servers come later than the blueprints.
  let answer;
  const late = new Promise((resolve) => {
    answer = resolve;
  });
  await page.route(/\/api\/v1\/servers\?/, async (route) => {
    await late;
    await route.continue();
  });
  const blueprints = page.waitForResponse(/\/api\/v1\/blueprints\?/);
  await page.goto('/servers/new');
  await blueprints;
  answer();
  await expect(page.getByLabel('Port')).toHaveValue('27016');

  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await page.getByLabel('Name', { exact: true }).fill('typed');
  await page.getByRole('navigation').getByRole('link', { name: 'Jobs' }).click();
  await dialog.getByRole('button', { name: 'Stay here' }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('typed');
  await page.getByRole('navigation').getByRole('link', { name: 'Jobs' }).click();
  await dialog.getByRole('button', { name: 'Leave without saving' }).click();
  await expect(page.getByRole('heading', { name: 'Jobs', exact: true })).toBeVisible();

  // The settings of one that is there warn, too, until they are as they were.
  await page.goto('/');
  await page.getByRole('main').getByRole('link', { name: /^usual/ }).click();
  await page.getByLabel('Port').fill('27999');
  await page.getByRole('navigation').getByRole('link', { name: 'Jobs' }).click();
  await dialog.getByRole('button', { name: 'Stay here' }).click();
  await page.getByLabel('Port').fill('27015');
  await page.getByRole('navigation').getByRole('link', { name: 'Jobs' }).click();
  await expect(page.getByRole('heading', { name: 'Jobs', exact: true })).toBeVisible();
});

test('somebody else’s server is refused, one that never was is not found', async ({ page, site }) => {
  const { client } = await site.newUser();
  const server = await site.newServer(client);
  const stranger = await site.newUser();
  await signIn(page, stranger.username);
  await page.goto(`/servers/${server.id}`);
  await expect(page.getByRole('heading', { name: 'Not allowed' })).toBeVisible();
  await page.goto('/servers/99999');
  await expect(page.getByRole('heading', { name: 'Not found' })).toBeVisible();
});

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
  await page.getByRole('button', { name: 'Make server' }).click();
  await expect(page.getByLabel('Port')).toHaveAttribute('aria-invalid', 'true');
  const [name, port] = [site.newName('made'), await site.freePort()];
  await page.getByLabel('Port').fill(String(port));
  await page.getByRole('button', { name: 'Make server' }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await expectFits(page, 'server-new');
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Make server' }).click();

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
  await console.fill('echo second');
  await console.press('Enter');
  await expect(log).toContainText('second');
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

  await page.getByRole('button', { name: 'Delete server…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(name);
  await expectFits(page, 'server-delete');
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole('button', { name: 'Delete server…' }).click();
  await dialog.getByRole('button', { name: 'Delete server' }).click();
  await expect(page.getByRole('heading', { name: 'Deleted' })).toBeVisible();
  await expectFits(page, 'server-deleted');
  await page.getByRole('link', { name: 'All servers' }).click();
  await expect(page.getByRole('heading', { name: 'No servers yet' })).toBeVisible();
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
  await state.getByRole('button', { name: 'Restart to apply changes' }).click();
  await expect(state.getByRole('button', { name: `Restart ${server.name}`, exact: true })).toBeVisible();
  await expect(state.locator('.badge')).toHaveText('running');
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

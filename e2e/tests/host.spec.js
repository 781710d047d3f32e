import { expect, expectFits, signIn, test } from './fixtures.js';

test.use({ panelOf: 'host' });

test('an admin installs the game, which waits until no server runs', async ({ page, site }) => {
  const admin = await site.newAdmin();
  await signIn(page, admin.username);
  await page.getByRole('link', { name: 'Host' }).click();
  await expect(page.getByText('The game is not installed yet.')).toBeVisible();
  await expect(page.getByRole('list', { name: 'Checks' }).getByRole('listitem').first()).toBeVisible();
  await expectFits(page, 'host-empty');

  await page.getByRole('button', { name: 'Install', exact: true }).click();
  await expect(page.getByText(/^Last install: ?succeeded/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Update', exact: true })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Job and log' })).toHaveAttribute('href', /^\/jobs\/\d+$/);
  await expectFits(page, 'host');

  const server = await site.newServer(admin.client);
  await admin.client.runJob(`/servers/${server.id}/jobs`, 'start');
  await expect(page.getByText(`Stop all servers first: ${server.name} runs`)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Update', exact: true })).toHaveAttribute('aria-disabled', 'true');
  await expectFits(page, 'host-in-the-way');
  await admin.client.runJob(`/servers/${server.id}/jobs`, 'stop');
  await expect(page.getByRole('button', { name: 'Update', exact: true })).not.toHaveAttribute('aria-disabled');
});

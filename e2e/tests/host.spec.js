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
  // It can be seen that it can't be pressed, and pressing it does nothing.
  const update = page.getByRole('button', { name: 'Update', exact: true });
  await expect(update).toHaveCSS('background-color', 'rgb(230, 237, 235)');
  await expect(update).toHaveCSS('cursor', 'not-allowed');
  await update.click({ force: true });
  expect(await admin.client.list('/jobs?state=queued')).toEqual([]);
  await expectFits(page, 'host-in-the-way');
  await admin.client.runJob(`/servers/${server.id}/jobs`, 'stop');
  await expect(page.getByRole('button', { name: 'Update', exact: true })).not.toHaveAttribute('aria-disabled');
});

test('a remedy can be copied where it is a command, and is said in words where it isn’t', async ({ page, site }) => {
  const admin = await site.newAdmin();
  await page.route('**/api/v1/host', async (route) => {
    const response = await route.fetch();
    const host = await response.json();
    const check = { status: 'failed', message: 'it is amiss' };
    host.checks = [
      { ...check, id: 'root', remedy: 'chmod 0700 /opt/l4d2', remedy_is_command: true },
      { ...check, id: 'landlock', remedy: 'use a newer kernel', remedy_is_command: false },
      { id: 'pty', status: 'ok', message: 'it is well', remedy: '', remedy_is_command: false },
    ];
    await route.fulfill({ response, json: host });
  });
  await signIn(page, admin.username);
  await page.goto('/host');
  const check = (text) => page.getByRole('list', { name: 'Checks' }).getByRole('listitem').filter({ hasText: text });
  await expect(check('root').getByRole('textbox', { name: 'What to do' })).toHaveValue('chmod 0700 /opt/l4d2');
  await expect(check('root').getByRole('button', { name: 'Copy' })).toBeVisible();
  await expect(check('landlock').getByText('Use a newer kernel.')).toBeVisible();
  await expect(check('landlock').getByRole('textbox')).toHaveCount(0);
  await expectFits(page, 'host-remedies');
});

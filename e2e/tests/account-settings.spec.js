import { Client } from '../lib/client.js';
import { PASSWORD, copy, expect, expectFits, signIn, test } from './fixtures.js';

test.use({ panelOf: 'account-settings' });

async function openAccount(page, username) {
  await signIn(page, username);
  await page.goto('/account');
  await expect(page.getByRole('heading', { name: 'Account', exact: true })).toBeVisible();
}

test('a new password signs everybody else out', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  await openAccount(page, username);
  const sessions = page.getByRole('list', { name: 'Sessions' });
  await expect(sessions.getByRole('listitem')).toHaveCount(2);
  await expect(page.getByText('No tokens yet.')).toBeVisible();
  await expectFits(page, 'account');

  await page.getByLabel('Current password').fill('not this one');
  await page.getByLabel('New password').fill('another good one');
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.locator('#current_password-error')).toHaveText('Is not your password.');
  await expectFits(page, 'account-wrong-password');

  await page.getByLabel('Current password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByText('The password is changed.')).toBeVisible();
  await expect(page.getByLabel('New password')).toHaveValue('');
  await expect(sessions.getByRole('listitem')).toHaveCount(1);
  await expect(client.get('/auth/me')).rejects.toThrow(/401/);
  await new Client(site.url).signIn(username, 'another good one');
});

test('a session is ended from the list', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  await openAccount(page, username);
  const sessions = page.getByRole('list', { name: 'Sessions' });
  await expect(sessions.getByRole('listitem').first()).toContainText('this one');
  const other = sessions.getByRole('button', { name: /^Sign out/ });
  await other.click();
  const dialog = page.getByRole('dialog', { name: 'Sign out the session from 127.0.0.1?' });
  await expect(dialog.getByRole('button', { name: 'Keep it' })).toBeFocused();
  await expectFits(page, 'account-end-session');
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await expect(dialog).toBeHidden();
  await client.get('/auth/me');

  await other.click();
  await dialog.getByRole('button', { name: 'Sign it out' }).click();
  await expect(sessions.getByRole('listitem')).toHaveCount(1);
  await expect(client.get('/auth/me')).rejects.toThrow(/401/);
});

test('an API token is shown once, works, and is revoked', async ({ page, site }) => {
  const { username } = await site.newUser();
  await openAccount(page, username);
  await page.getByLabel('Name of a new token').fill('backup');
  await page.getByLabel('Expires').selectOption('in 90 days');
  await page.getByRole('button', { name: 'Create token' }).click();
  const token = await page.getByRole('textbox', { name: 'Token', exact: true }).inputValue();
  await page.context().grantPermissions(['clipboard-read']);
  await copy(page);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(token);
  await expectFits(page, 'account-token');

  const call = () => fetch(`${site.url}/api/v1/auth/me`, { headers: { authorization: `Bearer ${token}` } });
  const answer = await call();
  expect((await answer.json()).user.username).toBe(username);

  await page.getByLabel('Name of a new token').fill('backup');
  await page.getByRole('button', { name: 'Create token' }).click();
  await expect(page.locator('#token-name-error')).not.toBeEmpty();

  await page.reload();
  const tokens = page.getByRole('list', { name: 'API tokens' });
  await expect(tokens).toContainText('expires on');
  await expect(page.getByText(token)).toHaveCount(0);
  await tokens.getByRole('button', { name: 'Revoke backup' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke the token' }).click();
  await expect(page.getByText('No tokens yet.')).toBeVisible();
  expect((await call()).status).toBe(401);
});

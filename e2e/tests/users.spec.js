import { expect, expectFits, signIn, test } from './fixtures.js';

test.use({ panelOf: 'users' });

test('an admin gives and takes rights, and the last admin stays', async ({ page, site }) => {
  const admin = await site.newAdmin();
  // Other tests on this panel have left admins behind.
  for (const user of await admin.client.list('/users')) {
    if (user.admin && user.username !== admin.username) await admin.client.patch(`/users/${user.id}`, { admin: false });
  }
  const { username, client } = await site.newUser();
  await signIn(page, admin.username);
  await page.getByRole('link', { name: 'Users' }).click();
  const row = page.getByRole('list', { name: 'Users' }).getByRole('listitem').filter({ hasText: username });
  await expectFits(page, 'users');

  const dialog = page.getByRole('dialog');
  const remove = async (name) => {
    await page.getByRole('button', { name: new RegExp(`^Remove admin right… ${name}$`) }).click();
    await expect(dialog).toContainText(`Remove the admin right of ${name}?`);
  };
  await remove(admin.username);
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await expect(dialog).toBeHidden();
  await remove(admin.username);
  await expectFits(page, 'users-remove-right');
  await dialog.getByRole('button', { name: 'Remove the right' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'the only admin' })).toBeVisible();
  await expectFits(page, 'users-last-admin');
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'the only admin' })).toHaveCount(0);

  await row.getByRole('button', { name: /^Make admin/ }).click();
  await expect(row.getByText('admin', { exact: true })).toBeVisible();
  await client.get('/users');
  await remove(username);
  await dialog.getByRole('button', { name: 'Remove the right' }).click();
  await expect(row.getByText('user', { exact: true })).toBeVisible();

  await row.getByRole('button', { name: /^Disable/ }).click();
  await page.getByRole('dialog', { name: `Disable ${username}?` }).getByRole('button', { name: 'Disable the account' }).click();
  await expect(row.getByText('disabled', { exact: true })).toBeVisible();
  await expect(client.get('/auth/me')).rejects.toThrow(/401/);
  await row.getByRole('button', { name: /^Enable/ }).click();
  await expect(row.getByText('user', { exact: true })).toBeVisible();
});

test('an admin who gives up the right loses these pages at once', async ({ page, site }) => {
  await site.newAdmin();
  const { username } = await site.newAdmin();
  await signIn(page, username);
  await page.getByRole('link', { name: 'Users' }).click();
  await page.getByRole('button', { name: `Remove admin right… ${username}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove the right' }).click();
  await expect(page.getByRole('heading', { name: 'Not allowed' })).toBeVisible();
  await expect(page.getByRole('navigation').getByRole('link', { name: 'Users' })).toHaveCount(0);
});

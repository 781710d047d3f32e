import { expect, expectFits, signIn, test } from './fixtures.js';

test.use({ panelOf: 'overlays' });

test('an admin keeps the catalog', async ({ page, site }) => {
  const admin = await site.newAdmin();
  await signIn(page, admin.username);
  await page.getByRole('link', { name: 'Overlays' }).click();
  await expect(page.getByRole('heading', { name: 'No overlays yet' })).toBeVisible();
  await expectFits(page, 'no-overlays');

  const form = page.getByRole('region', { name: 'Add an overlay' });
  await form.getByLabel('Name').fill('Competitive rework');
  await form.getByLabel('Directory').fill('../outside');
  await form.getByRole('button', { name: 'Add overlay' }).click();
  await expect(form.getByRole('alert').filter({ hasText: 'Leads out of the overlay root.' })).toBeVisible();
  await expect(form.getByLabel('Directory')).toHaveAttribute('aria-invalid', 'true');
  await expectFits(page, 'overlay-escapes');

  await form.getByLabel('Directory').fill('comp-rework');
  await form.getByRole('button', { name: 'Add overlay' }).click();
  const row = page.getByRole('list', { name: 'Overlays' }).getByRole('listitem').filter({ hasText: 'comp-rework' });
  await expect(row).toContainText('not on disk');
  await expect(form.getByLabel('Name')).toHaveValue('');

  await site.newOverlay(admin, 'maps');
  await expect(page.getByRole('listitem').filter({ hasText: 'maps' })).toContainText('on disk');
  await expectFits(page, 'overlays');

  await page.getByRole('button', { name: 'Change Competitive rework' }).click();
  const list = page.getByRole('list', { name: 'Overlays' });
  await list.getByLabel('Name').fill('Rework');
  await expectFits(page, 'overlay-change');
  await list.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('button', { name: 'Change Rework' })).toBeVisible();

  await page.getByRole('button', { name: 'Delete Rework' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the overlay' }).click();
  await expect(page.getByRole('button', { name: 'Change Rework' })).toHaveCount(0);
  await expect(page.getByRole('heading', { name: 'Overlays', exact: true })).toBeFocused();
});

test('an overlay in use is kept', async ({ page, site }) => {
  const admin = await site.newAdmin();
  const overlay = await site.newOverlay(admin, 'used');
  await admin.client.post('/blueprints', { name: 'comp', overlay_ids: [overlay.id] });
  await signIn(page, admin.username);
  await page.goto('/overlays');
  await page.getByRole('button', { name: 'Delete used' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the overlay' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'This overlay is used by your own comp: take it out there first.' })).toBeVisible();
});

for (const address of ['/overlays', '/host', '/users']) {
  test(`${address} says that it is for admins`, async ({ page, site }) => {
    const { username } = await site.newUser();
    await signIn(page, username);
    await page.goto(address);
    await expect(page.getByRole('heading', { name: 'Not allowed' })).toBeVisible();
    await expect(page.getByRole('navigation').getByRole('link', { name: 'Overlays' })).toHaveCount(0);
    if (address === '/host') await expectFits(page, 'not-allowed');
  });
}

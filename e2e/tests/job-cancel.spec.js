import { expect, expectFits, signIn, test } from './fixtures.js';

test.use({ panelOf: 'job-cancel' });

test('an install says beside its bar what SteamCMD is doing', async ({ page, site }) => {
  const { username, client } = await site.newAdmin();
  site.tellSteamcmd('hang');
  const job = await client.post('/jobs', { operation: 'install' });
  await signIn(page, username);
  await page.goto(`/jobs/${job.id}`);
  const main = page.getByRole('main');
  const doing = main.getByText('Downloading, 0.5 of 9.3 GB', { exact: true });
  await expect(doing).toBeVisible();
  await expect(main.getByRole('progressbar', { name: 'Install of the game' })).toBeVisible();
  // A first install is two downloads: the share is that of both.
  await expect(main.getByText('2 %', { exact: true })).toBeVisible();
  await expectFits(page, 'job-installing');
  // Who comes back is told as well.
  await page.reload();
  await expect(doing).toBeVisible();

  await client.post(`/jobs/${job.id}/cancel`);
  await expect(main.getByText('cancelled', { exact: true })).toBeVisible();
  await expect(doing).toHaveCount(0);
  await expect(main.getByRole('progressbar')).toHaveCount(0);
  site.tellSteamcmd();
});

test('a job is cancelled from its page, and a busy badge pulses only for those who want movement', async ({ page, site }) => {
  const { username, client } = await site.newAdmin();
  site.tellSteamcmd('hang');
  const job = await client.post('/jobs', { operation: 'install' });
  await signIn(page, username);
  await page.goto(`/jobs/${job.id}`);
  const main = page.getByRole('main');
  await expect(main.getByText('running', { exact: true })).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible();
  await expectFits(page, 'job-running');

  const shape = page.locator('.badge--busy .badge__shape').first();
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await expect(shape).toHaveCSS('animation-name', 'none');
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  await expect(shape).toHaveCSS('animation-name', 'pulse');

  await page.getByRole('navigation').getByRole('link', { name: 'Host' }).click();
  await expect(page.getByText(/^Installing for /)).toBeVisible();
  await expectFits(page, 'host-installing');
  await page.getByRole('link', { name: 'Job and log' }).click();

  await page.getByRole('button', { name: 'Cancel job' }).click();
  await expect(main.getByText('cancelled', { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: /^Cancel/ })).toHaveCount(0);
  await expect(page.getByRole('status').filter({ hasText: 'Complete' })).toBeVisible();
  await expectFits(page, 'job-cancelled');
  expect((await client.get(`/jobs/${job.id}`)).state).toBe('cancelled');
  site.tellSteamcmd();
});

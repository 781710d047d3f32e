import { expect, expectFits, signIn, test } from './fixtures.js';

test.use({ panelOf: 'job-cancel' });

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

  const movement = () =>
    page.evaluate(() => ({
      badge: getComputedStyle(document.querySelector('.badge--busy .badge__shape')).animationName,
      button: getComputedStyle(document.querySelector('.button')).transitionDuration,
    }));
  await page.emulateMedia({ reducedMotion: 'reduce' });
  expect(await movement()).toEqual({ badge: 'none', button: '0s' });
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  expect((await movement()).badge).toBe('pulse');
  expect((await movement()).button).not.toBe('0s');

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

import { expect, expectFits, signIn, test } from './fixtures.js';

test.use({ panelOf: 'jobs' });

function log(page) {
  return page.getByRole('log');
}

test('a job’s page shows its log and its end, and leads to its server', async ({ page, site }) => {
  await site.install();
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  const job = await client.runJob(`/servers/${server.id}/jobs`, 'start');
  await signIn(page, username);
  await page.goto(`/jobs/${job.id}`);
  await expect(page.getByRole('heading', { name: `Start of ${server.name}` })).toBeVisible();
  await expect(page).toHaveTitle(`Start of ${server.name} · L4D2 panel`);
  await expect(page.getByRole('main').getByText('succeeded', { exact: true })).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: 'Complete' })).toBeVisible();
  await expect(log(page)).not.toBeEmpty();
  await expectFits(page, 'job');

  await page.getByRole('main').getByRole('link', { name: server.name }).click();
  await expect(page.getByRole('heading', { name: server.name })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('heading', { name: `Start of ${server.name}` })).toBeVisible();
});

test('jobs are listed, filtered, and lead to their pages', async ({ page, site }) => {
  await site.install();
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await signIn(page, username);
  await page.getByRole('navigation').getByRole('link', { name: 'Jobs' }).click();
  await expect(page.getByText('No jobs yet.')).toBeVisible();
  await expectFits(page, 'jobs-none');

  await client.runJob(`/servers/${server.id}/jobs`, 'start');
  await client.runJob(`/servers/${server.id}/jobs`, 'stop');
  const list = page.getByRole('list', { name: 'Jobs' });
  await expect(list.getByRole('listitem')).toHaveCount(2);
  await expect(list.getByRole('listitem').first()).toContainText(`Stop of ${server.name}`);
  await expectFits(page, 'jobs');

  await page.getByLabel('State').selectOption('failed');
  await expect(page.getByText('No job is failed.')).toBeVisible();
  await page.getByLabel('State').selectOption('succeeded');
  await list.getByRole('link', { name: `Start of ${server.name}` }).click();
  await expect(page.getByRole('heading', { name: `Start of ${server.name}` })).toBeVisible();
});

test('somebody else’s job is refused, one that never was is not found', async ({ page, site }) => {
  const owner = await site.newUser();
  const server = await site.newServer(owner.client);
  const job = await owner.client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  const { username } = await site.newUser();
  await signIn(page, username);
  await page.goto(`/jobs/${job.id}`);
  await expect(page.getByRole('heading', { name: 'Not allowed' })).toBeVisible();
  await expectFits(page, 'job-not-allowed');
  await page.goto('/jobs/99999');
  await expect(page.getByRole('heading', { name: 'Not found' })).toBeVisible();
  await page.goto('/jobs/x');
  await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();
});

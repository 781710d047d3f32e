import { expect, expectFits, signIn, test } from './fixtures.js';

test.use({ panelOf: 'server-limit' });

test('who may have no more servers reads it where they make one, and what to do', async ({ page, site }) => {
  site.environment.SERVERS_PER_USER = '1';
  await site.restart(async () => {});
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await signIn(page, username);
  await page.goto('/servers/new');
  await page.getByLabel('Name', { exact: true }).fill('one-more');
  const make = page.getByRole('button', { name: 'Create server' });
  await page.setViewportSize({ width: 360, height: 740 });
  await make.click();
  const refusal = page.getByRole('alert').filter({ hasText: /\S/ });
  await expect(refusal).toHaveText('You have 1 server, and that is as many as one user may have: delete it first.');
  // Whoever pressed the button sees it.
  await expect(refusal).toBeInViewport();
  await expectFits(page, 'server-new-too-many');

  // What was typed is still there, and goes through when there is room.
  const deleting = await client.delete(`/servers/${server.id}`);
  await expect.poll(async () => (await client.get(`/jobs/${deleting.id}`)).state).toBe('succeeded');
  await make.click();
  await expect(page.getByRole('heading', { name: 'one-more' })).toBeVisible();
});

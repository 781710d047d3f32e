import { expect, expectFits, signIn, test } from './fixtures.js';

test.use({ panelOf: 'servers' });

function row(page, server) {
  return page.getByRole('list', { name: 'Servers', exact: true }).getByRole('listitem').filter({ hasText: server.name });
}

test('a server made by a script is in the list, and is nobody else’s', async ({ page, site, browser }) => {
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await signIn(page, username);
  await expect(row(page, server)).toContainText('stopped');
  await expect(row(page, server)).toContainText(String(server.port));
  await expect(row(page, server)).toContainText(`${server.name} blueprint`);

  const stranger = await site.newUser();
  const context = await browser.newContext({ baseURL: site.url });
  const other = await context.newPage();
  await signIn(other, stranger.username);
  await expect(other.getByRole('heading', { name: 'No servers yet' })).toBeVisible();
  await expect(other.getByText(server.name)).toHaveCount(0);
  await context.close();
});

test('an admin looks at everybody’s servers when asked to', async ({ page, site }) => {
  const [admin, owner] = [await site.newAdmin(), await site.newUser()];
  const [own, other] = [await site.newServer(admin.client), await site.newServer(owner.client)];
  await signIn(page, admin.username);
  await expect(row(page, own)).toBeVisible();
  await expect(row(page, other)).toHaveCount(0);
  await page.getByLabel("Everybody's servers").check();
  await expect(row(page, other)).toBeVisible();
  await expect(row(page, other)).toContainText('private blueprint');
  await expectFits(page, 'servers-everybody');
  await page.getByLabel("Everybody's servers").uncheck();
  await expect(row(page, other)).toHaveCount(0);

  await page.getByLabel("Everybody's servers").check();
  await row(page, other).getByRole('link', { name: other.name }).click();
  await page.getByText('What it gets at its next start').click();
  await expect(page.getByText('Its blueprint is private to its owner.')).toBeVisible();
});

test('a server made or deleted elsewhere comes and goes without a reload', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  await signIn(page, username);
  await expect(page.getByRole('heading', { name: 'No servers yet' })).toBeVisible();

  const server = await site.newServer(client);
  await expect(row(page, server)).toContainText('stopped');
  await client.delete(`/servers/${server.id}`);
  await expect(page.getByRole('heading', { name: 'No servers yet' })).toBeVisible();
});

test('a server is started, restarted and stopped, and the page shows it as it happens', async ({ page, site }) => {
  await site.install();
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await signIn(page, username);

  // Set once: a reload of the page would lose it.
  await page.evaluate(() => {
    window.notReloaded = true;
  });
  await row(page, server).getByRole('button', { name: 'Start' }).click();
  await expect(row(page, server).getByText('running')).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: '1 running' })).toBeVisible();
  await expectFits(page, 'servers');

  // A change of the blueprint is pending until the next restart.
  await client.patch(`/blueprints/${server.blueprint_id}`, { config: ['hostname "changed"'] });
  await expect(row(page, server)).toContainText('changes pending');
  await row(page, server).getByRole('button', { name: 'Restart to apply changes' }).click();
  await expect(row(page, server)).not.toContainText('changes pending');
  await expect(row(page, server).getByText('running')).toBeVisible();

  await row(page, server).getByRole('button', { name: 'Stop' }).click();
  await expect(row(page, server).getByText('stopped')).toBeVisible();
  expect(await page.evaluate(() => window.notReloaded)).toBe(true);
});

test('a start that can’t succeed says why in the row', async ({ page, site }) => {
  await site.install();
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await client.patch(`/blueprints/${server.blueprint_id}`, { arguments: ['+standin_crash_after 10'] });
  await signIn(page, username);
  await row(page, server).getByRole('button', { name: 'Start' }).click();
  await expect(row(page, server).locator('.server__error')).not.toBeEmpty();
  await expectFits(page, 'servers-failed');
});

test('a session that is revoked elsewhere ends on the page too', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  await signIn(page, username);
  const sessions = await client.list('/auth/sessions');
  const ofThePage = sessions.filter((session) => !session.current);
  expect(ofThePage).toHaveLength(1);
  await client.delete(`/auth/sessions/${ofThePage[0].id}`);
  await expect(page.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
});

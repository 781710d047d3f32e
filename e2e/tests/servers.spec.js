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
  // Nothing of it was ever applied, so nothing is behind.
  expect((await client.get(`/servers/${server.id}`)).pending_changes).toBe(true);
  await expect(row(page, server)).not.toContainText('changes pending');
  await page.goto(`/servers/${server.id}`);
  await expect(page.getByRole('region', { name: 'State' })).not.toContainText('was last applied');
  await page.goto(`/blueprints/${server.blueprint_id}`);
  await expect(page.getByRole('list', { name: 'Linked servers' })).toContainText('not started yet');

  const stranger = await site.newUser();
  const context = await browser.newContext({ baseURL: site.url });
  const other = await context.newPage();
  await signIn(other, stranger.username);
  await expect(other.getByRole('heading', { name: 'No servers yet' })).toBeVisible();
  await expect(other.getByText(server.name)).toHaveCount(0);
  await context.close();
});

test('a server that was initialized and never ran says that its blueprint was changed', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  await signIn(page, username);
  await expect(row(page, server)).toContainText('stopped');
  await expect(row(page, server)).not.toContainText('changes pending');
  await client.patch(`/blueprints/${server.blueprint_id}`, { config: ['hostname "changed"'] });
  await expect(row(page, server)).toContainText('changes pending');
  await expectFits(page, 'servers-initialized');

  // Nobody tells of the job any more: it is one of very many.
  const recent = /\/api\/v1\/jobs\?limit=50$/;
  await page.route(recent, (route) => route.fulfill({ json: { items: [], next: null } }));
  await page.reload();
  await expect(row(page, server)).toContainText('changes pending');
  await page.goto(`/servers/${server.id}`);
  await expect(page.getByRole('region', { name: 'State' })).toContainText('was last applied');
  await page.goto(`/blueprints/${server.blueprint_id}`);
  await expect(page.getByRole('list', { name: 'Linked servers' })).toContainText('changes pending');
  await page.unroute(recent);

  await client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  await expect(page.getByRole('list', { name: 'Linked servers' })).toContainText('up to date');
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
  await expect(row(page, other)).toContainText(`owned by ${owner.username}`);
  await expect(row(page, own)).not.toContainText('owned by');
  await expectFits(page, 'servers-everybody');
  // Who comes back from one of them finds what was looked at.
  await expect(page).toHaveURL('/?all=true');
  await row(page, other).getByRole('link', { name: other.name }).click();
  await expect(page.getByRole('heading', { name: other.name, exact: true })).toBeVisible();
  await page.goBack();
  await expect(row(page, other)).toBeVisible();
  await expect(page.getByLabel("Everybody's servers")).toBeChecked();
  await page.getByLabel("Everybody's servers").uncheck();
  await expect(row(page, other)).toHaveCount(0);

  await page.getByLabel("Everybody's servers").check();
  await row(page, other).getByRole('link', { name: other.name }).click();
  await page.getByText('What it gets at its next start').click();
  await expect(page.getByText('Its blueprint is private to its owner.')).toBeVisible();
  const fact = (name) => page.getByRole('term').filter({ hasText: name });
  await expect(fact('Owner')).toBeVisible();
  await expect(page.getByRole('definition').filter({ hasText: owner.username })).toBeVisible();
  await expectFits(page, 'server-of-another');
  await page.goto(`/servers/${own.id}`);
  await expect(fact('Blueprint')).toBeVisible();
  await expect(fact('Owner')).toHaveCount(0);
});

test('numbers in names count as numbers', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const prefix = site.newName('many');
  for (const number of [10, 9, 2, 1]) await site.newServer(client, `${prefix}-srv-${number}`);
  await signIn(page, username);
  const names = page.getByRole('list', { name: 'Servers', exact: true }).getByRole('link', { name: prefix });
  await expect(names).toHaveText([1, 2, 9, 10].map((number) => `${prefix}-srv-${number}`));
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

test('who presses twice means it once', async ({ page, site }) => {
  await site.install();
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await signIn(page, username);
  const filed = [];
  page.on('request', (request) => {
    if (request.method() !== 'GET') filed.push(new URL(request.url()).pathname);
  });
  // Where Start was, Cancel is next, and then what restarts it. Whatever comes there is pressed at once, as by somebody
  // whose second press is on its way.
  await row(page, server).evaluate((item) => {
    const button = () => item.querySelector('button');
    let last = button().textContent;
    window.hasty = 0;
    new MutationObserver(() => {
      if (button().textContent === last) return;
      last = button().textContent;
      setTimeout(() => {
        button().click();
        window.hasty += 1;
      }, 50);
    }).observe(item, { childList: true, characterData: true, subtree: true });
  });
  await row(page, server).getByRole('button', { name: 'Start' }).dblclick();
  await expect(row(page, server).getByText('running')).toBeVisible();
  await expect.poll(() => page.evaluate(() => window.hasty)).toBe(2);
  expect(filed).toEqual([`/api/v1/servers/${server.id}/jobs`]);
  expect((await client.get(`/servers/${server.id}`)).desired_state).toBe('running');

  // What takes the place of a button that has the focus has it then.
  const stop = row(page, server).getByRole('button', { name: 'Stop' });
  await expect(stop).not.toHaveAttribute('aria-disabled');
  await stop.focus();
  await page.keyboard.press('Enter');
  await expect(row(page, server).getByRole('button', { name: 'Start' })).toBeFocused();
  await expect(row(page, server).getByText('stopped')).toBeVisible();
  expect(filed).toHaveLength(2);
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

  // It should run, and would be started at the next boot of the host; a person may leave it as it is.
  expect((await client.get(`/servers/${server.id}`)).desired_state).toBe('running');
  const leave = row(page, server).getByRole('button', { name: 'Leave stopped' });
  await leave.click();
  await expect(leave).toHaveCount(0);
  await expect(row(page, server).getByRole('button', { name: 'Start' })).toBeVisible();
  expect((await client.get(`/servers/${server.id}`)).desired_state).toBe('stopped');
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

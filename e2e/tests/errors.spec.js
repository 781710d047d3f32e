import { expect, expectFits, signIn, test } from './fixtures.js';

test.use({ panelOf: 'errors' });

const SAID = 'Something went wrong inside the panel.';

/** The page says what went wrong and asks again when told to. */
async function expectRetry(page, failing, name, mended) {
  await expect(page.getByRole('alert').filter({ hasText: SAID }).first()).toBeVisible();
  await expectFits(page, `error-${name}`);
  await failing.mend();
  const retry = page.getByRole('button', { name: 'Try again' });
  await expect(async () => {
    // One call may have failed in several places, each with a button of its own, which goes with what it asks for.
    if ((await retry.count()) > 0) await retry.first().click({ timeout: 1_000 });
    expect(await retry.count()).toBe(0);
  }).toPass();
  await expect(mended).toBeVisible();
  await expect(page.getByRole('alert').filter({ hasText: SAID })).toHaveCount(0);
}

test('who is signed in is asked again', async ({ page, site, failing }) => {
  const { username } = await site.newUser();
  await signIn(page, username);
  await failing.fail('/auth/me');
  await page.reload();
  await expectRetry(page, failing, 'session', page.getByRole('heading', { name: 'No servers yet' }));
});

// What the store fetches for all pages, each where it is missed.
for (const [address, call, found] of [
  ['/', '/servers\\?.*', (page, server) => page.getByRole('main').getByRole('link', { name: server.name, exact: true })],
  ['/blueprints', '/blueprints\\?.*', (page, server) => page.getByRole('main').getByRole('link', { name: `${server.name} blueprint` })],
  ['/overlays', '/overlays\\?.*', (page) => page.getByRole('list', { name: 'Overlays' }).getByText('on disk')],
  ['/servers/new', '/blueprints\\?.*', (page) => page.getByRole('button', { name: 'Create server' })],
]) {
  test(`${address} asks again for what could not be fetched`, async ({ page, site, failing }) => {
    const admin = await site.newAdmin();
    if (address === '/overlays') await site.newOverlay(admin);
    const server = await site.newServer(admin.client);
    await signIn(page, admin.username);
    await failing.fail(call);
    await page.goto(address);
    await expectRetry(page, failing, address.slice(1).replace('/', '-') || 'servers', found(page, server));
  });
}

test('a blueprint asks again for what could not be fetched', async ({ page, site, failing }) => {
  const { username, client } = await site.newUser();
  const blueprint = await client.post('/blueprints', { name: 'comp' });
  await signIn(page, username);
  await failing.fail('/blueprints\\?.*');
  await page.goto(`/blueprints/${blueprint.id}`);
  await expectRetry(page, failing, 'blueprint', page.getByRole('heading', { name: 'comp', level: 1 }));
});

test('a server, its jobs and what it would be given are asked for again', async ({ page, site, failing }) => {
  const owner = await site.newUser();
  const server = await site.newServer(owner.client);
  await owner.client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  await signIn(page, owner.username);
  await failing.fail(`/jobs\\?.*server_id=${server.id}.*`, `/servers/${server.id}/usage`);
  await page.goto(`/servers/${server.id}`);
  await expect(page.getByText("It can't be told at the moment.")).toBeVisible();
  await expectRetry(page, failing, 'server-jobs', page.getByRole('list', { name: 'Last jobs' }));

  // It is in nobody's list but its owner's, so an admin's page asks for it.
  const admin = await site.newAdmin();
  await page.context().clearCookies();
  await signIn(page, admin.username);
  await failing.fail('/servers\\?.*', `/servers/${server.id}`);
  await page.goto(`/servers/${server.id}`);
  await expectRetry(page, failing, 'server', page.getByRole('heading', { name: server.name, exact: true }));
});

test('a job is asked for again', async ({ page, site, failing }) => {
  const owner = await site.newUser();
  const server = await site.newServer(owner.client);
  const job = await owner.client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  await signIn(page, owner.username);
  await failing.fail('/jobs\\?.*', `/jobs/${job.id}`, `/jobs/${job.id}/stream\\?.*`);
  await page.goto(`/jobs/${job.id}`);
  await expectRetry(page, failing, 'job', page.getByRole('heading', { name: `Initialization of ${server.name}` }));
});

test('the list of jobs is asked for again, further pages too', async ({ page, site, failing }) => {
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  for (let count = 0; count < 3; count += 1) await client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  // Pages of two, so that there is a second one of so few.
  await page.route(/\/jobs\?limit=50/, (route) => route.continue({ url: route.request().url().replace('limit=50', 'limit=2') }));
  await signIn(page, username);
  await failing.fail('/jobs\\?limit=50');
  await page.goto('/jobs');
  const list = page.getByRole('list', { name: 'Jobs' });
  await expectRetry(page, failing, 'jobs', list);
  await expect(list.getByRole('listitem')).toHaveCount(2);

  await failing.fail('/jobs\\?limit=50&before=\\d+');
  await page.getByRole('button', { name: 'Show more' }).click();
  await expectRetry(page, failing, 'jobs-more', list.getByRole('listitem').nth(2));
  await expect(list.getByRole('listitem')).toHaveCount(3);
  await expect(page.getByRole('button', { name: 'Show more' })).toHaveCount(0);
});

for (const [address, calls, found] of [
  ['/host', ['/host'], (page) => page.getByRole('list', { name: 'Checks' })],
  ['/users', ['/users.*'], (page) => page.getByRole('list', { name: 'Users' })],
  ['/account', ['/auth/(sessions|tokens).*'], (page) => page.getByRole('list', { name: 'Sessions' })],
]) {
  test(`${address} asks again for what could not be fetched`, async ({ page, site, failing }) => {
    const admin = await site.newAdmin();
    await signIn(page, admin.username);
    await failing.fail(...calls);
    await page.goto(address);
    await expectRetry(page, failing, address.slice(1), found(page));
  });
}

test('a press of a button that fails says so where it was pressed, until it is dismissed', async ({ page, site, failing }) => {
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await signIn(page, username);
  await failing.fail(`/servers/${server.id}/jobs`, '/auth/logout');
  const row = page.getByRole('list', { name: 'Servers', exact: true }).getByRole('listitem');
  await row.getByRole('button', { name: 'Start' }).click();
  await expect(row.getByRole('alert')).toHaveText(SAID);
  await expectFits(page, 'error-start');
  await row.getByRole('button', { name: 'Dismiss' }).click();
  await expect(row.getByRole('alert')).toHaveCount(0);

  await page.getByRole('navigation').getByRole('button', { name: username }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('navigation').getByRole('alert')).toHaveText(SAID);
  await expectFits(page, 'error-sign-out');
});

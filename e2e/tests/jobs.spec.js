import { Client } from '../lib/client.js';
import { LONG_NAMES, PASSWORD, expect, expectFits, signIn, test } from './fixtures.js';

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
  await expect(page).toHaveURL('/jobs?state=succeeded');
  await list.getByRole('link', { name: `Start of ${server.name}` }).click();
  await expect(page.getByRole('heading', { name: `Start of ${server.name}` })).toBeVisible();
});

test('a job’s line says its state once, and its error as a sentence', async ({ page, site }) => {
  await site.install();
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  // Of an overlay that is in the catalog only.
  const admin = await site.newAdmin();
  const overlay = await admin.client.post('/overlays', { name: 'missing', path: 'missing' });
  await client.patch(`/blueprints/${server.blueprint_id}`, { overlay_ids: [overlay.id] });
  await expect(client.runJob(`/servers/${server.id}/jobs`, 'start')).rejects.toThrow(/start\) failed: [a-z]/);
  await signIn(page, username);
  await page.goto('/jobs');
  const line = (title) => page.getByRole('list', { name: 'Jobs' }).getByRole('listitem').filter({ hasText: title });
  await expect(line('Initialization of').locator('.job__time')).toHaveText(/^in .+ s$/);
  expect((await line('Initialization of').textContent()).match(/succeeded/g)).toHaveLength(1);
  const failed = line('Start of');
  await expect(failed.locator('.badge')).toHaveText('failed');
  await expect(failed.locator('.job__time')).toHaveText(/^after .+ s$/);
  await expect(failed.locator('.job__error')).toHaveText(/^[A-Z].*\.$/);
  await expectFits(page, 'jobs-failed');
});

test('the filters fit a phone, however long a name is', async ({ page, site }) => {
  const { username, client } = await site.newUser(LONG_NAMES.user);
  const server = await site.newServer(client, LONG_NAMES.server);
  await client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  await signIn(page, username);
  await page.goto(`/jobs?server=${server.id}`);
  await expect(page.getByLabel('Server')).toHaveValue(String(server.id));
  await expectFits(page, 'jobs-long-names');
});

test('the jobs of one server are a page with an address of its own', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const [one, other] = [await site.newServer(client), await site.newServer(client)];
  for (const server of [one, other]) await client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  await signIn(page, username);
  await page.goto(`/servers/${one.id}`);
  await page.getByRole('link', { name: 'All jobs of this server' }).click();
  await expect(page).toHaveURL(`/jobs?server=${one.id}`);
  const items = page.getByRole('list', { name: 'Jobs' }).getByRole('listitem');
  await expect(items).toHaveText([new RegExp(`Initialization of ${one.name}`)]);
  await expectFits(page, 'jobs-of-server');
  await page.getByLabel('State').selectOption('succeeded');
  await expect(page).toHaveURL(`/jobs?server=${one.id}&state=succeeded`);
  await page.reload();
  await expect(page.getByLabel('Server')).toHaveValue(String(one.id));
  await expect(page.getByLabel('State')).toHaveValue('succeeded');
  await expect(items).toHaveCount(1);
  await page.getByLabel('Server').selectOption(other.name);
  await expect(items).toHaveText([new RegExp(`Initialization of ${other.name}`)]);
  await page.goBack();
  await expect(items).toHaveText([new RegExp(`Initialization of ${one.name}`)]);
});

test('a job says who filed it, in lists and on its page', async ({ page, site }) => {
  const [owner, admin] = [await site.newUser(), await site.newAdmin()];
  const server = await site.newServer(owner.client);
  const ofAdmin = await admin.client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  const ofOwner = await owner.client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  const list = (name) => page.getByRole('list', { name, exact: true }).getByRole('listitem');
  const filed = (job, who) => page.getByRole('main').getByText(new RegExp(`filed .* by ${who}$`));

  // Users are not listed to ordinary ones.
  await signIn(page, owner.username);
  await expect(list('Recent jobs')).toHaveText([/by you/, /by an admin/]);
  await page.goto(`/servers/${server.id}`);
  await expect(list('Last jobs')).toHaveText([/by you/, /by an admin/]);
  await expectFits(page, 'server-jobs-by');
  await page.goto(`/jobs/${ofAdmin.id}`);
  await expect(filed(ofAdmin, 'an admin')).toBeVisible();
  await page.goto(`/jobs/${ofOwner.id}`);
  await expect(filed(ofOwner, 'you')).toBeVisible();
  await page.getByRole('navigation').getByRole('button', { name: owner.username }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();

  // Without a reload: nothing of what one was told is told to the next.
  await expect(page.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
  await page.getByLabel('Name', { exact: true }).fill(admin.username);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const ofServer = list('Recent jobs').filter({ hasText: server.name });
  await expect(ofServer).toHaveText([new RegExp(`by ${owner.username}(?!\\d)`), /by you/]);
  await expectFits(page, 'jobs-by');
  await page.goto(`/jobs/${ofOwner.id}`);
  await expect(filed(ofOwner, owner.username)).toBeVisible();
  await expectFits(page, 'job-by');
});

test('who signed up while an admin’s page is open is named there, too', async ({ page, site }) => {
  const admin = await site.newAdmin();
  await signIn(page, admin.username);
  // Longer than the column.
  const name = `${'somebody-with-a-long-name-'.repeat(2)}${site.newName('x')}`;
  const list = page.getByRole('list', { name: 'Recent jobs' }).getByRole('listitem');
  for (const username of [site.newName('user'), name]) {
    const client = await new Client(site.url).signUp(username, PASSWORD);
    const server = await site.newServer(client);
    await client.runJob(`/servers/${server.id}/jobs`, 'initialize');
    await expect(list.filter({ hasText: server.name })).toContainText(`by ${username}`);
  }
  await expectFits(page, 'jobs-by-long-name');
});

test('who can’t be named is told by a number', async ({ page, site, failing }) => {
  const [owner, admin] = [await site.newUser(), await site.newAdmin()];
  const server = await site.newServer(owner.client);
  await owner.client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  await failing.fail('/users\\?.*');
  await signIn(page, admin.username);
  const list = page.getByRole('list', { name: 'Recent jobs' }).getByRole('listitem').filter({ hasText: server.name });
  await expect(list).toContainText(`by user ${server.user_id}`);
  // When what the page shows is fetched anew, names are, too.
  await failing.mend();
  await page.context().setOffline(true);
  await expect(page.getByRole('alert').filter({ hasText: 'connection to the panel was lost' })).toBeVisible();
  await page.context().setOffline(false);
  await expect(list).toContainText(`by ${owner.username}`);
});

test('who goes to another page is there with the focus, too', async ({ page, site }) => {
  const { username } = await site.newUser();
  await signIn(page, username);
  await page.getByRole('navigation').getByRole('link', { name: 'Jobs' }).click();
  await expect(page.getByRole('heading', { name: 'Jobs', exact: true, level: 1 })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByLabel('State')).toBeFocused();
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

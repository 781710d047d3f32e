// How the pages hold their connections to the panel: while nobody sees them, through breaks, and through changes of who
// is signed in.

import { PASSWORD, expect, expectFits, signIn, test } from './fixtures.js';
import { command, openRunningServer } from './running-server.js';

test.use({ panelOf: 'connections' });

const LOST = 'The connection to the panel was lost.';

/** Brings a tab to the front or puts it behind another one: a browser without a screen sees all tabs at once. */
async function setHidden(page, hidden) {
  await page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, hidden);
}

function live(page) {
  return expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible();
}

async function endSessionOfPage(client) {
  const others = (await client.list('/auth/sessions')).filter((session) => !session.current);
  for (const { id } of others) await client.delete(`/auth/sessions/${id}`);
}

test('pages in four tabs get in no other’s way, and go on where they were', async ({ page, site, context }) => {
  const { server } = await openRunningServer(page, site);
  const tabs = [page];
  while (tabs.length < 4) {
    await setHidden(tabs.at(-1), true);
    const tab = await context.newPage();
    await tab.goto(`/servers/${server.id}`);
    await live(tab);
    tabs.push(tab);
  }
  const [first, last] = [tabs[0], tabs.at(-1)];
  await command(last, 'echo from the last tab');
  await expect(last.getByRole('log').getByText('from the last tab', { exact: true })).toBeVisible();
  await expect(first.getByRole('log')).not.toContainText('from the last tab');

  await setHidden(last, true);
  await setHidden(first, false);
  await live(first);
  await expect(first.getByRole('log')).toContainText('from the last tab');
  expect(await first.getByRole('log').getByText('from the last tab', { exact: true }).count()).toBe(1);
  for (const tab of tabs.slice(1)) await tab.close();
});

test('a session that ended during a break is noticed after it', async ({ page, site, context }) => {
  const { username, client } = await site.newUser();
  await signIn(page, username);
  await context.setOffline(true);
  await expect(page.getByRole('alert').filter({ hasText: LOST })).toBeVisible();
  await endSessionOfPage(client);
  await context.setOffline(false);
  await expect(page.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
});

test('rights that were given during a break show after it', async ({ page, site, context }) => {
  const { username, client } = await site.newUser();
  const admin = await site.newAdmin();
  const foreign = await site.newServer(admin.client);
  await signIn(page, username);
  await context.setOffline(true);
  await expect(page.getByRole('alert').filter({ hasText: LOST })).toBeVisible();
  const { user } = await client.get('/auth/me');
  await admin.client.patch(`/users/${user.id}`, { admin: true });
  await context.setOffline(false);
  await expect(page.getByRole('navigation').getByRole('link', { name: 'Users' })).toBeVisible();
  await page.getByLabel("Everybody's servers").check();
  await expect(page.getByRole('main')).toContainText(foreign.name);
});

test('what is typed outlives a panel that can’t say who is signed in', async ({ page, site, context, failing }) => {
  const { username } = await site.newUser();
  await signIn(page, username);
  await page.goto('/blueprints/new');
  await page.getByLabel('Name', { exact: true }).fill('typed');
  await failing.fail('/auth/me');
  await context.setOffline(true);
  const notice = page.getByRole('alert').filter({ hasText: LOST });
  await expect(notice).toBeVisible();
  const asked = page.waitForResponse((response) => response.url().endsWith('/auth/me') && response.status() === 500);
  await context.setOffline(false);
  await asked;
  await expect(notice).toHaveCount(0);
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('typed');
});

test('what is typed outlives the end of the session, for nobody else', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const stranger = await site.newUser();
  await signIn(page, username);
  await page.goto('/blueprints/new');
  const name = page.getByLabel('Name', { exact: true });
  await name.fill('typed');
  await page.getByRole('button', { name: 'Add argument' }).click();
  await page.getByLabel('argument 1', { exact: true }).fill('+map c5m1_waterfront');
  await endSessionOfPage(client);

  const send = async (who) => {
    await expect(page).toHaveURL('/sign-in?then=/blueprints/new');
    await name.fill(who);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('heading', { name: 'New blueprint', exact: true })).toBeVisible();
  };
  await send(stranger.username);
  await expect(name).toHaveValue('');
  await endSessionOfPage(stranger.client);
  await send(username);
  await expect(name).toHaveValue('typed');
  await expect(page.getByLabel('argument 1', { exact: true })).toHaveValue('+map c5m1_waterfront');
  await page.getByRole('button', { name: 'Create blueprint' }).click();
  await expect(page.getByRole('heading', { name: 'typed', level: 1 })).toBeVisible();
});

test('late answers to the session before end none that began since', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  await signIn(page, username);
  // This page asks once more when its stream begins: that is not what is to be held.
  await page.goto('about:blank');
  const overlays = /\/api\/v1\/overlays\?/;
  let hold;
  const held = new Promise((resolve) => {
    hold = resolve;
  });
  await page.route(overlays, (route) => hold(route), { times: 1 });
  await page.goto('/blueprints');
  const route = await held;
  await endSessionOfPage(client);
  await expect(page.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
  await page.getByLabel('Name', { exact: true }).fill(username);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  // The page asks once who it is of when its stream begins; no answer to that is to come behind the late one.
  const known = page.waitForResponse((response) => response.url().endsWith('/auth/me') && response.ok());
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
  await known;
  await expect(page.getByRole('heading', { name: 'Blueprints', exact: true })).toBeVisible();

  const answered = page.waitForResponse((response) => overlays.test(response.url()) && response.status() === 401);
  await route.fulfill({
    status: 401,
    contentType: 'application/problem+json',
    body: JSON.stringify({
      type: '/api/v1/docs#unauthorized',
      title: 'Unauthorized',
      status: 401,
      detail: 'the session is over',
      code: 'unauthorized',
      errors: [],
    }),
  });
  await (await answered).finished();
  // What the answer changes has shown once a later one came and two frames were drawn.
  await page.evaluate(async () => {
    await fetch('/health');
    await new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)));
  });
  await expect(page.getByRole('heading', { name: 'Blueprints', exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Try again' })).toHaveCount(0);
});

test('what one person asked for is not done as another', async ({ page, site, browser }) => {
  const [alice, bob] = [await site.newUser(), await site.newUser()];
  await signIn(page, alice.username);
  await page.goto('/blueprints/new');
  const name = page.getByLabel('Name', { exact: true });
  await name.fill('of alice');
  // In one step: without a cookie in between the page would find out that nobody is signed in.
  const elsewhere = await browser.newContext({ baseURL: site.url });
  await signIn(await elsewhere.newPage(), bob.username);
  await page.context().addCookies(await elsewhere.cookies());
  await elsewhere.close();

  await page.getByRole('button', { name: 'Create blueprint' }).click();
  const notice = page.getByRole('alert').filter({ hasText: `This browser is signed in as ${bob.username} now` });
  await expect(notice).toBeVisible();
  await expect(name).toHaveValue('');
  await expectFits(page, 'taken-over');
  for (const { client } of [alice, bob]) expect(await client.list('/blueprints')).toEqual([]);
  await notice.getByRole('button', { name: 'Dismiss' }).click();
  await expect(notice).toHaveCount(0);
});

test('a stream that says nothing for long counts as lost, a quiet one does not', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await signIn(page, username);
  // The panel's pings come by hand, and so does the time between them.
  await page.clock.install();
  await page.addInitScript(() => {
    window.sources = [];
    window.EventSource = class extends EventTarget {
      constructor(url) {
        super();
        this.url = url;
        window.sources.push(this);
      }

      close() {
        window.sources = window.sources.filter((source) => source !== this);
      }
    };
    window.open = (url) => window.sources.filter((source) => source.url.includes(url)).forEach((source) => source.onopen(new Event('open')));
    window.ping = () => window.sources.forEach((source) => source.dispatchEvent(new MessageEvent('ping', { data: '{}' })));
  });
  await page.goto(`/servers/${server.id}`);
  await expect.poll(() => page.evaluate(() => window.sources.length)).toBe(2);
  await page.evaluate(() => window.open(''));
  await live(page);
  for (let count = 0; count < 3; count += 1) {
    await page.clock.runFor(25_000);
    await page.evaluate(() => window.ping());
  }
  await live(page);
  await page.clock.runFor(45_000);
  await expect(page.getByText('Lost, trying again…')).toBeVisible();
  await expect(page.getByRole('alert').filter({ hasText: LOST })).toBeVisible();
  await page.clock.runFor(1_000);
  await page.evaluate(() => window.open(''));
  await live(page);
});

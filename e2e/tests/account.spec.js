import { PASSWORD, expect, expectFits, signIn, test } from './fixtures.js';

test.use({ panelOf: 'account' });

test('a new user signs up and is told what to do next', async ({ page, site }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
  await expectFits(page, 'sign-in');

  await page.getByRole('main').getByRole('link', { name: 'Sign up' }).click();
  await expect(page.getByRole('heading', { name: 'Sign up' })).toBeVisible();
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await expectFits(page, 'sign-up');

  const username = site.newName('Fresh.User');
  await page.getByLabel('Name', { exact: true }).fill(username);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign up' }).click();

  await expect(page.getByRole('heading', { name: 'Servers', exact: true })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'No servers yet' })).toBeVisible();
  await expect(page.getByRole('navigation').getByRole('button', { name: username })).toBeVisible();
  await expect(page.getByText(`promote-admin --config /etc/l4d2-web/config.toml ${username}`)).toBeVisible();
  await expect(page.getByText(`DATA_DIR=data/panel target/release/l4d2-web promote-admin ${username}`)).toBeVisible();
  await expectFits(page, 'no-servers');
});

test('what is wrong with a name is said beside it', async ({ page }) => {
  await page.goto('/sign-up');
  await page.getByLabel('Name', { exact: true }).fill('not a name');
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.getByRole('button', { name: 'Sign up' }).click();

  await expect(page.getByLabel('Name', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await page.getByLabel('Password', { exact: true }).press('Enter');
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await expect(page.locator('#username-error')).not.toBeEmpty();
  await expect(page.locator('#password-error')).not.toBeEmpty();
  await expectFits(page, 'sign-up-errors');
});

test('what is wrong with a field that is left takes no press from the button below it', async ({ page }) => {
  for (const [width, height] of [
    [1280, 800],
    [360, 740],
  ]) {
    await page.setViewportSize({ width, height });
    await page.goto('/sign-up');
    await page.getByLabel('Name', { exact: true }).fill('newcomer');
    const password = page.getByLabel('Password', { exact: true });
    await password.fill('short');
    const button = page.getByRole('main').getByRole('button', { name: 'Sign up' });
    const before = await button.boundingBox();
    // At its upper edge, which the least movement would take from under the pointer.
    await page.mouse.move(before.x + before.width / 2, before.y + 2);
    await page.mouse.down();
    await expect(password).not.toBeFocused();
    // Two frames: whatever would move has moved.
    await page.evaluate(() => new Promise((moved) => requestAnimationFrame(() => requestAnimationFrame(moved))));
    expect(await button.boundingBox()).toEqual(before);
    const sent = page.waitForRequest(/\/auth\/signup$/);
    await page.mouse.up();
    await sent;
    await expect(page.locator('#password-error')).not.toBeEmpty();
    await expect(password).toBeFocused();

    // It is told after a press that sends nothing, and when the field is left by the keyboard.
    await page.goto('/sign-up');
    await password.fill('short');
    await page.getByRole('heading', { name: 'Sign up' }).click();
    await expect(page.locator('#password-error')).not.toBeEmpty();
    await page.goto('/sign-up');
    await password.fill('short');
    await password.press('Tab');
    await expect(page.locator('#password-error')).not.toBeEmpty();
  }
});

test('a wrong password is refused with a reason', async ({ page, site }) => {
  const { username } = await site.newUser();
  await page.goto('/sign-in');
  await page.getByLabel('Name', { exact: true }).fill(username);
  await page.getByLabel('Password', { exact: true }).fill('not this one');
  await page.getByRole('button', { name: 'Sign in' }).click();

  await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
  await expectFits(page, 'sign-in-refused');
});

test('a session outlives a reload and ends with signing out', async ({ page, site }) => {
  const { username } = await site.newUser();
  await signIn(page, username);
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Servers', exact: true })).toBeVisible();

  await page.getByRole('button', { name: username }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
});

test('who is quicker than the browser keeps the field that they are in', async ({ page }) => {
  // A browser that is too busy to draw.
  await page.addInitScript(() => {
    const draw = window.requestAnimationFrame.bind(window);
    const waiting = [];
    window.requestAnimationFrame = (frame) => waiting.push(frame);
    window.drawNow = () => {
      window.requestAnimationFrame = draw;
      return new Promise((drawn) => draw((now) => drawn(waiting.map((frame) => frame(now)).length)));
    };
  });
  await page.goto('/sign-in');
  const password = page.getByLabel('Password', { exact: true });
  await password.focus();
  expect(await page.evaluate(() => window.drawNow())).toBeGreaterThan(0);
  await expect(password).toBeFocused();
});

test('signing in works by keyboard alone', async ({ page, site }) => {
  const { username } = await site.newUser();
  await page.goto('/sign-in');
  await expect(page.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible();
  const name = page.getByLabel('Name', { exact: true });
  await expect(name).toBeFocused();
  // Back to the top: the bar's three links, then the skip link.
  for (let presses = 0; presses < 4; presses += 1) await page.keyboard.press('Shift+Tab');
  await expect(page.getByRole('link', { name: 'Skip to the page' })).toBeFocused();
  for (let presses = 0; presses < 4; presses += 1) await page.keyboard.press('Tab');
  await expect(name).toBeFocused();
  await page.keyboard.type(username);
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Servers', exact: true })).toBeVisible();
});

/** Fills in the form that stands there and sends it. */
async function send(page, username, button) {
  await page.getByLabel('Name', { exact: true }).fill(username);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('main').getByRole('button', { name: button }).click();
}

test('who signs in comes to the page that was asked for, and not back to signing in', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await page.goto('/no/such/page');
  await page.goto(`/servers/${server.id}`);
  await expect(page).toHaveURL(`/sign-in?then=/servers/${server.id}`);
  await page.reload();
  await send(page, username, 'Sign in');
  await expect(page.getByRole('heading', { name: server.name, exact: true })).toBeVisible();
  await expect(page).toHaveURL(`/servers/${server.id}`);
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();

  // Who signs out means to leave: the next one begins at home.
  await page.goto('/jobs');
  await page.getByRole('navigation').getByRole('button', { name: username }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL('/sign-in');
});

test('who signs up comes to the page that was asked for, too', async ({ page, site }) => {
  await page.goto('/jobs');
  await page.getByRole('main').getByRole('link', { name: 'Sign up' }).click();
  await expect(page).toHaveURL('/sign-up?then=/jobs');
  await expect(page.getByRole('navigation').getByRole('link', { name: 'Sign up' })).toHaveAttribute('aria-current', 'page');
  await send(page, site.newName('user'), 'Sign up');
  await expect(page.getByRole('heading', { name: 'Jobs', exact: true })).toBeVisible();
  // The page of signing up leads on, as it does for everybody who is signed in.
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Jobs', exact: true })).toBeVisible();
});

test('nobody is led to another host after signing in', async ({ page, site }) => {
  const { username } = await site.newUser();
  for (const there of ['//evil.example/', 'https://evil.example/', '/\\evil.example', '/%09/evil.example', 'javascript:alert(1)']) {
    await page.context().clearCookies();
    await page.goto(`/sign-in?then=${there.includes('%') ? there : encodeURIComponent(there)}`);
    await send(page, username, 'Sign in');
    await expect(page.getByRole('heading', { name: 'Servers', exact: true })).toBeVisible();
    await expect(page).toHaveURL('/');
  }
});

test('the skip link leads past the bar', async ({ page }) => {
  await page.goto('/no/such/page');
  await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('main').getByRole('link', { name: 'Go to the servers' })).toBeFocused();
});

test('what is typed outlives a session that was renewed in another tab', async ({ page, browser, site }) => {
  const { username, client } = await site.newUser();
  await signIn(page, username);
  await page.goto('/blueprints/new');
  await page.getByLabel('Name', { exact: true }).fill('typed');
  // The cookie changes at once: whatever the page fetches meanwhile must not meet a moment without one.
  const elsewhere = await browser.newContext({ baseURL: site.url });
  await signIn(await elsewhere.newPage(), username);
  await page.context().addCookies(await elsewhere.cookies());
  await elsewhere.close();
  // The page's token belongs to the session of before.
  await page.getByRole('button', { name: 'Create blueprint' }).click();
  await expect(page.getByRole('heading', { name: 'typed', level: 1 })).toBeVisible();
  expect((await client.list('/blueprints')).map(({ name }) => name)).toEqual(['typed']);
});

test('an address that is no page says so', async ({ page }) => {
  await page.goto('/no/such/page');
  await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();
  await expectFits(page, 'not-found');
});

import { PASSWORD, expect, signIn, test } from './fixtures.js';

test.use({ panelOf: 'main-job' });

/** Presses Tab until the element has the focus, as somebody without a mouse does. */
async function tabTo(page, locator) {
  await expect(locator).toBeVisible();
  const hasFocus = () => locator.evaluate((element) => element === document.activeElement);
  for (let presses = 0; presses < 80; presses += 1) {
    if (await hasFocus()) return;
    await page.keyboard.press('Tab');
  }
  expect(await hasFocus(), `${locator} is not reached by the keyboard`).toBe(true);
}

/** The two ways to use a page. */
const HANDS = {
  mouse: {
    press: (page, locator) => locator.click(),
    fill: (page, locator, text) => locator.fill(text),
  },
  keyboard: {
    async press(page, locator) {
      await tabTo(page, locator);
      // A button that has just come takes no press yet.
      await expect(locator).not.toHaveAttribute('aria-disabled', 'true');
      await page.keyboard.press('Enter');
    },
    async fill(page, locator, text) {
      await tabTo(page, locator);
      await page.keyboard.press('Control+A');
      await page.keyboard.type(text);
    },
  },
};

for (const [name, hand] of Object.entries(HANDS)) {
  test(`from sign-up to the last server deleted, by ${name} alone`, async ({ page, site }) => {
    await site.install();
    const press = (locator) => hand.press(page, locator);
    const fill = (locator, text) => hand.fill(page, locator, text);
    const main = page.getByRole('main');
    const button = (text) => main.getByRole('button', { name: text });
    const field = (label) => main.getByLabel(label, { exact: true });

    await page.goto('/');
    await press(main.getByRole('link', { name: 'Sign up' }));
    await fill(field('Name'), site.newName('hands'));
    await fill(field('Password'), PASSWORD);
    await press(button('Sign up'));
    await expect(page.getByRole('heading', { name: 'Servers', exact: true })).toBeVisible();

    await press(page.getByRole('navigation').getByRole('link', { name: 'Blueprints' }));
    await press(main.getByRole('link', { name: 'New blueprint' }));
    await fill(field('Name'), 'evening');
    await press(button('Add argument'));
    await page.keyboard.type('+map c1m1_hotel');
    await press(button('Add line'));
    await page.keyboard.type('hostname "Evening"');
    await press(button('Create blueprint'));
    await expect(page.getByRole('heading', { name: 'evening', level: 1 })).toBeVisible();

    await press(page.getByRole('navigation').getByRole('link', { name: 'Servers' }));
    await press(main.getByRole('link', { name: 'New server' }));
    const server = site.newName('hands');
    await fill(field('Name'), server);
    await fill(field('Port'), String(await site.freePort()));
    await press(button('Create server'));
    await expect(page.getByRole('heading', { name: server, exact: true })).toBeVisible();

    const state = page.getByRole('region', { name: 'State' });
    // The badge: what it should be is another fact of the same words, and is there at once.
    const badge = (word) => expect(state.locator('.badge')).toHaveText(word);
    await press(state.getByRole('button', { name: 'Start' }));
    await badge('running');
    await expect(page.getByRole('log')).toContainText('hostname "Evening"');

    await press(page.getByRole('navigation').getByRole('link', { name: 'Blueprints' }));
    await press(main.getByRole('link', { name: 'evening' }));
    await fill(field('line 1'), 'hostname "Night"');
    await press(button('Save and restart 1 server'));
    // Before it is saved the row says the same as after the restart, and the page won't be left.
    await expect(main.getByText('Saved.', { exact: true })).toBeVisible();
    const linked = main.getByRole('list', { name: 'Linked servers' }).getByRole('listitem');
    await expect(linked).toContainText('up to date');
    await expect(linked).toContainText('running');
    await press(linked.getByRole('link', { name: server }));
    await expect(page.getByRole('log')).toContainText('hostname "Night"');

    await press(state.getByRole('button', { name: 'Stop' }));
    await badge('stopped');
    await press(button('Delete server…'));
    await press(page.getByRole('dialog').getByRole('button', { name: 'Delete server' }));
    await expect(page.getByRole('heading', { name: 'Deleted' })).toBeVisible();

    await press(page.getByRole('navigation').getByRole('link', { name: 'Blueprints' }));
    await press(main.getByRole('link', { name: 'evening' }));
    await expect(main.getByText('No server is linked to this blueprint yet.')).toBeVisible();
    await press(button('Delete'));
    await press(page.getByRole('dialog').getByRole('button', { name: 'Delete the blueprint' }));
    await expect(page.getByRole('heading', { name: 'No blueprints yet' })).toBeVisible();
  });
}

test('two users side by side see nothing of each other', async ({ page, site, browser }) => {
  const [alice, bob] = [await site.newUser(), await site.newUser()];
  const server = await site.newServer(alice.client);
  await signIn(page, alice.username);
  const context = await browser.newContext({ baseURL: site.url });
  const other = await context.newPage();
  await signIn(other, bob.username);
  await other.getByRole('link', { name: 'Blueprints' }).click();
  await expect(other.getByRole('heading', { name: 'No blueprints yet' })).toBeVisible();

  // What one of them does while both look is told to that one only.
  await alice.client.post('/blueprints', { name: 'alice’s plan' });
  const own = await bob.client.post('/blueprints', { name: 'bob’s plan' });
  await page.getByRole('link', { name: 'Blueprints' }).click();
  await expect(page.getByRole('link', { name: 'alice’s plan' })).toBeVisible();
  await expect(other.getByRole('link', { name: 'bob’s plan' })).toBeVisible();
  await expect(page.getByText('bob’s plan')).toHaveCount(0);
  await expect(other.getByText('alice’s plan')).toHaveCount(0);
  await expect(other.getByText(server.name)).toHaveCount(0);

  await page.goto(`/blueprints/${own.id}`);
  await expect(page.getByRole('heading', { name: 'No such blueprint' })).toBeVisible();
  await context.close();
});

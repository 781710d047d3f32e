import { expect, signIn, test } from './fixtures.js';

test.use({ panelOf: 'touch', hasTouch: true, isMobile: true, viewport: { width: 360, height: 740 } });

/** Puts a finger down in the middle of one element, moves it to the middle of another, and lifts it. */
async function drag(page, from, to) {
  const middle = async (locator) => {
    const { x, y, width, height } = await locator.boundingBox();
    return { x: x + width / 2, y: y + height / 2 };
  };
  const [start, end] = [await middle(from), await middle(to)];
  const devtools = await page.context().newCDPSession(page);
  const touch = (type, ...touchPoints) => devtools.send('Input.dispatchTouchEvent', { type, touchPoints });
  await touch('touchStart', start);
  for (let step = 1; step <= 5; step += 1) {
    const at = (axis) => start[axis] + ((end[axis] - start[axis]) * step) / 5;
    await touch('touchMove', { x: at('x'), y: at('y') });
  }
  await touch('touchEnd');
}

test('a finger that leaves a field for the button below it presses the button', async ({ page }) => {
  await page.goto('/sign-up');
  await page.getByLabel('Name', { exact: true }).fill('newcomer');
  await page.getByLabel('Password', { exact: true }).fill('short');
  const button = await page.getByRole('main').getByRole('button', { name: 'Sign up' }).boundingBox();
  const sent = page.waitForRequest(/\/auth\/signup$/);
  await page.touchscreen.tap(button.x + button.width / 2, button.y + 2);
  await sent;
  await expect(page.locator('#password-error')).not.toBeEmpty();
});

test('overlays are put in order by a finger on the handle', async ({ page, site }) => {
  const admin = await site.newAdmin();
  const overlays = [];
  for (const name of ['maps', 'rework', 'sounds']) overlays.push(await site.newOverlay(admin, name));
  const { username, client } = await site.newUser();
  const blueprint = await client.post('/blueprints', { name: 'comp', overlay_ids: overlays.map(({ id }) => id) });
  await signIn(page, username);
  await page.goto(`/blueprints/${blueprint.id}`);
  const list = page.getByRole('list', { name: 'Overlays in order' });
  const entry = (name) => list.getByRole('listitem').filter({ hasText: name });
  const handle = (name) => list.getByRole('button', { name: new RegExp(`^${name}, number`) });
  const names = () => list.locator('.row__name').allTextContents();
  await expect(list.getByRole('listitem')).toHaveCount(3);
  await list.scrollIntoViewIfNeeded();

  await drag(page, handle('maps'), entry('sounds'));
  await expect(page.getByText('maps is now number 3 of 3.')).toBeAttached();
  expect(await names()).toEqual(['rework', 'sounds', 'maps']);
  await drag(page, handle('sounds'), entry('rework'));
  await expect(page.getByText('sounds is now number 1 of 3.')).toBeAttached();
  expect(await names()).toEqual(['sounds', 'rework', 'maps']);

  // Beside the handle a finger scrolls the page, as it does everywhere.
  const scrolled = () => page.evaluate(() => window.scrollY);
  const before = await scrolled();
  await drag(page, entry('maps').locator('.row__name'), entry('sounds').locator('.row__name'));
  await expect.poll(scrolled).toBeGreaterThan(before);
  expect(await names()).toEqual(['sounds', 'rework', 'maps']);
});

import { LONG_NAMES, expect, expectAccessible, expectFits, signIn, test } from './fixtures.js';

test.use({ panelOf: 'every-page' });

// That no page writes an error into the console or asks another host for anything is watched on all of them; see
// fixtures.js.

/** Holds back every answer of the API but that to who is signed in, until it is let through. */
async function holdBack(page) {
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  await page.route(/\/api\/v1\/(?!auth\/me$)/, async (route) => {
    await released;
    // The page may be gone by then.
    await route.continue().catch(() => {});
  });
  return release;
}

test('every page can be looked at while it loads and when it is there, in both widths', async ({ page, site }) => {
  test.setTimeout(600_000);
  await site.install();
  // Names as long as they may be have to fit everywhere.
  const admin = await site.newAdmin(LONG_NAMES.user);
  const { client } = admin;
  const server = await site.newServer(client, LONG_NAMES.server);
  const overlay = await site.newOverlay(admin, 'maps');
  await client.patch(`/blueprints/${server.blueprint_id}`, { overlay_ids: [overlay.id] });
  const job = await client.runJob(`/servers/${server.id}/jobs`, 'start');
  await client.post('/auth/tokens', { name: 'backup' });
  await signIn(page, admin.username);

  // What is put away on a phone, and the menu of what concerns only oneself.
  const menus = page.getByRole('navigation').getByRole('button', { name: admin.username });
  await menus.click();
  const end = (box) => box.x + box.width;
  // The bar ends where the page does: with its content, behind a margin.
  const main = end(await page.getByRole('main').boundingBox());
  expect(end(await menus.boundingBox())).toBeCloseTo(main - 16, 0);
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/menu-1280.png' });
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeHidden();
  await page.setViewportSize({ width: 360, height: 740 });
  await page.getByRole('button', { name: 'Menu' }).click();
  await expect(page.getByRole('navigation').getByRole('link', { name: 'Users' })).toBeVisible();
  await expectAccessible(page);
  await page.screenshot({ path: 'screenshots/menu-360.png' });
  await page.setViewportSize({ width: 1280, height: 800 });

  for (const [address, heading] of [
    ['/', 'Servers'],
    [`/servers/${server.id}`, server.name],
    ['/servers/new', 'New server'],
    ['/blueprints', 'Blueprints'],
    [`/blueprints/${server.blueprint_id}`, `${server.name} blueprint`],
    ['/blueprints/new', 'New blueprint'],
    ['/jobs', 'Jobs'],
    [`/jobs/${job.id}`, `Start of ${server.name}`],
    ['/overlays', 'Overlays'],
    ['/host', 'Host'],
    ['/users', 'Users'],
    ['/account', 'Account'],
    ['/no/such/page', 'Page not found'],
  ]) {
    const name = address.replace(/\d+/g, 'one').replace(/\W+/g, '-').replace(/^-|-$/g, '') || 'home';
    const release = await holdBack(page);
    await page.goto(address);
    await expect(page.getByRole('navigation').getByRole('button', { name: admin.username })).toBeAttached();
    await expect(page.getByRole('main').locator(':scope > *').first()).toBeAttached();
    await expectFits(page, `loading-${name}`);
    release();
    await expect(page.getByRole('heading', { name: heading, exact: true, level: 1 })).toBeVisible();
    await expect(page).toHaveTitle(`${heading} · L4D2 panel`);
    await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0);
    await page.unroute(/\/api\/v1\/(?!auth\/me$)/);
    await expectFits(page, `page-${name}`);
  }
});

test('the bar is one line, or a menu button where there is no room for one', async ({ page, site }) => {
  for (const name of [site.newName('admin'), `2${LONG_NAMES.user.slice(1)}`]) {
    await page.context().clearCookies();
    const { username } = await site.newAdmin(name);
    await signIn(page, username);
    const bar = page.getByRole('banner');
    await page.setViewportSize({ width: 360, height: 740 });
    const { height } = await bar.boundingBox();
    for (const width of [640, 700, 767, 768, 800, 1024]) {
      await page.setViewportSize({ width, height: 800 });
      expect((await bar.boundingBox()).height, `${username}'s bar at ${width} px`).toBe(height);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(overflow, `${username}'s bar at ${width} px is wider than the screen`).toBe(0);
    }
  }
});

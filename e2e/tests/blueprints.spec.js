import { expect, expectFits, signIn, test } from './fixtures.js';

test.use({ panelOf: 'blueprints' });

/** The rows of a list of lines, as texts. */
function texts(page, list) {
  return page
    .getByRole('list', { name: list })
    .getByRole('textbox')
    .evaluateAll((inputs) => inputs.map((input) => input.value));
}

async function paste(locator, text) {
  await locator.evaluate((input, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text', pasted);
    input.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

test('a first blueprint is written, previewed and saved', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  await signIn(page, username);
  await page.getByRole('link', { name: 'Blueprints' }).click();
  await expect(page.getByRole('heading', { name: 'No blueprints yet' })).toBeVisible();
  await expectFits(page, 'no-blueprints');

  await page.getByRole('main').getByRole('link', { name: 'New blueprint' }).click();
  await expect(page.getByRole('heading', { name: 'New blueprint' })).toBeVisible();
  await expect(page.getByLabel('Command line')).toContainText('./srcds_run -game left4dead2');
  await expectFits(page, 'new-blueprint');
  await page.getByLabel('Name', { exact: true }).fill('comp');
  await page.getByRole('button', { name: 'Add argument' }).click();
  await expect(page.getByLabel('argument 1', { exact: true })).toBeFocused();
  await page.keyboard.type('+map c5m1_waterfront');
  await page.keyboard.press('Enter');
  await page.keyboard.type('-tickrate 60');
  await expect(page.getByLabel('Command line')).toContainText('+map c5m1_waterfront -tickrate 60');

  await page.getByRole('button', { name: 'Add line' }).click();
  await paste(page.getByLabel('line 1', { exact: true }), 'hostname "one"\r\nsv_cheats 0\nmp_gamemode coop\n');
  expect(await texts(page, 'Lines of server.cfg')).toEqual(['hostname "one"', 'sv_cheats 0', 'mp_gamemode coop']);
  await expect(page.getByLabel('line 3', { exact: true })).toBeFocused();
  await expect(page.getByLabel('Text of server.cfg')).toContainText('mp_gamemode coop');

  await page.getByRole('button', { name: 'Create blueprint' }).click();
  await expect(page.getByRole('heading', { name: 'comp', level: 1 })).toBeVisible();
  await expect(page).toHaveURL(/\/blueprints\/\d+$/);
  const [saved] = await client.list('/blueprints');
  expect(saved).toMatchObject({
    name: 'comp',
    arguments: ['+map c5m1_waterfront', '-tickrate 60'],
    config: ['hostname "one"', 'sv_cheats 0', 'mp_gamemode coop'],
  });
  await page.reload();
  await expect(page.getByLabel('argument 2', { exact: true })).toHaveValue('-tickrate 60');
  await page.getByRole('navigation').getByRole('link', { name: 'Blueprints' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'comp' })).toContainText('2 arguments · 3 config lines');
  await expectFits(page, 'blueprints');
});

test('what is wrong with a row is said at the row while it is typed', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const blueprint = await client.post('/blueprints', { name: 'comp', arguments: ['+map a', '-tickrate 60'] });
  await signIn(page, username);
  await page.goto(`/blueprints/${blueprint.id}`);
  const second = page.getByLabel('argument 2', { exact: true });
  await second.fill('-port 27020');
  await expect(second).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('alert').filter({ hasText: 'is reserved' })).toBeVisible();
  await expect(page.getByLabel('argument 1', { exact: true })).not.toHaveAttribute('aria-invalid');
  await page.getByRole('button', { name: 'Add line' }).click();
  await page.keyboard.type('hostname "Grüße"');
  await expect(page.getByRole('alert').filter({ hasText: 'ASCII' })).toBeVisible();
  await expectFits(page, 'blueprint-errors');

  // A row taken away takes its message along; the others keep theirs.
  await page.getByRole('button', { name: 'Remove argument 1' }).click();
  await expect(page.getByLabel('argument 1', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Not saved: see the marked fields.' })).toBeVisible();
  await expect(page.getByLabel('argument 1', { exact: true })).toBeFocused();
  await expect(page.getByText('Not saved yet')).toBeVisible();
  expect((await client.get(`/blueprints/${blueprint.id}`)).arguments).toEqual(['+map a', '-tickrate 60']);

  await page.getByLabel('argument 1', { exact: true }).fill('-tickrate 100');
  await page.getByLabel('line 1', { exact: true }).fill('hostname "Hello"');
  await expect(page.locator('[aria-invalid]')).toHaveCount(0);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  expect((await client.get(`/blueprints/${blueprint.id}`)).arguments).toEqual(['-tickrate 100']);
});

test('rows are one text too', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const blueprint = await client.post('/blueprints', { name: 'comp', config: ['one', 'two'] });
  await signIn(page, username);
  await page.goto(`/blueprints/${blueprint.id}`);
  await page.getByLabel(/^Edit as text *: Lines of server.cfg/).check();
  const area = page.getByRole('textbox', { name: 'Lines of server.cfg' });
  await expect(area).toHaveValue('one\ntwo');
  await area.fill('one\nzwö\nthree');
  await expect(page.getByText(/^Line 2: /)).toBeVisible();
  await expectFits(page, 'blueprint-as-text');
  await area.fill('one\ntwo and a half\nthree');
  await page.getByLabel(/^Edit as text *: Lines of server.cfg/).uncheck();
  expect(await texts(page, 'Lines of server.cfg')).toEqual(['one', 'two and a half', 'three']);
});

test('overlays are put in order by mouse and by keyboard, and it is announced', async ({ page, site }) => {
  const admin = await site.newAdmin();
  const overlays = [];
  for (const name of ['maps', 'rework', 'sounds']) overlays.push(await site.newOverlay(admin, name));
  const { username, client } = await site.newUser();
  const blueprint = await client.post('/blueprints', { name: 'comp', overlay_ids: [overlays[0].id, overlays[1].id] });
  await signIn(page, username);
  await page.goto(`/blueprints/${blueprint.id}`);
  const list = page.getByRole('list', { name: 'Overlays in order' });
  const names = () => list.locator('.row__name').allTextContents();
  await expect(list.getByRole('listitem')).toHaveCount(2);

  await page.getByLabel('Another overlay').selectOption('sounds');
  await page.getByRole('button', { name: 'Add overlay' }).click();
  await expect(page.getByText('sounds is added at the end.')).toBeAttached();
  expect(await names()).toEqual(['maps', 'rework', 'sounds']);

  await list.getByRole('listitem').filter({ hasText: 'sounds' }).dragTo(list.getByRole('listitem').filter({ hasText: 'maps' }));
  await expect(page.getByText('sounds is now number 1 of 3.')).toBeAttached();
  expect(await names()).toEqual(['sounds', 'maps', 'rework']);
  await expectFits(page, 'blueprint');
  // Its colour tells that it moved; gradually only for those who want movement.
  for (const [reducedMotion, duration] of [['no-preference', '0.12s'], ['reduce', '0s']]) {
    await page.emulateMedia({ reducedMotion });
    await expect(list.getByRole('listitem').first()).toHaveCSS('transition-duration', duration);
  }

  await list.getByRole('button', { name: /^rework, number 3/ }).focus();
  await page.keyboard.press('ArrowUp');
  await expect(page.getByText('rework is now number 2 of 3.')).toBeAttached();
  await expect(list.getByRole('button', { name: /^rework, number 2/ })).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(list.getByRole('button', { name: /^rework, number 1/ })).toBeFocused();
  await list.getByRole('button', { name: 'Move rework down' }).click();
  await list.getByRole('button', { name: 'Remove maps' }).click();
  expect(await names()).toEqual(['sounds', 'rework']);

  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  const saved = await client.get(`/blueprints/${blueprint.id}`);
  expect(saved.overlay_ids).toEqual([overlays[2].id, overlays[1].id]);
});

test('unsaved changes are not left by accident', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const blueprint = await client.post('/blueprints', { name: 'comp' });
  await signIn(page, username);
  await page.getByRole('link', { name: 'Blueprints' }).click();
  await page.getByRole('main').getByRole('link', { name: 'comp' }).click();
  await page.getByLabel('Name', { exact: true }).fill('renamed');

  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await page.getByRole('link', { name: 'Servers' }).click();
  await expect(dialog.getByRole('button', { name: 'Stay here' })).toBeFocused();
  await expectFits(page, 'leave-without-saving');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('link', { name: 'Servers' })).toBeFocused();

  await page.goBack();
  await expect(dialog).toBeVisible();
  await dialog.getByRole('button', { name: 'Stay here' }).click();
  await expect(page).toHaveURL(new RegExp(`/blueprints/${blueprint.id}$`));
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('renamed');

  let asked = 0;
  page.on('dialog', async (native) => {
    asked += 1;
    await native.dismiss();
  });
  await page.close({ runBeforeUnload: true });
  await expect.poll(() => asked).toBe(1);

  // Signing out takes the page away, too.
  await page.getByRole('navigation').getByRole('button', { name: username }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await dialog.getByRole('button', { name: 'Stay here' }).click();
  await client.get('/auth/me');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('renamed');

  await page.goBack();
  await dialog.getByRole('button', { name: 'Leave without saving' }).click();
  await expect(page.getByRole('heading', { name: 'Blueprints', exact: true })).toBeVisible();
  // The way back leads on from there, and not into the editor again.
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Servers', exact: true })).toBeVisible();
  await page.getByRole('link', { name: 'Blueprints' }).click();
  await page.getByRole('main').getByRole('link', { name: 'comp' }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('comp');
  await page.getByLabel('Name', { exact: true }).fill('renamed');
  await page.getByRole('link', { name: 'Servers' }).click();
  await dialog.getByRole('button', { name: 'Leave without saving' }).click();
  await expect(page.getByRole('heading', { name: 'Servers', exact: true })).toBeVisible();
  expect((await client.get(`/blueprints/${blueprint.id}`)).name).toBe('comp');
});

test('who leaves while a save is under way is asked, and taken on once it is saved', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const blueprint = await client.post('/blueprints', { name: 'comp' });
  await signIn(page, username);
  await page.goto(`/blueprints/${blueprint.id}`);
  let answer;
  const held = new Promise((resolve) => {
    answer = resolve;
  });
  await page.route(`**/api/v1/blueprints/${blueprint.id}`, async (route) => {
    await held;
    await route.continue();
  });
  await page.getByLabel('Name', { exact: true }).fill('renamed');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('link', { name: 'Servers' }).click();
  await expect(page.getByRole('dialog', { name: 'Leave without saving?' })).toBeVisible();
  answer();
  await expect(page.getByRole('heading', { name: 'Servers', exact: true })).toBeVisible();
  expect((await client.get(`/blueprints/${blueprint.id}`)).name).toBe('renamed');
});

test('what a save and a deletion are answered is in sight where their buttons are', async ({ page, site, failing }) => {
  const { username, client } = await site.newUser();
  await client.post('/blueprints', { name: 'taken' });
  const long = Array.from({ length: 30 }, (_, number) => `line ${number}`);
  const blueprint = await client.post('/blueprints', { name: 'comp', config: long });
  await signIn(page, username);
  await page.goto(`/blueprints/${blueprint.id}`);
  const save = page.getByRole('button', { name: 'Save', exact: true });
  const notice = (text) => page.getByRole('alert').filter({ hasText: text });
  // A part of the screen shows the end of a page of many lines.
  const down = () => page.getByRole('button', { name: 'Add line' }).scrollIntoViewIfNeeded();

  const name = page.getByLabel('Name', { exact: true });
  await name.fill('taken');
  await down();
  await expect(name).not.toBeInViewport();
  await save.click();
  await expect(notice('Not saved: see the marked fields.')).toBeInViewport({ ratio: 1 });
  await expect(name).toBeFocused();
  await expect(name).toBeInViewport({ ratio: 1 });
  await expectFits(page, 'blueprint-not-saved');
  await name.fill('comp');

  const line = page.getByLabel('line 2', { exact: true });
  await line.fill('hostname "Grüße"');
  await down();
  await save.click();
  await expect(line).toBeFocused();
  await expect(line).toBeInViewport({ ratio: 1 });
  await line.fill('line 1');
  await expect(page.getByText('Not saved yet')).toHaveCount(0);

  await failing.fail(`/blueprints/${blueprint.id}`);
  await down();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the blueprint' }).click();
  await expect(notice('Something went wrong inside the panel.')).toBeInViewport({ ratio: 1 });
});

test('a blueprint in use is kept, and the servers are named', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await signIn(page, username);
  await page.goto(`/blueprints/${server.blueprint_id}`);
  await expect(page.getByRole('list', { name: 'Linked servers' })).toContainText(server.name);
  const remove = page.getByRole('button', { name: 'Delete', exact: true });
  const dialog = page.getByRole('dialog');
  await expect(remove).toHaveAttribute('aria-disabled', 'true');
  await expect(remove).toHaveAccessibleDescription(`To delete it, link ${server.name} to another blueprint first.`);
  await remove.click({ force: true });
  await expect(dialog).toBeHidden();
  await expectFits(page, 'blueprint-in-use');

  await client.runJob(`/servers/${server.id}/jobs`, 'delete');
  await expect(page.getByText('No server is linked to this blueprint yet.')).toBeVisible();
  await remove.click();
  await expect(dialog).toContainText(`${server.name} blueprint`);
  await expectFits(page, 'delete-blueprint');
  await dialog.getByRole('button', { name: 'Delete the blueprint' }).click();
  await expect(page.getByRole('heading', { name: 'No blueprints yet' })).toBeVisible();
});

test('a save says which servers take it up, and restarts them when asked', async ({ page, site }) => {
  await site.install();
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await client.runJob(`/servers/${server.id}/jobs`, 'start');
  await signIn(page, username);
  await page.goto(`/blueprints/${server.blueprint_id}`);
  await expect(page.getByText('It runs, and goes on as it is until it is restarted.')).toBeVisible();
  await page.getByLabel('line 1', { exact: true }).fill('hostname "other"');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const row = page.getByRole('list', { name: 'Linked servers' }).getByRole('listitem');
  await expect(row).toContainText('changes pending');
  await expectFits(page, 'blueprint-pending');
  await page.getByRole('button', { name: 'Save and restart 1 server' }).click();
  await expect(row).toContainText('up to date');
  await expect(row).toContainText('running');
  await client.runJob(`/servers/${server.id}/jobs`, 'stop');
});

test('what was changed elsewhere is taken over, or told before it is overwritten', async ({ page, site }) => {
  const { username, client } = await site.newUser();
  const blueprint = await client.post('/blueprints', { name: 'comp', config: ['one'] });
  await signIn(page, username);
  await page.goto(`/blueprints/${blueprint.id}`);
  await expect(page.getByLabel('line 1', { exact: true })).toHaveValue('one');
  await client.patch(`/blueprints/${blueprint.id}`, { config: ['two'] });
  await expect(page.getByLabel('line 1', { exact: true })).toHaveValue('two');

  await page.getByLabel('Name', { exact: true }).fill('mine');
  await client.patch(`/blueprints/${blueprint.id}`, { config: ['three'] });
  await expect(page.getByRole('alert').filter({ hasText: 'changed elsewhere' })).toBeVisible();
  await expect(page.getByLabel('line 1', { exact: true })).toHaveValue('two');
  await page.getByRole('button', { name: 'Take that version instead' }).click();
  await expect(page.getByLabel('line 1', { exact: true })).toHaveValue('three');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('comp');
});

test('a stranger’s blueprint is not shown', async ({ page, site }) => {
  const owner = await site.newUser();
  const blueprint = await owner.client.post('/blueprints', { name: 'secret plan' });
  const { username } = await site.newUser();
  await signIn(page, username);
  await page.goto(`/blueprints/${blueprint.id}`);
  await expect(page.getByRole('heading', { name: 'No such blueprint' })).toBeVisible();
  await expect(page.getByText('secret plan')).toHaveCount(0);
  await expectFits(page, 'no-such-blueprint');
});

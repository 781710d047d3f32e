import { expect, expectFits, signIn, test } from './fixtures.js';

test.use({ panelOf: 'host' });

test('an admin installs the game, which waits until no server runs', async ({ page, site }) => {
  const admin = await site.newAdmin();
  await signIn(page, admin.username);
  await page.getByRole('link', { name: 'Host' }).click();
  await expect(page.getByText('The game is not installed yet.')).toBeVisible();
  await expect(page.getByRole('list', { name: 'Checks' }).getByRole('listitem').first()).toBeVisible();
  await expectFits(page, 'host-empty');

  await page.getByRole('button', { name: 'Install', exact: true }).click();
  await expect(page.getByText(/^Last install: ?succeeded/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Update', exact: true })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Job and log' })).toHaveAttribute('href', /^\/jobs\/\d+$/);
  await expectFits(page, 'host');

  const server = await site.newServer(admin.client);
  await admin.client.runJob(`/servers/${server.id}/jobs`, 'start');
  await expect(page.getByText(`Stop all servers first: ${server.name} runs`)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Update', exact: true })).toHaveAttribute('aria-disabled', 'true');
  // It can be seen that it can't be pressed, and pressing it does nothing.
  const update = page.getByRole('button', { name: 'Update', exact: true });
  await expect(update).toHaveCSS('background-color', 'rgb(230, 237, 235)');
  await expect(update).toHaveCSS('cursor', 'not-allowed');
  await update.click({ force: true });
  expect(await admin.client.list('/jobs?state=queued')).toEqual([]);
  await expectFits(page, 'host-in-the-way');
  await admin.client.runJob(`/servers/${server.id}/jobs`, 'stop');
  await expect(page.getByRole('button', { name: 'Update', exact: true })).not.toHaveAttribute('aria-disabled');
});

test('the last install is told however many jobs came after it', async ({ page, site }) => {
  await site.install();
  const admin = await site.newAdmin();
  const server = await site.newServer(admin.client);
  for (let count = 0; count < 3; count += 1) await admin.client.runJob(`/servers/${server.id}/jobs`, 'initialize');
  // The newest two instead of fifty, so that so few are enough.
  await page.route(/\/jobs\?limit=50/, (route) => route.continue({ url: route.request().url().replace('limit=50', 'limit=2') }));
  await signIn(page, admin.username);
  await page.goto('/host');
  await expect(page.getByText(/^Last install: ?succeeded/)).toBeVisible();
  const job = page.getByRole('link', { name: 'Job and log' });
  const [install] = await admin.client.list('/jobs?operation=install&limit=1');
  await expect(job).toHaveAttribute('href', `/jobs/${install.id}`);
});

test('the bar of the disk is as full as the disk, and says so by its colour', async ({ page, site }) => {
  const admin = await site.newAdmin();
  const GIB = 2 ** 30;
  let free = 500 * GIB;
  await page.route('**/api/v1/host', async (route) => {
    const response = await route.fetch();
    const host = { ...(await response.json()), disk_total_bytes: 1000 * GIB, disk_free_bytes: free };
    await route.fulfill({ response, json: host });
  });
  await signIn(page, admin.username);
  await page.goto('/host');
  const bar = page.getByRole('meter', { name: 'Disk used' });
  // The colour a little right of the bar's beginning, at some height between its top (0) and its foot (1).
  const colour = async (height) => {
    const shot = await bar.screenshot();
    return page.evaluate(
      async ([data, at]) => {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        const picture = await createImageBitmap(new Blob([bytes]));
        const canvas = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
        canvas.drawImage(picture, 0, 0);
        return `rgb(${[...canvas.getImageData(8, Math.round((picture.height - 1) * at), 1, 1).data.slice(0, 3)].join(', ')})`;
      },
      [shot.toString('base64'), height],
    );
  };
  for (const [left, expected] of [
    [500, 'rgb(15, 118, 110)'],
    [10, 'rgb(133, 77, 14)'],
    [0.5, 'rgb(153, 27, 27)'],
  ]) {
    free = left * GIB;
    await page.getByRole('button', { name: 'Check again' }).click();
    await expect(page.getByText(`${left === 0.5 ? '512 MiB' : `${left === 500 ? '500' : '10.0'} GiB`} free of`)).toBeVisible();
    for (const height of [0.2, 0.5, 0.8]) expect(await colour(height), `${left} GiB free, at ${height}`).toBe(expected);
    if (left === 10) await expectFits(page, 'host-disk-full');
  }
});

test('a remedy can be copied where it is a command, and is said in words where it isn’t', async ({ page, site }) => {
  const admin = await site.newAdmin();
  await page.route('**/api/v1/host', async (route) => {
    const response = await route.fetch();
    const host = await response.json();
    const check = { status: 'failed', message: 'it is amiss' };
    host.checks = [
      { ...check, id: 'root', remedy: 'chmod 0700 /opt/l4d2', remedy_is_command: true },
      { ...check, id: 'landlock', remedy: 'use a newer kernel', remedy_is_command: false },
      { id: 'pty', status: 'ok', message: 'it is well', remedy: '', remedy_is_command: false },
    ];
    await route.fulfill({ response, json: host });
  });
  await signIn(page, admin.username);
  await page.goto('/host');
  const check = (text) => page.getByRole('list', { name: 'Checks' }).getByRole('listitem').filter({ hasText: text });
  await expect(check('root').getByRole('textbox', { name: 'What to do' })).toHaveValue('chmod 0700 /opt/l4d2');
  await expect(check('root').getByRole('button', { name: 'Copy' })).toBeVisible();
  await expect(check('landlock').getByText('Use a newer kernel.')).toBeVisible();
  await expect(check('landlock').getByRole('textbox')).toHaveCount(0);
  await expectFits(page, 'host-remedies');
});

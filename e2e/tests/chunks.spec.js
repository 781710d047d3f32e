// Pages that come after the first download, and a program that fails.

import { expect, signIn, test } from './fixtures.js';

test.use({ panelOf: 'chunks' });

const CHUNK = /\/(split|chunk)_[^/]+\.wasm$/;

/** A signed-in page that isn't watched for errors, since these tests cause some. */
async function openUnwatched(browser, page, site) {
  const { username } = await site.newUser();
  await signIn(page, username);
  const context = await browser.newContext({ baseURL: site.url, storageState: await page.context().storageState() });
  return context.newPage();
}

test('chunks are fetched before they are wanted, and never twice', async ({ page, site }) => {
  const chunks = [];
  page.on('request', (request) => {
    if (CHUNK.test(request.url())) chunks.push(request.url());
  });
  const { username } = await site.newUser();
  const fetched = page.waitForResponse(/\/split_blueprints-[0-9a-f]+\.wasm$/);
  await signIn(page, username);
  expect((await fetched).headers()['cache-control']).toContain('immutable');
  const before = chunks.length;
  const navigation = page.getByRole('navigation', { name: 'Main' });
  await navigation.getByRole('link', { name: 'Blueprints' }).click();
  await expect(page.getByRole('heading', { name: 'Blueprints', exact: true })).toBeVisible();
  await navigation.getByRole('link', { name: 'Jobs' }).click();
  await expect(page.getByRole('heading', { name: 'Jobs', exact: true })).toBeVisible();
  expect(chunks.length).toBe(before);
  expect(new Set(chunks).size).toBe(chunks.length);
  // Only admins have a use for these.
  expect(chunks.filter((url) => url.includes('administration'))).toEqual([]);
});

test('a page whose chunk cannot be fetched says so and can be tried again', async ({ browser, page, site }) => {
  const unwatched = await openUnwatched(browser, page, site);
  await unwatched.route(CHUNK, (route) => route.abort());
  await unwatched.goto('/blueprints');
  await expect(unwatched.getByRole('alert')).toContainText('This page could not be loaded.');
  await unwatched.unroute(CHUNK);
  await unwatched.getByRole('button', { name: 'Try again' }).click();
  await expect(unwatched.getByRole('heading', { name: 'Blueprints', exact: true })).toBeVisible();
  await unwatched.context().close();
});

test('a program that fails says so, and can be started again', async ({ browser, page, site }) => {
  const unwatched = await openUnwatched(browser, page, site);
  await unwatched.goto('/');
  await expect(unwatched.getByRole('heading', { name: 'Servers', exact: true })).toBeVisible();
  await expect(unwatched.getByRole('alert')).toHaveCount(0);
  // More than any memory has: the program gives up, as it does on a defect of its own.
  await unwatched.evaluate(() => {
    setTimeout(() => window.wasmBindings.initSync().__wbindgen_malloc(0xffffffff, 1));
  });
  await expect(unwatched.getByRole('alert')).toContainText('The page has failed');
  await unwatched.getByRole('link', { name: 'Reload the page' }).click();
  await expect(unwatched.getByRole('heading', { name: 'Servers', exact: true })).toBeVisible();
  await expect(unwatched.getByRole('alert')).toHaveCount(0);
  await unwatched.context().close();
});

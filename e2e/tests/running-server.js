// A game's log on its page, and its console.

import { expect, signIn } from './fixtures.js';

/** A running server, with its page open. */
export async function openRunningServer(page, site) {
  await site.install();
  const { username, client } = await site.newUser();
  const server = await site.newServer(client);
  await client.runJob(`/servers/${server.id}/jobs`, 'start');
  await signIn(page, username);
  await page.goto(`/servers/${server.id}`);
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible();
  return { server, client };
}

export async function command(page, text) {
  const console = page.getByLabel('Console');
  await console.fill(text);
  await console.press('Enter');
}

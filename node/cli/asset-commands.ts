import { mkdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { z } from '@hono/zod-openapi'
import { CoopError } from '#node/errors'
import type { AddedSchema, AssetsSchema, FetchedSchema } from '../http/schemas.ts'
import { NodeClient } from './client.ts'
import type { Progress } from './client.ts'
import type { Globals } from './main.ts'
import { ProgressLine, bytesText, printResult, safe, table } from './output.ts'
import { writeWholeFile } from './whole-file.ts'

/** `coop add PATH…`. */
export async function addCommand(globals: Globals, paths: string[]): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const progress = new ProgressLine(globals)
  const body = { paths: paths.map((path) => resolve(path)) }
  const added = (await withProgress(progress, (show) => client.run('/v1/assets/add', body, show))) as z.infer<
    typeof AddedSchema
  >
  const lines = added.assets.map(
    (asset) => `${asset.cid}  ${bytesText(asset.bytes).padStart(10)}  ${safe(asset.path)}`,
  )
  lines.push(...added.skipped.map((it) => `skipped ${safe(it.path)}: ${it.reason}`))
  printResult(globals, added, lines.join('\n'))
}

/** `coop get CID [-o OUT]`: brings the asset to the node, then writes it where the person wants it. */
export async function getCommand(globals: Globals, cid: string, output: string | undefined): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const progress = new ProgressLine(globals)
  const path = `/v1/assets/${encodeURIComponent(cid)}/fetch`
  const fetched = (await withProgress(progress, (show) => client.run(path, {}, show))) as z.infer<
    typeof FetchedSchema
  >
  const target = output === undefined ? null : await targetPath(resolve(output), cid)
  if (target !== null) await writeOut(client, { cid, path: [] }, target)
  progress.clear()
  const source = fetched.fetchedBytes === 0 ? 'was here already' : `from ${fetched.from.map(safe).join(', ')}`
  const text = `${fetched.cid}  ${bytesText(fetched.bytes)}, ${source}${target === null ? '' : `\nwritten to ${safe(target)}`}`
  printResult(globals, { ...fetched, output: target }, text)
}

/** `coop ls`. */
export async function listCommand(globals: Globals): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', '/v1/assets')) as z.infer<typeof AssetsSchema>
  const rows = view.assets.map((asset) => [
    asset.name + (asset.kind === 'directory' ? '/' : ''),
    bytesText(asset.bytes),
    asset.isHeld ? 'here' : '',
    asset.holders.map((holder) => holder.name).join(', '),
    asset.cid,
  ])
  const text =
    rows.length === 0
      ? 'no assets yet; `coop add PATH` shares some'
      : table(['NAME', 'SIZE', 'HELD', 'HOLDERS', 'CID'], rows)
  printResult(globals, view, text)
}

/** `coop unlist CID`: takes all listings of an asset off that this member may take off. */
export async function unlistCommand(globals: Globals, cid: string): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', '/v1/assets')) as z.infer<typeof AssetsSchema>
  const listings = view.assets.filter((asset) => asset.cid === cid)
  if (listings.length === 0)
    throw new CoopError('listing-unknown', `${cid} is not on the list`, 'Run `coop ls`.')
  for (const { listing } of listings) await client.call('POST', '/v1/listings/unlist', { listing })
  printResult(
    globals,
    { unlisted: listings.map((it) => it.listing) },
    `taken off the list: ${listings.length}`,
  )
}

async function withProgress(
  line: ProgressLine,
  work: (show: (progress: Progress) => void) => Promise<unknown>,
): Promise<unknown> {
  try {
    return await work(({ path, doneBytes, totalBytes }) => {
      const percent = totalBytes === 0 ? 100 : Math.floor((doneBytes / totalBytes) * 100)
      line.show(
        `${String(percent).padStart(3)} %  ${bytesText(doneBytes)} of ${bytesText(totalBytes)}  ${path}`,
      )
    })
  } finally {
    line.clear()
  }
}

/** Inside an existing folder an asset gets its CID as name, as `cp` would do. */
async function targetPath(path: string, cid: string): Promise<string> {
  const info = await stat(path).catch(() => null)
  return info?.isDirectory() === true ? join(path, cid) : path
}

/** Writes a file, or a directory with all that is in it; each file appears whole or not at all. */
async function writeOut(
  client: NodeClient,
  asset: { cid: string; path: string[] },
  target: string,
): Promise<void> {
  const url = [asset.cid, ...asset.path.map(encodeURIComponent)].join('/')
  const response = await client.asset(url, {})
  if (!response.ok || response.body === null) {
    throw new CoopError(
      'asset-corrupt',
      `the node cannot read ${url}: ${(await response.text()).slice(0, 300)}`,
      'Fetch it again.',
    )
  }
  if (response.headers.get('etag') === null) {
    const { entries } = (await response.json()) as { entries: { name: string }[] }
    await mkdir(target, { recursive: true })
    for (const { name } of entries)
      await writeOut(client, { cid: asset.cid, path: [...asset.path, name] }, join(target, name))
    return
  }
  await writeWholeFile(response.body, target)
}

import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { LEAF_BYTES } from '#protocol/asset'
import type { StoredFile } from '#node/assets'
import { CoopError, asCoopError } from '#node/errors'
import type { CoopNode } from '#node/host'

/** One range of a file: first and last byte, both included. */
interface ByteRange {
  first: number
  last: number
}

/** True for a path that the asset door serves. */
export function isAssetPath(url: string): boolean {
  return url.startsWith('/assets/')
}

/**
 * `GET` and `HEAD /assets/<cid>[/<path>]`: the bytes with Range and conditional requests. No token: who knows a CID
 * may read what it names. Every leaf is checked against its hash before a byte of it is sent.
 */
export async function serveAsset(
  node: CoopNode,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const [cid = '', ...path] = url.pathname.slice('/assets/'.length).split('/').map(decodeName)
    const asset = await node.desk.resolve(
      cid,
      path.filter((name) => name !== ''),
    )
    if (asset.kind === 'node') return sendJson(response, 200, { entries: await node.desk.entries(asset) })
    const name = url.searchParams.get('name') ?? path.at(-1) ?? null
    await sendFile(node, asset, { request, response, name })
  } catch (cause) {
    if (response.headersSent) {
      response.destroy()
      return
    }
    const error = asCoopError(cause)
    sendJson(
      response,
      error.code === 'asset-not-held' || error.code === 'not-a-cid' ? 404 : 500,
      error.toJSON(),
    )
  }
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    const message = `'${text.slice(0, 80)}' is not a name: its percent signs are malformed`
    throw new CoopError('not-a-cid', message, 'Copy the address again.', cause)
  }
}

async function sendFile(
  node: CoopNode,
  file: StoredFile,
  exchange: { request: IncomingMessage; response: ServerResponse; name: string | null },
): Promise<void> {
  const { request, response, name } = exchange
  const etag = `"${file.cid}"`
  setHeaders(response, { etag, name })
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end()
    return
  }
  // A range of another version is no use: If-Range that does not match means the whole file.
  const isSameVersion = request.headers['if-range'] === undefined || request.headers['if-range'] === etag
  const range = isSameVersion ? readRange(request.headers.range, file.sizeBytes) : null
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${file.sizeBytes}` }).end()
    return
  }
  const { first, last } = range ?? { first: 0, last: file.sizeBytes - 1 }
  const length = last - first + 1
  if (range === null) response.writeHead(200, { 'content-length': length })
  else
    response.writeHead(206, {
      'content-length': length,
      'content-range': `bytes ${first}-${last}/${file.sizeBytes}`,
    })
  if (request.method === 'HEAD' || length === 0) {
    response.end()
    return
  }
  const handle = await node.desk.assets.openFile(file.cid)
  try {
    for (
      let index = Math.floor(first / LEAF_BYTES);
      index * LEAF_BYTES <= last && !response.destroyed;
      index += 1
    ) {
      const leaf = await node.desk.assets.readCheckedLeaf(file, handle, index)
      const start = Math.max(0, first - index * LEAF_BYTES)
      const part = leaf.subarray(start, last - index * LEAF_BYTES + 1)
      if (!response.write(part)) await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
    response.end()
  } finally {
    await handle.close()
  }
}

function setHeaders(response: ServerResponse, about: { etag: string; name: string | null }): void {
  response.setHeader('etag', about.etag)
  response.setHeader('accept-ranges', 'bytes')
  response.setHeader('cache-control', 'public, max-age=31536000, immutable')
  // What members share is shown, never run: it must not act on the page's origin.
  response.setHeader(
    'content-security-policy',
    "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'",
  )
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('content-type', typeOf(about.name ?? ''))
  if (about.name !== null) {
    response.setHeader('content-disposition', `inline; filename*=UTF-8''${encodeURIComponent(about.name)}`)
  }
}

/** RFC 9110, section 14: one range is served; several, or a malformed header, mean the whole file. */
function readRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (match === null) return null
  const [, from = '', to = ''] = match
  if (from === '' && to === '') return null
  if (from === '') {
    const length = Math.min(Number(to), size)
    return length === 0 ? 'unsatisfiable' : { first: size - length, last: size - 1 }
  }
  const first = Number(from)
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (to !== '' && Number(to) < first) return null
  return first >= size ? 'unsatisfiable' : { first, last }
}

function typeOf(name: string): string {
  return TYPES[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream'
}

const TYPES: Record<string, string> = {
  txt: 'text/plain; charset=utf-8',
  md: 'text/plain; charset=utf-8',
  json: 'application/json',
  csv: 'text/csv; charset=utf-8',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  wav: 'audio/wav',
  mp4: 'video/mp4',
  webm: 'video/webm',
  pdf: 'application/pdf',
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' })
  response.end(JSON.stringify(body))
}

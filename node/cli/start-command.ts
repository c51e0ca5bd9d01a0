import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { CoopError } from '#node/errors'
import { HttpServer } from '#node/http'
import type { PhoneDoorOptions } from '#node/http'
import type { CoopNode } from '#node/host'
import type { Globals } from './main.ts'
import { openNode } from './open-node.ts'
import { paint } from './output.ts'

/** Options of `coop start`. */
export interface StartOptions extends Globals {
  port: number
  httpPort: number
  host: string
  open: boolean
  mdns: boolean
  /** Undefined: no door for phones. */
  phonePort?: number
  phoneCert?: string
  phoneKey?: string
}

/** Runs a node until it is told to stop (Ctrl-C, SIGTERM, `coop stop`, the page). */
export async function startCommand(options: StartOptions): Promise<void> {
  const stopping = Promise.withResolvers<string>()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => stopping.resolve(signal))
  const node = await openNode(options)
  // A fault in one connection must not end the node of a stall at noon: say it and go on.
  process.on('unhandledRejection', (cause) =>
    node.config.log.error({ err: cause }, 'an error that nobody awaited'),
  )
  let server: HttpServer | null = null
  try {
    const phones = await phoneDoor(options)
    server = await HttpServer.start(node, options.httpPort, () => stopping.resolve('asked to stop'), phones)
    await node.startMesh()
    announce(node, server, options)
    const reason = await stopping.promise
    process.stderr.write(options.json ? '' : `\nstopping (${reason})\n`)
  } finally {
    await server?.close()
    await node.close()
  }
  process.stderr.write(options.json ? '' : 'stopped, everything is on the disk\n')
}

/** What the options say about a door for phones; null for none. */
async function phoneDoor(options: StartOptions): Promise<PhoneDoorOptions | null> {
  const { phonePort, phoneCert, phoneKey } = options
  if (
    (phoneCert === undefined) !== (phoneKey === undefined) ||
    (phoneCert !== undefined && phonePort === undefined)
  )
    throw new CoopError(
      'usage',
      'a certificate for phones needs its key and a port',
      'Give --phone-port, --phone-cert and --phone-key together.',
    )
  if (phonePort === undefined) return null
  if (phoneCert === undefined || phoneKey === undefined) return { port: phonePort, tls: null }
  const [cert, key] = await Promise.all([readPem(phoneCert), readPem(phoneKey)])
  return { port: phonePort, tls: { cert, key } }
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new CoopError('usage', `cannot read ${path}`, 'Give the path of a PEM file.', cause)
  }
}

function announce(node: CoopNode, server: HttpServer, options: StartOptions): void {
  const addresses = node.mesh?.addresses() ?? []
  if (options.json) {
    const { device } = node
    const ready = {
      ready: true,
      pid: process.pid,
      peerId: device,
      device,
      addresses,
      http: server.url,
      url: server.entryUrl,
      phones: server.phoneUrls,
    }
    process.stdout.write(
      `${JSON.stringify({ ...ready, coop: node.membershipOrNull?.genesis.name ?? null })}\n`,
    )
  } else {
    const coop = node.membershipOrNull?.genesis.name
    const lines = [
      coop === undefined
        ? 'Coopmesh is running; it belongs to no co-op yet.'
        : `Coopmesh is running for “${coop}”.`,
      '',
      `  page     ${paint('36', server.entryUrl)}`,
      ...server.phoneUrls.map((url, i) => `  ${i === 0 ? 'phones  ' : '        '} ${url}/gate`),
      `  data     ${node.folder.path}`,
      `  device   ${node.device}`,
      ...addresses.map((address, i) => `  ${i === 0 ? 'mesh    ' : '        '} ${address}`),
      '',
      coop === undefined
        ? 'Open the page to found a co-op or to join one. Ctrl-C stops the node.'
        : 'Ctrl-C stops the node.',
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
    if (options.open && process.stdout.isTTY) openBrowser(server.entryUrl)
  }
}

/** Opens the page where there is a desktop; a NAS without one loses nothing. */
function openBrowser(url: string): void {
  const command =
    process.platform === 'darwin' ? 'open' : process.platform === 'win32' ? 'explorer' : 'xdg-open'
  const hasDesktop =
    process.platform !== 'linux' || 'DISPLAY' in process.env || 'WAYLAND_DISPLAY' in process.env
  if (!hasDesktop) return
  spawn(command, [url], { stdio: 'ignore', detached: true })
    .on('error', () => process.stderr.write(`open this address in a browser: ${url}\n`))
    .unref()
}

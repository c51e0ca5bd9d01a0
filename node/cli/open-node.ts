import { hostname, userInfo } from 'node:os'
import pino from 'pino'
import type { Logger } from 'pino'
import { CoopNode } from '#node/host'
import type { Names, NodeConfig } from '#node/host'

/** TCP port of the mesh unless `--port` says otherwise: fixed, so that firewalls and address books can rely on it. */
export const DEFAULT_PORT = 4801
/** HTTP port of the page unless `--http-port` says otherwise. */
export const DEFAULT_HTTP_PORT = 4800

/** What the command line says of a node. */
export interface NodeOptions {
  data: string
  port?: number
  host?: string
  mdns?: boolean
}

/** Logs go to stderr, so that stdout is the result alone. COOP_LOG sets the level (default warn). */
export function openLog(): Logger {
  return pino(
    { level: process.env['COOP_LOG'] ?? 'warn', base: null },
    pino.destination({ dest: 2, sync: true }),
  )
}

/** Opens the node of a data folder in this process. */
export async function openNode(options: NodeOptions): Promise<CoopNode> {
  const config: NodeConfig = {
    dataPath: options.data,
    passphrase: process.env['COOP_PASSPHRASE'],
    port: options.port ?? DEFAULT_PORT,
    host: options.host ?? '0.0.0.0',
    isMdnsOn: options.mdns ?? true,
    log: openLog(),
  }
  return CoopNode.open(config)
}

/** Names for people who gave none: the system's. */
export function defaultNames(memberName: string | undefined, deviceName: string | undefined): Names {
  return {
    memberName: memberName ?? clean(userInfo().username, 'member'),
    deviceName: deviceName ?? clean(hostname(), 'device'),
  }
}

function clean(name: string, fallback: string): string {
  const visible = name
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '')
    .trim()
    .slice(0, 64)
  return visible === '' ? fallback : visible
}

import pino from 'pino'
import type { Logger } from 'pino'
import { stateFolderPath } from '#node/folder'
import { CoopNode } from '#node/host'
import type { NodeConfig } from '#node/host'
import { DEFAULT_PORT } from './defaults.ts'

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
  return CoopNode.open(configOf(options))
}

/** How a node is set up, with the defaults of the command line. */
export function configOf(options: NodeOptions): NodeConfig {
  return {
    dataPath: options.data,
    statePath: stateFolderPath(process.env),
    passphrase: process.env['COOP_PASSPHRASE'],
    port: options.port ?? DEFAULT_PORT,
    host: options.host ?? '0.0.0.0',
    isMdnsOn: options.mdns ?? true,
    log: openLog(),
  }
}

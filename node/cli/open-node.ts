import pino from 'pino'
import type { Logger } from 'pino'
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

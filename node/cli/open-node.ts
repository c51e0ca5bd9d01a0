import pino from 'pino'
import type { Logger } from 'pino'
import { stateFolderPath } from '#node/folder'
import { CoopNode } from '#node/host'
import type { NodeConfig } from '#node/host'
import { DEFAULT_PORT } from './defaults.ts'
import { openingPassphrase } from './secret-input.ts'
import type { PassphraseSource } from './secret-input.ts'

/** What the command line says of a node. */
export interface NodeOptions extends PassphraseSource {
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
  return CoopNode.open(await configOf(options))
}

/** How a node is set up, with the defaults of the command line. Asks for the passphrase of a sealed key. */
export async function configOf(options: NodeOptions): Promise<NodeConfig> {
  return {
    dataPath: options.data,
    statePath: stateFolderPath(process.env),
    passphrase: await openingPassphrase(options),
    port: options.port ?? DEFAULT_PORT,
    host: options.host ?? '0.0.0.0',
    isMdnsOn: options.mdns ?? true,
    log: openLog(),
  }
}

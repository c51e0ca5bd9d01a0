#!/usr/bin/env node
// The door of every command. Plain JavaScript, since the machine's own Node may be too old to read TypeScript: it
// installs what is missing and goes on with the Node that the project brings.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import nodeModule from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadSmall } from './load-small.mjs'

const NODE_MAJOR_MIN = 24
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const ownNode = join(root, 'node_modules', '.bin', 'node')

if (!existsSync(ownNode)) await import('../.ci/install.mjs')

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  // Not imported by its name: where Node lacks it, the import would fail before we can go on with ours.
  nodeModule.enableCompileCache?.(join(root, '.cache', 'compile'))
  const { main } = await loadSmall(() => import('./cli/index.ts'))
  await main(process.argv.slice(2))
} else {
  const child = spawn(ownNode, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
}

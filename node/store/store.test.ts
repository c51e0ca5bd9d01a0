import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-store-'))
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

/** prlimit(1) of util-linux: fills and frees the disk for one process. */
const HAS_PRLIMIT = spawnSync('prlimit', ['--version']).status === 0

/** Writes until the log may not grow, then frees it and writes on; says what is there after the next opening. */
const SCRIPT = `
  import { execFileSync } from 'node:child_process'
  import { readdirSync, statSync } from 'node:fs'
  import { Store } from '#node/store'
  process.on('SIGXFSZ', () => {})
  const [path] = process.argv.slice(1)
  const limit = (bytes) => execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=' + bytes + ':unlimited'])
  const put = (store, key, bytes) => store.write([{ type: 'put', key, value: new Uint8Array(bytes) }])
  let store = await Store.open(path)
  for (let i = 0; i < 20; i += 1) await put(store, 'before/' + i, 500)
  const log = readdirSync(path).find((name) => name.endsWith('.log'))
  limit(statSync(path + '/' + log).size + 300)
  const isRefused = await put(store, 'torn', 5000).then(() => false, () => true)
  limit('unlimited')
  for (let i = 0; i < 50; i += 1) await put(store, 'after/' + i, 500)
  await store.close()
  store = await Store.open(path)
  const keys = []
  for await (const batch of store.entries('')) for (const [key] of batch) keys.push(key)
  console.log(JSON.stringify({ isRefused, keys: keys.length, isTornThere: keys.includes('torn') }))
  await store.close()
`

test.skipIf(!HAS_PRLIMIT)(
  'what is written after a failed write is still there after the next opening',
  async () => {
    const args = ['--input-type=module', '-e', SCRIPT, join(folder, 'store')]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })
    expect(JSON.parse(stdout)).toEqual({ isRefused: true, keys: 70, isTornThere: false })
  },
)

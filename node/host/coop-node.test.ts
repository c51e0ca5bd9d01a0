import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { toHex } from '#protocol/encoding'
import { CoopNode } from './coop-node.ts'
import { joiningKit } from './recovery-kit.ts'
import { shownTime } from './shown-time.ts'

const NAMES = { memberName: 'Ada', deviceName: 'nas' }
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-node-'))
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

async function openNode(): Promise<CoopNode> {
  const place = {
    dataPath: folder,
    statePath: null,
    passphrase: undefined,
    port: 0,
    host: '127.0.0.1',
    isMdnsOn: false,
  }
  return CoopNode.open({ ...place, log: pino({ level: 'silent' }) })
}

test('of two foundings at once one is refused, and the other is what the folder holds', async () => {
  const node = await openNode()
  const tries = await Promise.allSettled([
    node.found('North Market', NAMES),
    node.found('South Market', NAMES),
  ])
  expect(tries.map((it) => it.status)).toEqual(['fulfilled', 'rejected'])
  await node.close()
  const again = await openNode()
  expect(again.membership.genesis.name).toBe('North Market')
  expect(tries[0]).toMatchObject({ value: { coop: toHex(again.membership.coop) } })
  await again.close()
})

test('a failed founding or joining leaves the way free for the next', async () => {
  const node = await openNode()
  await expect(node.join('coop://join/x', NAMES)).rejects.toMatchObject({ code: 'invite-malformed' })
  await expect(node.found('\n', NAMES)).rejects.toMatchObject({ code: 'refused' })
  await node.found('North Market', NAMES)
  await expect(node.found('South Market', NAMES)).rejects.toMatchObject({ code: 'already-founded' })
  await node.close()
})

test('a device that asks again, because the answer was lost, asks with the same recovery key', async () => {
  const path = join(folder, 'joining.kit')
  const first = await joiningKit(path)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  const second = await joiningKit(path)
  expect(second.words).toBe(first.words)
  expect(second.signer.publicKey).toEqual(first.signer.publicKey)
  expect(await readFile(path, 'utf8')).toContain(first.words)
})

test('a time that no calendar holds is shown as the last that one does', () => {
  expect(() => new Date(shownTime(Number.MAX_SAFE_INTEGER)).toISOString()).not.toThrow()
  expect(shownTime(1_700_000_000_000)).toBe(1_700_000_000_000)
})

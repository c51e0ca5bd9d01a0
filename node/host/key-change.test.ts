import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encodeCanonical, toHex } from '#protocol/encoding'
import { deviceText } from '#protocol/identity'
import { nodeSigner } from '#node/crypto'
import { adoptNextKey, loadDeviceKey } from '#node/folder'
import { Store } from '#node/store'
import { CoopNode } from './coop-node.ts'
import { SUPERSEDED } from './incarnation.ts'
import { RESTATE, beginKeyChange } from './key-change.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-key-'))
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

async function open(): Promise<CoopNode> {
  const place = { dataPath: folder, statePath: null, passphrase: undefined, port: 0, host: '127.0.0.1' }
  return CoopNode.open({ ...place, isMdnsOn: false, log: pino({ level: 'silent' }) })
}

async function inStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const store = await Store.open(join(folder, 'store'))
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/** A folder whose key was used elsewhere and that got as far as drawing and noting the next one. */
async function begun(): Promise<{ former: Uint8Array; next: Uint8Array; paths: [string, string] }> {
  const node = await open()
  await node.found('North Market', { memberName: 'Ada', deviceName: 'nas' })
  const former = node.signer.publicKey
  const paths: [string, string] = [node.folder.keyPath, node.folder.nextKeyPath]
  await node.close()
  const next = nodeSigner((await loadDeviceKey(paths[1], undefined)).seed).publicKey
  const change = { former, next, helper: new Uint8Array(32).fill(7), atMs: 1_000 }
  const superseded = encodeCanonical([former, 'peer', 900])
  await inStore(async (store) =>
    store.write([beginKeyChange(change), { type: 'put', key: SUPERSEDED, value: superseded }]),
  )
  return { former, next, paths }
}

test('a folder that crashed before its key file was replaced is as it was', async () => {
  const { former, paths } = await begun()
  const node = await open()
  expect(node.device).toBe(deviceText(former))
  expect(node.membership.incarnation.superseded).toEqual({ by: 'peer', sinceMs: 900, fork: null })
  await node.close()
  // The next try goes on with the same next key.
  await access(paths[1])
})

test('a folder that crashed after its key file was replaced finishes by itself', async () => {
  const { former, next, paths } = await begun()
  await adoptNextKey(...paths)
  await expect(access(paths[1])).rejects.toMatchObject({ code: 'ENOENT' })
  for (const _ of ['the first start', 'the next one']) {
    const node = await open()
    expect(node.device).toBe(deviceText(next))
    expect(node.membership.incarnation.superseded).toBe(null)
    expect(node.membership.sponsor).toBe('07'.repeat(32))
    await node.close()
  }
  await inStore(async (store) => {
    expect([...((await store.get(`m/former/${toHex(former)}`)) ?? [])]).toEqual([...encodeCanonical(1_000)])
    expect(await store.get(SUPERSEDED)).toBe(null)
    // Until its admission has come it cannot state what it holds.
    expect(toHex((await store.get(RESTATE)) ?? new Uint8Array())).toBe(toHex(former))
  })
})

test('what was noted of an earlier key does not stop the present one', async () => {
  const node = await open()
  await node.found('North Market', { memberName: 'Ada', deviceName: 'nas' })
  await node.close()
  const value = encodeCanonical([new Uint8Array(32).fill(9), 'older', 1])
  await inStore(async (store) => store.write([{ type: 'put', key: SUPERSEDED, value }]))
  const again = await open()
  expect(again.membership.incarnation.superseded).toBe(null)
  await again.close()
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { orderKey } from '#node/store'
import { flipBit, rotValue } from '../../test/actors/rotten-value.ts'
import { CoopNode } from './coop-node.ts'
import { statusView } from './views.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-warnings-'))
  const node = await open()
  await node.found('North Market', { memberName: 'Ada', deviceName: 'nas' })
  await (await node.boardWriter('prices')).set('price', 'twelve')
  await (await node.boardWriter('orders')).set('table', 'four')
  await node.close()
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

async function open(): Promise<CoopNode> {
  return CoopNode.open({
    ...{
      dataPath: folder,
      statePath: null,
      passphrase: undefined,
      port: 0,
      host: '127.0.0.1',
      isMdnsOn: false,
    },
    log: pino({ level: 'silent' }),
  })
}

async function status(): Promise<{ documents: string[]; warnings: string[] }> {
  const node = await open()
  try {
    const view = await statusView(node)
    const warnings = view.warnings
      .filter((it) => it.code !== 'key-plain')
      .map((it) => `${it.code}: ${it.message}`)
    return { documents: Object.keys(view.documents), warnings }
  } finally {
    await node.close()
  }
}

const rot = async (key: string, change: (bytes: Uint8Array) => Uint8Array | null = flipBit): Promise<void> =>
  rotValue(join(folder, 'store'), key, change)

test('the status goes on when a document cannot be put together, and names it', async () => {
  await rot(orderKey('c', 1))
  await rot('f/board/prices', () => null)
  await rm(join(folder, 'views'), { recursive: true })
  const { documents, warnings } = await status()
  expect(documents).toEqual(['authority', 'board/orders'])
  expect(warnings).toEqual([
    'data-damaged: 1 stored commits cannot be read',
    expect.stringContaining("data-damaged: the document 'board/prices' cannot be put together"),
  ])
})

test('what was repaired is told once, with the advice to look at the disk', async () => {
  await rot('m/genesis')
  expect((await status()).warnings).toEqual([
    expect.stringContaining('data-repaired: damaged on this disk and repaired'),
  ])
  expect(await status()).toEqual({ documents: ['authority', 'board/orders', 'board/prices'], warnings: [] })
})

test('a log that lost its end, and a device that must not write until it is back, are told', async () => {
  for (const prefix of ['c', 'i'] as const) await rot(orderKey(prefix, 2), () => null)
  const { warnings } = await status()
  expect(warnings).toEqual([
    expect.stringContaining('chain-incomplete: the disk lost commits of this device'),
  ])
})

test('commits that lost their place in the log are told', async () => {
  for (const prefix of ['c', 'i'] as const) await rot(orderKey(prefix, 1), () => null)
  const { warnings } = await status()
  expect(warnings.join('\n')).toContain('wait for one before them')
})

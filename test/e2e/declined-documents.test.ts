import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXIT_CODES } from '#node/errors'
import type { DocumentView } from '#node/host'
import type { NodeProcess } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
let shop: NodeProcess
let nas: NodeProcess

const BOARD = 'board/busy'
const EDITS = 30
/** A text of 20 KB, another one each time. */
const words = (i: number): string => `${i} `.repeat(10_000).slice(0, 20_000)

beforeAll(async () => {
  bench = await Workbench.open()
  shop = await bench.found('shop')
  nas = await bench.join('nas', shop, 'member')
  await until('the nas is a member', async () => (await nas.status()).role === 'member')
})
afterAll(async () => bench.close())

async function documentOf(node: NodeProcess, id = BOARD): Promise<DocumentView | undefined> {
  return (await node.status()).documents[id]
}

/** Bytes that a device was sent by the shop's sessions, as the shop counts them. */
async function sentTo(name: string): Promise<number> {
  const { peers } = (await shop.api('GET', '/v1/peers')) as { peers: { name: string; bytesOut: number }[] }
  return peers.find((it) => it.name.includes(name))?.bytesOut ?? 0
}

/** Bytes that the process has read, from its connections as well (proc(5), `io`). */
async function bytesRead(node: NodeProcess): Promise<number> {
  const text = await readFile(`/proc/${node.pid}/io`, 'utf8')
  return Number(/^rchar: (\d+)$/m.exec(text)?.[1])
}

async function edit(from: number): Promise<void> {
  for (let i = from; i < from + EDITS; i += 1)
    await shop.api('POST', '/v1/boards/busy/fields', { key: `key-${i}`, value: words(i) })
}

async function untilHeads(...nodes: NodeProcess[]): Promise<void> {
  await until('equal heads', async () => {
    const roots = await Promise.all(nodes.map(async (node) => (await node.status()).headsRoot))
    return new Set(roots).size === 1
  })
}

test('what is written in a declined document is not sent: bytes on the wire', async () => {
  const { code, stdout } = await bench.coop('nas', 'documents', 'decline', BOARD, '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ documents: { [BOARD]: { state: 'declined', commits: 0 } } })
  // While the nas is off the mesh there is no gossip: all that it gets later its session is sent.
  await bench.coop('nas', 'mesh', 'pause')
  await edit(0)
  await bench.coop('nas', 'mesh', 'resume')
  await untilHeads(shop, nas)
  const bytes = await sentTo('nas')
  expect(bytes).toBeGreaterThan(0)
  expect(bytes).toBeLessThan(EDITS * 2_000)
  const view = { state: 'declined', stateHash: null, commits: EDITS, missing: EDITS }
  expect(await documentOf(nas)).toMatchObject(view)
  const refused = await bench.coop('nas', 'board', 'show', 'busy', '--json')
  expect(refused.code).toBe(EXIT_CODES['document-declined'])
})

test('nor is it sent while it is written: gossip of it does not come', async () => {
  const before = await bytesRead(nas)
  await edit(EDITS)
  await untilHeads(shop, nas)
  expect((await bytesRead(nas)) - before).toBeLessThan((EDITS * 20_000) / 2)
  expect(await documentOf(nas)).toMatchObject({ commits: 2 * EDITS, missing: 2 * EDITS })
})

test('a third device gets headers from one that declines, and the payloads from one that has them', async () => {
  const box = await bench.join('box', shop, 'member')
  await untilHeads(shop, nas, box)
  await until('the board is whole', async () => (await documentOf(box))?.state === 'whole')
  expect(await documentOf(box)).toEqual(await documentOf(shop))
  await bench.coop('box', 'stop')
})

test('the list and the holes outlive a kill; a device that wants the document again gets it', async () => {
  await nas.kill9()
  nas = await bench.start('nas')
  expect(await documentOf(nas)).toMatchObject({ state: 'declined', missing: 2 * EDITS })
  await untilHeads(shop, nas)
  const before = await sentTo('nas')
  const { code } = await bench.coop('nas', 'documents', 'want', BOARD)
  expect(code).toBe(0)
  await until('the board is whole', async () => (await documentOf(nas))?.state === 'whole')
  const view = await documentOf(shop)
  expect(await documentOf(nas)).toEqual(view)
  expect((await sentTo('nas')) - before).toBeGreaterThan(2 * EDITS * 20_000)
  // What came later lies beside the log; it is there after a kill as well.
  await nas.kill9()
  nas = await bench.start('nas')
  expect(await documentOf(nas)).toEqual(view)
  const shown = await bench.coop('nas', 'board', 'show', 'busy', '--json')
  expect(JSON.parse(shown.stdout)).toMatchObject({ fields: { 'key-0': words(0) } })
  const doctor = await bench.coop('nas', 'doctor', '--json')
  expect(JSON.parse(doctor.stdout)).toMatchObject({ verdict: 'whole' })
  expect(doctor.code).toBe(0)
})

test('while nobody has what is missing, status and doctor say so; a kill amid its coming costs nothing', async () => {
  await bench.coop('nas', 'documents', 'decline', BOARD)
  await edit(2 * EDITS)
  await untilHeads(shop, nas)
  await shop.stop()
  await bench.coop('nas', 'documents', 'want', BOARD)
  expect(await documentOf(nas)).toMatchObject({ state: 'incomplete', stateHash: null, missing: EDITS })
  const shown = await bench.coop('nas', 'board', 'show', 'busy', '--json')
  expect(shown.code).toBe(EXIT_CODES['document-incomplete'])
  const doctor = await bench.coop('nas', 'doctor', '--json')
  expect(doctor.code).toBe(EXIT_CODES['data-damaged'])
  expect(JSON.parse(doctor.stdout)).toMatchObject({
    findings: [{ code: 'payload-missing', where: BOARD, severity: 'pending' }],
  })
  shop = await bench.start('shop')
  await until('some came', async () => ((await documentOf(nas))?.missing ?? EDITS) < EDITS)
  await nas.kill9()
  nas = await bench.start('nas')
  await untilHeads(shop, nas)
  await until('the board is whole', async () => (await documentOf(nas))?.state === 'whole')
  expect(await documentOf(nas)).toEqual(await documentOf(shop))
})

test('refused: authority and catalogue cannot be declined, nor a document wanted that nobody wrote', async () => {
  for (const args of [
    ['decline', 'authority'],
    ['decline', 'catalogue'],
    ['decline', 'Board'],
    ['want', 'board/none'],
  ]) {
    const { code, stdout } = await bench.coop('nas', 'documents', ...args, '--json')
    expect(code).toBe(EXIT_CODES.refused)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'refused' } })
  }
})

import { cp, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { toHex } from '#protocol/encoding'
import { CoopError } from '#node/errors'
import { CoopNode } from './coop-node.ts'
import type { Incarnation } from './incarnation.ts'

let base: string
const opened: CoopNode[] = []
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'coopmesh-incarnation-'))
})
afterEach(async () => {
  for (const node of opened.splice(0)) await node.close()
  await rm(base, { recursive: true, force: true })
})

const path = (...names: string[]): string => join(base, ...names)

/** Opens a folder on the machine whose memory of devices is `machine`; null for one without. */
async function open(name: string, machine: string | null = 'machine'): Promise<CoopNode> {
  const node = await CoopNode.open({
    ...{ dataPath: path(name), statePath: machine === null ? null : path(machine), passphrase: undefined },
    ...{ port: 0, host: '127.0.0.1', isMdnsOn: false, log: pino({ level: 'silent' }) },
  })
  opened.push(node)
  return node
}

async function founded(name: string, machine: string | null = 'machine'): Promise<CoopNode> {
  const node = await open(name, machine)
  await node.found('North Market', { memberName: 'Ada', deviceName: 'nas' })
  return node
}

async function copy(from: string, to: string): Promise<void> {
  await cp(path(from), path(to), { recursive: true })
  await rm(path(to, 'lock'), { force: true })
}

const incarnationOf = (node: CoopNode): Incarnation => node.membership.incarnation

/** What the folder is told when it is opened: to ask first, to write nothing because of this, or nothing. */
function verdictOf(node: CoopNode): string {
  const { superseded, question } = incarnationOf(node)
  if (superseded !== null) return superseded.by
  return question.isOpen ? 'ask' : 'go on'
}

async function write(node: CoopNode, value: number): Promise<string> {
  return (await node.boardWriter('menu')).set('value', value).then(
    () => 'written',
    (cause: unknown) => (cause instanceof CoopError ? cause.code : String(cause)),
  )
}

/** The one marker of a machine. */
async function marker(machine = 'machine'): Promise<{ folder: string; commits: number; opening: object }> {
  const [name = ''] = await readdir(path(machine, 'devices'))
  return JSON.parse(await readFile(path(machine, 'devices', name), 'utf8')) as Awaited<
    ReturnType<typeof marker>
  >
}

test('a folder that is closed in order goes on at once, and its marker knows how far it came', async () => {
  const node = await founded('data')
  expect(verdictOf(node)).toBe('go on')
  expect(await write(node, 1)).toBe('written')
  await node.close()
  expect(await marker()).toMatchObject({ folder: path('data'), commits: 2 })
  const again = await open('data')
  expect(verdictOf(again)).toBe('go on')
  expect(await write(again, 2)).toBe('written')
})

test('the marker follows while the device writes', async () => {
  const node = await founded('data')
  expect(await write(node, 1)).toBe('written')
  await expect.poll(async () => (await marker()).commits, { timeout: 10_000 }).toBe(2)
})

test('a folder that was not closed in order asks first', async () => {
  const node = await founded('data', null)
  await copy('data', 'image')
  expect(verdictOf(await open('image', null))).toBe('ask')
  await node.close()
  expect(verdictOf(await open('data', null))).toBe('go on')
})

test('a missing or broken marker makes an opened folder ask first, condemns nothing, and is written anew', async () => {
  await (await founded('data')).close()
  await rm(path('machine'), { recursive: true })
  const second = await open('data')
  expect(verdictOf(second)).toBe('ask')
  expect(await write(second, 1)).toBe('written')
  await second.close()
  const [name = ''] = await readdir(path('machine', 'devices'))
  await writeFile(path('machine', 'devices', name), '{"folder":')
  const third = await open('data')
  expect(verdictOf(third)).toBe('ask')
  await third.close()
  expect(verdictOf(await open('data'))).toBe('go on')
})

test('a machine whose state folder cannot be written runs its nodes all the same', async () => {
  await writeFile(path('machine'), 'a file in its place')
  const node = await founded('data')
  expect(await write(node, 1)).toBe('written')
  await node.close()
  const again = await open('data')
  expect(await write(again, 2)).toBe('written')
})

test('an older image in the same folder writes nothing, also after a restart on another machine', async () => {
  const node = await founded('data')
  await node.close()
  await copy('data', 'image')
  const later = await open('data')
  expect(await write(later, 1)).toBe('written')
  await later.close()
  const before = await marker()
  await rm(path('data'), { recursive: true })
  await rename(path('image'), path('data'))
  const restored = await open('data')
  expect(verdictOf(restored)).toBe('older')
  expect(await write(restored, 2)).toBe('key-superseded')
  expect(incarnationOf(restored).refusal?.message).toContain('older copy')
  await restored.close()
  expect(await marker()).toEqual(before)
  expect(verdictOf(await open('data', 'another machine'))).toBe('older')
})

test('an image that lacks nothing but was not the last that ran asks first', async () => {
  await (await founded('data')).close()
  await copy('data', 'image')
  await (await open('data')).close()
  await rm(path('data'), { recursive: true })
  await rename(path('image'), path('data'))
  expect(verdictOf(await open('data'))).toBe('ask')
})

test('a copy beside the original writes nothing; once the original is gone it was a move', async () => {
  const node = await founded('data')
  await node.close()
  await copy('data', 'copy')
  const second = await open('copy')
  expect(verdictOf(second)).toBe('copy')
  expect(await write(second, 1)).toBe('key-superseded')
  await second.close()
  const original = await open('data')
  expect(verdictOf(original)).toBe('go on')
  await original.close()
  await rm(path('data'), { recursive: true })
  const moved = await open('copy')
  expect(verdictOf(moved)).toBe('ask')
  expect(await write(moved, 2)).toBe('written')
  await moved.close()
  expect((await marker()).folder).toBe(path('copy'))
})

test('a renamed folder goes on at once', async () => {
  await (await founded('data')).close()
  await rename(path('data'), path('elsewhere'))
  expect(verdictOf(await open('elsewhere'))).toBe('go on')
})

test('commits of the own key from elsewhere stop it for good; both histories are named when there are two', async () => {
  await (await founded('data')).close()
  await copy('data', 'copy')
  const [one, two] = [await open('data', 'one'), await open('copy', 'two')]
  const give = async (from: CoopNode, to: CoopNode): Promise<void> => {
    const { engine } = from.membership
    const orders = Array.from({ length: engine.replica.logLength }, (_, order) => order)
    to.membership.engine.ingest(await engine.read(orders))
    await to.membership.engine.durable()
  }
  expect(await write(one, 1)).toBe('written')
  await give(one, two)
  expect([verdictOf(one), verdictOf(two)]).toEqual(['go on', 'peer'])
  expect(incarnationOf(two).isForked).toBe(false)
  expect(await write(two, 2)).toBe('key-superseded')
  await two.close()
  const again = await open('copy', 'three')
  expect(verdictOf(again)).toBe('peer')
  await again.close()

  await rm(path('copy'), { recursive: true })
  await one.close()
  await copy('data', 'copy')
  const [left, right] = [await open('data', 'one'), await open('copy', 'four')]
  expect([await write(left, 3), await write(right, 4)]).toEqual(['written', 'written'])
  await give(left, right)
  await give(right, left)
  for (const node of [left, right]) {
    expect([verdictOf(node), incarnationOf(node).isForked]).toEqual(['peer', true])
    expect(incarnationOf(node).refusal?.message).toContain('is suspended')
    expect(incarnationOf(node).refusal?.next).toContain('both wrote before they met')
  }
})

test('a fork of this key that a peer proved stops it for good, one of another key does not', async () => {
  const node = await founded('data')
  const device = node.signer.publicKey.slice()
  const ids: [Uint8Array, Uint8Array] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
  incarnationOf(node).proven({ device: new Uint8Array(32).fill(3), seq: 1, ids })
  expect(await write(node, 1)).toBe('written')
  incarnationOf(node).proven({ device, seq: 7, ids })
  const suspension = { device: toHex(device), reason: 'fork', seq: 7, commits: ids.map(toHex) }
  expect(node.membership.engine.suspensionOf(toHex(device))).toEqual(suspension)
  expect(await write(node, 2)).toBe('key-superseded')
  await node.close()
  const again = await open('data', 'another machine')
  expect(again.membership.engine.suspensionOf(toHex(device))).toEqual(suspension)
  expect(incarnationOf(again).refusal?.message).toContain('is suspended')
  expect(await write(again, 3)).toBe('key-superseded')
})

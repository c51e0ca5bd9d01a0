import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilEqual } from '../actors/node-process.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
let nas: NodeProcess
let venue: NodeProcess
let archive: NodeProcess

/** Waits until a board field has arrived. */
async function untilField(node: NodeProcess, key: string, value: unknown): Promise<void> {
  await until(`${key} arrives`, async () => (await node.fields('menu'))[key] === value)
}

async function untilPeers(node: NodeProcess, count: number): Promise<void> {
  await until(`${count} peers are in sync`, async () => {
    return (await node.peers()).filter((peer) => peer.state === 'synced').length === count
  })
}

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  ;[venue, archive] = await Promise.all([bench.join('venue', nas), bench.join('archive', nas, 'archive')])
  await Promise.all([nas, venue, archive].map((node) => untilPeers(node, 2)))
})
afterAll(() => bench.close())

test('with the founder killed by kill -9 the others stay connected and go on syncing', async () => {
  await nas.kill9()
  await until('the founder is away', async () => (await venue.status()).peers === 1)
  await venue.set('menu', 'from-venue', 1)
  await untilField(archive, 'from-venue', 1)
  await archive.set('menu', 'from-archive', 2)
  await untilField(venue, 'from-archive', 2)
  await untilEqual(venue, archive)
})

test('a killed founder that starts again on another port finds its peers and catches up', async () => {
  nas = await bench.start('nas')
  await untilField(nas, 'from-archive', 2)
  await Promise.all([nas, venue, archive].map((node) => untilPeers(node, 2)))
  await untilEqual(nas, venue, archive)
})

test('a node that is stopped and started finds its peers again without help', async () => {
  expect(await venue.stop()).toBe(0)
  await archive.set('menu', 'while-away', 3)
  venue = await bench.start('venue')
  await untilField(venue, 'while-away', 3)
  await untilPeers(venue, 2)
})

test('a paused node goes on writing, stays paused over a restart, and agrees after resume', async () => {
  expect((await archive.cli('mesh', 'pause', '--json')).stdout).toBe('{"mesh":"paused"}\n')
  await Promise.all([archive.set('menu', 'apart', 'archive'), venue.set('menu', 'together', 'venue')])
  await archive.api('POST', '/v1/boards/menu/lists/todo', { value: 'by the archive' })
  await venue.api('POST', '/v1/boards/menu/lists/todo', { value: 'by the venue' })
  expect(await archive.stop()).toBe(0)
  archive = await bench.start('archive')
  expect(await archive.status()).toMatchObject({ mesh: 'paused', peers: 0, addresses: [] })
  expect(archive.ready.addresses).toEqual([])
  await archive.set('menu', 'still-apart', 4)
  expect(await archive.fields('menu')).toMatchObject({ apart: 'archive', 'still-apart': 4 })
  expect(await archive.fields('menu')).not.toHaveProperty('together')
  await archive.api('POST', '/v1/mesh', { state: 'running' })
  await untilField(archive, 'together', 'venue')
  await untilField(nas, 'still-apart', 4)
  await untilEqual(nas, venue, archive)
  const board = (await nas.api('GET', '/v1/boards/menu')) as { lists: { todo: string[] } }
  expect(board.lists.todo.toSorted()).toEqual(['by the archive', 'by the venue'])
})

test('all nodes killed at once come back and agree without losing anything', async () => {
  await venue.set('menu', 'last', 5)
  const ports = await Promise.all([nas, venue, archive].map((node) => node.port()))
  await Promise.all([nas.kill9(), venue.kill9(), archive.kill9()])
  const starting = ['nas', 'venue', 'archive'].map((name, i) => {
    return bench.start(name, { args: ['--port', ports[i] ?? '0'] })
  })
  ;[nas, venue, archive] = (await Promise.all(starting)) as [NodeProcess, NodeProcess, NodeProcess]
  await untilField(nas, 'last', 5)
  await untilField(archive, 'last', 5)
  await Promise.all([nas, venue, archive].map((node) => untilPeers(node, 2)))
  await untilEqual(nas, venue, archive)
})

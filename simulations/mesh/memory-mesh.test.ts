import fc from 'fast-check'
import { expect, test } from 'vitest'
import { listSection, must, stateHashes, testCoop } from '../../test/actors/coop-actors.ts'
import { MemoryMesh } from './memory-mesh.ts'

test('a new device receives the authority document and then everything else', () => {
  const { mesh, founder, admit, crypto } = testCoop(1)
  const venue = admit('venue')
  for (let i = 0; i < 50; i += 1) must(founder.author([listSection(`file ${i}`, crypto.sha256)]))
  mesh.connect(founder, venue)
  mesh.settle()
  expect(stateHashes(venue.replica)).toEqual(stateHashes(founder.replica))
  expect(venue.replica.authority.devices.size).toBe(2)
  expect(founder.closed.concat(venue.closed)).toEqual([])
})

test('replicas that wrote apart agree after any schedule of cuts and deliveries', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
      const { mesh, founder, admit, crypto, random } = testCoop(seed)
      const nodes = [founder, admit('member'), admit('venue'), admit('archive')]
      for (let step = 0; step < 40; step += 1) {
        const a = nodes[random.below(nodes.length)] ?? founder
        const b = nodes[random.below(nodes.length)] ?? founder
        if (a === b) a.author([listSection(`file ${step}`, crypto.sha256)])
        else if (random.below(3) === 0) mesh.disconnect(a, b)
        else mesh.connect(a, b)
        mesh.settle(random.below(300))
      }
      for (const node of nodes) mesh.connect(founder, node === founder ? (nodes[1] ?? founder) : node)
      mesh.settle(70_000)
      for (const node of nodes) {
        expect(stateHashes(node.replica)).toEqual(stateHashes(founder.replica))
        expect(node.replica.heads.root()).toEqual(founder.replica.heads.root())
        expect(node.closed).toEqual([])
      }
    }),
    { numRuns: 15 },
  )
})

test('equal replicas exchange one round and rest', () => {
  const { mesh, founder, admit } = testCoop(3)
  const venue = admit('venue')
  mesh.connect(founder, venue)
  mesh.settle()
  mesh.disconnect(founder, venue)
  const before = mesh.sentBytes
  mesh.connect(founder, venue)
  mesh.settle(1_000)
  expect(mesh.sentBytes - before).toBeLessThan(600)
  expect(mesh).toBeInstanceOf(MemoryMesh)
})

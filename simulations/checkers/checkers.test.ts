import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '#node/crypto'
import { openReplica } from '#protocol/coop'
import { WAITING_BYTES_MAX } from '#protocol/replica'
import { CALM, LARGER, names, nodeOf, spoilt, takeNothing } from '../../test/actors/calm-world.ts'
import { emptyBatch } from '../disk/index.ts'
import type { World, WorldConfig } from '../world/index.ts'

test('a calm world has no violation, and its nodes agree', () => {
  const { world, found } = spoilt({})
  expect(found).toEqual([])
  expect(world.metrics.commitsAcknowledged).toBe(30)
  expect(world.convergedUs).not.toBe(null)
  expect(world.quiet?.bytes).toBeGreaterThan(0)
})

describe('each checker catches what it is there for', () => {
  test('equal-states: a document that folds otherwise on one node', () => {
    const amid = (world: World): void => {
      const state = nodeOf(world, 2).replica?.document('catalogue')
      if (state !== null && state !== undefined) state.stateHash = () => new Uint8Array(32)
    }
    expect(names(spoilt({ amid }).found)).toEqual(['equal-states'])
  })

  test('acknowledged-writes: a disk that says that it synced what it throws away', () => {
    const before = (world: World): void => {
      const { disk } = nodeOf(world, 3)
      const apply = disk.apply.bind(disk)
      let count = 0
      disk.apply = (batch) => {
        count += 1
        if (count < 8) apply(batch)
      }
    }
    const amid = (world: World): void => {
      const node = nodeOf(world, 3)
      node.powerOff({ kind: 'lost' })
      for (const peer of world.topology.peersOf(node.number)) node.linkDown(peer)
      node.powerOn(true)
    }
    expect(names(spoilt({ before, amid }).found)).toContain('acknowledged-writes')
  })

  test('chains: a disk on which two commits changed places', () => {
    const amid = (world: World): void => {
      const { disk } = nodeOf(world, 1)
      const [last, first] = [disk.at(disk.length - 1), disk.at(disk.length - 2)]
      const [b, a] = disk.truncate(disk.length - 2)
      expect([a, b]).toEqual([last, first])
      const entries = [a, b].filter((it) => it !== undefined)
      disk.apply({ ...emptyBatch(), entries })
    }
    expect(names(spoilt({ amid }).found)).toContain('chains')
  })

  test('fork-proofs: a node that does not note forks', () => {
    const amid = (world: World): void => {
      const { replica } = world.nodes[0] ?? {}
      if (replica !== null && replica !== undefined)
        Object.defineProperty(replica.forkEnds, 'forked', { get: () => new Set() })
    }
    const adversaries = { ...CALM.adversaries, forkers: 1 }
    const { found } = spoilt({ amid }, { members: 5, adversaries })
    expect(names(found)).toContain('fork-proofs')
  })

  test('fork-proofs: a node outside the core that does not note forks once it is back', () => {
    const healed = (world: World): void => {
      const outside =
        world.nodes.find((node) => !world.core.includes(node)) ?? expect.fail('all are in the core')
      if (outside.replica !== null)
        Object.defineProperty(outside.replica.forkEnds, 'forked', { get: () => new Set() })
    }
    const adversaries = { ...CALM.adversaries, forkers: 1 }
    const changes: Partial<WorldConfig> = { topology: { kind: 'full', nodes: 9 }, members: 8, adversaries }
    const { world, found } = spoilt({ seed: 7, healed }, changes)
    expect(world.reachable.length).toBeGreaterThan(world.core.length)
    expect(names(found)).toContain('fork-proofs')
    expect(names(spoilt({ seed: 7 }, changes).found)).toEqual([])
  })

  test('convergence: a node that takes nothing from peers, in words', () => {
    const before = (world: World): void => {
      for (const node of world.nodes.slice(0, 2)) node.take = () => null
    }
    const amid = (world: World): void => {
      const { replica } = nodeOf(world, 4)
      if (replica !== null) replica.ingest = takeNothing
    }
    const { found } = spoilt({ before, amid })
    const late = found.find((it) => it.checker === 'convergence')
    expect(late?.kind).toBe('liveness')
    expect(late?.detail).toMatch(
      /node \d+ has \d+ commits of \w{12} and lacks one of length \d+ that node \d+ has/,
    )
  })

  test('convergence: a node outside the core that takes nothing once it is back', () => {
    const { world } = spoilt({ seed: 7 }, LARGER)
    const outside = world.nodes.find((node) => !world.core.includes(node))?.number
    const amid = (it: World): void => {
      const { replica } = it.nodes.find((node) => node.number === outside) ?? {}
      if (replica !== null && replica !== undefined) replica.ingest = takeNothing
    }
    const { found } = spoilt({ seed: 7, amid }, LARGER)
    const late = found.find((it) => it.checker === 'convergence')
    expect(late?.kind).toBe('liveness')
    expect(late?.detail).toMatch(/came back to the core have not agreed; node \d+ has \d+ commits of/)
  })

  test('quiet-traffic: a node that goes on talking', () => {
    const amid = (world: World): void => {
      for (const node of world.nodes) {
        const wake = node.wake.bind(node)
        node.wake = (peer) => {
          wake(peer)
          world.network.send(node.number, peer, { kind: 'reset', stream: -1 }, 1_000)
        }
      }
    }
    expect(names(spoilt({ amid }).found)).toContain('quiet-traffic')
  })

  test('buffers: more waits than may', () => {
    const amid = (world: World): void => {
      const { replica } = nodeOf(world, 0)
      if (replica !== null)
        Object.defineProperty(replica.pending, 'bytes', { get: () => WAITING_BYTES_MAX + 1 })
    }
    expect(names(spoilt({ amid }).found)).toContain('buffers')
  })

  test('honest-commits: a node whose signatures are not checked right', () => {
    const amid = (world: World): void => {
      const { replica } = nodeOf(world, 5)
      if (replica !== null) replica.rule.verify = () => false
    }
    expect(names(spoilt({ amid }).found)).toContain('honest-commits')
  })

  test('honest-forks: a node that forgets after a power cut what it told', () => {
    const amid = (world: World): void => {
      const node = nodeOf(world, 0)
      const image = node.disk.image()
      node.write((it) => it.edit('board-0', { below: () => 0 } as never))
      node.synced(1)
      node.powerOff({ kind: 'lost' })
      node.disk.restore(image)
      for (const peer of world.topology.peersOf(node.number)) node.linkDown(peer)
      node.powerOn(false)
    }
    expect(names(spoilt({ amid }).found)).toContain('honest-forks')
  })
})

test('a replica is the one of the protocol', () => {
  const { world } = spoilt({})
  const plain = openReplica({ coop: new Uint8Array(32), crypto: nodeCrypto(), signer: null })
  expect(Object.getPrototypeOf(nodeOf(world, 0).replica)).toBe(Object.getPrototypeOf(plain))
})

test('devices that decline a board and want it again end with the state of all others', () => {
  const declines = (world: World, documents: readonly string[]): void => {
    for (const number of [1, 2]) nodeOf(world, number).decline(documents)
  }
  const missing = (world: World): number =>
    nodeOf(world, 1).replica?.documentLog('board/board-0')?.missingCount ?? 0
  let missed = 0
  const plant = {
    before: (it: World) => declines(it, ['board/board-0']),
    amid: (it: World) => {
      missed = missing(it)
      declines(it, [])
    },
  }
  const { world, found } = spoilt(plant, { faults: { ...CALM.faults, powerCuts: 12 } })
  expect(missed).toBeGreaterThan(0)
  expect([found, missing(world)]).toEqual([[], 0])
})

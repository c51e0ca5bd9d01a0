import { expect, test } from 'vitest'
import { makeHistory } from '../../test/bench/records.ts'
import { openReplica } from '#protocol/coop'
import { WAITING_BYTES_MAX } from '#protocol/replica'
import { BATCHES_AHEAD, BATCH_BYTES_TARGET, STALL_MS } from '#protocol/sync'
import { nodeCrypto } from '#node/crypto'
import { MemoryMesh } from './memory-mesh.ts'
import type { MemoryNode } from './memory-mesh.ts'
import { seededRandom } from './seeded-random.ts'

const DEVICES = 50
const COMMITS = 10_000
/** Commits that the one who was away has. */
const BEFORE = 2_000
/** What a cut may cost: the batches that were not confirmed. */
const CUT_BYTES_MAX = BATCHES_AHEAD * BATCH_BYTES_TARGET
/** Bytes a millisecond of a usual peer. */
const PACE = 500
const crypto = nodeCrypto()
// Each commit acknowledges the one before, of another device: nothing of one device can be folded without the others'.
const history = makeHistory(COMMITS, DEVICES, crypto)
const total = history.records.length
const missing = history.records.slice(BEFORE)
const missingBytes = missing.reduce((sum, record) => sum + record.bytes.length, 0)
const mesh = new MemoryMesh(crypto, seededRandom(11))
/** They have everything. */
const peers = [node(total), node(total), node(total)]

function node(count: number): MemoryNode {
  const made = mesh.add(openReplica({ coop: history.coop, crypto, signer: null }))
  made.write(made.replica.ingest(history.records.slice(0, count)).stored)
  return made
}

/** One who was away, connected to as many peers, each as fast as it says. */
function away(paces: readonly number[]): MemoryNode {
  const made = node(BEFORE)
  for (const [i, pace] of paces.entries()) {
    mesh.connect(made, peerAt(i))
    mesh.pace(peerAt(i), made, pace)
  }
  return made
}

function peerAt(i: number): MemoryNode {
  return peers[i] ?? node(total)
}

function leave(behind: MemoryNode): void {
  for (const peer of peers) mesh.disconnect(behind, peer)
}

/** How long, by the virtual clock, until it has everything. */
function msToComplete(behind: MemoryNode): number {
  const startMs = mesh.nowMs
  while (behind.replica.logLength < total) {
    if (mesh.nowMs - startMs > 600_000) throw new Error(`${behind.replica.logLength} of ${total}`)
    mesh.settle(100)
    if (behind.replica.logLength < total) mesh.nowMs += 1
  }
  expect([behind.replica.pending.size, behind.closed]).toEqual([0, []])
  return mesh.nowMs - startMs
}

test('a replica a month behind pulls in the order stored: nothing waits, nothing comes twice, little is under way', () => {
  const behind = node(BEFORE)
  mesh.underWayBytesMax = 0
  mesh.connect(behind, peerAt(0))
  mesh.settle()
  expect(behind.log.map((it) => it.length)).toEqual(peerAt(0).log.map((it) => it.length))
  expect(behind.taken).toMatchObject({ commits: missing.length, duplicates: 0, waitingBytesMax: 0 })
  expect(mesh.underWayBytesMax).toBeLessThan(CUT_BYTES_MAX + 32_768)
  leave(behind)
})

test('cut at any point, it goes on: no cut costs more than 1 MiB again, and nothing that was stored comes again', () => {
  const behind = node(BEFORE)
  let cuts = 0
  let worst = 0
  for (let step = 1; behind.replica.logLength < total; step += 1) {
    const [sent, taken] = [mesh.sentBytes, behind.taken.bytes]
    mesh.connect(behind, peerAt(0))
    try {
      mesh.settle(0, 12 + (step % 7))
    } catch {
      // something was under way
    }
    leave(behind)
    worst = Math.max(worst, mesh.sentBytes - sent - (behind.taken.bytes - taken))
    cuts += 1
  }
  expect([behind.taken.commits, behind.taken.duplicates]).toEqual([missing.length, 0])
  expect(behind.taken.bytes).toBe(missingBytes)
  expect(cuts).toBeGreaterThan(4)
  expect(worst).toBeLessThan(CUT_BYTES_MAX + 32_768)
  expect(worst).toBeGreaterThan(BATCH_BYTES_TARGET / 2)
})

test('from three peers at once, equally fast or not: sooner than from one, and under 5 % comes twice', () => {
  const alone = away([PACE])
  const aloneMs = msToComplete(alone)
  leave(alone)
  for (const [paces, share] of [
    [[PACE, PACE, PACE], 0.45],
    [[PACE, PACE, PACE / 10], 0.7],
    [[PACE, PACE / 20, PACE / 20], 1.1],
    [[PACE / 10, PACE / 10, PACE / 10], 4.5],
  ] as const) {
    const behind = away(paces)
    const ms = msToComplete(behind)
    mesh.settle(30_000)
    leave(behind)
    expect(ms).toBeLessThan(share * aloneMs)
    expect(behind.taken.duplicates / behind.taken.commits).toBeLessThan(0.05)
  }
})

test('a peer that stalls in the middle of a range costs no more than the wait for it, once', () => {
  const two = away([PACE, PACE])
  const twoMs = msToComplete(two)
  leave(two)
  for (const pace of [0, 1, 20]) {
    const behind = away([PACE, PACE, PACE])
    mesh.settle(1_000)
    mesh.pace(peerAt(0), behind, pace)
    const ms = msToComplete(behind)
    leave(behind)
    expect(ms).toBeLessThan(twoMs + STALL_MS)
    expect(behind.taken.duplicates).toBe(0)
    expect(behind.taken.waitingBytesMax).toBeLessThan(WAITING_BYTES_MAX / 8)
  }
})

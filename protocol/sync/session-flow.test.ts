import { expect, test } from 'vitest'
import { listSection, must, testCoop } from '../../test/actors/coop-actors.ts'
import { reader, recordsOf } from '../../test/actors/pen.ts'
import type { MemoryNode } from '#simulations/mesh'
import type { CommitRecord } from '../commit/index.ts'
import type { Replica } from '../replica/index.ts'
import { SessionBench } from '../../test/actors/session-bench.ts'
import { SessionPair } from '../../test/actors/session-pair.ts'
import type { PairEnd } from '../../test/actors/session-pair.ts'
import { BACKLOG_MAX, FRAMES_PER_SECOND_MAX, QUIET_MS } from './limits.ts'

/** A co-op of two, who write apart from now on, and what both have. */
function pairOfWriters() {
  const { crypto, coop, founder, mesh, admit } = testCoop(1)
  const member = admit('member')
  mesh.connect(founder, member)
  mesh.settle()
  mesh.disconnect(founder, member)
  const before = recordsOf(founder)
  const write = (author: MemoryNode, name: string): CommitRecord =>
    must(author.author([listSection(name, crypto.sha256)])).commit
  return { founder, member, write, open: (): Replica => reader(coop, before) }
}

/** Frames of one side that its peer counts, a second. */
const framesASecond = (end: PairEnd, sinceFrame: number, ms: number): number =>
  end.sent.slice(sinceFrame).filter(({ kind }) => kind !== 'commits' && kind !== 'more').length / (ms / 1_000)

test('while the stream takes nothing, news and roots wait; then all is told in one frame', () => {
  const { founder, write, open } = pairOfWriters()
  const it = new SessionBench(open()).equalHello()
  const told = it.sent.length
  it.backlog = BACKLOG_MAX + 1
  for (let i = 0; i < 200; i += 1) {
    const { stored } = it.replica.ingest([write(founder, `note ${i}`)])
    it.give({ kind: 'changed', devices: stored.map(({ order }) => it.replica.history.deviceOf(order)) })
    it.wakeAt(it.session.wakeAtMs ?? it.nowMs)
  }
  expect(it.nowMs).toBeGreaterThan(20 * QUIET_MS)
  expect(it.sent.length).toBe(told)
  it.backlog = 0
  it.wakeAt(it.session.wakeAtMs ?? it.nowMs)
  const [rows, ...rest] = it.sent.slice(told)
  expect(rest).toEqual([])
  expect(rows?.kind === 'rows' ? rows.rows.map((row) => row.length) : []).toEqual([founder.replica.ownLength])
})

test('two sides that write without a pause send each other half of what is allowed at most, and agree in the end', () => {
  const { founder, member, write, open } = pairOfWriters()
  const pair = new SessionPair(open(), open()).open()
  pair.until(() => pair.isSynced)
  const ends = [
    { end: pair.leader, author: founder, from: pair.leader.sent.length },
    { end: pair.follower, author: member, from: pair.follower.sent.length },
  ]
  const startMs = pair.nowMs
  for (let i = 0; i < 500; i += 1) {
    for (const { end, author } of ends) {
      const devices = end.store([write(author, `file ${i}`)])
      expect(devices.length).toBe(1)
      end.step({ kind: 'changed', devices }, pair.nowMs)
    }
    pair.fly()
  }
  for (const { end, from } of ends) {
    expect(end.closed).toBe('')
    expect(framesASecond(end, from, pair.nowMs - startMs)).toBeLessThan(FRAMES_PER_SECOND_MAX / 2)
  }
  pair.until(() => pair.isSynced)
  for (const { end } of ends) expect(end.replica.logLength).toBe(open().logLength + 1_000)
})

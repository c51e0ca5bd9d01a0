import { expect, test } from 'vitest'
import { decodeRecord } from '#protocol/commit'
import type { MemoryMesh, MemoryNode } from '#simulations/mesh'
import { BARE_SEAL_EVERY_MS, actSection } from '../authority/index.ts'
import { must, testCoop } from '../../test/actors/coop-actors.ts'
import { Stewards, connectAll, deviceOf, memberOf } from '../../test/actors/stewards.ts'
import { BallotTurns } from './ballot-turns.ts'

const HOUR_MS = 3_600_000
const STEP_MS = 5_000

/** A steward's node with a clock of its own, whose keeper has the times of its log. */
interface Desk {
  node: MemoryNode
  aheadMs: number
  turns: BallotTurns
}

/** Stewards in touch with each other, of whom each clock is so many hours ahead. */
function stewardsWith(aheadHours: readonly number[]): { mesh: MemoryMesh; desks: Desk[] } {
  const made = testCoop(31)
  const { founder, mesh } = made
  const others = aheadHours.slice(1).map(() => made.admit('member'))
  const nodes = [founder, ...others]
  connectAll(mesh, nodes)
  mesh.settle()
  const changes = others.map((it) => {
    const device = Buffer.from(deviceOf(it), 'hex')
    return { kind: 'steward', member: memberOf(it), device } as const
  })
  new Stewards(mesh).decide(changes, { by: founder, wills: [founder], nodes })
  const desks = nodes.map((node, i) => ({
    ...{ node, turns: new BallotTurns(node.replica) },
    aheadMs: (aheadHours[i] ?? 0) * HOUR_MS,
  }))
  return { mesh, desks }
}

/** Every few seconds each keeper writes what it wants. */
function run(mesh: MemoryMesh, desks: readonly Desk[], forMs: number): void {
  for (const endMs = mesh.nowMs + forMs; mesh.nowMs < endMs; mesh.nowMs += STEP_MS) {
    mesh.settle(0)
    for (const desk of desks) look(mesh, desk)
  }
}

function look(mesh: MemoryMesh, { node, turns, aheadMs }: Desk): void {
  const nowMs = mesh.nowMs + aheadMs
  const { undated } = turns
  if (undated !== null) {
    const times = undated.orders.map((order) => timeOf(mesh, node, order))
    turns.date(undated, times, nowMs)
  }
  const { act } = turns.next(new Set([...node.sessions.keys()].map(deviceOf)), nowMs)
  if (act !== null) node.write(must(node.replica.author([actSection(act)], nowMs)).stored)
}

function timeOf({ crypto }: MemoryMesh, { log }: MemoryNode, order: number): number {
  return must(decodeRecord(log[order] ?? new Uint8Array(), crypto.sha256)).record.header.timeMs
}

function heightsOf(desks: readonly Desk[]): number[] {
  return desks.map(({ node }) => node.replica.authority.epochs.tip.height)
}

test('stewards whose clocks are days apart seal once each for that, and then daily', () => {
  for (const ahead of [
    [0, 28, 55],
    [70, 0, 35],
    [0, 0, 0, 30, 60],
  ]) {
    const { mesh, desks } = stewardsWith(ahead)
    run(mesh, desks, 5 * 60_000)
    const [height = 0] = heightsOf(desks)
    expect(height).toBeLessThanOrEqual(1 + ahead.length)
    run(mesh, desks, 15 * 60_000)
    // Nor does a node that starts anew forget how long ago its clock saw the last one.
    for (const desk of desks) desk.turns = new BallotTurns(desk.node.replica)
    run(mesh, desks, 15 * 60_000)
    expect(heightsOf(desks)).toEqual(desks.map(() => height))
    mesh.nowMs += BARE_SEAL_EVERY_MS
    run(mesh, desks, 60_000)
    expect(heightsOf(desks)).toEqual(desks.map(() => height + 1))
  }
})

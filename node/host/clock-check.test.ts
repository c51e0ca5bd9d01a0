import { beforeEach, expect, test } from 'vitest'
import type { Signer } from '#protocol/identity'
import type { MemoryNode } from '#simulations/mesh'
import type { Engine } from '#node/engine'
import { listSection, must, testCoop } from '../../test/actors/coop-actors.ts'
import type { TestCoop } from '../../test/actors/coop-actors.ts'
import { MemorySource } from '../../test/actors/memory-source.ts'
import { ClockCheck } from './clock-check.ts'

const DAY_MS = 86_400_000
const NOW_MS = 1_900_000_000_000
const YEAR_MS = 365 * DAY_MS

let coop: TestCoop
let till: MemoryNode & { signer: Signer }

beforeEach(() => {
  coop = testCoop(1)
  coop.mesh.nowMs = NOW_MS
  till = coop.admit('venue')
  coop.mesh.connect(coop.founder, till)
  coop.mesh.settle()
  write(NOW_MS)
})

/** The till writes something that is no ledger entry: nobody asks its clock. */
function write(atMs: number): void {
  coop.mesh.nowMs = atMs
  must(till.author([listSection(`at ${atMs}`, coop.crypto.sha256)]))
}

/** What a check says at a time by the till's clock: 'clock-wrong' or 'right'. */
async function at(nowMs: number): Promise<string> {
  const engine = new MemorySource(till) as unknown as Engine
  return new ClockCheck().check(engine, nowMs, 0).then(
    () => 'right',
    (cause: unknown) => (cause as { code: string }).code,
  )
}

test('a clock that is right passes, some minutes back too', async () => {
  expect(await at(NOW_MS + DAY_MS)).toBe('right')
  expect(await at(NOW_MS - 9 * 60_000)).toBe('right')
})

test('one that runs behind the last own commit, or a year ahead of all, does not', async () => {
  expect(await at(NOW_MS - 11 * 60_000)).toBe('clock-wrong')
  expect(await at(NOW_MS + YEAR_MS)).toBe('clock-wrong')
  expect(await at(0)).toBe('clock-wrong')
})

test('who wrote all along is believed after a season without contact', async () => {
  for (let day = 20; day <= 220; day += 20) write(NOW_MS + day * DAY_MS)
  expect(await at(NOW_MS + 221 * DAY_MS)).toBe('right')
})

test('a commit that was written by a wrong clock does not make it right', async () => {
  write(NOW_MS + YEAR_MS)
  expect(await at(NOW_MS + YEAR_MS + 1_000)).toBe('clock-wrong')
})

test('a clock that is set right is right, though a commit was written a year ahead', async () => {
  write(NOW_MS + YEAR_MS)
  expect(await at(NOW_MS + DAY_MS)).toBe('right')
})
